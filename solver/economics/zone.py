r"""The optimal cost-effectiveness zone of a curve, and its inflection point.

The zone is every concurrency whose cost per token is within a tolerance of the least that the
service level allows, and that keeps the service level. What ends it is named: a limit, or cost.

**Inflection.** Let a step take :math:`T(c) = a + b c`. Throughput over :math:`u = \ln c` is

.. math:: X(u) = \frac{e^u}{a + b e^u},\quad
    \frac{dX}{du} = \frac{a e^u}{(a + b e^u)^2},\quad
    \frac{d^2X}{du^2} = \frac{a e^u (a - b e^u)}{(a + b e^u)^3} ,

convex while :math:`bc < a` and concave after: a logistic curve, at half its ceiling 1/b where it
turns. Elasticity of throughput is :math:`c X'/X = a / (a + bc)`, which is 1/2 at the same
:math:`c = a/b`. Between two batches :math:`c_1 < c_2` the mean elasticity is at least 1/2 exactly
where :math:`c_2 T_1^2 \ge c_1 T_2^2`, a comparison of integers; for affine T the difference of the
two sides is :math:`(c_2 - c_1)(a^2 - b^2 c_1 c_2)`, so it changes sign where
:math:`\sqrt{c_1 c_2}` passes a/b. At that concurrency a token costs twice what it would at an
endless one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.economics.curve import Curve, CurvePoint
from solver.economics.service import COST, LAST

__all__ = ["Inflection", "Zone", "inflection", "zone"]


@dataclass(frozen=True, slots=True)
class Inflection:
    """Where elasticity of throughput falls below 1/2.

    That is where throughput over ln c turns from convex to concave while a step is affine in c; on
    a curve of several straight pieces or with jumps it is a crossing of 1/2 and no more. Batches on
    offer enclose it: it lies between the geometric means of ``at`` and its neighbours.

    Parameters
    ----------
    at
        The batch on offer that it lies next to: elasticity is at least 1/2 just below, and less
        just above. ``None`` where it lies outside what is on offer.
    side
        ``inside``; ``below`` the first two batches, or ``above`` the last two.
    again
        Elasticity comes back to 1/2 later: throughput turns more than once.
    """

    at: int | None
    side: str
    again: bool


@dataclass(frozen=True, slots=True)
class Zone:
    """See the module's text.

    Parameters
    ----------
    best
        The least cost; of equal ones the lowest concurrency.
    runs
        Stretches of neighbouring batches on offer, first and last of each.
    place
        Of the least cost among what keeps the service level. ``upper end``: up to the last
        concurrency none is dearer than it by more than rounding, so a limit ends it and not cost;
        ``lower end``: the same down to the first; ``interior``: cost is higher at both ends;
        ``only``: nothing else keeps the level.
    reaches_end
        The zone goes up to the last concurrency that keeps the service level.
    ended_by
        What ends the zone above: limits that the next batch breaks (``largest batch on offer``
        where there is none), or ``cost``.
    """

    tolerance: Fraction
    best: CurvePoint
    runs: tuple[tuple[int, int], ...]
    place: str
    reaches_end: bool
    ended_by: tuple[str, ...]

    @property
    def lowest(self) -> int:
        """Least concurrency inside."""
        return self.runs[0][0]

    @property
    def highest(self) -> int:
        """Greatest concurrency inside."""
        return self.runs[-1][1]


def zone(curve: Curve, tolerance: Fraction) -> Zone | None:
    """The zone of a curve; ``None`` where no point keeps the service level.

    Raises
    ------
    ValueError
        If the tolerance is negative.
    """
    if tolerance < 0:
        raise ValueError("a tolerance is not negative")
    kept = [index for index, point in enumerate(curve.points) if not point.broken]
    if not kept:
        return None
    at = min(kept, key=lambda index: (curve.points[index].average, index))
    best = curve.points[at]
    most = best.average * (1 + tolerance)
    runs: list[tuple[int, int]] = []
    inside = -2
    for index in kept:
        point = curve.points[index]
        if point.average > most:
            continue
        if index == inside + 1:
            runs[-1] = (runs[-1][0], point.concurrency)
        else:
            runs.append((point.concurrency, point.concurrency))
        inside = index
    reaches_end = inside == kept[-1]
    ended_by = _next_limit(curve, inside) if reaches_end else (COST,)
    return Zone(
        tolerance, best, tuple(runs), _place(curve, best, kept, reaches_end), reaches_end, ended_by
    )


def _place(curve: Curve, best: CurvePoint, kept: list[int], reaches_end: bool) -> str:
    if len(kept) == 1:
        return "only"

    def no_dearer(index: int) -> bool:
        # Times are rounded up: what it is dearer by must be more than that can make.
        point = curve.points[index]
        return point.average - curve.rounding(point) / point.concurrency <= best.average

    # A zone too narrow for rounding may end before its last such point: cost ends that one.
    if reaches_end and no_dearer(kept[-1]):
        return "upper end"
    return "lower end" if no_dearer(kept[0]) else "interior"


def _next_limit(curve: Curve, last: int) -> tuple[str, ...]:
    return (LAST,) if last + 1 == len(curve.points) else curve.points[last + 1].broken


def inflection(curve: Curve) -> Inflection | None:
    """Where throughput over ln concurrency turns; ``None`` for a single point."""
    steep = [
        there.concurrency * here.latency_ps**2 >= here.concurrency * there.latency_ps**2
        for here, there in curve.pairs
    ]
    if not steep:
        return None
    if all(steep):
        return Inflection(None, "above", False)
    turn = steep.index(False)
    again = any(steep[turn:])
    if turn == 0:
        return Inflection(None, "below", again)
    return Inflection(curve.points[turn].concurrency, "inside", again)
