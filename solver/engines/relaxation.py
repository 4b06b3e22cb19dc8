"""The linear relaxation through HiGHS: where directions and row multipliers come from.

Nothing here is a proof. What leaves this module are floats that a caller rounds; every bound is
then computed from the rounded multipliers in integers, right for whatever they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import highspy  # type: ignore[import-untyped]  # noqa: TID251
import numpy as np
import numpy.typing as npt

from formulations.milp import INFINITY, IntArray, Milp
from solver.engines.contract import Goal
from solver.engines.guard import (
    SparseStatement,
    check_question,
    goal_costs,
    solve_without_columns,
    unconditional,
)

__all__ = ["LinearRelaxation", "linear_bound"]

FloatArray = npt.NDArray[np.float64]


def _open_ended(values: IntArray) -> FloatArray:
    floats = values.astype(np.float64)
    floats[values >= INFINITY] = np.inf
    floats[values <= -INFINITY] = -np.inf
    return floats


def _linear_program(milp: Milp) -> Any:
    """The columns and rows of a program without integrality and without costs."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = milp.n_columns, milp.n_rows
    model.col_cost_ = np.zeros(milp.n_columns)
    model.col_lower_ = _open_ended(milp.lower)
    model.col_upper_ = _open_ended(milp.upper)
    model.row_lower_ = _open_ended(milp.row_lower)
    model.row_upper_ = _open_ended(milp.row_upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = milp.row_start
    model.a_matrix_.index_ = milp.column_index
    model.a_matrix_.value_ = milp.value.astype(np.float64)
    return model


def linear_bound(
    statement: SparseStatement,
    objective: Goal,
    upper: Mapping[str, int],
    *,
    time_limit_s: float | None = None,
) -> float | None:
    """Optimum of the linear relaxation of minimising a goal under upper bounds on objectives.

    Rows that a binary implies are left out: the relaxation of an implication knows nothing of
    them.

    Returns
    -------
    float or None
        ``inf`` where HiGHS finds the relaxation infeasible. ``None`` where it ends without an
        optimum for any other reason: unbounded, out of time, numerical trouble.

    Raises
    ------
    ValueError
        If an objective is unknown or the time limit is not positive.
    """
    milp = unconditional(check_question("highs", statement, objective, upper, time_limit_s))
    if not milp.n_columns:
        answer = solve_without_columns(milp, objective, upper, engine="highs")
        return math.inf if answer.objective is None else float(answer.objective)
    model = _linear_program(milp)
    model.col_cost_ = goal_costs(milp, objective).astype(np.float64)
    highs: Any = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1)):
        highs.setOptionValue(option, value)
    if time_limit_s is not None:
        highs.setOptionValue("time_limit", time_limit_s)
    highs.passModel(model)
    for name, bound in upper.items():
        goal = milp.objectives[name]
        used = np.flatnonzero(goal)
        highs.addRow(
            -np.inf, float(bound), len(used), used.astype(np.int32), goal[used].astype(np.float64)
        )
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return math.inf
    if status != highspy.HighsModelStatus.kOptimal:
        return None
    return float(highs.getInfo().objective_function_value)


class LinearRelaxation:
    """One persistent linear program; only its costs change, so each solve starts from the last."""

    def __init__(self, milp: Milp) -> None:
        self._columns = np.arange(milp.n_columns, dtype=np.int32)
        self._highs: Any = highspy.Highs()
        # Presolve would throw the basis of the solve before away.
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(_linear_program(milp))

    def solve(self, costs: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Minimise ``costs``, (n,); returns column values (n,) and row multipliers (m,).

        ``None`` where HiGHS finds no optimum, whatever the reason.
        """
        self._highs.changeColsCost(len(costs), self._columns, costs)
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        x = np.array(solution.col_value, dtype=np.float64)
        multipliers = np.array(solution.row_dual, dtype=np.float64)
        if not (np.isfinite(x).all() and np.isfinite(multipliers).all()):
            return None
        return x, multipliers
