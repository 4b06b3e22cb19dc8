"""Multiprocessors and last-level caches of accelerators: facts that the catalog does not hold.

Each accelerator of the catalog has an entry with its source, or a count derived by a rule that the
entry names. An accelerator that a user adds is matched with the catalog's: the same vendor, and
peaks that are nearest. Memory on the die (LPUs) is refused: kernels there have no launches, no
shared cache and no HBM, so nothing measured on a GPU carries over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from solver.catalog.domain import Accelerator
from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError

__all__ = ["LISTED", "MIB", "Silicon", "catalog_namesake", "silicon_of"]

MIB = 2**20

DERIVED_FLOP_PER_S = 989e12 / 132
"""16-bit peak of one multiprocessor of an H100: where a device has other building blocks, it counts
as so many of these as have its peak together."""

DERIVED_CACHE_S = 50 * MIB / 3.35e12
"""Cache of an H100 over its bandwidth, in seconds of reading: the cache of a device of which none
is known."""

LEAST_MEMORY_BYTES = 1e9
"""Less memory than this is on the die."""

_NEAR = math.log(1.3)
"""Peaks of a user's accelerator that lie further than this factor from every entry match none."""


@dataclass(frozen=True, slots=True)
class Silicon:
    """What is known of a chip beside its peaks.

    Parameters
    ----------
    multiprocessors
        Streaming multiprocessors or compute units; an effective count where ``derived``.
    l2_bytes
        Last-level cache that all of them share.
    float8
        Whether its 8-bit arithmetic is that of floats; else of integers, or there is none.
    mesh
        Whether the devices of a node are joined each to each, so that a pair has only one of the
        links, and not by a switch.
    source
        Of the counts.
    derived
        Whether the count follows from a rule and not from a source.
    """

    multiprocessors: int
    l2_bytes: float
    float8: bool
    source: str
    mesh: bool = False
    derived: bool = False


def _gpu(
    multiprocessors: int, l2_mib: float, source: str, *, float8: bool = True, mesh: bool = False
) -> Silicon:
    return Silicon(multiprocessors, l2_mib * MIB, float8, source, mesh=mesh)


_VOLTA = "NVIDIA Tesla V100 GPU Architecture whitepaper (2017)"
_AMPERE = "NVIDIA A100 Tensor Core GPU Architecture whitepaper (2020)"
_HOPPER = "NVIDIA H100 Tensor Core GPU Architecture whitepaper (2022)"
_ADA = "NVIDIA Ada GPU Architecture whitepaper (2022)"
_RTX_BLACKWELL = "NVIDIA RTX Blackwell GPU Architecture whitepaper (2025)"
_CDNA3 = "AMD CDNA 3 Architecture whitepaper (2023); the cache is the Infinity Cache"
_GRACE = "152 multiprocessors as device queries on public GB200 and GB300 benches report"
_B200 = "Chips and Cheese, Nvidia's B200 (2025): 74 multiprocessors a die, two dies, 126 MB of L2"

_KNOWN: Mapping[str, Silicon] = MappingProxyType(
    {
        "V100-32GB SXM": _gpu(80, 6, _VOLTA, float8=False),
        "A100-40GB SXM": _gpu(108, 40, _AMPERE, float8=False),
        "A100-80GB SXM": _gpu(108, 40, _AMPERE, float8=False),
        "A800-80GB": _gpu(108, 40, _AMPERE + "; an A100 with less NVLink", float8=False),
        "H100 SXM": _gpu(132, 50, _HOPPER),
        "H100 PCIe": _gpu(114, 50, _HOPPER),
        "H800 SXM": _gpu(132, 50, _HOPPER + "; an H100 with less NVLink"),
        "H200 SXM": _gpu(132, 50, _HOPPER + "; the same die with other memory"),
        "H20": _gpu(
            78, 60, "device queries on public H20 benches report 78 multiprocessors, 60 MB"
        ),
        "B200 SXM": _gpu(148, 126, _B200),
        "B300 SXM": _gpu(148, 126, _B200 + "; B300 reports the same"),
        "GB200 NVL72": _gpu(152, 126, _B200 + "; " + _GRACE),
        "GB300 NVL72": _gpu(152, 126, _B200 + "; " + _GRACE),
        "L40S": _gpu(142, 96, _ADA + " (AD102), L40S datasheet"),
        "L4": _gpu(58, 48, _ADA + " (AD104), L4 datasheet"),
        "A10G": _gpu(80, 6, "device queries on public A10G benches; GA102", float8=False),
        "RTX 4090": _gpu(128, 72, _ADA + " (AD102)"),
        "RTX 5090": _gpu(170, 96, _RTX_BLACKWELL + " (GB202)"),
        "RTX PRO 6000": _gpu(188, 128, "NVIDIA RTX Blackwell PRO GPU Architecture whitepaper"),
        "MI300X": _gpu(304, 256, _CDNA3, mesh=True),
        "MI325X": _gpu(304, 256, _CDNA3 + "; MI325X has other memory", mesh=True),
        "MI355X": _gpu(
            256, 256, "AMD CDNA 4 Architecture whitepaper (2025); Infinity Cache", mesh=True
        ),
    }
)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """A chip of other building blocks than multiprocessors: its cache, if known, and its kind."""

    cache_mib: float | None
    float8: bool
    mesh: bool
    source: str


