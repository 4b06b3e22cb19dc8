r"""What the rest of a fleet leaves to a group of plans: from how much to how much of every limit.

Let prices under weights :math:`w` leave a gap. In a fleet within it the price of every part above
its least, and :math:`w_r` times what is left unused of every limit :math:`r`, together are at most
the gap. So a part uses at most what the least use of the others leaves, and at least the limit
less the greatest use of the others less :math:`\text{gap} / w_r`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray

__all__ = ["ANYTHING", "Window", "fits", "window_beside"]

ANYTHING = 2**60
"""Stands for no bound at all; no use comes near it."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """(R,) least and greatest use of every limit."""

    low: IntArray
    high: IntArray

    @classmethod
    def open(cls, limits: int) -> Window:
        """Nothing ruled out."""
        return cls(np.zeros(limits, dtype=np.int64), np.full(limits, ANYTHING, dtype=np.int64))


def window_beside(
    others: Sequence[IntArray],
    unknown: bool,
    weights: IntArray,
    gap: int,
    active: IntArray,
    limit: IntArray,
) -> Window:
    """The window of a group beside tables of other plans.

    Parameters
    ----------
    others
        (n, 1 + R) vectors of each other group that is listed; not empty.
    unknown
        Whether there are groups that are not listed: they may use anything.
    weights, gap
        As above; ``gap`` >= 0.
    active
        Positions in vectors that count; other limits stay open.
    """
    window = Window.open(len(limit))
    for position in active[active > 0].tolist():
        r = position - 1
        least = sum(int(table[:, position].min()) for table in others)
        window.high[r] = int(limit[r]) - least
        if not unknown and weights[position] > 0:
            most = sum(int(table[:, position].max()) for table in others)
            unused = gap // int(weights[position])
            window.low[r] = max(int(limit[r]) - most - unused, 0)
    return window


def fits(vector: IntArray, window: Window) -> IntArray:
    """Rows of (n, 1 + R) vectors within the window."""
    inside = (vector[:, 1:] <= window.high).all(axis=1)
    inside &= (vector[:, 1:] >= window.low).all(axis=1)
    return np.flatnonzero(inside)
