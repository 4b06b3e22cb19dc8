"""SCIP through ``ortools.math_opt``: one incremental solver, bounds and costs changed in place.

Objectives are extra rows; an upper bound is the upper side of such a row. A row that a binary
implies is an indicator constraint for each of its sides: SCIP takes no two at once. All answers
pass through ``proposal``.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version as installed_version
from typing import Any, ClassVar

import numpy as np
from ortools.math_opt.python import mathopt  # type: ignore[import-untyped]  # noqa: TID251

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY
from formulations.program import ProgramKind, Statement
from solver.engines.contract import Effort, Goal, SolveResult, Termination
from solver.engines.guard import (
    SparseStatement,
    all_columns_bounded,
    check_question,
    goal_costs,
    require_sparse,
    solve_without_columns,
    unconditional,
)
from solver.engines.presolve_log import scip_presolved
from solver.engines.proposal import Judge, Proposal
from solver.engines.scip_watch import ScipWatch

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

_SCIP_INFINITY = 1e20


def _parameters(time_limit_s: float | None, seed: int, *, implied: bool) -> mathopt.SolveParameters:
    parameters = mathopt.SolveParameters(
        time_limit=None if time_limit_s is None else datetime.timedelta(seconds=time_limit_s),
        threads=1,
        random_seed=seed,
        relative_gap_tolerance=0.0,
        # Objectives are integers: less than one unit closes the gap.
        absolute_gap_tolerance=0.4,
    )
    parameters.gscip.real_params["numerics/feastol"] = 1e-9
    parameters.gscip.real_params["numerics/dualfeastol"] = 1e-9
    if implied:
        # With dual reductions SCIP of ortools 9.15 proved wrong optima, and infeasibility where
        # there are points, on one program in fifteen with implied rows and numbers from 1e6 on.
        parameters.gscip.bool_params["misc/allowstrongdualreds"] = False
        parameters.gscip.bool_params["misc/allowweakdualreds"] = False
    # SCIP listens for Ctrl-C itself: the interrupter of MathOpt fails for it in ortools 9.15.
    parameters.gscip.bool_params["misc/catchctrlc"] = True
    return parameters


def _float_bound(value: int) -> float:
    """A bound as a float, "no bound" as infinity."""
    if value >= INFINITY:
        return math.inf
    return -math.inf if value <= -INFINITY else float(value)


def _expression(rows: SparseStatement, row: int, columns: list[Any]) -> Any:
    """Left-hand side of a row of a program, or of an implied one."""
    entries = range(rows.row_start[row], rows.row_start[row + 1])
    return mathopt.LinearSum(
        float(rows.value[entry]) * columns[rows.column_index[entry]] for entry in entries
    )


def _add_implied(model: Any, columns: list[Any], program: IndicatorProgram) -> None:
    """An indicator constraint for each finite side of each implied row."""
    bounds = zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True)
    for row, (low, high) in enumerate(bounds):
        for side in ((low, INFINITY), (-INFINITY, high)):
            if side != (-INFINITY, INFINITY):
                model.add_indicator_constraint(
                    indicator=columns[program.binary[row]],
                    implied_lb=_float_bound(side[0]),
                    implied_ub=_float_bound(side[1]),
                    implied_expr=_expression(program, row, columns),
                )


class ScipEngine:
    """SCIP behind the engine contract; sparse integer programs, with or without implied rows.

    Parameters
    ----------
    seed, alone, watch
        See ``solver.engines.get_engine``.
    """

    name: ClassVar[str] = "scip"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp", "indicator"})

    _judge: Judge

    def __init__(self, *, seed: int = 1, alone: bool = False, watch: bool = False) -> None:
        self.watch = watch
        self._seed = seed
        self._alone = alone
        self._statement: SparseStatement | None = None
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
        sparse = require_sparse(self.name, statement)
        milp = unconditional(sparse)
        self._statement = None
        self._bounded = all_columns_bounded(sparse)
        self._judge = Judge(self.name, sparse, alone=self._alone)
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
        if isinstance(sparse, IndicatorProgram):
            _add_implied(model, self._columns, sparse)
        self._goal_rows = {}
        for name, goal in milp.objectives.items():
            added = model.add_linear_constraint(lb=-math.inf, ub=math.inf)
            for column in np.flatnonzero(goal):
                added.set_coefficient(self._columns[column], float(goal[column]))
            self._goal_rows[name] = added
        self._model = model
        self._solver = mathopt.IncrementalSolver(model, mathopt.SolverType.GSCIP)
        self._statement = sparse

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        """Minimise a goal; see ``Engine.minimise``."""
        statement = check_question(self.name, self._statement, objective, upper, time_limit_s)
        if not statement.n_columns:
            return solve_without_columns(statement, objective, upper, engine=self.name)
        goal = goal_costs(statement, objective)
        if not self._judge.believes(objective, upper):
            # On an equality of 1e10 SCIP was found to loop for ever, whatever its time limit.
            return self._judge.refer(objective=objective, upper=upper, time_limit_s=time_limit_s)
        self._model.objective.clear()
        self._model.objective.is_maximize = False
        for column in np.flatnonzero(goal):
            self._model.objective.set_linear_coefficient(self._columns[column], float(goal[column]))
        for name, row in self._goal_rows.items():
            row.upper_bound = float(upper.get(name, math.inf))

        seen = ScipWatch() if self.watch else None
        began_s = time.perf_counter()
        answer = self._solver.solve(
            params=_parameters(
                time_limit_s, self._seed, implied=isinstance(statement, IndicatorProgram)
            ),
            msg_cb=None if seen is None else seen.read,
        )
        proposal = self._proposal(answer, seen, runtime_s=time.perf_counter() - began_s)
        return self._judge.dispose(
            proposal, objective=objective, upper=upper, time_limit_s=time_limit_s
        )

    def _proposal(self, answer: Any, seen: ScipWatch | None, *, runtime_s: float) -> Proposal:
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
            effort=_effort(answer, seen),
        )


def _effort(answer: Any, seen: ScipWatch | None) -> Effort:
    """Counters of a run, and what was watched of it."""
    told = answer.gscip_specific_output.stats
    bounds = answer.termination.objective_bounds
    # The root settles the program where nothing was branched on.
    root = bounds.dual_bound if told.node_count <= 1 else told.root_node_bound
    counted = Effort(
        nodes=told.node_count,
        # Those of strong branching and of heuristics among them, as HiGHS counts too.
        iterations=told.total_lp_iterations,
        ticks=told.deterministic_time,
        root_bound=root if abs(root) < _SCIP_INFINITY else None,
    )
    if seen is None:
        return counted
    seen.close(incumbent=bounds.primal_bound, bound=bounds.dual_bound)
    size = scip_presolved(seen.text)
    return replace(
        counted,
        presolved_rows=size.rows,
        presolved_columns=size.columns,
        presolved_nonzeros=size.nonzeros,
        # SCIP forgets its root where it pruned the whole tree; the log still has it.
        root_bound=seen.root_bound if counted.root_bound is None else counted.root_bound,
        trajectory=seen.steps,
    )
