r"""The search region: where an image could lie that no known image weakly dominates.

For a finite set of images :math:`N` the region is a union of boxes
:math:`\{z : z < u\}`; the maximal corners :math:`u` are the *local upper bounds* of Klamroth,
Lacour and Vanderpooten, "On the representation of the search region in multi-objective
optimization" (European Journal of Operational Research 245, 2015). A new image :math:`y` replaces
every corner above it by its projections on :math:`y`; those that another corner covers are
redundant and dropped (their algorithm by redundancy elimination). With two objectives the corners
are the steps of the staircase.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import Image
from solver.engines.labels.frontier import nondominated_rows
from solver.sweep.moip.claims import Corner

__all__ = ["SearchRegion"]


class SearchRegion:
    """Maximal corners of the region left by the images inserted so far.

    Parameters
    ----------
    ceiling : (p,)
        Corner of the whole space.
    """

    def __init__(self, ceiling: Corner) -> None:
        self._corners = np.array([ceiling], dtype=np.int64)

    @property
    def corners(self) -> IntArray:
        """(k, p) int64, in no particular order."""
        return self._corners

    def insert(self, images: Iterable[Image]) -> None:
        """Take the boxes dominated by ``images`` out of the region."""
        rows = np.array(list(images), dtype=np.int64).reshape(-1, self._corners.shape[1])
        if not len(rows):
            return
        if rows.shape[1] == 2 and len(rows) > 1:
            self._insert_staircase(rows)
            return
        for row in rows:
            self._insert_one(row)

    def _insert_one(self, image: IntArray) -> None:
        above = (image < self._corners).all(axis=1)
        if not above.any():
            return
        split, rest = self._corners[above], self._corners[~above]
        children = np.repeat(split[None], len(image), axis=0)
        for k, value in enumerate(image):
            children[k, :, k] = value
        fresh = np.unique(children.reshape(-1, len(image)), axis=0)
        everyone = np.concatenate([rest, fresh])
        needed = [
            row
            for row, corner in enumerate(fresh)
            # Only the corner itself may cover it.
            if np.count_nonzero((everyone >= corner).all(axis=1)) == 1
        ]
        self._corners = np.concatenate([rest, fresh[needed]])

    def _insert_staircase(self, rows: IntArray) -> None:
        """Two objectives: merge with the staircase at once.

        Neighbouring corners (a, b), (c, d) with a < c meet at the known image (a, d).
        """
        corners = self._corners[np.argsort(self._corners[:, 0])]
        top_first, top_second = corners[-1, 0], corners[0, 1]
        inner = np.stack([corners[:-1, 0], corners[1:, 1]], axis=1)
        inside = rows[(rows[:, 0] < top_first) & (rows[:, 1] < top_second)]
        steps = np.concatenate([inner, inside])
        stairs = steps[nondominated_rows(steps)]
        self._corners = np.stack(
            [np.append(stairs[:, 0], top_first), np.insert(stairs[:, 1], 0, top_second)], axis=1
        )
