"""How a list of points cuts the objective space, and which pieces are still open.

Points (latency, cost) run from fastest to cheapest. They cut the space into strips by latency::

    strip 0:  latency <  t_1,             any cost
    strip k:  t_k <= latency < t_(k+1),   cost below c_k      (t_(n+1) = no end)

Whatever lies elsewhere is no better than some point. So the points are the complete frontier
exactly when every strip is empty, and the strips tile all that needs a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.result import OpenBox

__all__ = ["OpenRegion", "Strip", "box_of", "is_proved", "open_boxes", "strips"]


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip; ``None`` is no end (latency) or any cost."""

    latency_ps_min: int
    latency_ps_max: int | None
    cost_below: Fraction | None


@dataclass(frozen=True, slots=True)
class OpenRegion:
    """Where something unseen may be: no faster and no cheaper than this corner.

    With ``latency_ps_max`` nothing unseen is slower than that.
    """

    latency_ps_min: int
    cost_min: Fraction
    latency_ps_max: int | None = None

    def meets(self, strip: Strip) -> bool:
        """Whether something of this region may lie in ``strip``."""
        if strip.latency_ps_max is not None and self.latency_ps_min > strip.latency_ps_max:
            return False
        if self.latency_ps_max is not None and self.latency_ps_max < strip.latency_ps_min:
            return False
        return strip.cost_below is None or self.cost_min < strip.cost_below


def strips(points: Sequence[tuple[int, Fraction]]) -> list[Strip]:
    """All strips of ``points`` (latency, cost), fastest first; one more than there are points."""
    found = [Strip(0, points[0][0] - 1 if points else None, None)]
    for index, (latency, cost) in enumerate(points):
        end = points[index + 1][0] - 1 if index + 1 < len(points) else None
        found.append(Strip(latency, end, cost))
    return found


def box_of(strip: Strip) -> dict[str, Any]:
    """A strip as it stands in a result file."""
    return {
        "latency_ps_min": strip.latency_ps_min,
        "latency_ps_max": strip.latency_ps_max,
        "cost_below": None if strip.cost_below is None else str(strip.cost_below),
    }


def open_boxes(
    all_strips: Sequence[Strip], regions: Sequence[OpenRegion], reason: str
) -> list[OpenBox | None]:
    """For every strip the box that is still open in it, or ``None`` where it is closed."""
    boxes: list[OpenBox | None] = []
    for strip in all_strips:
        inside = [region for region in regions if region.meets(strip)]
        if not inside:
            boxes.append(None)
            continue
        ends = [region.latency_ps_max for region in inside]
        end = strip.latency_ps_max
        if all(value is not None for value in ends):
            latest = max(value for value in ends if value is not None)
            end = latest if end is None else min(end, latest)
        boxes.append(
            OpenBox(
                latency_ps_min=max(
                    strip.latency_ps_min, min(region.latency_ps_min for region in inside)
                ),
                latency_ps_max=end,
                cost_min=str(min(region.cost_min for region in inside)),
                cost_below=None if strip.cost_below is None else str(strip.cost_below),
                reason=reason,
            )
        )
    return boxes


def is_proved(latency_ps: int, cost: Fraction, regions: Sequence[OpenRegion]) -> bool:
    """Whether nothing unseen can beat a point: it is nondominated for certain."""
    return not any(
        region.latency_ps_min <= latency_ps
        and region.cost_min <= cost
        and (region.latency_ps_min < latency_ps or region.cost_min < cost)
        for region in regions
    )
