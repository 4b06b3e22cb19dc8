"""Which constants serve which machine, for every operator family, and where they come from.

``lookup`` finds them (measured, a sibling's, or a mean), ``formats`` names the precisions. Refused
are a precision that the device's arithmetic lacks, one that is unknown, and one that was measured
nowhere. Answers are kept by accelerator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Generic, TypeVar

from solver.catalog.domain import Accelerator
from solver.errors import UnsupportedModelError
from solver.performance.operators import collective, gemm, moe
from solver.performance.operators.attention import DecodeAttention, decode_constants_from
from solver.performance.operators.attention_context import (
    ContextAttention,
    context_constants_from,
)
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.collective import CollectiveConstants, CollectiveKind
from solver.performance.operators.device import (
    OPERAND_BITS,
    Device,
    device_of_accelerator,
    device_of_system,
)
from solver.performance.operators.gemm import GemmConstants
from solver.performance.operators.lineage import Lineage, lineage_of, network_lineage_of
from solver.performance.operators.lookup import Found, Origin, find_constants, joined
from solver.performance.operators.mla import MlaDecode, mla_decode_constants_from
from solver.performance.operators.moe import MoeConstants

__all__ = [
    "Origin",
    "Sourced",
    "attention_context_constants",
    "attention_decode_constants",
    "collective_constants",
    "gemm_constants",
    "mla_context_constants",
    "mla_decode_constants",
    "moe_constants",
]

T = TypeVar("T")

_KEPT = 1024
NONGATED = " nongated"
"""Suffix of the precision of experts with a single up projection."""

_KV_BF16, _KV_FP8 = "bfloat16/kv_bfloat16", "bfloat16/kv_fp8"

_EQUAL_WIDTH: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("gemm", "fp8"): ("fp8_block",),
        ("gemm", "fp8_block"): ("fp8",),
        ("moe", "fp8"): ("fp8_block",),
        ("moe", "fp8_block"): ("fp8",),
        # Stored narrow, multiplied in 16 bits.
        ("moe", "int8_wo"): ("bfloat16",),
        ("moe", "int4_wo"): ("bfloat16",),
    }
)
"""Family and precision -> precisions whose constants stand in: the tensor cores multiply in the
same width; weights are stored in the same width too or, where none was measured, wider."""


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """Constants of one family for one machine, and where they come from.

    Parameters
    ----------
    constants, device
        What the family's function takes.
    origin
        ``measured`` on this machine, a ``sibling``'s, or ``transferred`` as a mean.
    system
        Whose constants: names of ``MEASURED_SYSTEMS``, joined by commas for a mean.
    precision
        At which they were fitted. The family's function is still called with the precision that
        was asked for, which says how many bytes move.
    note
        What a reader must know: stand-ins, rules. Empty where all is the machine's own.
    """

    constants: T
    device: Device
    origin: Origin
    system: str
    precision: str
    note: str


def _sourced(
    found: Found,
    device: Device,
    build: Callable[[Mapping[str, float]], T],
    *,
    change: Mapping[str, float] | None = None,
    note: str = "",
) -> Sourced[T]:
    notes = joined(found.note, note, f"device: {device.source}" if device.derived else "")
    constants = build({**found.values, **(change or {})})
    return Sourced(constants, device, found.origin, found.system, found.precision, notes)


def _kernel(
    family: str,
    accelerator: Accelerator,
    precisions: tuple[str, ...],
    build: Callable[[Mapping[str, float]], T],
    *,
    change: Mapping[str, float] | None = None,
    note: str = "",
) -> Sourced[T]:
    device = device_of_accelerator(accelerator)
    found = find_constants(operator_catalog(family), device, lineage_of(accelerator), precisions)
    return _sourced(found, device, build, change=change, note=note)


def _refuse_lacking(accelerator: Accelerator, precision: str) -> None:
    """Raise where the device cannot multiply at this precision."""
    device_of_accelerator(accelerator).peak_flop_per_s(precision)


def _precisions(family: str, precision: str) -> tuple[str, ...]:
    return (precision, *_EQUAL_WIDTH.get((family, precision), ()))


@lru_cache(maxsize=_KEPT)
def gemm_constants(accelerator: Accelerator, precision: str) -> Sourced[GemmConstants]:
    """Constants of matrix multiplications at a precision of ``gemm.OPERANDS``.

    Raises
    ------
    UnsupportedModelError
        For a precision that is unknown, that the device lacks, or that was measured nowhere.
    """
    _refuse_lacking(accelerator, precision)
    return _kernel("gemm", accelerator, _precisions("gemm", precision), gemm.constants_from)


@lru_cache(maxsize=_KEPT)
def moe_constants(
    accelerator: Accelerator, precision: str, gated: bool = True
) -> Sourced[MoeConstants]:
    """Constants of routed experts at a precision of ``moe.EXPERT_PRECISIONS``.

    ``gated``: two up projections (SwiGLU). Experts with one that were not measured at the precision
    take the constants of gated ones, and the note says so.

    Raises
    ------
    UnsupportedModelError
        As ``gemm_constants``.
    """
    _refuse_lacking(accelerator, precision)
    precisions = _precisions("moe", precision)
    if not gated:
        precisions = (*(p + NONGATED for p in precisions), *precisions)
    return _kernel("moe", accelerator, precisions, moe.constants_from)


def _widening_measured(family: str, lineage: Lineage, precision: str) -> bool:
    """Whether its own system or a sibling without 8-bit floats tells what widening costs."""
    systems = (*((lineage.own,) if lineage.own else ()), *lineage.siblings)
    return any(
        (system, precision) in operator_catalog(family).fits and not device_of_system(system).float8
        for system in systems
    )


def _attention(
    family: str,
    accelerator: Accelerator,
    precision: str,
    build: Callable[[Mapping[str, float]], T],
) -> Sourced[T]:
    """Attention at a pair of precisions; 8-bit caches on devices without 8-bit floats widen."""
    device = device_of_accelerator(accelerator)
    operands, _, cache = precision.partition("/kv_")
    if operands not in OPERAND_BITS or cache not in ("bfloat16", "fp8"):
        raise UnsupportedModelError.one(
            f"attention at precision {precision!r} is unknown",
            where=accelerator.name,
            mend=f"Use {_KV_BF16}, {_KV_FP8} or fp8/kv_fp8",
        )
    _refuse_lacking(accelerator, operands)
    lineage = lineage_of(accelerator)
    if cache == "fp8" and not device.float8 and not _widening_measured(family, lineage, precision):
        return _kernel(
            family,
            accelerator,
            (_KV_BF16,),
            build,
            change={"kv_value_bytes": 1.0},
            note="no 8-bit floats: the cache is widened, constants of a 16-bit cache of half size",
        )
    return _kernel(family, accelerator, (precision,), build)


@lru_cache(maxsize=_KEPT)
def attention_decode_constants(
    accelerator: Accelerator, precision: str
) -> Sourced[DecodeAttention]:
    """Constants of decode attention at ``bfloat16/kv_bfloat16`` or ``bfloat16/kv_fp8``.

    Raises
    ------
    UnsupportedModelError
        For a precision that is unknown or that was measured nowhere.
    """
    return _attention("attention_decode", accelerator, precision, decode_constants_from)


@lru_cache(maxsize=_KEPT)
def attention_context_constants(
    accelerator: Accelerator, precision: str
) -> Sourced[ContextAttention]:
    """Constants of context attention: the precisions of decode, and ``fp8/kv_fp8``.

    Raises
    ------
    UnsupportedModelError
        As ``attention_decode_constants``, and for 8-bit operands on a device without.
    """
    return _attention("attention_context", accelerator, precision, context_constants_from)


@lru_cache(maxsize=_KEPT)
def mla_decode_constants(accelerator: Accelerator, precision: str) -> Sourced[MlaDecode]:
    """Constants of latent decode attention; precisions and errors as ordinary decode attention."""
    return _attention("mla_decode", accelerator, precision, mla_decode_constants_from)


@lru_cache(maxsize=_KEPT)
def mla_context_constants(accelerator: Accelerator, precision: str) -> Sourced[ContextAttention]:
    """Constants of latent context attention; precisions and errors as ordinary decode attention."""
    return _attention("mla_context", accelerator, precision, context_constants_from)


@lru_cache(maxsize=_KEPT)
def collective_constants(
    accelerator: Accelerator, kind: CollectiveKind
) -> Sourced[CollectiveConstants]:
    """Constants of one kind of collective inside a scale-up network.

    Where none of its design was measured, the network is taken not to reduce in the switch: that is
    a feature of NVSwitch from its third generation on.

    Raises
    ------
    UnsupportedModelError
        For an unknown kind.
    """
    device = device_of_accelerator(accelerator)
    found = find_constants(
        operator_catalog("collective"), device, network_lineage_of(accelerator), (kind,)
    )
    change = {"in_switch": 0.0} if found.origin == "transferred" else {}
    return _sourced(found, device, collective.constants_from, change=change)
