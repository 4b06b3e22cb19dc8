r"""Candidates that nothing seen so far certainly beats, block by block in bounded memory.

The pool is a (n, p) array of minimised floats, p = 2 or 3. Columns of whole numbers are exact;
the others are estimates. A candidate *a* certainly beats *b* if it is no larger in every whole
column, smaller by more than the float error in every other, and, where all columns are whole,
smaller in the first. What is left in the end is a superset of the nondominated candidates and of
all candidates equal to one of them: ranks decide among it (``search``).

Two filters keep the pool small. *Shelves* are staircases of the first two columns, one for each of
some levels of the third, which tell at once of a whole block most of what is beaten. When the pool
has doubled, a sweep along the first column with a staircase of the other two removes the rest, in
n log n.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray
from solver.lowering.economy.cells import FLOAT_SLACK
from solver.lowering.families import BoolArray
from solver.performance.step_table import FloatArray

__all__ = ["RunningPool", "certainly_beaten"]

SHELVES = 64
COMPACT_AT = 1 << 14
"""Pools up to this size are left alone."""


def _lowered(values: FloatArray, whole: tuple[bool, ...]) -> FloatArray:
    """What another has to be at or below in every column to beat these certainly."""
    lowered = values.copy()
    for column, exact in enumerate(whole):
        if not exact:
            # Below itself at zero too, where a share of it is nothing.
            below = lowered[:, column] * (1 - FLOAT_SLACK)
            lowered[:, column] = np.nextafter(below, -np.inf)
    if all(whole):
        lowered[:, 0] = np.nextafter(lowered[:, 0], -np.inf)
    return lowered


def certainly_beaten(values: FloatArray, whole: tuple[bool, ...]) -> BoolArray:
    """Which rows of a (n, p) array another row certainly beats."""
    reach = _lowered(values, whole)
    if values.shape[1] == 2:
        stairs = _Stairs(values)
        return stairs.at_or_below(reach)
    beaten = np.zeros(len(values), dtype=bool)
    enter = np.argsort(values[:, 0], kind="stable")
    ask = np.argsort(reach[:, 0], kind="stable")
    firsts, rest = values[enter, 0].tolist(), values[enter, 1:].tolist()
    position = 0
    ys: list[float] = []
    zs: list[float] = []
    for index, (x, y, z) in zip(ask.tolist(), reach[ask].tolist(), strict=True):
        while position < len(firsts) and firsts[position] <= x:
            _insert(ys, zs, *rest[position])
            position += 1
        at = bisect_right(ys, y)
        beaten[index] = at > 0 and zs[at - 1] <= z
    return beaten


def _insert(ys: list[float], zs: list[float], y: float, z: float) -> None:
    """Add a point to a staircase that falls from left to right, unless one is weakly below it."""
    start = bisect_left(ys, y)
    if start and zs[start - 1] <= z:
        return
    if start < len(ys) and ys[start] == y and zs[start] <= z:
        return
    stop = start
    while stop < len(ys) and zs[stop] >= z:
        stop += 1
    ys[start:stop], zs[start:stop] = [y], [z]


class _Stairs:
    """Least second column among rows up to a value of the first."""

    def __init__(self, values: FloatArray) -> None:
        order = np.lexsort((values[:, 1], values[:, 0]))
        self._first = values[order, 0]
        self._second = np.minimum.accumulate(values[order, 1])

    def at_or_below(self, reach: FloatArray) -> BoolArray:
        """Whether some row is at or below ``reach`` in both columns."""
        if not len(self._first):
            return np.zeros(len(reach), dtype=bool)
        position = np.searchsorted(self._first, reach[:, 0], side="right") - 1
        least = np.where(position >= 0, self._second[np.maximum(position, 0)], np.inf)
        return np.asarray(least <= reach[:, 1])


class _Shelves:
    """Staircases of the first two columns for some levels of the third."""

    def __init__(self, values: FloatArray) -> None:
        self._levels = np.zeros(0)
        self._stairs: list[_Stairs] = []
        if values.shape[1] == 2:
            self._stairs = [_Stairs(values)]
        elif len(values):
            distinct = np.unique(values[:, 2])
            step = np.linspace(0, len(distinct) - 1, min(SHELVES, len(distinct)))
            self._levels = distinct[np.unique(step.astype(np.intp))]
            self._stairs = [_Stairs(values[values[:, 2] <= level]) for level in self._levels]

    def beat(self, reach: FloatArray) -> BoolArray:
        """Whether some row is at or below ``reach`` everywhere; some of these are missed."""
        if reach.shape[1] == 2:
            return self._stairs[0].at_or_below(reach)
        beaten = np.zeros(len(reach), dtype=bool)
        shelf = np.searchsorted(self._levels, reach[:, 2], side="right") - 1
        for which in np.unique(shelf[shelf >= 0]).tolist():
            rows = np.flatnonzero(shelf == which)
            beaten[rows] = self._stairs[which].at_or_below(reach[rows])
        return beaten


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    values: FloatArray
    places: IntArray


class RunningPool:
    """Candidates seen so far that nothing seen so far certainly beats.

    Parameters
    ----------
    whole : (p,)
        Which columns are exact.
    """

    def __init__(self, whole: tuple[bool, ...]) -> None:
        self._whole = whole
        self._parts: list[_Part] = []
        self._size = 0
        self._limit = COMPACT_AT
        self._shelves = _Shelves(np.zeros((0, len(whole))))

    def offer(self, values: FloatArray, places: IntArray) -> None:
        """Take a block in.

        Parameters
        ----------
        values : (n, p)
            Minimised.
        places : (n, k) int64
            What the caller finds them by.
        """
        left = ~self._shelves.beat(_lowered(values, self._whole))
        if not left.any():
            return
        self._parts.append(_Part(values[left], places[left]))
        self._size += int(left.sum())
        if self._size > self._limit or len(self._parts) == 1:
            self._compact()

    def _compact(self) -> None:
        values, places = self._together()
        left = ~certainly_beaten(values, self._whole)
        self._parts = [_Part(values[left], places[left])]
        self._size = int(left.sum())
        self._limit = max(COMPACT_AT, 2 * self._size)
        self._shelves = _Shelves(self._parts[0].values)

    def _together(self) -> tuple[FloatArray, IntArray]:
        return (
            np.concatenate([part.values for part in self._parts]),
            np.concatenate([part.places for part in self._parts]),
        )

    def left(self) -> tuple[FloatArray, IntArray]:
        """Values and places of all that is left."""
        if not self._parts:
            return np.zeros((0, len(self._whole))), np.zeros((0, 0), dtype=np.int64)
        self._compact()
        return self._parts[0].values, self._parts[0].places
