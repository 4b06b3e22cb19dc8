"""Which labels and columns of a pool of chains no other beats, where hosts and loads count too.

A row dominates another of its group if it is at most as great in every column; of equal rows the
first stays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_filter import nondominated_in_groups

__all__ = ["beaten_by", "nondominated_with_loads", "smallest_vectors"]

_Positions = npt.NDArray[np.intp]
_CHUNK = 2_000_000


def nondominated_with_loads(
    group: IntArray, first: IntArray, second: IntArray, loads: IntArray
) -> _Positions:
    """Positions of the rows (first, second, loads) that no other row of their group dominates.

    One pass over pairs for every distinct vector of loads, with what is left of vectors that are
    nowhere greater: few should differ.

    Parameters
    ----------
    group, first, second : (n,) int64
        ``group`` is not negative.
    loads : (n, e) int64
    """
    if not loads.shape[1] or not len(group):
        return nondominated_in_groups(group, first, second)
    # In lexicographic order a vector comes after all that are nowhere greater.
    vectors, rank = np.unique(loads, axis=0, return_inverse=True)
    rank = rank.reshape(-1)
    left: list[_Positions] = []
    for place, vector in enumerate(vectors):
        below = [left[b] for b in np.flatnonzero((vectors[:place] <= vector).all(axis=1)).tolist()]
        before = np.concatenate([np.empty(0, dtype=np.intp), *below])
        rows = np.concatenate([before, np.flatnonzero(rank == place)])
        kept = nondominated_in_groups(group[rows], first[rows], second[rows])
        left.append(np.sort(rows[kept[kept >= len(before)]]))
    return np.concatenate(left)


def beaten_by(rivals: IntArray, rows: IntArray) -> npt.NDArray[np.bool_]:
    """(n,) bool: which of the (n, d) rows some rival, of (k, d), dominates or equals."""
    beaten = np.zeros(len(rows), dtype=np.bool_)
    if not len(rivals):
        return beaten
    if rows.shape[1] == 1:
        return np.asarray(rows[:, 0] >= rivals[:, 0].min(), dtype=np.bool_)
    step = max(1, _CHUNK // (len(rivals) * rows.shape[1]))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        beats = np.all(rivals[None, :, :] <= part[:, None, :], axis=2)
        beaten[start : start + step] = np.any(beats, axis=1)
    return beaten


def smallest_vectors(rows: IntArray) -> _Positions:
    """Positions, rising, of the (n, d) rows that no other dominates; of equal rows the first.

    A row is compared with those kept before it in lexicographic order, where all that dominate it
    are (Chomicki and others, "Skyline with presorting", ICDE 2003).
    """
    order = np.lexsort(tuple(rows.T[::-1]))
    kept: list[int] = []
    held = np.empty((64, rows.shape[1]), dtype=np.int64)
    for position in order.tolist():
        row = rows[position]
        if kept and bool((held[: len(kept)] <= row).all(axis=1).any()):
            continue
        if len(kept) == len(held):
            held = np.concatenate([held, np.empty_like(held)])
        held[len(kept)] = row
        kept.append(position)
    return np.array(sorted(kept), dtype=np.intp)
