"""Open regions of a placement as ranges of its two objectives, for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["OpenRange", "open_ranges"]

_PS_PER_S = 10**12


@dataclass(frozen=True, slots=True)
class OpenRange:
    """A rectangle of speed and the second objective; ``None`` is no end."""

    slowest: float | None
    fastest: float | None
    low: float | None
    high: float | None


def open_ranges(document: Mapping[str, Any]) -> list[OpenRange]:
    """Where better designs may hide, for each open region of a result with two objectives.

    Bounds that a region does not state are open ends.
    """
    found = []
    for entry in document["open_boxes"]:
        longest, shortest = entry.get("latency_ps_below"), entry.get("latency_ps_min")
        below, above = entry.get("cost_below"), entry.get("throughput_above")
        found.append(
            OpenRange(
                _PS_PER_S / int(longest) if longest else None,
                _PS_PER_S / int(shortest) if shortest else None,
                float(Fraction(str(above))) if above is not None else None,
                float(Fraction(str(below))) if below is not None else None,
            )
        )
    return found
