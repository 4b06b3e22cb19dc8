r"""An interior optimum once waiting is priced: between which values of time there is one.

A token at concurrency c costs AC(c), and its user waits T(c) for it. With a linear value of time v,
in US$ a second that one user waits,

.. math:: S_v(c) = AC(c) + v\, T(c)

is what is minimised; an answer of L tokens multiplies all of it by L, which decides nothing. More
users at once make AC fall and T grow, so that for an affine step T = a + bc of a replica at w US$ a
second :math:`S_v = wa/c + wb + v(a + bc)` is least at :math:`c^* = \sqrt{wa / (vb)}`: inside for
every v of an interval, although AC alone falls for ever.

Here nothing is assumed of T. Each point is a line in v, and is least where it meets the lower
envelope of all lines, which is an interval (possibly empty) of v. Where neither that of the fewest
users nor that of the most lies, the optimum is interior. Ends of intervals are exact ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.economics.curve import PS_PER_S, Curve, CurvePoint

__all__ = ["ValuedLoad", "Waiting", "waiting"]


@dataclass(frozen=True, slots=True)
class ValuedLoad:
    """The concurrency of least cost and waiting together at one value of time.

    ``usd_per_token`` is that sum; ``place`` is ``interior``, ``lower end`` or ``upper end`` of what
    keeps the service level.
    """

    name: str
    usd_per_s: Fraction
    concurrency: int
    usd_per_token: Fraction
    place: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Values of time, US$ a second of one user, at which the optimum is interior.

    Parameters
    ----------
    above, below
        At every value between them, both left out, the least cost with waiting lies inside.
        ``below`` ``None``: however dear time is. ``above`` of 0: cost alone is least inside already
        (or time is worth anything at all).
    stated
        At the values that the question's preferences state.
    """

    above: Fraction
    below: Fraction | None
    stated: tuple[ValuedLoad, ...]

    @property
    def interior(self) -> bool:
        """Whether there is such a value of time."""
        return self.below is None or self.above < self.below


def waiting(curve: Curve, values: Sequence[tuple[str, Fraction]] = ()) -> Waiting | None:
    """Price waiting along what keeps the service level.

    Parameters
    ----------
    values
        Names and US$ a second.

    Returns
    -------
    Waiting or None
        ``None``: fewer than three concurrencies keep the level, so that none lies inside.
    """
    kept = [point for point in curve.points if not point.broken]
    if len(kept) < 3:
        return None
    lines = [(point.average / 10**6, Fraction(point.latency_ps, PS_PER_S)) for point in kept]
    fewest, most = _least_between(lines, 0), _least_between(lines, -1)
    above = Fraction(0)
    if most is not None:
        # Unbounded above: the fullest load is best whatever time is worth, and none is inside.
        above = most[0] if most[1] is None else most[1]
    below = None if fewest is None else fewest[0]
    if most is not None and most[1] is None:
        below = above
    return Waiting(above, below, tuple(_valued(kept, lines, *value) for value in values))


_Line = tuple[Fraction, Fraction]


def _least_between(lines: Sequence[_Line], index: int) -> tuple[Fraction, Fraction | None] | None:
    """Values v >= 0 at which line ``index`` is least; ``None``: none, or upper end: no bound."""
    cost, time_s = lines[index]
    low, high = Fraction(0), None
    for other_cost, other_s in lines:
        if other_s == time_s:
            if other_cost < cost:
                return None
        elif other_s > time_s:
            low = max(low, (cost - other_cost) / (other_s - time_s))
        else:
            end = (other_cost - cost) / (time_s - other_s)
            high = end if high is None else min(high, end)
    return None if high is not None and high < low else (low, high)


def _valued(
    points: Sequence[CurvePoint], lines: Sequence[_Line], name: str, usd_per_s: Fraction
) -> ValuedLoad:
    told = [(cost + usd_per_s * time_s, index) for index, (cost, time_s) in enumerate(lines)]
    usd, index = min(told)
    place = "lower end" if index == 0 else "upper end" if index == len(lines) - 1 else "interior"
    return ValuedLoad(name, usd_per_s, points[index].concurrency, usd, place)
