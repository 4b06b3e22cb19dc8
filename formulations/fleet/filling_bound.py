"""The most that the rest of a rack can still be worth: a fractional filling, in integers."""

from __future__ import annotations

from collections.abc import Sequence

from formulations.fleet.rack_shapes import RackShapes

__all__ = ["FillingBound"]


class FillingBound:
    """Upper bounds for a search that fills a rack of one orbit shape by shape.

    Parameters
    ----------
    order
        Shapes in the order of the search.
    values
        For each shape what a unit is worth; not negative for those in ``order``.

    Notes
    -----
    In each dimension alone the best filling is fractional, by the best value for the extent
    (Dantzig 1957); shapes that take none of it are counted in full. The least over dimensions is
    kept.
    """

    def __init__(
        self, shapes: RackShapes, orbit: int, order: Sequence[int], values: Sequence[int]
    ) -> None:
        capacity = shapes.capacity(orbit)
        self._dimensions = range(len(capacity))
        m = len(order)
        self._ratio = [[(0, 1)] * len(capacity) for _ in range(m + 1)]
        self._free = [[0] * len(capacity) for _ in range(m + 1)]
        self._all = [0] * (m + 1)
        for depth in reversed(range(m)):
            shape = order[depth]
            value, most = values[shape], shapes.fits(shape, capacity)
            self._all[depth] = self._all[depth + 1] + value * most
            for d in self._dimensions:
                size = shapes.size[shape][d]
                top, extent = self._ratio[depth + 1][d]
                self._free[depth][d] = self._free[depth + 1][d]
                if not size:
                    self._free[depth][d] += value * most
                elif value * extent > top * size:
                    top, extent = value, size
                self._ratio[depth][d] = top, extent

    def most(self, depth: int, left: Sequence[int]) -> int:
        """Upper bound on the value of what the shapes from ``depth`` on can add in ``left``."""
        bound = self._all[depth]
        for d in self._dimensions:
            top, extent = self._ratio[depth][d]
            bound = min(bound, self._free[depth][d] + top * left[d] // extent)
        return bound
