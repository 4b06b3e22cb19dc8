r"""A lower bound on a goal over racks and counts that holds whatever the multipliers are.

With multipliers :math:`\alpha \ge 0` on the rows :math:`\sum_j w_{rj} n_j \ge l_r` and
:math:`\pi \ge 0` on the rows that link shapes to patterns, all integers in units of :math:`1/G`,
every plan costs at least (Geoffrion 1974)

.. math::
    \frac1G \Bigl( \sum_r \alpha_r l_r
    + \sum_j u_j \min\bigl(0,\; G c_j - \sum_r \alpha_r w_{rj} + \pi_{k(j)}\bigr)
    - \sum_o R_o \max_{q \in Q_o} \sum_k \pi_k q_k \Bigr)

where every maximum is an exact knapsack. All sums are Python integers; the multipliers come from a
float program and may be wrong: then the bound is weak, never false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from formulations.fleet.pattern_pricing import best_pattern
from formulations.fleet.problem import FleetProblem
from formulations.fleet.rack_shapes import Pattern, RackShapes
from formulations.fleet.routing import Cut
from formulations.milp import IntArray

__all__ = ["GRID", "ColumnBound", "Goal", "column_bound", "goal_coefficients", "on_grid"]

GRID: int = 2**20
"""Multipliers are multiples of one GRID-th."""

_MOST_MULTIPLIER = 2.0**40

Goal = str | Mapping[str, int]
"""A measure by name, or weights of several."""


@dataclass(frozen=True, slots=True, eq=False)
class ColumnBound:
    """What one set of multipliers proves.

    Parameters
    ----------
    scaled
        The bound times ``GRID``, exact.
    reduced_cost
        For each column ``GRID c_j - sum_r alpha_r w_rj + pi``.
    values, best, patterns
        ``pi``; for each orbit the greatest value of a pattern, and one pattern that has it.
    """

    scaled: int
    reduced_cost: tuple[int, ...]
    values: tuple[int, ...]
    best: tuple[int, ...]
    patterns: tuple[Pattern, ...]

    @property
    def bound(self) -> int:
        """No plan has a smaller goal: the goal is an integer, so the bound is rounded up."""
        return -(-self.scaled // GRID)


def goal_coefficients(problem: FleetProblem, goal: Goal) -> list[int]:
    """Coefficients of a goal over the columns, Python integers.

    Raises
    ------
    ValueError
        If a measure is unknown.
    """
    weights = {goal: 1} if isinstance(goal, str) else goal
    total = [0] * problem.n_columns
    for name, weight in weights.items():
        if name not in problem.measures:
            known = ", ".join(problem.measures)
            raise ValueError(f"{problem.name}: no measure {name!r}; there are {known}")
        total = [
            t + weight * c for t, c in zip(total, problem.measures[name].tolist(), strict=True)
        ]
    return total


def on_grid(multipliers: Sequence[float]) -> list[int]:
    """Multipliers rounded to the grid, those below 0 (and those that are no number) to 0."""
    return [round(min(value, _MOST_MULTIPLIER) * GRID) if value > 0 else 0 for value in multipliers]


def column_bound(
    costs: Sequence[int],
    rows: Sequence[Cut],
    shapes: RackShapes,
    upper: IntArray,
    *,
    alpha: Sequence[int],
    pi: Sequence[int],
) -> ColumnBound:
    """Evaluate the bound of the module's text.

    Parameters
    ----------
    costs
        Goal coefficients of the columns.
    rows
        All rows over the counts.
    upper : (n,) int64
    alpha, pi
        Multipliers of the rows and of the shapes, in units of 1 / ``GRID``.

    Raises
    ------
    ValueError
        If a multiplier is negative.
    """
    if min((*alpha, *pi), default=0) < 0:
        raise ValueError("multipliers cannot be negative")
    reduced_cost = [GRID * c for c in costs]
    total = 0
    for row, factor in zip(rows, alpha, strict=True):
        if factor:
            total += factor * row.least
            for column, weight in zip(row.columns, row.weight, strict=True):
                reduced_cost[column] -= factor * weight
    for members, value in zip(shapes.members, pi, strict=True):
        for column in members:
            reduced_cost[column] += value
    total += sum(min(0, c) * u for c, u in zip(reduced_cost, upper.tolist(), strict=True))
    best, patterns = [], []
    for orbit, count in enumerate(shapes.racks.count.tolist()):
        value, pattern = best_pattern(shapes, orbit, pi)
        total -= count * value
        best.append(value)
        patterns.append(pattern)
    return ColumnBound(total, tuple(reduced_cost), tuple(pi), tuple(best), tuple(patterns))
