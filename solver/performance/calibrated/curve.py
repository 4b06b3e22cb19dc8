"""A cost that depends on one number, remembered where it was asked for.

Rectangles of layouts by batches ask for the same tokens on the same tensor degree again and again;
an operator is only evaluated where it was not before. Operators work element by element, so that a
value does not depend on what was asked together with it.

Kernels work in tiles of at least 64 rows of tokens. Between the ends of a tile nothing but the
traffic of activations changes, so a *tiled* curve of more than ``EXACT_TOKENS`` tokens is evaluated
at the first and last token of the tile and is straight between them: within 0.1 % of the operators
for matrix multiplications and routed experts, 0.4 % where a collective changes its algorithm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.performance.calibrated.cost import Cost, FloatArray

__all__ = ["EXACT_TOKENS", "Curve", "knots_around", "stacked", "unstacked"]

EXACT_TOKENS = 256.0
"""Tokens up to which a tiled curve is evaluated token by token."""
_TILE = 64.0
_WIDER_FROM = 8192.0
"""Tokens beyond which the distance of the knots doubles with the tokens: never above 1.6 %."""


def stacked(cost: Cost, size: int) -> FloatArray:
    """The parts of a cost as rows of an array (5, size)."""
    values: FloatArray = np.empty((5, size))
    values[0] = cost.arithmetic_s
    values[1] = cost.hbm_s
    values[2] = cost.network_s
    values[3] = cost.network_fixed_s
    values[4] = cost.launch_s
    return values


def unstacked(values: FloatArray) -> Cost:
    """The cost whose parts are the rows of an array (5, ...)."""
    return Cost(values[0], values[1], values[2], values[3], values[4])


def knots_around(tokens: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First and last token of the tile that each of ``tokens`` (above ``EXACT_TOKENS``) lies in."""
    doublings = np.ceil(np.log2(np.maximum(tokens, _WIDER_FROM) / _WIDER_FROM))
    width = _TILE * np.exp2(doublings)
    before = (np.ceil(tokens / width) - 1.0) * width
    return before + 1.0, before + width


class Curve:
    """``evaluate`` over points (n,), each evaluated once; answers are arrays (5, n).

    Parameters
    ----------
    tiled
        Points are tokens of kernels that work in tiles; above ``EXACT_TOKENS`` the curve is
        evaluated at the ends of tiles alone.
    """

    def __init__(self, evaluate: Callable[[FloatArray], Cost], *, tiled: bool = False) -> None:
        self._evaluate = evaluate
        self._knots = Curve(evaluate) if tiled else None
        self._points: FloatArray = np.empty(0)
        self._values: FloatArray = np.empty((5, 0))

    def at(self, points: FloatArray) -> FloatArray:
        """The parts at ``points`` (n,), in their order."""
        place = np.searchsorted(self._points, points)
        known = place < len(self._points)
        known[known] = self._points[place[known]] == points[known]
        if not known.all():
            new = np.unique(points[~known])
            merged = np.concatenate([self._points, new])
            order = np.argsort(merged, kind="stable")
            self._values = np.concatenate([self._values, self._fresh(new)], axis=1)[:, order]
            self._points = merged[order]
            place = np.searchsorted(self._points, points)
        return np.asarray(self._values.take(place, axis=1))

    def _fresh(self, points: FloatArray) -> FloatArray:
        """The parts at points (ascending) that were not asked for before."""
        if self._knots is None:
            return stacked(self._evaluate(points), len(points))
        exact = int(np.searchsorted(points, EXACT_TOKENS, side="right"))
        above = points[exact:]
        first, last = knots_around(above)
        found = self._knots.at(np.concatenate([points[:exact], first, last]))
        low, high = found[:, exact : exact + len(above)], found[:, exact + len(above) :]
        between = low + (above - first) / (last - first) * (high - low)
        return np.concatenate([found[:, :exact], between], axis=1)