_OTHER_BLOCKS: Mapping[str, _Blocks] = MappingProxyType(
    {
        "Gaudi 3": _Blocks(96, True, True, "Intel Gaudi 3 whitepaper (2024): 96 MB of SRAM"),
        "TPU v4": _Blocks(
            128, False, False, "Jouppi and others, TPU v4 (ISCA 2023): 128 MiB of common memory"
        ),
        "TPU v5e": _Blocks(None, False, False, "no source for its on-chip memory"),
        "TPU v6e": _Blocks(None, False, False, "no source for its on-chip memory"),
    }
)

LISTED: tuple[str, ...] = (*_KNOWN, *_OTHER_BLOCKS)
"""Accelerators of the catalog with an entry here."""

_INTEGERS = "8 bits means INT8"
"""The words with which an entry of the catalog says so."""


def _distance(a: Accelerator, b: Accelerator) -> float:
    """Greatest logarithm of a ratio of peaks: 16-bit arithmetic, bandwidth."""
    return max(
        abs(math.log(a.flop_per_s[16] / b.flop_per_s[16])),
        abs(math.log(a.hbm_bytes_per_s / b.hbm_bytes_per_s)),
    )


def catalog_namesake(accelerator: Accelerator) -> str | None:
    """The listed accelerator that this one is, or is built like; ``None`` where none is near.

    Its own name first; else, of the same vendor, the one whose 16-bit peak and bandwidth are
    nearest, if neither is more than 1.3 times off, and then the one of the same node size first.
    """
    if accelerator.name in LISTED:
        return accelerator.name
    if 16 not in accelerator.flop_per_s:
        return None
    shipped = shipped_catalog().accelerators
    same = [
        (round(_distance(accelerator, shipped[name]), 3), order, name)
        for order, name in enumerate(LISTED)
        if shipped[name].vendor.lower() == accelerator.vendor.lower()
    ]
    nearest = min(
        same,
        key=lambda one: (one[0], shipped[one[2]].node_devices != accelerator.node_devices, one[1]),
        default=None,
    )
    return nearest[2] if nearest is not None and nearest[0] <= _NEAR else None


def _derived(accelerator: Accelerator, blocks: _Blocks) -> Silicon:
    """So many multiprocessors of an H100 as reach the 16-bit peak."""
    count = max(1, round(accelerator.flop_per_s[16] / DERIVED_FLOP_PER_S))
    cache_bytes = (
        DERIVED_CACHE_S * accelerator.hbm_bytes_per_s
        if blocks.cache_mib is None
        else blocks.cache_mib * MIB
    )
    rules = f"counts as {count} multiprocessors of an H100 by its 16-bit peak"
    if blocks.cache_mib is None:
        rules += ", and with a cache as large for its bandwidth"
    return Silicon(
        multiprocessors=count,
        l2_bytes=cache_bytes,
        float8=blocks.float8,
        source=f"{blocks.source}; {rules}",
        mesh=blocks.mesh,
        derived=True,
    )


def silicon_of(accelerator: Accelerator) -> Silicon:
    """Multiprocessors, cache and kind of 8-bit arithmetic of an accelerator, by source or by rule.

    Raises
    ------
    UnsupportedModelError
        For memory on the die, or without a 16-bit peak.
    """
    if accelerator.hbm_bytes < LEAST_MEMORY_BYTES:
        raise UnsupportedModelError.one(
            "its memory is on the die: no kernel measured on a device with HBM tells its times",
            where=accelerator.name,
            mend='Choose a device with HBM, or performance.model = "epoch2025"',
        )
    if 16 not in accelerator.flop_per_s:
        raise UnsupportedModelError.one(
            "no 16-bit arithmetic rate, by which kernels measured elsewhere are carried over",
            where=accelerator.name,
            mend="Give tflop_per_s at 16 bits",
        )
    name = catalog_namesake(accelerator)
    if name is None:
        float8 = 8 in accelerator.flop_per_s and _INTEGERS not in accelerator.note
        return _derived(accelerator, _Blocks(None, float8, False, "no source"))
    known = _KNOWN.get(name)
    found = _derived(accelerator, _OTHER_BLOCKS[name]) if known is None else known
    if name == accelerator.name:
        return found
    return replace(found, source=f"as {name}: {found.source}", derived=True)
