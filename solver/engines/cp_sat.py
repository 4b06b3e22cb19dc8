"""CP-SAT through ``ortools.sat``: integer reasoning throughout, for sparse programs and CP models.

A sparse program gets one extra variable an objective, equal to it; the objectives of a CP model
are variables already. An upper bound cuts the domain of that variable in the stored model, so
nothing is rebuilt between solves. CP-SAT itself keeps no state; the solution before becomes the
hint where it still fits, old hints are cleared.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from ortools.sat.python import cp_model  # noqa: TID251

from formulations.milp import INFINITY, IntArray, Milp
from formulations.program import CpProgram, ProgramKind, Statement
from solver.engines.contract import Goal, SolveResult, Termination
from solver.engines.guard import (
    check_question,
    objective_value,
    require_integer_columns,
    solve_without_columns,
    violation,
    weights_of,
)
from solver.engines.interrupt import run_interruptibly
from solver.errors import EngineError

__all__ = ["CpSatEngine"]

_OVERFLOW = 2**62
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

_TERMINATIONS = {
    cp_model.OPTIMAL: Termination.OPTIMAL,
    cp_model.INFEASIBLE: Termination.INFEASIBLE,
    # Stopped with or without a point; which limit it was is told apart in _result.
    cp_model.FEASIBLE: Termination.TIME_LIMIT,
    cp_model.UNKNOWN: Termination.TIME_LIMIT,
    cp_model.MODEL_INVALID: Termination.OTHER,
}


def _refuse_overflow(milp: Milp) -> None:
    """Raise ``EngineError`` where sums could leave the range in which CP-SAT is exact."""

    def refuse(what: str) -> EngineError:
        return EngineError.one(
            what,
            where=f"engine cp-sat, {milp.name}",
            mend="Bound every column, or compress the coefficients to ranks",
        )

    open_columns = np.flatnonzero((milp.lower <= -INFINITY) | (milp.upper >= INFINITY))
    if len(open_columns):
        raise refuse(f"column {open_columns[0]} has no finite bounds")
    reach = np.maximum(np.abs(milp.lower), np.abs(milp.upper)).astype(object)
    starts = milp.row_start.tolist()
    spans = [
        (f"row {row}", milp.value[low:high], milp.column_index[low:high])
        for row, (low, high) in enumerate(pairwise(starts))
    ]
    spans += [
        (f"objective {name!r}", row, np.arange(milp.n_columns))
        for name, row in milp.objectives.items()
    ]
    for what, coefficients, columns in spans:
        total = int(sum(np.abs(coefficients).astype(object) * reach[columns], 0))
        if total >= _OVERFLOW:
            raise refuse(f"{what} can reach {total:.3e}, 2^62 or more")


def _add_linear(
    model: cp_model.CpModel, columns: list[int], values: list[int], low: int, high: int
) -> None:
    row = model.proto.constraints.add().linear
    row.vars.extend(columns)
    row.coeffs.extend(values)
    row.domain.extend([low, high])


def _stated(milp: Milp) -> tuple[cp_model.CpModel, dict[str, int]]:
    """The program as a CP model, and the variable of each objective."""
    _refuse_overflow(milp)
    model = cp_model.CpModel()
    for low, high in zip(milp.lower.tolist(), milp.upper.tolist(), strict=True):
        model.new_int_var(low, high, "")
    starts, columns, values = (
        milp.row_start.tolist(), milp.column_index.tolist(), milp.value.tolist()
    )  # fmt: skip
    bounds = zip(milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True)
    for row, (low, high) in enumerate(bounds):
        entries = slice(starts[row], starts[row + 1])
        _add_linear(
            model, columns[entries], values[entries],
            _INT64_MIN if low <= -INFINITY else low,
            _INT64_MAX if high >= INFINITY else high,
        )  # fmt: skip
    objectives = {}
    for name, goal in milp.objectives.items():
        used = np.flatnonzero(goal)
        ends = np.stack([goal[used] * milp.lower[used], goal[used] * milp.upper[used]])
        variable = model.new_int_var(int(ends.min(axis=0).sum()), int(ends.max(axis=0).sum()), name)
        _add_linear(model, [*used.tolist(), variable.index], [*goal[used].tolist(), -1], 0, 0)
        objectives[name] = variable.index
    return model, objectives


class CpSatEngine:
    """CP-SAT behind the engine contract; one worker and a fixed seed, so that runs repeat."""

    name: ClassVar[str] = "cp-sat"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp", "cp"})

    def __init__(self) -> None:
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
        if isinstance(statement, Milp):
            require_integer_columns(self.name, statement)
        self._statement, self._last = None, None
        if isinstance(statement, CpProgram):
            self._model, self._objectives = statement.model.clone(), statement.objectives
        else:
            self._model, self._objectives = _stated(statement)
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
        if isinstance(statement, Milp) and not statement.n_columns:
            return solve_without_columns(statement, objective, upper, engine=self.name)
        for name, index in self._objectives.items():
            domain = _cut(self._domains[name], upper.get(name))
            if not domain:
                return SolveResult(
                    Termination.INFEASIBLE, None, None, None, 0.0,
                    f"{name} cannot be as low as {upper[name]}", self.name,
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
        solver.parameters.random_seed = 1
        solver.parameters.relative_gap_limit = 0.0
        solver.parameters.absolute_gap_limit = 0.0
        # Ctrl-C must reach Python, which then stops the search.
        solver.parameters.catch_sigint_signal = False
        if isinstance(statement, Milp):
            # All rows in the relaxation: the same on knapsacks and set partitioning, two to nine
            # times faster on set packing, where the default leaves the optimum unproved.
            solver.parameters.linearization_level = 2
        if isinstance(statement, CpProgram):
            for name, value in statement.parameters.items():
                setattr(solver.parameters, name, value)
        if time_limit_s is not None:
            solver.parameters.max_time_in_seconds = time_limit_s
        began_s = time.perf_counter()
        interrupted = run_interruptibly(lambda: solver.solve(model), solver.stop_search)
        return self._result(
            solver, statement, objective, upper,
            interrupted=interrupted,
            limited=time_limit_s is not None,
            runtime_s=time.perf_counter() - began_s,
        )  # fmt: skip

    def _result(
        self,
        solver: cp_model.CpSolver,
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
        return SolveResult(termination, x, value, bound, runtime_s, message, self.name)


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
    if abs(bound) >= _OVERFLOW or abs(bound - response.best_objective_bound) > 1e-9 * abs(bound):
        return None
    return bound
