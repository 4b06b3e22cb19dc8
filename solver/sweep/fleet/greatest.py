r"""The greatest use among rows of one limit (one a period) as a measure to be minimised.

A helper column :math:`t` with :math:`\frac{L}{s_r} \sum_j b_{rj} n_j - t \le 0` for each row
:math:`r` of :math:`s_r` units, :math:`L` their least common multiple: the least :math:`t` is the
least value of the limit that some plan meets, in units of :math:`1/L`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from solver.lowering.fleet.stated import StatedLimit

__all__ = ["dense_row", "greatest_use"]


def dense_row(problem: FleetProblem, row: int) -> IntArray:
    """A row of the limits over all columns, (n,)."""
    entries = np.zeros(problem.n_columns, dtype=np.int64)
    columns, values = problem.use.row(row)
    entries[columns] = values
    return entries


def greatest_use(problem: FleetProblem, limit: StatedLimit) -> tuple[FleetProblem, Fraction]:
    """The problem without the limit, its only measure ``use`` the greatest use of the limit's rows;
    and how many units of that measure make one of the limit."""
    n = problem.n_columns
    unit = math.lcm(*(row.per_unit.numerator for row in limit.rows))
    ours = {row.row: unit // row.per_unit.numerator for row in limit.rows}
    rows, sides, greatest = [], problem.limit.copy(), 0
    for r in range(problem.use.n_rows):
        columns, values = (part.tolist() for part in problem.use.row(r))
        entries = list(zip(columns, values, strict=True))
        if r in ours:
            entries = [(j, value * ours[r]) for j, value in entries]
            most = sum(value * int(problem.upper[j]) for j, value in entries if value > 0)
            greatest, sides[r] = max(greatest, most), 0
            entries.append((n, -1))
        rows.append(entries)

    def longer(array: IntArray, last: int) -> IntArray:
        return np.append(array, last).astype(np.int64)

    changed = replace(
        problem,
        upper=longer(problem.upper, greatest),
        measures={"use": longer(np.zeros(n, dtype=np.int64), 1)},
        grades={name: longer(array, 0) for name, array in problem.grades.items()},
        cover=SparseInts(problem.cover.start, problem.cover.index, problem.cover.value, n + 1),
        use=SparseInts.from_rows(rows, n + 1),
        limit=sides,
        column_names=(*problem.column_names, "greatest use"),
    )
    return changed, Fraction(unit)
