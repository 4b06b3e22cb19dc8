"""Putting two tables of plans together: all pairs within a gap and a window."""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.joining import ranges
from solver.engines.blocks.listing import TooManyPlansError
from solver.engines.blocks.looking import Look, unwatched
from solver.engines.blocks.pareto import undominated_rows
from solver.engines.blocks.plans import Merged, Plans
from solver.engines.blocks.windows import Window, fits

__all__ = ["merge", "pairs_within"]

_CHUNK = 2_000_000


def pairs_within(one: Plans, other: Plans, weights: IntArray, gap: int) -> int:
    """How many pairs are priced within ``gap`` of the two cheapest rows together."""
    left, right = one.vector @ weights, np.sort(other.vector @ weights)
    return int(np.searchsorted(right - right[0], gap - (left - left.min()), side="right").sum())


def merge(
    one: Plans,
    other: Plans,
    weights: IntArray,
    gap: int,
    active: IntArray,
    window: Window,
    *,
    room: int,
    look: Look = unwatched,
) -> Plans:
    """Pairs priced within ``gap`` of the two cheapest rows together.

    Parameters
    ----------
    window
        Pairs outside it are dropped.
    room
        Most rows of the answer, and a hundredth of the most pairs looked at.
    look
        Told the pairs looked at; may raise to stop.

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
    vectors: list[IntArray] = []
    rows: list[tuple[IntArray, IntArray]] = []
    for a, b in ranges(counts, np.zeros_like(counts), _CHUNK):
        look(len(a))
        b = order[b]
        vector = one.vector[a] + other.vector[b]
        within = fits(vector, window)
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
