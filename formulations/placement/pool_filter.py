"""Which chains of a pool no other beats, where hosts and loads count too.

A row dominates another if it is at most as great in every column; of equal rows the first stays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["beaten_by", "smallest_vectors"]

_Positions = npt.NDArray[np.intp]
_CHUNK = 2_000_000


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
