r"""Lagrangian bounds of weighted sums of the objectives, exact in integers.

For weights :math:`w \ge 0` and row multipliers :math:`\pi` (positive ones price the lower side of a
row, negative ones the upper side),

.. math::
    w \cdot C x \;\ge\; \sum_i (\pi_i^+ \text{lo}_i - \pi_i^- \text{hi}_i)
        + \sum_j \min_{\text{lb}_j \le v \le \text{ub}_j} r_j v , \qquad r = w C - \pi A ,

for every feasible :math:`x`, whatever :math:`\pi` is (Geoffrion, "Lagrangean relaxation for integer
programming", Mathematical Programming Study 2, 1974). The multipliers come from a linear
relaxation and are rounded to integers; then all is integer arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import INFINITY, IntArray, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.relaxation import LinearRelaxation
from solver.errors import EngineError

__all__ = ["Direction", "Directions", "dense_rows"]

_SAFE = 2**60
_FINEST_GRID = 2**20
_COARSEST_GRID = 2**6
_LARGEST_MATRIX = 8_000_000
_DICHOTOMY_DEPTH = 7
_SIMPLEX_STEPS = {3: 9, 4: 5}


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """One weighted sum and what bounds it.

    Parameters
    ----------
    weights : (p,) int64
    multipliers : (m,) int64
        Zero wherever the side they price is infinite.
    reduced : (n,) int64
        ``weights @ costs - multipliers @ rows``.
    bound
        No feasible point has a smaller weighted sum.
    relaxed_image : (p,) float64
        Where the relaxation had its optimum; for choosing further directions.
    """

    weights: IntArray
    multipliers: IntArray
    reduced: IntArray
    bound: int
    relaxed_image: npt.NDArray[np.float64]


def dense_rows(milp: Milp) -> IntArray:
    """(m, n) int64 matrix of the rows."""
    rows = np.zeros((milp.n_rows, milp.n_columns), dtype=np.int64)
    owner = np.repeat(np.arange(milp.n_rows), np.diff(milp.row_start))
    rows[owner, milp.column_index] = milp.value
    return rows


class Directions:
    """Bounds of one program for any weights, and a set of weights that suits it.

    Raises
    ------
    EngineError
        If the program is too large for dense arrays, or its numbers for 64-bit sums.
    """

    def __init__(self, program: MultiObjectiveProgram) -> None:
        milp = program.milp
        if milp.n_rows * milp.n_columns > _LARGEST_MATRIX:
            raise self._refusal(program, "the matrix is too large to be held densely")
        self.program = program
        self.rows = dense_rows(milp)
        ends = np.maximum(np.abs(milp.lower), np.abs(milp.upper)).astype(np.float64)
        # Listings take 2^61 for a side that is not there; floats err by far less than a factor 2.
        if (np.abs(self.rows) @ ends).max(initial=0.0) >= _SAFE:
            raise self._refusal(program, "a row can reach 2^60")
        self._has_lower = milp.row_lower > -INFINITY
        self._has_upper = milp.row_upper < INFINITY
        self._known: dict[tuple[int, ...], Direction | None] = {}
        span = int(np.abs(np.stack([milp.lower, milp.upper])).max(initial=1))
        reach = int(np.abs(program.costs).max(initial=1)) * span * max(1, milp.n_columns)
        self.grid = _FINEST_GRID
        # Reduced costs are of the size of the costs; 16 leaves room for sums of several terms.
        while self.grid >= _COARSEST_GRID and self.grid * reach * 16 >= _SAFE:
            self.grid //= 2
        if self.grid < _COARSEST_GRID:
            raise self._refusal(program, "its costs are too large for weighted 64-bit sums")
        self._relaxation = LinearRelaxation(milp)
        # In Python integers: what columns and rows can amount to, for the overflow check.
        self._span = np.maximum(np.abs(milp.lower), np.abs(milp.upper)).tolist()
        sides = np.zeros(milp.n_rows, dtype=object)
        for side in (milp.row_lower, milp.row_upper):
            sides += np.where(np.abs(side) < INFINITY, np.abs(side), 0).astype(object)
        reach = np.abs(self.rows).astype(object) @ np.array(self._span, dtype=object)
        self._heights = (2 * reach + sides).tolist()
        self._columns: dict[int, tuple[IntArray, IntArray]] = {}

    def column(self, index: int) -> tuple[IntArray, IntArray]:
        """Rows that a column stands in, and its coefficients there."""
        if index not in self._columns:
            rows = np.flatnonzero(self.rows[:, index])
            self._columns[index] = rows, self.rows[rows, index]
        return self._columns[index]

    @staticmethod
    def _refusal(program: MultiObjectiveProgram, what: str) -> EngineError:
        return EngineError.one(
            what, where=f"engine labels, {program.name}", mend="Let another engine solve it"
        )

    def scaled(self, weights: npt.ArrayLike) -> tuple[int, ...]:
        """Non-negative weights as integers that sum to about ``grid``."""
        values = np.maximum(np.asarray(weights, dtype=np.float64), 0.0)
        values = np.rint(values / values.sum() * self.grid).astype(np.int64)
        return tuple(values.tolist())

    def direction(self, weights: tuple[int, ...]) -> Direction | None:
        """The bound for these weights; ``None`` where the relaxation gives none that is safe."""
        if weights not in self._known:
            self._known[weights] = self._computed(np.array(weights, dtype=np.int64))
        return self._known[weights]

    def _computed(self, weights: IntArray) -> Direction | None:
        program, milp = self.program, self.program.milp
        costs = weights @ program.costs
        answer = self._relaxation.solve(costs / self.grid)
        if answer is None:
            return None
        x, prices = answer
        if not (np.abs(prices) * self.grid < 2.0**52).all():
            return None
        multipliers = np.rint(prices * self.grid).astype(np.int64)
        multipliers[(multipliers > 0) & ~self._has_lower] = 0
        multipliers[(multipliers < 0) & ~self._has_upper] = 0
        if not self._fits(costs, multipliers):
            return None
        reduced = costs - multipliers @ self.rows
        priced = np.where(multipliers > 0, milp.row_lower, milp.row_upper)
        used = multipliers != 0
        bound = int(multipliers[used] @ priced[used])
        bound += int(np.minimum(reduced * milp.lower, reduced * milp.upper).sum())
        return Direction(weights, multipliers, reduced, bound, program.costs @ x)

    def _fits(self, costs: IntArray, multipliers: IntArray) -> bool:
        """Whether every sum that labels build from these numbers stays inside 64 bits."""
        rows = sum(
            abs(price) * height
            for price, height in zip(multipliers.tolist(), self._heights, strict=True)
        )
        goal = sum(abs(cost) * span for cost, span in zip(costs.tolist(), self._span, strict=True))
        return bool(4 * (goal + rows) < 2**62)

    def chosen(self) -> list[Direction]:
        """Directions that suit the program: unit ones, and those between.

        Two objectives: the normals of the relaxation's frontier, by dichotomy (Aneja and Nair,
        "Bicriteria transportation problem", Management Science 25, 1979). More: a grid on the
        simplex of weights.
        """
        p = self.program.n_objectives
        units = [self.direction(self.scaled(row)) for row in np.eye(p)]
        found: list[Direction] = [d for d in units if d is not None]
        if p == 2:
            # Next to the axes, so that the two ends are efficient in both objectives.
            ends = [self.direction(self.scaled(w)) for w in ((1.0, 1e-3), (1e-3, 1.0))]
            if ends[0] is not None and ends[1] is not None:
                found += [ends[0], ends[1], *self._between(ends[0], ends[1], _DICHOTOMY_DEPTH)]
        else:
            steps = _SIMPLEX_STEPS.get(p, 3)
            for parts in _compositions(steps, p):
                if max(parts) < steps:
                    direction = self.direction(self.scaled(parts))
                    if direction is not None:
                        found.append(direction)
        distinct = {tuple(d.weights.tolist()): d for d in found}
        return [distinct[key] for key in sorted(distinct)]

    def _between(self, left: Direction, right: Direction, depth: int) -> Iterator[Direction]:
        drop = left.relaxed_image[1] - right.relaxed_image[1]
        run = right.relaxed_image[0] - left.relaxed_image[0]
        scale = max(1.0, float(np.abs(left.relaxed_image).max()))
        if depth == 0 or drop <= 1e-7 * scale or run <= 1e-7 * scale:
            return
        direction = self.direction(self.scaled((drop, run)))
        if direction is None:
            return
        yield direction
        weights = direction.weights.astype(np.float64)
        ends, middle = weights @ left.relaxed_image, weights @ direction.relaxed_image
        if middle < ends - 1e-9 * abs(ends):
            yield from self._between(left, direction, depth - 1)
            yield from self._between(direction, right, depth - 1)


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to write ``total`` as a sum of ``parts`` non-negative integers, in order."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)
