r"""Finite bounds for columns stated without, derived from the rows.

From :math:`\sum_j a_j x_j \le U` follows, for :math:`a_k > 0`,

.. math::
    x_k \le \Big\lfloor \big(U - \min \textstyle\sum_{j \ne k} a_j x_j\big) / a_k \Big\rfloor ,

and for :math:`a_k < 0` a lower bound in the same way (Brearley, Mitra and Williams 1975). All in
Python integers, so that no bound is too tight. Bounds that were stated stay as they are.
"""

from __future__ import annotations

from solver.instance.moip.exact import Bounds, IntegerRows, IntegerTerms

__all__ = ["propagated"]

POLISH_ROUNDS = 10
"""Rounds go on while an infinite bound turns finite; apart from that, so many. Two rows that push
each other up by one a round would never end."""


def propagated(bounds: Bounds, rows: IntegerRows) -> Bounds:
    """Bounds with every infinite one replaced by what the rows imply, where they imply any.

    The result does not depend on the order of the rows: a round reads the bounds of the one before.
    """
    open_low = {column for column, bound in enumerate(bounds.lower) if bound is None}
    open_high = {column for column, bound in enumerate(bounds.upper) if bound is None}
    halves = _halves(rows, open_low | open_high)
    current, round_ = bounds, 0
    while halves:
        tightened = Bounds(list(current.lower), list(current.upper))
        for terms, limit in halves:
            _tighten(tightened, current, terms, limit, open_low, open_high)
        if tightened == current:
            break
        gained = _infinities(current) - _infinities(tightened)
        current, round_ = tightened, round_ + 1
        if not gained and round_ >= POLISH_ROUNDS:
            break
    return current


def _halves(rows: IntegerRows, wanted: set[int]) -> list[tuple[IntegerTerms, int]]:
    """Rows that hold a wanted column, as sums with an upper limit."""
    halves: list[tuple[IntegerTerms, int]] = []
    for terms, low, high in zip(rows.terms, rows.lower, rows.upper, strict=True):
        if any(column in wanted for column, _ in terms):
            if high is not None:
                halves.append((terms, high))
            if low is not None:
                halves.append(([(column, -value) for column, value in terms], -low))
    return halves


def _infinities(bounds: Bounds) -> int:
    return sum(bound is None for side in (bounds.lower, bounds.upper) for bound in side)


def _tighten(
    tightened: Bounds,
    current: Bounds,
    terms: IntegerTerms,
    limit: int,
    open_low: set[int],
    open_high: set[int],
) -> None:
    least = [
        None if bound is None else value * bound
        for column, value in terms
        for bound in [current.lower[column] if value > 0 else current.upper[column]]
    ]
    n_infinite = sum(part is None for part in least)
    if n_infinite > 1:
        return
    total = sum(part for part in least if part is not None)
    for (column, value), part in zip(terms, least, strict=True):
        if n_infinite and part is not None:
            continue
        rest = limit - total + (part or 0)
        if value > 0 and column in open_high:
            bound, known = rest // value, tightened.upper[column]
            tightened.upper[column] = bound if known is None else min(known, bound)
        elif value < 0 and column in open_low:
            # Dividing by a negative number turns the row round; -(a // b) rounds upwards.
            bound, known = -(rest // -value), tightened.lower[column]
            tightened.lower[column] = bound if known is None else max(known, bound)
