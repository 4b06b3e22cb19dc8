r"""How many integer vectors lie in a union of boxes, exactly.

A box is a pair of corners :math:`l, u` and holds :math:`\{z : l_k \le z_k < u_k \;\forall k\}`.
What is counted here is the measure of a union of boxes (Klee's problem), as a Python integer of any
size.

The method is that of Chan, "Klee's measure problem made easy" (FOCS 2013): what stays *uncovered*
in a cell is counted. A box that spans the cell in all directions but one is a slab; where a slab
lies nothing is uncovered, so the cell is cut out there and closed up again, which leaves the
uncovered volume as it was. A cell in which few faces are left is counted on a grid, any other is
halved.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.sweep.moip.claims import Corner

__all__ = ["dominated_volume", "union_volume"]

_RankArray = npt.NDArray[np.int64]
_Widths = list[npt.NDArray[Any]]
_GRID_CELLS = 1 << 15
"""A grid of so many cells is painted at once; below it halving costs more than it saves."""


def union_volume(boxes: Sequence[tuple[Corner, Corner]]) -> int:
    """Number of integer vectors ``z`` with ``low <= z < high`` for at least one of ``boxes``.

    Parameters
    ----------
    boxes
        Pairs (low, high), all corners of the same length p >= 1. A box whose ``high`` is not above
        its ``low`` in some component is empty.

    Raises
    ------
    ValueError
        If corners differ in length or have none.
    """
    lengths = {len(corner) for box in boxes for corner in box}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError("corners of boxes must all have the same length, at least 1")
    full = {
        (low, high) for low, high in boxes if all(a < b for a, b in zip(low, high, strict=True))
    }
    if not full:
        return 0
    n_objectives = lengths.pop()
    lows, highs, widths = [], [], []
    for k in range(n_objectives):
        levels = sorted({corner[k] for box in full for corner in box})
        rank = {value: index for index, value in enumerate(levels)}
        lows.append([rank[low[k]] for low, _ in full])
        highs.append([rank[high[k]] for _, high in full])
        # Objects: widths are integers of any size. Ranks are what is compared.
        steps = [b - a for a, b in itertools.pairwise(levels)]
        widths.append(np.array(steps, dtype=object))
    whole = math.prod(int(width.sum()) for width in widths)
    if whole < 2**62:
        widths = [width.astype(np.int64) for width in widths]
    low, high = np.array(lows, dtype=np.int64).T, np.array(highs, dtype=np.int64).T
    return whole - _uncovered(low, high, widths)


def dominated_volume(points: Sequence[Corner], reference: Corner) -> int:
    """Number of integer ``z < reference`` that some point weakly dominates (``point <= z``).

    The hypervolume of a set of minimised integer points; those not below ``reference`` in every
    component add nothing.
    """
    return union_volume([(point, reference) for point in points])


def _uncovered(low: _RankArray, high: _RankArray, widths: _Widths) -> int:
    """Volume of a cell outside the boxes.

    Parameters
    ----------
    low, high : (n, p)
        Boxes in ranks of the cell, clipped to it and not empty.
    widths : (p,)
        For each axis the widths of its ranks, int64 where the whole cell stays below 2^62, Python
        integers otherwise.
    """
    low, high, widths = _without_slabs(low, high, widths)
    shape = tuple(len(width) for width in widths)
    if 0 in shape:
        return 0
    if not len(low):
        return math.prod(int(width.sum()) for width in widths)
    if math.prod(shape) <= _GRID_CELLS:
        return _count_on_grid(low, high, widths)
    axis = int(np.argmax(shape))
    # Halved where its faces are halved: ranks were closed up, so each of them is a face.
    middle = shape[axis] // 2
    total = 0
    for start, stop in ((0, middle), (middle, shape[axis])):
        inside = (low[:, axis] < stop) & (high[:, axis] > start)
        part_low, part_high = low[inside], high[inside]
        part_low[:, axis] = np.clip(part_low[:, axis] - start, 0, stop - start)
        part_high[:, axis] = np.clip(part_high[:, axis] - start, 0, stop - start)
        part = [*widths[:axis], widths[axis][start:stop], *widths[axis + 1 :]]
        total += _uncovered(part_low, part_high, part)
    return total


def _without_slabs(
    low: _RankArray, high: _RankArray, widths: _Widths
) -> tuple[_RankArray, _RankArray, _Widths]:
    """The same uncovered volume with fewer boxes and ranks: slabs cut out, idle ranks merged."""
    while len(low):
        sizes = np.array([len(width) for width in widths])
        spans = (low == 0) & (high == sizes)
        partial = (~spans).sum(axis=1)
        if (partial == 0).any():
            return low[:0], high[:0], [width[:0] for width in widths]
        slabs = partial == 1
        if not slabs.any():
            break
        for axis in range(len(widths)):
            own = slabs & ~spans[:, axis]
            if own.any():
                covered = _painted(low[own, axis], high[own, axis], len(widths[axis]))
                kept_before = np.concatenate([[0], np.cumsum(~covered)])
                low[:, axis], high[:, axis] = kept_before[low[:, axis]], kept_before[high[:, axis]]
                widths = [*widths[:axis], widths[axis][~covered], *widths[axis + 1 :]]
        kept = ~slabs & (low < high).all(axis=1)
        low, high = low[kept], high[kept]
        if any(not len(width) for width in widths):
            return low[:0], high[:0], widths
    return _closed_up(low, high, widths)


def _painted(starts: _RankArray, ends: _RankArray, size: int) -> npt.NDArray[np.bool_]:
    """(size,) whether a rank lies in one of the intervals."""
    change = np.zeros(size + 1, dtype=np.int64)
    np.add.at(change, starts, 1)
    np.add.at(change, ends, -1)
    return np.cumsum(change[:-1]) > 0


def _closed_up(
    low: _RankArray, high: _RankArray, widths: _Widths
) -> tuple[_RankArray, _RankArray, _Widths]:
    """Ranks between which no box begins or ends become one."""
    if not len(low):
        return low, high, widths
    new_low, new_high, new_widths = np.empty_like(low), np.empty_like(high), []
    for axis, width in enumerate(widths):
        faces = np.unique(np.concatenate([[0], low[:, axis], high[:, axis]]))
        faces = faces[faces < len(width)]
        new_widths.append(np.add.reduceat(width, faces))
        new_low[:, axis] = np.searchsorted(faces, low[:, axis])
        new_high[:, axis] = np.searchsorted(faces, high[:, axis])
    return new_low, new_high, new_widths


def _count_on_grid(low: _RankArray, high: _RankArray, widths: _Widths) -> int:
    """Uncovered volume by painting every box on a grid of ranks, through corner differences."""
    n_axes = len(widths)
    change = np.zeros(tuple(len(width) + 1 for width in widths), dtype=np.int32)
    for corner in itertools.product((0, 1), repeat=n_axes):
        place = tuple((high if is_high else low)[:, axis] for axis, is_high in enumerate(corner))
        np.add.at(change, place, 1 - 2 * (sum(corner) % 2))
    for axis in range(n_axes):
        np.cumsum(change, axis=axis, out=change)
    volume: Any = (change == 0)[tuple(slice(-1) for _ in widths)]
    for width in reversed(widths):
        volume = volume.astype(width.dtype) @ width
    return int(volume)
