"""What a partial answer leaves open, as rectangles of speed and the second objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.placement_regions import open_ranges
from solver.topology.paths import PS_PER_S

__all__ = ["Rectangle", "open_rectangles"]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Ends along speed and along the second objective; ``None`` is no end."""

    slowest: float | None
    fastest: float | None
    low: float | None
    high: float | None


def open_rectangles(document: Mapping[str, Any]) -> list[Rectangle]:
    """The open boxes of a result of speed and one other objective that gives them as numbers."""
    boxes = document.get("open_boxes") or []
    if len(document["objectives"]) != 2 or not boxes:
        return []
    if document["instance"]["kind"] == "placement":
        return [
            Rectangle(part.slowest, part.fastest, part.low, part.high)
            for part in open_ranges(document)
        ]
    return [
        Rectangle(
            _speed(box["latency_ps_max"]),
            _speed(box["latency_ps_min"]),
            _number(box["cost_min"]),
            _number(box["cost_below"]),
        )
        for box in boxes
        if "latency_ps_max" in box
    ]


def _speed(latency_ps: int | None) -> float | None:
    return PS_PER_S / int(latency_ps) if latency_ps else None


def _number(exact: str | None) -> float | None:
    return None if exact is None else float(Fraction(exact))
