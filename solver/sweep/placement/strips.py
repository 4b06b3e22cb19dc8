"""What the points of a placement leave open: strips of objective space, told and read back.

With two objectives and points :math:`(t_1, s_1), \\dots, (t_n, s_n)`, :math:`t` rising and
:math:`s` falling, a design that no point equals or beats has :math:`t_k \\le t < t_{k+1}` and
:math:`s < s_k` for one :math:`k`, or :math:`t < t_1`, or :math:`t \\ge t_n` and :math:`s < s_n`.
These strips are disjoint and, together with what the points dominate, are all of the space. With
one objective there is one strip: what is better than the point. Limits of the question apply on
top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.instance.placement.domain import PlacementTradeOff
from solver.lowering.placement.space import MICRO
from solver.sweep.placement.image import COST, SPEED, THROUGHPUT, Image
from solver.topology.paths import PS_PER_S

__all__ = ["Strip", "region_text", "strip_to_dict", "strips_between"]


@dataclass(frozen=True, slots=True)
class Strip:
    """One region; ``None`` is no bound.

    Parameters
    ----------
    time_min, time_below
        Picoseconds a token; both ``None`` where speed is not traded off.
    second_below
        Bound on the entry of the image that is not the time, exclusive.
    """

    time_min: int | None
    time_below: int | None
    second_below: int | Fraction | None

    def holds(self, image: Image) -> bool:
        """Whether an image lies in the strip."""
        if len(image) > 1 and (
            (self.time_min is not None and image[0] < self.time_min)
            or (self.time_below is not None and image[0] >= self.time_below)
        ):
            return False
        return self.second_below is None or image[-1] < self.second_below


def strips_between(images: Sequence[Image], *, width: int) -> list[Strip]:
    """All strips that nondominated images leave, from fastest to cheapest.

    Parameters
    ----------
    images
        Sorted, none dominated.
    width
        Number of objectives, 1 or 2.
    """
    if width == 1:
        return [Strip(None, None, images[0][0] if images else None)]
    times = [int(image[0]) for image in images]
    begins = [None, *times]
    ends = [*times, None]
    below = [None, *(image[1] for image in images)]
    return [Strip(*bounds) for bounds in zip(begins, ends, below, strict=True)]


def strip_to_dict(trade_off: tuple[PlacementTradeOff, ...], strip: Strip) -> dict[str, Any]:
    """The strip as plain JSON: ``latency_ps_min``, ``latency_ps_below``, and by second objective
    ``cost_below`` or ``throughput_above``, exact as text."""
    told: dict[str, Any] = {}
    if SPEED in trade_off:
        told = {"latency_ps_min": strip.time_min, "latency_ps_below": strip.time_below}
    value = strip.second_below
    if trade_off[-1] == COST:
        told["cost_below"] = None if value is None else str(Fraction(value))
    elif trade_off[-1] == THROUGHPUT:
        told["throughput_above"] = None if value is None else str(Fraction(-value, MICRO))
    return told


def region_text(trade_off: tuple[PlacementTradeOff, ...], strip: Strip) -> str:
    """Where a design may be unseen, in the units people read."""
    parts = []
    if strip.time_below is not None:
        parts.append(f"speed above {PS_PER_S / strip.time_below:.6g} tok/s/user")
    if strip.time_min is not None:
        parts.append(f"speed up to {PS_PER_S / strip.time_min:.6g} tok/s/user")
    if strip.second_below is not None:
        if trade_off[-1] == COST:
            parts.append(f"cost below {float(strip.second_below):.6g} usd/Mtok")
        else:
            parts.append(f"throughput above {float(-strip.second_below / MICRO):.6g} tok/s")
    return " and ".join(parts) or "anywhere"
