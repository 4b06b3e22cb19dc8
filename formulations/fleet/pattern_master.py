"""The linear master of column generation, in floats: where patterns and multipliers are proposed.

Nothing here is a proof; every bound is computed from rounded multipliers in integers afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from formulations.fleet.rack_shapes import Pattern, RackShapes
from formulations.fleet.routing import Cut
from formulations.milp import IntArray

__all__ = ["MasterAnswer", "PatternMaster"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MasterAnswer:
    """An optimum of the linear master, in floats.

    Parameters
    ----------
    alpha, pi, mu
        Multipliers of the rows over the counts, of the shapes, and of the orbits.
    """

    alpha: FloatArray
    pi: FloatArray
    mu: FloatArray


class PatternMaster:
    """The linear master as arrays; rows are scaled to a largest entry of 1 for the float solver."""

    def __init__(self, rows: Sequence[Cut], shapes: RackShapes, upper: IntArray) -> None:
        self.rows, self.shapes, self.upper = rows, shapes, upper
        self.scale = np.array(
            [max((abs(w) for w in row.weight), default=1) for row in rows], dtype=np.float64
        )
        n = len(upper)
        entry_row: list[int] = []
        entry_column: list[int] = []
        value: list[float] = []
        for i, row in enumerate(rows):
            entry_row += [i] * len(row.columns)
            entry_column += row.columns
            value += [w / self.scale[i] for w in row.weight]
        for k, members in enumerate(shapes.members):
            entry_row += [len(rows) + k] * len(members)
            entry_column += members
            value += [-1.0] * len(members)
        self._fixed = (entry_row, entry_column, value)
        self._least = np.concatenate(
            [
                np.array([float(row.least) for row in rows]) / self.scale,
                np.zeros(shapes.n_shapes),
            ]
        )
        self._n = n

    def solve(
        self, costs: Sequence[int], patterns: Sequence[Pattern], *, elastic: bool
    ) -> MasterAnswer | None:
        """Values and multipliers; ``None`` where there is no column, or the float
        solver finds no optimum.

        With ``elastic`` the shortfall of all rows is minimised in place of ``costs``.
        """
        # Imported late, because it is slow to import; loosely typed, because the published stubs
        # of linprog know no sparse matrices.
        optimize: Any = import_module("scipy.optimize")
        sparse: Any = import_module("scipy.sparse")
        n, k, m = self._n, len(patterns), len(self._least)
        row, column, value = (list(part) for part in self._fixed)
        count = self.shapes.racks.count
        for p, pattern in enumerate(patterns):
            for shape, units in enumerate(pattern.units):
                if units:
                    row.append(len(self.rows) + shape)
                    column.append(n + p)
                    value.append(float(units))
            row.append(m + pattern.orbit)
            column.append(n + p)
            value.append(-1.0)
        n_slack = m if elastic else 0
        if not n + k + n_slack:
            return None
        row += range(n_slack)
        column += range(n + k, n + k + n_slack)
        value += [1.0] * n_slack
        matrix = sparse.csr_array(
            (value, (row, column)), shape=(m + len(count), n + k + n_slack), dtype=np.float64
        )
        goal = np.zeros(n + k + n_slack)
        if elastic:
            goal[n + k :] = 1.0
        else:
            goal[:n] = [float(c) for c in costs]
        ceiling = np.concatenate([self.upper.astype(np.float64), np.full(k + n_slack, np.inf)])
        answer = optimize.linprog(
            goal,
            A_ub=-matrix,
            b_ub=-np.concatenate([self._least, -count.astype(np.float64)]),
            bounds=np.stack([np.zeros(len(goal)), ceiling], axis=1),
            method="highs-ds",
        )
        if answer.status != 0:
            return None
        dual = -np.asarray(answer.ineqlin.marginals, dtype=np.float64)
        r = len(self.rows)
        return MasterAnswer(dual[:r] / self.scale, dual[r:m], dual[m:])
