r"""Where unseen images may lie: the greatest boxes that no point reaches into.

Given points :math:`N` and a ceiling :math:`U`, the search region is
:math:`\{z < U : \nexists n \in N, n \le z\}`. It is the union of the boxes :math:`\{z < u\}` of
finitely many greatest corners :math:`u`, known as local upper bounds (Klamroth, Lacour and
Vanderpooten, "On the representation of the search region in multi-objective optimization",
European Journal of Operational Research 245, 2015).

The search keeps its corners up to date point by point. Here they are computed from nothing but the
points, by a sweep along the last objective, so that a certificate does not rest on the code that
it checks: a corner ends at level :math:`c` of the last objective exactly where a point at that
level lies inside the box of the other components, or at the ceiling.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from formulations.moip.problem import Image
from solver.sweep.moip.claims import Corner

__all__ = ["greatest_corners"]


def greatest_corners(points: Iterable[Image], ceiling: Corner) -> set[Corner]:
    """Corners of the search region of ``points`` below ``ceiling``.

    Parameters
    ----------
    points
        Minimised integer p-vectors, p >= 2; may dominate each other.
    ceiling : (p,)
        Exclusive; points not below it in every component do not matter.

    Returns
    -------
    set
        Corners, none of which is weakly below another.

    Raises
    ------
    ValueError
        If p < 2 or lengths differ.
    """
    if len(ceiling) < 2:
        raise ValueError("corners need at least two objectives")
    inside = {
        tuple(point) for point in points if all(a < b for a, b in zip(point, ceiling, strict=True))
    }
    return _corners(inside, ceiling)


def _corners(points: set[Image], ceiling: Corner) -> set[Corner]:
    if len(ceiling) == 2:
        staircase = _Staircase(ceiling)
        for point in points:
            staircase.insert(point)
        return set(staircase.corners())
    found: set[Corner] = set()
    by_last = sorted(points, key=lambda point: point[-1])
    if len(ceiling) == 3:
        # The corners of a staircase change only where a point enters it.
        staircase = _Staircase(ceiling[:2])
        for level, group in itertools.groupby(by_last, key=lambda point: point[-1]):
            entering = [point[:-1] for point in group]
            for point in entering:
                found.update((*corner, level) for corner in staircase.corners_above(point))
            for point in entering:
                staircase.insert(point)
        found.update((*corner, ceiling[-1]) for corner in staircase.corners())
        return found
    below: set[Image] = set()
    corners = {ceiling[:-1]}
    for level, group in itertools.groupby(by_last, key=lambda point: point[-1]):
        entering = [point[:-1] for point in group]
        found.update(
            (*corner, level)
            for corner in corners
            if any(all(a < b for a, b in zip(point, corner, strict=True)) for point in entering)
        )
        below.update(entering)
        corners = _corners(below, ceiling[:-1])
    found.update((*corner, ceiling[-1]) for corner in corners)
    return found


class _Staircase:
    """Nondominated points of the plane, from left to right and so from top to bottom."""

    def __init__(self, ceiling: Sequence[int]) -> None:
        self._right, self._top = ceiling
        self._x: list[int] = []
        self._y: list[int] = []

    def insert(self, point: Sequence[int]) -> None:
        """Add a point, unless one is weakly below it, and drop those that it is weakly below."""
        x, y = point
        start = bisect_left(self._x, x)
        if start and self._y[start - 1] <= y:
            return
        if start < len(self._x) and self._x[start] == x and self._y[start] <= y:
            return
        stop = start
        while stop < len(self._x) and self._y[stop] >= y:
            stop += 1
        self._x[start:stop], self._y[start:stop] = [x], [y]

    def corners(self) -> list[tuple[int, int]]:
        """All corners of the region that is left: one before each point, one after the last."""
        return list(zip([*self._x, self._right], [self._top, *self._y], strict=True))

    def corners_above(self, point: Sequence[int]) -> list[tuple[int, int]]:
        """The corners whose boxes a point lies in."""
        x, y = point
        # Corner i is (x[i], y[i - 1]), the ends taken from the ceiling.
        index = bisect_left(self._x, x + 1)
        found = []
        while index <= len(self._x):
            high = self._y[index - 1] if index else self._top
            if high <= y:
                break
            found.append((self._x[index] if index < len(self._x) else self._right, high))
            index += 1
        return found
