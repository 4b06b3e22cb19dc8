"""SCIP through ``ortools.math_opt``: one incremental solver, bounds and costs changed in place.

Objectives are extra rows; an upper bound is the upper side of such a row. All answers pass through
``proposal``.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from typing import Any, ClassVar

import numpy as np
from ortools.math_opt.python import mathopt  # type: ignore[import-untyped]  # noqa: TID251

from formulations.milp import INFINITY, Milp
from formulations.program import ProgramKind, Statement
from solver.engines.contract import Goal, SolveResult, Termination
from solver.engines.guard import (
    all_columns_bounded,
    check_question,
    goal_costs,
    require_milp,
    solve_without_columns,
)
from solver.engines.proposal import Judge, Proposal

__all__ = ["ScipEngine"]

_Reason = mathopt.TerminationReason
_TERMINATIONS = {
    _Reason.OPTIMAL: Termination.OPTIMAL,
    _Reason.INFEASIBLE: Termination.INFEASIBLE,
    # Stopped with or without a point; which limit it was is told apart in _proposal.
    _Reason.FEASIBLE: Termination.OTHER,
    _Reason.NO_SOLUTION_FOUND: Termination.OTHER,
    _Reason.UNBOUNDED: Termination.OTHER,
    _Reason.INFEASIBLE_OR_UNBOUNDED: Termination.OTHER,
    _Reason.IMPRECISE: Termination.OTHER,
    _Reason.NUMERICAL_ERROR: Termination.OTHER,
    _Reason.OTHER_ERROR: Termination.OTHER,
}
_LIMITS = {
    mathopt.Limit.TIME: Termination.TIME_LIMIT,
    mathopt.Limit.INTERRUPTED: Termination.INTERRUPTED,
}


def _parameters(time_limit_s: float | None) -> mathopt.SolveParameters:
    parameters = mathopt.SolveParameters(
        time_limit=None if time_limit_s is None else datetime.timedelta(seconds=time_limit_s),
        threads=1,
        random_seed=1,
        relative_gap_tolerance=0.0,
        # Objectives are integers: less than one unit closes the gap.
        absolute_gap_tolerance=0.4,
    )
    parameters.gscip.real_params["numerics/feastol"] = 1e-9
    parameters.gscip.real_params["numerics/dualfeastol"] = 1e-9
    # SCIP listens for Ctrl-C itself: the interrupter of MathOpt fails for it in ortools 9.15.
    parameters.gscip.bool_params["misc/catchctrlc"] = True
    return parameters


def _float_bound(value: int) -> float:
    """A bound as a float, "no bound" as infinity."""
    if value >= INFINITY:
        return math.inf
    return -math.inf if value <= -INFINITY else float(value)


class ScipEngine:
    """SCIP behind the engine contract; sparse integer programs only."""

    name: ClassVar[str] = "scip"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp"})

    _judge: Judge

    def __init__(self) -> None:
        self._milp: Milp | None = None
        self._model: Any = None
        self._columns: list[Any] = []
        self._goal_rows: dict[str, Any] = {}
        self._solver: Any = None
        self._bounded = False

    @property
    def version(self) -> str:
        """Version of ortools, which carries SCIP and does not tell SCIP's own."""
        return f"ortools {installed_version('ortools')}"

    def load(self, statement: Statement) -> None:
        """Build the model; see ``Engine.load``."""
        milp = require_milp(self.name, statement)
        self._milp = None
        self._bounded = all_columns_bounded(milp)
        self._judge = Judge(self.name, milp)
        model = mathopt.Model(name=milp.name)
        self._columns = [
            model.add_integer_variable(lb=_float_bound(low), ub=_float_bound(high))
            for low, high in zip(milp.lower.tolist(), milp.upper.tolist(), strict=True)
        ]
        bounds = zip(milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True)
        for row, (low, high) in enumerate(bounds):
            added = model.add_linear_constraint(lb=_float_bound(low), ub=_float_bound(high))
            for entry in range(milp.row_start[row], milp.row_start[row + 1]):
                added.set_coefficient(
                    self._columns[milp.column_index[entry]], float(milp.value[entry])
                )
        self._goal_rows = {}
        for name, goal in milp.objectives.items():
            added = model.add_linear_constraint(lb=-math.inf, ub=math.inf)
            for column in np.flatnonzero(goal):
                added.set_coefficient(self._columns[column], float(goal[column]))
            self._goal_rows[name] = added
        self._model = model
        self._solver = mathopt.IncrementalSolver(model, mathopt.SolverType.GSCIP)
        self._milp = milp

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        """Minimise a goal; see ``Engine.minimise``."""
        milp = check_question(self.name, self._milp, objective, upper, time_limit_s)
        if not milp.n_columns:
            return solve_without_columns(milp, objective, upper, engine=self.name)
        goal = goal_costs(milp, objective)
        if not self._judge.believes(objective, upper):
            # On an equality of 1e10 SCIP was found to loop for ever, whatever its time limit.
            return self._judge.refer(objective=objective, upper=upper, time_limit_s=time_limit_s)
        self._model.objective.clear()
        self._model.objective.is_maximize = False
        for column in np.flatnonzero(goal):
            self._model.objective.set_linear_coefficient(self._columns[column], float(goal[column]))
        for name, row in self._goal_rows.items():
            row.upper_bound = float(upper.get(name, math.inf))

        began_s = time.perf_counter()
        answer = self._solver.solve(params=_parameters(time_limit_s))
        proposal = self._proposal(answer, runtime_s=time.perf_counter() - began_s)
        return self._judge.dispose(
            proposal, objective=objective, upper=upper, time_limit_s=time_limit_s
        )

    def _proposal(self, answer: Any, *, runtime_s: float) -> Proposal:
        """What SCIP claims in an answer."""
        reason, limit = answer.termination.reason, answer.termination.limit
        termination = _TERMINATIONS.get(reason, Termination.OTHER)
        if reason in (_Reason.FEASIBLE, _Reason.NO_SOLUTION_FOUND):
            termination = _LIMITS.get(limit, Termination.OTHER)
        if reason is _Reason.INFEASIBLE_OR_UNBOUNDED and self._bounded:
            # With two bounds on every column only one of the two is possible.
            termination = Termination.INFEASIBLE
        x = None
        if answer.has_primal_feasible_solution():
            x = np.array(answer.variable_values(self._columns), dtype=np.float64)
        return Proposal(
            termination=termination,
            x=x,
            bound=answer.termination.objective_bounds.dual_bound,
            runtime_s=runtime_s,
            message=f"SCIP: {reason.name}" + (f" ({limit.name})" if limit is not None else ""),
        )
