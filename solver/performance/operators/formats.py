"""From the names of formats a user writes to the precisions the kernel families were measured at.

Weights: ``bf16``, ``fp8`` (one scale a matrix), ``fp8_block`` (one scale for 128 x 128 weights),
``int8`` and ``int4`` (integers widened to 16 bits before they are multiplied), ``mxfp4`` and
``nvfp4`` (4-bit floats with a scale for 32 or 16 of them). Caches: ``bf16`` and ``fp8``.

``nvfp4`` is multiplied as it is: a device needs 4-bit arithmetic. ``mxfp4`` weights are made for
wider activations: experts multiply them with 8-bit floats where the device has 4-bit arithmetic
(the formats came together), else they are widened to 16 bits. Dense layers in ``mxfp4`` were
measured nowhere: ``nvfp4`` stands in on a device with 4-bit arithmetic, widened 4-bit integers
elsewhere; their bytes differ by 6 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from solver.errors import UnsupportedModelError
from solver.performance.operators.device import Device

__all__ = [
    "KV_FORMATS",
    "KV_VALUE_BYTES",
    "WEIGHT_FORMATS",
    "attention_precision",
    "expert_precision",
    "gemm_precision",
]

_GEMM: Mapping[str, str] = MappingProxyType(
    {
        "bf16": "bfloat16",
        "fp8": "fp8",
        "fp8_block": "fp8_block",
        "int8": "int8_wo",
        "int4": "int4_wo",
        "mxfp4": "int4_wo",
        "nvfp4": "nvfp4",
    }
)
_EXPERTS: Mapping[str, str] = MappingProxyType({**_GEMM, "mxfp4": "w4a16_mxfp4"})
_WITH_FOUR_BIT_ARITHMETIC: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"mxfp4": ("nvfp4", "w4a8_mxfp4_mxfp8")}
)
_ATTENTION: Mapping[str, str] = MappingProxyType(
    {"bf16": "bfloat16/kv_bfloat16", "fp8": "bfloat16/kv_fp8"}
)

WEIGHT_FORMATS: tuple[str, ...] = tuple(_GEMM)
KV_FORMATS: tuple[str, ...] = tuple(_ATTENTION)
KV_VALUE_BYTES: Mapping[str, float] = MappingProxyType({"bf16": 2.0, "fp8": 1.0})
"""Bytes of one cached value."""


def _known(name: str, table: Mapping[str, str], *, what: str, where: str) -> str:
    if name not in table:
        raise UnsupportedModelError.one(
            f"{what} {name!r} is unknown", where=where, mend=f"Use one of {', '.join(table)}"
        )
    return table[name]


def gemm_precision(weight_format: str, device: Device) -> str:
    """Precision of matrix multiplications with weights of a format on this device.

    Raises
    ------
    UnsupportedModelError
        For an unknown format, or arithmetic that the device lacks.
    """
    precision = _known(weight_format, _GEMM, what="weight format", where=device.name)
    if weight_format in _WITH_FOUR_BIT_ARITHMETIC and 4 in device.flop_per_s:
        precision = _WITH_FOUR_BIT_ARITHMETIC[weight_format][0]
    device.peak_flop_per_s(precision)
    return precision


def expert_precision(weight_format: str, device: Device) -> str:
    """Precision of routed experts with weights of a format on this device; errors as above."""
    precision = _known(weight_format, _EXPERTS, what="expert format", where=device.name)
    if weight_format in _WITH_FOUR_BIT_ARITHMETIC and 4 in device.flop_per_s and device.float8:
        precision = _WITH_FOUR_BIT_ARITHMETIC[weight_format][1]
    device.peak_flop_per_s(precision)
    return precision


def attention_precision(kv_format: str) -> str:
    """Precisions of attention over a cache of a format, for decode and context alike.

    Context attention over an 8-bit cache multiplies in 8 bits where the device can (see its
    constants), else it widens the cache; so every device serves both formats.

    Raises
    ------
    UnsupportedModelError
        For an unknown format.
    """
    return _known(kv_format, _ATTENTION, what="KV format", where="KV cache")
