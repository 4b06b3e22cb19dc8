"""What a kernel needs to know of its device: peaks, multiprocessors, L2 cache.

Peaks come from the catalog's accelerator. Multiprocessors and cache are facts that the catalog
does not hold; they are listed here with their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from solver.catalog.domain import Accelerator
from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError

__all__ = [
    "MEASURED_SYSTEMS",
    "OPERAND_BITS",
    "Device",
    "device_of_accelerator",
    "device_of_system",
    "known_accelerators",
]

MIB = 2**20

MEASURED_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "a100_sxm": "A100-80GB SXM",
        "h100_sxm": "H100 SXM",
        "h200_sxm": "H200 SXM",
        "b200_sxm": "B200 SXM",
        "b300_sxm": "B300 SXM",
        "gb200": "GB200 NVL72",
        "gb300": "GB300 NVL72",
        "l40s": "L40S",
        "rtx_pro_6000_server": "RTX PRO 6000",
    }
)
"""Catalog accelerator of each system name of the kernel measurements. ``b60`` (Intel Arc Pro B60)
is absent: the catalog has no entry for it."""

OPERAND_BITS: Mapping[str, int] = MappingProxyType(
    {
        "bfloat16": 16,
        "float16": 16,
        "int8_wo": 16,
        "int4_wo": 16,
        "w4a16_mxfp4": 16,
        "fp8": 8,
        "fp8_block": 8,
        "sq": 8,
        "w4afp8": 8,
        "w4a8_mxfp4_mxfp8": 8,
        "nvfp4": 4,
    }
)
"""Width in which the tensor cores multiply at each named precision: weights that are only stored
narrow (``int8_wo``, ``int4_wo``, ``w4a16_mxfp4``) are widened first."""


@dataclass(frozen=True, slots=True)
class _Silicon:
    multiprocessors: int
    l2_mib: float
    source: str


_HOPPER = "NVIDIA H100 Tensor Core GPU Architecture whitepaper (2022)"
_AMPERE = "NVIDIA A100 Tensor Core GPU Architecture whitepaper (2020)"
_CDNA3 = "AMD CDNA 3 Architecture whitepaper (2023); the cache is the Infinity Cache"
_GRACE = "152 multiprocessors as device queries on public GB200 and GB300 benches report"
_B200 = "Chips and Cheese, Nvidia's B200 (2025): 74 multiprocessors a die, two dies, 126 MB of L2"

_SILICON: Mapping[str, _Silicon] = MappingProxyType(
    {
        "A100-40GB SXM": _Silicon(108, 40, _AMPERE),
        "A100-80GB SXM": _Silicon(108, 40, _AMPERE),
        "A800-80GB": _Silicon(108, 40, _AMPERE + "; an A100 with less NVLink"),
        "H100 SXM": _Silicon(132, 50, _HOPPER),
        "H100 PCIe": _Silicon(114, 50, _HOPPER),
        "H800 SXM": _Silicon(132, 50, _HOPPER + "; an H100 with less NVLink"),
        "H200 SXM": _Silicon(132, 50, _HOPPER + "; the same die with other memory"),
        "B200 SXM": _Silicon(148, 126, _B200),
        "B300 SXM": _Silicon(148, 126, _B200 + "; B300 reports the same"),
        "GB200 NVL72": _Silicon(152, 126, _B200 + "; " + _GRACE),
        "GB300 NVL72": _Silicon(152, 126, _B200 + "; " + _GRACE),
        "L40S": _Silicon(142, 96, "NVIDIA Ada GPU Architecture whitepaper (AD102), L40S datasheet"),
        "L4": _Silicon(58, 48, "NVIDIA Ada GPU Architecture whitepaper (AD104), L4 datasheet"),
        "MI300X": _Silicon(304, 256, _CDNA3),
        "MI325X": _Silicon(304, 256, _CDNA3 + "; MI325X has other memory"),
        "MI355X": _Silicon(256, 256, "AMD CDNA 4 Architecture whitepaper (2025); Infinity Cache"),
        "RTX PRO 6000": _Silicon(188, 128, "NVIDIA RTX Blackwell PRO GPU Architecture whitepaper"),
    }
)


@dataclass(frozen=True, slots=True)
class Device:
    """One device as a kernel sees it.

    Parameters
    ----------
    name
        The catalog's name of the accelerator.
    flop_per_s
        Dense vendor peak by operand width in bits.
    hbm_bytes_per_s
        Vendor peak of the main memory.
    multiprocessors
        Streaming multiprocessors (compute units) that take one tile of work each at a time.
    l2_bytes
        Last-level cache that all multiprocessors share.
    scale_up_bytes_per_s
        Vendor peak out of the device, one direction, inside its node (NVLink, else PCIe).
    node_devices
        Devices on that network.
    source
        Of the multiprocessors and the cache; peaks have theirs in the catalog.
    """

    name: str
    flop_per_s: Mapping[int, float] = field(hash=False)
    hbm_bytes_per_s: float
    multiprocessors: int
    l2_bytes: float
    scale_up_bytes_per_s: float
    node_devices: int
    source: str

    def peak_flop_per_s(self, precision: str) -> float:
        """Dense peak at a named precision of the measurements.

        Raises
        ------
        UnsupportedModelError
            For a precision that is unknown or that the device lacks.
        """
        if precision not in OPERAND_BITS:
            raise UnsupportedModelError.one(
                f"precision {precision!r} is unknown",
                where=self.name,
                mend=f"Use one of {', '.join(sorted(OPERAND_BITS))}",
            )
        bits = OPERAND_BITS[precision]
        if bits not in self.flop_per_s:
            raise UnsupportedModelError.one(
                f"no {bits}-bit arithmetic, which precision {precision!r} needs",
                where=self.name,
                mend=f"Use a width it has: {', '.join(map(str, sorted(self.flop_per_s)))} bits",
            )
        return self.flop_per_s[bits]


def known_accelerators() -> tuple[str, ...]:
    """Catalog accelerators whose multiprocessors and cache are known."""
    return tuple(_SILICON)


def device_of_accelerator(accelerator: Accelerator) -> Device:
    """The device of a catalog accelerator.

    Raises
    ------
    UnsupportedModelError
        Where its number of multiprocessors and its cache are not known.
    """
    silicon = _SILICON.get(accelerator.name)
    if silicon is None:
        raise UnsupportedModelError.one(
            "its multiprocessors and cache are not known, so no kernel time can be told",
            where=accelerator.name,
            mend=f"Choose one of {', '.join(_SILICON)}",
        )
    return Device(
        name=accelerator.name,
        flop_per_s=accelerator.flop_per_s,
        hbm_bytes_per_s=accelerator.hbm_bytes_per_s,
        multiprocessors=silicon.multiprocessors,
        l2_bytes=silicon.l2_mib * MIB,
        scale_up_bytes_per_s=accelerator.scale_up_bytes_per_s,
        node_devices=accelerator.node_devices,
        source=silicon.source,
    )


def device_of_system(system: str) -> Device:
    """The device of a system name of the kernel measurements, such as ``h100_sxm``.

    Raises
    ------
    UnsupportedModelError
        For a system that is not in ``MEASURED_SYSTEMS``.
    """
    if system not in MEASURED_SYSTEMS:
        raise UnsupportedModelError.one(
            f"system {system!r} is unknown",
            where="kernel measurements",
            mend=f"Use one of {', '.join(MEASURED_SYSTEMS)}",
        )
    return device_of_accelerator(shipped_catalog().accelerators[MEASURED_SYSTEMS[system]])
