"""Putting tables of plans together: all pairs within a gap, and the best pair within the limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.listing import TooManyPlansError
from solver.engines.blocks.pareto import undominated_rows
from solver.engines.blocks.plans import Merged, Plans

__all__ = ["best_pair", "merge"]

_CHUNK = 2_000_000


def _pairs(counts: IntArray, first: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Row of the left, row of the right (``first`` and on, ``counts`` of them), in chunks."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        behind = int(total[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(total, behind + _CHUNK, side="right")))
        part = counts[start:end]
        left = np.repeat(np.arange(start, end), part)
        right = np.arange(int(part.sum())) - np.repeat(np.cumsum(part) - part, part)
        yield left, right + np.repeat(first[start:end], part)
        start = end


def merge(
    one: Plans,
    other: Plans,
    weights: IntArray,
    gap: int,
    active: IntArray,
    limit: IntArray,
    *,
    room: int,
) -> Plans:
    """Pairs priced within ``gap`` of the two cheapest rows together.

    Parameters
    ----------
    limit : (R,)
        What is left of every limit; pairs above it in an active one are dropped.
    room
        Most rows of the answer, and a hundredth of the most pairs looked at.

    Raises
    ------
    TooManyPlansError
        If there is not room enough.
    """
    left = one.vector @ weights
    right = other.vector @ weights
    left, right = left - left.min(), right - right.min()
    order = np.argsort(right, kind="stable")
    right = right[order]
    counts = np.searchsorted(right, gap - left, side="right")
    if int(counts.sum()) > 100 * room:
        raise TooManyPlansError("pairs")
    tied = active[active > 0]
    vectors: list[IntArray] = []
    rows: list[tuple[IntArray, IntArray]] = []
    for a, b in _pairs(counts, np.zeros_like(counts)):
        b = order[b]
        vector = one.vector[a] + other.vector[b]
        within = np.flatnonzero((vector[:, tied] <= limit[tied - 1]).all(axis=1))
        if len(within):
            kept = within[undominated_rows(vector[within][:, active])]
            vectors.append(vector[kept])
            rows.append((a[kept], b[kept]))
    if not vectors:
        nothing = np.zeros(0, dtype=np.int64)
        return Plans(one.vector[:0], Merged(one, other, nothing, nothing))
    vector = np.concatenate(vectors)
    a = np.concatenate([pair[0] for pair in rows])
    b = np.concatenate([pair[1] for pair in rows])
    kept = undominated_rows(vector[:, active])
    if len(kept) > room:
        raise TooManyPlansError("rows")
    return Plans(vector[kept], Merged(one, other, a[kept], b[kept]))


def best_pair(
    one: Plans,
    other: Plans,
    weights: IntArray,
    most: int,
    active: IntArray,
    limit: IntArray,
    *,
    room: int,
) -> Plans:
    """The cheapest pair within the active limits whose bound is at most ``most``: one row or none.

    ``most`` is on the price of both less what the limits are worth, so that an unused unit of a
    limit counts with its multiplier: the join looks only at partners that use a limit nearly up.

    Raises
    ------
    TooManyPlansError
        If more than four hundred times ``room`` pairs would have to be looked at.
    """
    if len(one) > len(other):
        one, other = other, one
    nothing = np.zeros(0, dtype=np.int64)
    none = Plans(one.vector[:0], Merged(one, other, nothing, nothing))
    if not len(one) or not len(other):
        return none
    left, right = one.vector @ weights, other.vector @ weights
    tied = active[active > 0]
    paying = [int(r) for r in tied if weights[r] > 0]
    # Per limit: partners leave at most (gap / multiplier) of it unused.
    gap = most + int(weights[1:] @ limit) - int(left.min()) - int(right.min())
    if gap < 0:
        return none
    choices = []
    for r in paying:
        order = np.argsort(other.vector[:, r], kind="stable")
        have = other.vector[order, r]
        room_left = limit[r - 1] - one.vector[:, r]
        last = np.searchsorted(have, room_left, side="right")
        first = np.searchsorted(have, room_left - gap // int(weights[r]), side="left")
        choices.append((int(np.maximum(last - first, 0).sum()), order, first, last))
    order = np.argsort(right, kind="stable")
    first = np.zeros(len(one), dtype=np.int64)
    last = np.searchsorted(right[order], int(right.min()) + gap - (left - left.min()), side="right")
    choices.append((int(np.maximum(last - first, 0).sum()), order, first, last))
    count, order, first, last = min(choices, key=lambda choice: choice[0])
    if count > 400 * room:
        raise TooManyPlansError("pairs")
    best: tuple[int, int, int] | None = None
    for a, b in _pairs(np.maximum(last - first, 0), first):
        b = order[b]
        inside = np.ones(len(a), dtype=np.bool_)
        for r in tied.tolist():
            inside &= one.vector[a, r] + other.vector[b, r] <= limit[r - 1]
        a, b = a[inside], b[inside]
        if len(a):
            cost = one.vector[a, 0] + other.vector[b, 0]
            winner = int(cost.argmin())
            found = (int(cost[winner]), int(a[winner]), int(b[winner]))
            best = found if best is None or found < best else best
    if best is None:
        return none
    a, b = np.array([best[1]]), np.array([best[2]])
    return Plans(one.vector[a] + other.vector[b], Merged(one, other, a, b))
