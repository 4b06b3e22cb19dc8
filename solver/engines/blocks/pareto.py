"""Dropping dominated rows of large integer tables: fast, and allowed to keep a few too many."""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray

__all__ = ["undominated_rows"]

_SAMPLE = 48
_AT_ONCE = 8
_LOOKED_AT = 1_000


def _staircases(rows: IntArray, groups: list[int], first: int, second: int) -> IntArray:
    """Rows no other row with equal ``groups`` beats in the two columns; one of equal rows."""
    keys = (rows[:, second], rows[:, first], *(rows[:, c] for c in reversed(groups)))
    order = np.lexsort(keys)
    ordered = rows[order]
    opens = np.zeros(len(rows), dtype=np.bool_)
    opens[0] = True
    if groups:
        opens[1:] = (ordered[1:][:, groups] != ordered[:-1][:, groups]).any(axis=1)
    value = ordered[:, second]
    # Every group lies wholly below the one before it, so one running minimum serves them all.
    height = int(value.max() - value.min()) + 1
    lowered = value - value.min() - (np.cumsum(opens) - 1) * height
    best = np.minimum.accumulate(lowered)
    kept = opens.copy()
    kept[1:] |= lowered[1:] < best[:-1]
    return np.asarray(order[kept], dtype=np.int64)


def undominated_rows(rows: IntArray) -> IntArray:
    """Indices of rows of a (k, p) int64 array, all columns minimised.

    Every nondominated image keeps one row; some dominated rows may stay, never the reverse.
    With two columns the answer is exact.
    """
    n, p = rows.shape
    left = np.arange(n, dtype=np.int64)
    if n <= 1:
        return left
    if p == 1:
        return np.array([int(rows[:, 0].argmin())], dtype=np.int64)
    spread = [len(np.unique(rows[:_LOOKED_AT, c])) for c in range(p)]
    order = [int(c) for c in np.argsort(spread, kind="stable")]
    passes = [order]
    if p >= 3:
        passes.append([*order[1:-1], order[0], order[-1]])
    if p >= 4:
        passes.append([order[0], order[2], order[1], *order[3:]])
    for arrangement in passes:
        kept = _staircases(rows[left], arrangement[:-2], arrangement[-2], arrangement[-1])
        left = left[kept]
    if p == 2 or len(left) <= _SAMPLE:
        return left
    # Rows that are good all round rule out many across the groups. Equal rows are gone by now.
    columns = np.ascontiguousarray(rows[left].T)
    total = columns.sum(axis=0)
    low = columns.min(axis=1)
    span = np.maximum(columns.max(axis=1) - low, 1).astype(np.float64)
    goodness = ((columns - low[:, None]) / span[:, None]).sum(axis=0)
    sample = min(_SAMPLE, len(left))
    strong = columns[:, np.argpartition(goodness, sample - 1)[:sample]].T
    for begin in range(0, sample, _AT_ONCE):
        beaten = np.zeros(columns.shape[1], dtype=np.bool_)
        for row in strong[begin : begin + _AT_ONCE]:
            worse = total > int(row.sum())  # not the row itself
            for column, value in zip(columns, row, strict=True):
                worse &= column >= value
            beaten |= worse
        if beaten.any():
            alive = ~beaten
            left, columns, total = left[alive], columns[:, alive], total[alive]
    return left
