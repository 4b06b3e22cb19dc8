r"""Cuts of a routing: those known before any plan, and how a cut with huge integers is made small.

A cut :math:`\sum_j w_j n_j \ge l` over integer counts stays valid after dividing by any
:math:`s > 0` and rounding both sides up (Chvátal 1973; Gomory 1958):

.. math::
    \sum_j \lceil w_j / s \rceil\, n_j \;\ge\; \lceil l / s \rceil .
"""

from __future__ import annotations

import math
from collections.abc import Sequence

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

    Weights are not negative. Where a weight had to be rounded, so was the right-hand side, and
    the cut may say less than before.

    Raises
    ------
    ValueError
        If a weight is negative or ``limit`` is not positive.
    """
    if limit < 1 or min(cut.weight, default=0) < 0:
        raise ValueError("cuts to divide have no negative weights, and a positive limit")
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
    return divided(cut, max(cut.weight))


def initial_cuts(routing: Routing) -> tuple[Cut, ...]:
    r"""Cuts that hold before any plan is known, weights up to ``EASY_WEIGHT``.

    Each class alone (:math:`y = e_b`); all classes with :math:`y_b \sim 1 / \max_j r_{jb}`; and for
    each different column that serves every class :math:`y_b \sim 1 / r_{jb}`, which is all there is
    to say about a fleet of that column alone (the first 32 such columns).
    """
    wanted = [b for b, need in enumerate(routing.demand.tolist()) if need]
    rates = routing.rate.tolist()
    multipliers: dict[tuple[int, ...], None] = {}
    for b in wanted:
        multipliers[tuple(int(a == b) for a in range(len(routing.demand)))] = None
    best = [max((row[b] for row in rates), default=0) for b in range(len(routing.demand))]
    profiles = list(dict.fromkeys(tuple(row) for row in rates))
    whole = [row for row in profiles if all(row[b] for b in wanted)]
    for profile in (best, *whole[:_MOST_PROFILES]):
        used = [profile[b] for b in wanted if profile[b]]
        if len(wanted) < 2 or not used:
            continue
        scale = _GRID * max(used)
        y = [0] * len(profile)
        for b in wanted:
            if profile[b]:
                y[b] = scale // profile[b]
        multipliers[tuple(v // math.gcd(*y) for v in y)] = None
    return tuple(divided(routing.cut(y), EASY_WEIGHT) for y in multipliers)
