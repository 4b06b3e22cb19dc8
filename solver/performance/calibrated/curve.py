"""A cost that depends on one number, remembered where it was asked for.

Rectangles of layouts by batches ask for the same tokens on the same tensor degree again and again;
an operator is only evaluated where it was not before. Operators work element by element, so that a
value does not depend on what was asked together with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.performance.calibrated.cost import Cost, FloatArray

__all__ = ["Curve", "stacked", "unstacked"]


def stacked(cost: Cost, size: int) -> FloatArray:
    """The parts of a cost as rows of an array (5, size)."""
    parts = (
        cost.arithmetic_s,
        cost.hbm_s,
        cost.network_s,
        cost.network_fixed_s,
        cost.launch_s,
    )
    return np.stack([np.broadcast_to(np.asarray(part, np.float64), (size,)) for part in parts])


def unstacked(values: FloatArray) -> Cost:
    """The cost whose parts are the rows of an array (5, ...)."""
    return Cost(values[0], values[1], values[2], values[3], values[4])


class Curve:
    """``evaluate`` over points (n,), each evaluated once; answers are arrays (5, n)."""

    def __init__(self, evaluate: Callable[[FloatArray], Cost]) -> None:
        self._evaluate = evaluate
        self._points: FloatArray = np.empty(0)
        self._values: FloatArray = np.empty((5, 0))

    def at(self, points: FloatArray) -> FloatArray:
        """The parts at ``points`` (n,), in their order."""
        place = np.searchsorted(self._points, points)
        known = place < len(self._points)
        known[known] = self._points[place[known]] == points[known]
        if not known.all():
            new = np.unique(points[~known])
            values = stacked(self._evaluate(new), len(new))
            merged = np.concatenate([self._points, new])
            order = np.argsort(merged, kind="stable")
            self._points = merged[order]
            self._values = np.concatenate([self._values, values], axis=1)[:, order]
            place = np.searchsorted(self._points, points)
        return np.asarray(self._values[:, place])
