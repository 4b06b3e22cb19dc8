"""Which widths and formats a control offers: those that the accelerators may run.

The calibrated model refuses a format on a device by name; what is offered here is what the device
has arithmetic for, and weights of four bits, which every device unpacks.
"""

from __future__ import annotations

from collections.abc import Iterable

from solver.catalog.domain import Accelerator
from solver.catalog.weight_formats import FORMAT_BITS, KV_FORMATS

__all__ = ["kv_widths", "weight_formats", "weight_widths"]

_UNPACKED = ("int4", "mxfp4")


def _common(accelerators: Iterable[Accelerator]) -> list[int]:
    """Widths that all of them compute in, widest first."""
    widths = [set(accelerator.flop_per_s) for accelerator in accelerators]
    return sorted(set.intersection(*widths), reverse=True) if widths else []


def weight_widths(accelerators: Iterable[Accelerator], *, calibrated: bool) -> list[str]:
    """Widths of weights in bits."""
    common = _common(accelerators)
    if calibrated:
        known = set(FORMAT_BITS.values())
        common = sorted({*(bits for bits in common if bits in known), 4}, reverse=True)
    return [str(bits) for bits in common]


def weight_formats(accelerators: Iterable[Accelerator]) -> list[str]:
    """Formats of weights by name."""
    common = _common(accelerators)
    return [name for name, bits in FORMAT_BITS.items() if bits in common or name in _UNPACKED]


def kv_widths(accelerators: Iterable[Accelerator], *, calibrated: bool) -> list[str]:
    """Widths of cached numbers in bits."""
    widths = sorted(KV_FORMATS, reverse=True) if calibrated else _common(accelerators)
    return [str(bits) for bits in widths]
