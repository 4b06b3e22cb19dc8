r"""Rectangles in the space of all objectives but one: two-stage solves, splits at each point.

Notation: :math:`\bar z = (z_2, \dots, z_p)` is the projection of an image. Rectangles
:math:`[l, u) = \{\bar z : l \le \bar z < u\}` of :math:`\mathbb{Z}^{p-1}` are unsearched.

**Steps.** Start with the rectangle from the least feasible values :math:`\ell` of
:math:`z_2, \dots, z_p` to above all that the columns allow. While there is one:

1. take the rectangle :math:`[l, u)` for which :math:`\prod_j (u_j - \ell_j)` is largest;
2. solve in two stages: the least :math:`z_1` with :math:`\bar z \le u - 1`, then the least sum
   below that image;
3. infeasible: drop all rectangles inside :math:`[\ell, u)`;
4. an image :math:`y`: if it is new, split every rectangle, in every coordinate :math:`j` with
   :math:`l_j < y_j < u_j`, into :math:`[l_j, y_j)` and :math:`[y_j, u_j)`; then drop all rectangles
   inside :math:`[\bar y, u)`.

**Complete.** A split leaves the union as it is. What is dropped holds no unseen nondominated image:
in step 3 there is no feasible image below :math:`u`, and in step 4 one with
:math:`\bar y \le \bar z < u` is feasible for stage one, so that :math:`z_1 \ge y_1` and :math:`y`
dominates it, or is it. It ends: after step 4 the part of the chosen rectangle next to :math:`u`
has :math:`l \ge \bar y`, so it is dropped, and the others are cut off by a new point.

**Solves.** :math:`p - 1` for :math:`\ell`. With two objectives one question for each of the
:math:`N` points (and two solves for each: the stages). With :math:`p` every question either finds a
point or drops a cell of the grid of their coordinates, so there are at most
:math:`(N + 1)^{p-1}` of them; the paper's bound. Which are asked is far less: a point found again
costs one solve here, as the second stage is left out where the first meets a known point.

Source: Kirlik and Sayın, "A new algorithm for generating all nondominated solutions of
multiobjective discrete optimization problems", European Journal of Operational Research 232, 2014.
Left out: their upper ends from maximising each objective; the bounds of the columns give them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.contract import Engine
from solver.sweep.moip.algorithms.algorithm import AlgorithmRun
from solver.sweep.moip.algorithms.questions import Questions, answered

__all__ = ["rectangles"]


def rectangles(
    program: MultiObjectiveProgram,
    engine: Engine,
    *,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AlgorithmRun:
    """Look for the nondominated set by rectangles; see ``algorithm.Run``."""
    return answered(_search, program, engine, time_limit_s=time_limit_s, should_stop=should_stop)


def _search(questions: Questions) -> None:
    program = questions.program
    ideal = questions.ideal(range(1, program.n_objectives))
    if ideal is None:
        return
    lowest = np.array([ideal[k] for k in range(1, program.n_objectives)], dtype=np.int64)
    cells = _Cells(lowest, np.array(program.ceiling[1:], dtype=np.int64))
    split_at: set[tuple[int, ...]] = set()
    while cells.left:
        corner = cells.largest()
        bounds = (None, *(corner - 1).tolist())
        image = questions.lexicographic(0, bounds, ideal, augmented=False)
        if image is None:
            cells.drop(lowest, corner)
            continue
        at = np.array(image[1:], dtype=np.int64)
        if image not in split_at:
            split_at.add(image)
            cells.split(at)
        cells.drop(at, corner)


class _Cells:
    """Unsearched rectangles.

    Parameters
    ----------
    lowest, highest : (p - 1,)
        Ends of the first, the upper one exclusive.
    """

    def __init__(self, lowest: IntArray, highest: IntArray) -> None:
        self._lowest = lowest
        self._low = lowest[None]
        self._high = highest[None]

    @property
    def left(self) -> int:
        """How many there are."""
        return len(self._low)

    def largest(self) -> IntArray:
        """Upper corner of the rectangle that reaches over most; floats: they only choose."""
        sides = (self._high - self._lowest).astype(np.float64)
        corner: IntArray = self._high[int(sides.prod(axis=1).argmax())].copy()
        return corner

    def split(self, at: IntArray) -> None:
        """Cut every rectangle at a point, in each coordinate that it reaches over."""
        for j, value in enumerate(at.tolist()):
            over = (self._low[:, j] < value) & (value < self._high[:, j])
            above, below = self._low[over].copy(), self._high[over].copy()
            above[:, j] = below[:, j] = value
            self._low = np.concatenate([self._low[~over], self._low[over], above])
            self._high = np.concatenate([self._high[~over], below, self._high[over]])

    def drop(self, low: IntArray, high: IntArray) -> None:
        """Forget the rectangles inside ``[low, high)``."""
        inside = (self._low >= low).all(axis=1) & (self._high <= high).all(axis=1)
        self._low, self._high = self._low[~inside], self._high[~inside]
