"""Open regions of a placement as ranges of its two objectives, for pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.fleet_facts import goals_of
from solver.report.placement_facts import bracket_of
from solver.topology.paths import PS_PER_S

__all__ = ["OpenRange", "open_ranges"]


@dataclass(frozen=True, slots=True)
class OpenRange:
    """A rectangle of speed and the second objective; ``None`` is no end."""

    slowest: float | None
    fastest: float | None
    low: float | None
    high: float | None


def open_ranges(document: Mapping[str, Any]) -> list[OpenRange]:
    """Where better designs may hide, for each open region of a result with two objectives.

    Bounds that a region does not state are open ends. Where the frontier of a generous network is
    known no design passes it, and only what lies before it is open.
    """
    found = []
    for entry in document["open_boxes"]:
        longest, shortest = entry.get("latency_ps_below"), entry.get("latency_ps_min")
        below, above = entry.get("cost_below"), entry.get("throughput_above")
        found.append(
            OpenRange(
                PS_PER_S / int(longest) if longest else None,
                PS_PER_S / int(shortest) if shortest else None,
                float(Fraction(str(above))) if above is not None else None,
                float(Fraction(str(below))) if below is not None else None,
            )
        )
    if not bracket_of(document):
        return found
    goals, bound = goals_of(document), _bound(document)
    return [part for region in found for part in _before(region, bound, goals[1].maximised)]


def _bound(document: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Speed and second objective of each point of the generous frontier, the slowest first."""
    names = [goal.name for goal in goals_of(document)[:2]]
    rows = [[float(point["objectives"][name]) for name in names] for point in bracket_of(document)]
    return sorted((row[0], row[1]) for row in rows)


def _before(
    region: OpenRange, bound: list[tuple[float, float]], maximised: bool
) -> Iterator[OpenRange]:
    """The parts of a region that the bound leaves, one for each step of it."""
    last: float | None = None
    for place, (speed, _) in enumerate(bound):
        values = [value for _, value in bound[place:]]
        start, last = last, speed
        slowest = max((s for s in (region.slowest, start) if s is not None), default=None)
        fastest = speed if region.fastest is None else min(region.fastest, speed)
        low, high = region.low, region.high
        if maximised:
            high = max(values) if high is None else min(high, max(values))
        else:
            low = min(values) if low is None else max(low, min(values))
        if slowest is not None and slowest >= fastest:
            continue
        if low is None or high is None or low < high:
            yield OpenRange(slowest, fastest, low, high)
