"""CP-SAT through ``ortools.sat``: integer reasoning throughout, for sparse programs and CP models.

A row that a binary implies is a row enforced by one literal. A sparse program gets one extra
variable an objective, equal to it; the objectives of a CP model are variables already. An upper
bound cuts the domain of that variable in the stored model, so nothing is rebuilt between solves.
CP-SAT itself keeps no state; the solution before becomes the hint where it still fits, old hints
are cleared.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version as installed_version
from typing import Any, ClassVar

import numpy as np
from ortools.sat.python import cp_model  # noqa: TID251

from formulations.milp import IntArray
from formulations.program import CpProgram, ProgramKind, Statement
from solver.engines.contract import Effort, Goal, SolveResult, Termination
from solver.engines.cp_sat_model import OVERFLOW, stated_for_cp_sat
from solver.engines.guard import (
    check_question,
    objective_value,
    require_integer_columns,
    solve_without_columns,
    violation,
    weights_of,
)
from solver.engines.interrupt import run_interruptibly
from solver.engines.presolve_log import cp_sat_presolved
from solver.engines.trajectory import Trajectory
from solver.errors import EngineError

__all__ = ["CpSatEngine"]

_TERMINATIONS = {
    cp_model.OPTIMAL: Termination.OPTIMAL,
    cp_model.INFEASIBLE: Termination.INFEASIBLE,
    # Stopped with or without a point; which limit it was is told apart in _result.
    cp_model.FEASIBLE: Termination.TIME_LIMIT,
    cp_model.UNKNOWN: Termination.TIME_LIMIT,
    cp_model.MODEL_INVALID: Termination.OTHER,
}


class CpSatEngine:
    """CP-SAT behind the engine contract; one worker and a fixed seed, so that runs repeat.

    Parameters
    ----------
    seed, watch
        See ``solver.engines.get_engine``.
    """

    name: ClassVar[str] = "cp-sat"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp", "cp", "indicator"})

    def __init__(self, *, seed: int = 1, watch: bool = False) -> None:
        self.watch = watch
        self._seed = seed
        self._statement: Statement | None = None
        self._model: Any = None
        self._objectives: Mapping[str, int] = {}
        self._domains: dict[str, list[int]] = {}
        self._last: tuple[IntArray, list[int]] | None = None

    @property
    def version(self) -> str:
        """Version of ortools."""
        return installed_version("ortools")

    def load(self, statement: Statement) -> None:
        """Build the model; see ``Engine.load``. A CP model is copied, the caller's stays as it is.

        Raises
        ------
        EngineError
            Also if a column has no finite bounds or a row could reach 2^62.
        """
        if not isinstance(statement, CpProgram):
            require_integer_columns(self.name, statement)
        self._statement, self._last = None, None
        if isinstance(statement, CpProgram):
            self._model, self._objectives = statement.model.clone(), statement.objectives
        else:
            self._model, self._objectives = stated_for_cp_sat(statement)
        fault = self._model.validate()
        if fault:
            raise EngineError.one(
                f"refuses the program: {fault}",
                where=f"engine {self.name}, {statement.name}",
                mend="Choose another engine or formulation",
            )
        self._domains = {
            name: list(self._model.proto.variables[index].domain)
            for name, index in self._objectives.items()
        }
        self._statement = statement

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        """Minimise a goal; see ``Engine.minimise``."""
        statement = check_question(self.name, self._statement, objective, upper, time_limit_s)
        model = self._model
        if not isinstance(statement, CpProgram) and not statement.n_columns:
            return solve_without_columns(statement, objective, upper, engine=self.name)
        for name, index in self._objectives.items():
            domain = _cut(self._domains[name], upper.get(name))
            if not domain:
                return SolveResult(
                    Termination.INFEASIBLE, None, None, None, 0.0,
                    f"{name} cannot be as low as {upper[name]}", self.name, Effort(0, 0, 0.0),
                )  # fmt: skip
            stored = model.proto.variables[index].domain
            stored.clear()
            stored.extend(domain)
        model.clear_hints()
        if self._last is not None and violation(statement, self._last[0], upper) is None:
            model.proto.solution_hint.vars.extend(range(len(self._last[1])))
            model.proto.solution_hint.values.extend(self._last[1])
        model.clear_objective()
        model.minimize(
            sum(
                weight * model.get_int_var_from_proto_index(self._objectives[name])
                for name, weight in weights_of(objective).items()
            )
        )

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self._seed
        # One worker hardly draws a random number; an order of variables drawn by the seed is what
        # makes runs differ.
        solver.parameters.permute_variable_randomly = self._seed != 1
        solver.parameters.relative_gap_limit = 0.0
        solver.parameters.absolute_gap_limit = 0.0
        # Ctrl-C must reach Python, which then stops the search.
        solver.parameters.catch_sigint_signal = False
        if not isinstance(statement, CpProgram):
            # All rows in the relaxation: the same on knapsacks and set partitioning, two to nine
            # times faster on set packing, where the default leaves the optimum unproved.
            solver.parameters.linearization_level = 2
        if isinstance(statement, CpProgram):
            for name, value in statement.parameters.items():
                setattr(solver.parameters, name, value)
        if time_limit_s is not None:
            solver.parameters.max_time_in_seconds = time_limit_s
        seen = _Watch(solver) if self.watch else None
        began_s = time.perf_counter()
        interrupted = run_interruptibly(lambda: solver.solve(model, seen), solver.stop_search)
        return self._result(
            solver, seen, statement, objective, upper,
            interrupted=interrupted,
            limited=time_limit_s is not None,
            runtime_s=time.perf_counter() - began_s,
        )  # fmt: skip

    def _result(
        self,
        solver: cp_model.CpSolver,
        seen: _Watch | None,
        statement: Statement,
        objective: Goal,
        upper: Mapping[str, int],
        *,
        interrupted: bool,
        limited: bool,
        runtime_s: float,
    ) -> SolveResult:
        """Read a response, check its point in integers, and map its status."""
        response: Any = solver.response_proto
        status = response.status
        termination = _TERMINATIONS.get(status, Termination.OTHER)
        message = f"CP-SAT: {solver.status_name(status)}"
        if termination is Termination.TIME_LIMIT and not limited:
            termination, message = Termination.OTHER, f"{message} without a limit"
        if interrupted:
            termination = Termination.INTERRUPTED
        x: IntArray | None = None
        value: int | None = None
        values = list(response.solution)
        if values:
            x = np.array(values[: statement.n_columns], dtype=np.int64)
            broken = violation(statement, x, upper)
            if broken is None:
                value = objective_value(statement, objective, x)
                self._last = x, values
            else:
                x, termination = None, Termination.OTHER
                message = f"{message} (its point fails in integers: {broken})"
        bound = _proven_bound(response, has_point=status in (cp_model.OPTIMAL, cp_model.FEASIBLE))
        if bound is not None and value is not None and bound > value:
            bound, termination = None, Termination.OTHER
            message = f"{message} (its bound lies above its point)"
        if termination is Termination.INFEASIBLE:
            bound = None
        if termination is Termination.OPTIMAL and (value is None or bound != value):
            termination = Termination.OTHER
            message = f"{message} (its bound {bound} does not meet its point {value})"
        return SolveResult(
            termination, x, value, bound, runtime_s, message, self.name,
            _effort(response, seen, value, bound),
        )  # fmt: skip


class _Watch(cp_model.CpSolverSolutionCallback):
    """What CP-SAT shows of one solve while it runs; the clock starts when it is made."""

    def __init__(self, solver: cp_model.CpSolver) -> None:
        super().__init__()
        self.trajectory = Trajectory()
        self._log: list[str] = []
        solver.parameters.log_search_progress = True
        solver.parameters.log_to_stdout = False
        solver.log_callback = self._log.append
        solver.best_bound_callback = lambda bound: self.trajectory.note(bound=bound)

    def on_solution_callback(self) -> None:
        """Called by CP-SAT at each better point."""
        self.trajectory.note(incumbent=self.objective_value)

    @property
    def text(self) -> str:
        """The log so far."""
        return "\n".join(self._log)


def _effort(response: Any, seen: _Watch | None, value: int | None, bound: int | None) -> Effort:
    """Counters of a run, and what was watched of it. CP-SAT has no root node to tell of."""
    counted = Effort(
        nodes=response.num_branches,
        iterations=response.num_conflicts,
        ticks=response.deterministic_time,
    )
    if seen is None:
        return counted
    seen.trajectory.note(incumbent=value, bound=bound)
    size = cp_sat_presolved(seen.text)
    return replace(
        counted,
        presolved_rows=size.rows,
        presolved_columns=size.columns,
        presolved_nonzeros=size.nonzeros,
        trajectory=seen.trajectory.steps,
    )


def _cut(domain: list[int], bound: int | None) -> list[int]:
    """A domain (pairs of interval ends) without the values above ``bound``."""
    if bound is None:
        return domain
    pairs = zip(domain[::2], domain[1::2], strict=True)
    return [end for low, high in pairs if low <= bound for end in (low, min(high, int(bound)))]


def _proven_bound(response: Any, *, has_point: bool) -> int | None:
    """The lower bound of a response, if it really holds one.

    A response without a point that proved nothing says 0, which may well lie above the optimum; so
    a 0 counts only beside a point.
    """
    bound = int(response.inner_objective_lower_bound)
    if not has_point and bound == 0:
        return None
    # The objective is one variable, unscaled: the integer and the float must tell the same.
    if abs(bound) >= OVERFLOW or abs(bound - response.best_objective_bound) > 1e-9 * abs(bound):
        return None
    return bound
