r"""Cuts of a routing: those known before any plan, and how a cut with huge integers is made small.

A cut :math:`\sum_j w_j n_j \ge l` over integer counts stays valid after dividing by any
:math:`s > 0` and rounding both sides up (Chvátal 1973; Gomory 1958):

.. math::
    \sum_j \lceil w_j / s \rceil\, n_j \;\ge\; \lceil l / s \rceil .

A cut with a pace, :math:`\sum_j w_j n_j \ge v z`, is brought to :math:`\sum_j \lceil w_j q / v
\rceil\, n_j \ge q z` with a whole number :math:`q`: rounding then adds less than one unit of the
left side for each replica, and nothing for each unit of :math:`z`, of which there are many more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from formulations.fleet.routing import Cut, Routing

__all__ = ["EASY_WEIGHT", "breaks", "divided", "initial_cuts", "reduced"]

EASY_WEIGHT: int = 10**6
"""Weights up to here leave a floating-point engine two digits of room for its proof."""

_LIMITS = (EASY_WEIGHT, 10**7, 10**8, 10**9)
_GRID = 10**6
_MOST_PROFILES = 32


def breaks(cut: Cut, counts: Sequence[int]) -> bool:
    """Whether counts of all columns of the problem, (n,), miss the cut."""
    have = sum(
        weight * int(counts[column]) for column, weight in zip(cut.columns, cut.weight, strict=True)
    )
    return have < cut.least


def divided(cut: Cut, limit: int) -> Cut:
    """The cut by its greatest common divisor, capped, and with no weight above ``limit``.

    Weights are not negative, except that of a pace, which comes last, over a right-hand side of 0.
    Where a weight had to be rounded, so was the right-hand side, and the cut may say less than
    before. That of a pace is at least 1, and other weights may then be above ``limit``.

    Raises
    ------
    ValueError
        If another weight is negative or ``limit`` is not positive.
    """
    if limit < 1 or min(cut.weight[:-1], default=0) < 0:
        raise ValueError("cuts to divide have no negative weights, and a positive limit")
    if cut.weight and cut.weight[-1] < 0:
        if cut.least:
            raise ValueError("a negative weight is that of a pace, and then least is 0")
        return _divided_by_pace(cut, limit)
    if cut.least <= 0:
        return cut
    capped = [min(weight, cut.least) for weight in cut.weight]
    divisor = math.gcd(*capped) or 1
    step = max(divisor, -(-max(capped, default=0) // limit))
    # A weight capped at the right-hand side keeps that place: both round alike.
    return Cut(
        cut.columns,
        tuple(-(-weight // step) for weight in capped),
        -(-cut.least // step),
    )


def _divided_by_pace(cut: Cut, limit: int) -> Cut:
    divisor = math.gcd(*cut.weight)
    weights = [weight // divisor for weight in cut.weight]
    asked, largest = -weights[-1], max(weights)
    if max(largest, asked) > limit:
        times = max(min(limit, limit * asked // max(largest, 1)), 1)
        weights = [-(-weight * times // asked) for weight in weights[:-1]] + [-times]
    return Cut(cut.columns, tuple(weights), 0)


def reduced(cut: Cut, counts: Sequence[int]) -> Cut:
    """The cut with the smallest weights that ``counts`` still break.

    Tried are weights up to 10^6, then 10^7, 10^8 and 10^9; where none of those is broken any more,
    the cut divided by its greatest common divisor comes back, however large.

    Raises
    ------
    ValueError
        If ``counts`` meet the cut.
    """
    if not breaks(cut, counts):
        raise ValueError("the counts meet the cut")
    for limit in _LIMITS:
        small = divided(cut, limit)
        if breaks(small, counts):
            return small
    return divided(cut, max(map(abs, cut.weight)))


def initial_cuts(routing: Routing) -> tuple[Cut, ...]:
    r"""Cuts that hold before any plan is known, weights up to ``EASY_WEIGHT``.

    Each class alone (:math:`y = e_b`); all classes with :math:`y_b \sim 1 / \max_j r_{jb}`; and for
    each different column that serves every class :math:`y_b \sim 1 / r_{jb}`, which is all there is
    to say about a fleet of that column alone (the first 32 such columns). With several parts these
    of each part alone, and the second kind over all parts at once.
    """
    multipliers: dict[tuple[int, ...], None] = {}
    n_classes = len(routing.demand)
    wanted = [b for b, need in enumerate(routing.demand.tolist()) if need]
    for part in range(routing.n_parts):
        before, after = (0,) * (part * n_classes), (0,) * ((routing.n_parts - part - 1) * n_classes)
        inside = routing.rate[:, len(before) : len(before) + n_classes]
        for y in _of_one_part(inside.tolist(), wanted, n_classes):
            multipliers[before + y + after] = None
    if routing.n_parts > 1:
        best = routing.rate.max(axis=0, initial=0).tolist()
        y = _inverse(best, [row for row in range(len(best)) if row % n_classes in wanted])
        if any(y):
            multipliers[y] = None
    return tuple(divided(routing.cut(y), EASY_WEIGHT) for y in multipliers)


def _of_one_part(
    rates: Sequence[Sequence[int]], wanted: Sequence[int], n_classes: int
) -> Iterator[tuple[int, ...]]:
    """Multipliers for one part; ``rates`` are columns by classes."""
    for b in wanted:
        yield tuple(int(a == b) for a in range(n_classes))
    if len(wanted) < 2:
        return
    best = [max((row[b] for row in rates), default=0) for b in range(n_classes)]
    profiles = dict.fromkeys(tuple(row) for row in rates)
    whole = [row for row in profiles if all(row[b] for b in wanted)]
    for profile in (best, *whole[:_MOST_PROFILES]):
        y = _inverse(profile, wanted)
        if any(y):
            yield y


def _inverse(profile: Sequence[int], rows: Sequence[int]) -> tuple[int, ...]:
    """Whole numbers in proportion to 1 / ``profile`` on ``rows``, 0 where it is 0."""
    scale = _GRID * max((profile[row] for row in rows), default=0)
    y = [0] * len(profile)
    for row in rows:
        if profile[row]:
            y[row] = scale // profile[row]
    divisor = math.gcd(*y) or 1
    return tuple(v // divisor for v in y)
