"""Which rows of integers no other row beats: the dominance test of the labels, exact.

A row dominates another of its group if it is at most as great in every column; of equal rows the
first stays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["nondominated_in_groups", "nondominated_rows", "nondominated_with_resources"]

_Positions = npt.NDArray[np.intp]
_REACH = 2**62


def nondominated_in_groups(group: IntArray, first: IntArray, second: IntArray) -> _Positions:
    """Positions of the pairs that no other pair of their group dominates, by group and ``first``.

    Parameters
    ----------
    group, first, second : (n,) int64
        ``group`` is not negative.
    """
    # The sort is stable, so that of equal pairs the one that came first stays.
    order = np.lexsort((second, first, group))
    if not len(order):
        return order
    groups, values = group[order], second[order]
    low = int(values.min())
    span = int(values.max()) - low + 1
    if span * (int(groups.max()) + 1) >= _REACH:
        values = np.unique(values, return_inverse=True)[1].astype(np.int64)
        groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
        low, span = 0, int(values.max()) + 1
    # Each group lies below all groups before it, so that one running minimum serves them all.
    shifted = values - low + (groups[-1] - groups) * span
    least = np.minimum.accumulate(shifted)
    kept = np.ones(len(order), dtype=np.bool_)
    kept[1:] = shifted[1:] < least[:-1]
    return order[kept]


def nondominated_with_resources(
    group: IntArray, first: IntArray, second: IntArray, resources: IntArray
) -> _Positions:
    """Positions of the rows (first, second, resources) that no other of their group dominates.

    Passes of ``nondominated_in_groups``: one within equal resources, then one for every value of
    them against all that need no more of any, so that few should differ.

    Parameters
    ----------
    resources : (n, r) int64
    """
    if not resources.shape[1] or not len(group):
        return nondominated_in_groups(group, first, second)
    needs, which = _distinct(resources)
    # Sorted by resources: what could dominate a row comes in the passes before its own.
    equal = nondominated_in_groups(group * len(needs) + which, first, second)
    if len(needs) == 1:
        return equal
    own = _split(equal, which, len(needs))
    stair = np.empty(0, dtype=np.intp)
    kept: list[_Positions] = []
    for place, need in enumerate(needs):
        if resources.shape[1] > 1:
            less = np.flatnonzero((needs[:place] <= need).all(axis=1))
            stair = np.concatenate([np.empty(0, dtype=np.intp), *(kept[j] for j in less)])
        both = np.concatenate([stair, own[place]])
        left = nondominated_in_groups(group[both], first[both], second[both])
        kept.append(both[left[left >= len(stair)]])
        stair = both[left]
    return np.concatenate(kept)


def _distinct(rows: IntArray) -> tuple[IntArray, npt.NDArray[np.intp]]:
    """Distinct rows in lexicographic order, and which of them each row is."""
    which = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        # Ranks of the columns so far and of this one, as one number: no more than rows squared.
        rank = np.unique(column, return_inverse=True)[1]
        which = np.unique(which * len(rows) + rank, return_inverse=True)[1]
    first = np.unique(which, return_index=True)[1]
    return rows[first], which.astype(np.intp)


def _split(positions: _Positions, which: npt.NDArray[np.intp], parts: int) -> list[_Positions]:
    """Positions by what they are."""
    order = np.argsort(which[positions], kind="stable")
    edges = np.searchsorted(which[positions[order]], np.arange(1, parts))
    return np.split(positions[order], edges)


def nondominated_rows(values: IntArray) -> _Positions:
    """Positions of the nondominated rows of a (n, d) matrix, d at most 3, in lexicographic order.

    Sorted by the first column, a row is dominated exactly if the staircase of the last two columns
    of the rows before it lies at or below it (Kung, Luccio and Preparata, "On finding the maxima of
    a set of vectors", Journal of the ACM 22, 1975).

    Raises
    ------
    ValueError
        If d is not 1, 2 or 3.
    """
    n, d = values.shape
    if d not in (1, 2, 3):
        raise ValueError(f"rows of {d} numbers, where 1 to 3 are expected")
    if d < 3:
        return nondominated_in_groups(np.zeros(n, dtype=np.int64), values[:, 0], values[:, -1])
    order = np.lexsort((values[:, 2], values[:, 1], values[:, 0]))
    across: list[int] = []
    height: list[int] = []
    kept = []
    for position, (_, x, y) in zip(order.tolist(), values[order].tolist(), strict=True):
        before = bisect_right(across, x)
        if before and height[before - 1] <= y:
            continue
        kept.append(position)
        # Steps at or beyond x that are not lower than y say nothing any more.
        start = bisect_left(across, x)
        end = start
        while end < len(across) and height[end] >= y:
            end += 1
        across[start:end] = [x]
        height[start:end] = [y]
    return np.array(kept, dtype=np.intp)
