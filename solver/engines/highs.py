"""HiGHS through ``highspy``: one persistent model, bounds and costs changed in place.

Objectives are extra rows after the rows of the program; an upper bound is the upper side of such a
row. The incumbent of the solve before is handed over as a starting point where it still fits. All
answers pass through ``proposal``. What is watched comes from the callback that also stops a solve,
and from the log, which goes nowhere else. ``highspy`` 1.15 and later cannot share a process with
ortools.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import highspy  # type: ignore[import-untyped]  # noqa: TID251
import numpy as np
import numpy.typing as npt

from formulations.milp import INFINITY, IntArray, Milp
from formulations.program import ProgramKind, Statement
from solver.engines.contract import Effort, Goal, SolveResult, Termination
from solver.engines.guard import (
    all_columns_bounded,
    check_question,
    goal_costs,
    require_milp,
    solve_without_columns,
    violation,
)
from solver.engines.interrupt import run_interruptibly
from solver.engines.presolve_log import highs_presolved
from solver.engines.proposal import Judge, Proposal
from solver.engines.trajectory import Trajectory
from solver.errors import EngineError

__all__ = ["HighsEngine"]

_OPTIONS: dict[str, bool | int | float] = {
    "output_flag": False,
    "log_to_console": False,
    "threads": 1,
    "mip_rel_gap": 0.0,
    # Objectives are integers: less than one unit closes the gap.
    "mip_abs_gap": 0.4,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}

_Status = highspy.HighsModelStatus
_TERMINATIONS = {
    _Status.kOptimal: Termination.OPTIMAL,
    _Status.kInfeasible: Termination.INFEASIBLE,
    _Status.kTimeLimit: Termination.TIME_LIMIT,
    _Status.kInterrupt: Termination.INTERRUPTED,
    _Status.kHighsInterrupt: Termination.INTERRUPTED,
    # None of the rest proves anything that the contract could pass on.
    _Status.kNotset: Termination.OTHER,
    _Status.kLoadError: Termination.OTHER,
    _Status.kModelError: Termination.OTHER,
    _Status.kPresolveError: Termination.OTHER,
    _Status.kSolveError: Termination.OTHER,
    _Status.kPostsolveError: Termination.OTHER,
    _Status.kModelEmpty: Termination.OTHER,
    _Status.kUnbounded: Termination.OTHER,
    _Status.kUnboundedOrInfeasible: Termination.OTHER,
    _Status.kObjectiveBound: Termination.OTHER,
    _Status.kObjectiveTarget: Termination.OTHER,
    _Status.kIterationLimit: Termination.OTHER,
    _Status.kSolutionLimit: Termination.OTHER,
    _Status.kMemoryLimit: Termination.OTHER,
    _Status.kUnknown: Termination.OTHER,
}


def _with_infinities(values: IntArray) -> npt.NDArray[np.float64]:
    """Bounds as floats, "no bound" as infinity."""
    floats = values.astype(np.float64)
    floats[values >= INFINITY] = np.inf
    floats[values <= -INFINITY] = -np.inf
    return floats


class _Watch:
    """What HiGHS shows of a solve while it runs; shows nothing until it begins."""

    def __init__(self) -> None:
        self.trajectory: Trajectory | None = None
        self.root_bound: float | None = None
        self._log: list[str] = []

    def begin(self, *, watching: bool) -> None:
        """Forget the solve before; the clock starts."""
        self.trajectory = Trajectory() if watching else None
        self.root_bound = None
        self._log.clear()

    def progress(self, event: Any) -> None:
        """Keep bounds and nodes of the moment; a callback of branch and bound."""
        if self.trajectory is None:
            return
        told = event.data_out
        self.trajectory.note(incumbent=told.mip_primal_bound, bound=told.mip_dual_bound)
        if told.mip_node_count <= 0:
            self.root_bound = self.trajectory.bound

    def log(self, event: Any) -> None:
        """Keep a piece of the log."""
        self._log.append(event.message)

    @property
    def text(self) -> str:
        """The log so far."""
        return "".join(self._log)


class HighsEngine:
    """HiGHS behind the engine contract; sparse integer programs only.

    Parameters
    ----------
    seed, alone, watch
        See ``solver.engines.get_engine``.
    """

    name: ClassVar[str] = "highs"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp"})

    _judge: Judge

    def __init__(self, *, seed: int = 1, alone: bool = False, watch: bool = False) -> None:
        self.watch = watch
        self._seed = seed
        self._alone = alone
        self._seen = _Watch()
        self._milp: Milp | None = None
        self._highs: Any = None
        self._last_x: IntArray | None = None
        self._bounded = False
        self._stop = threading.Event()

    @property
    def version(self) -> str:
        """Version of HiGHS."""
        return str(highspy.Highs().version())

    def load(self, statement: Statement) -> None:
        """Build the model; see ``Engine.load``."""
        milp = require_milp(self.name, statement)
        self._milp = None
        self._last_x = None
        self._bounded = all_columns_bounded(milp)
        self._judge = Judge(self.name, milp, alone=self._alone)
        if milp.n_columns:
            self._highs = self._built(milp)
        self._milp = milp

    def _built(self, milp: Milp) -> Any:
        n = milp.n_columns
        goals = np.array(list(milp.objectives.values()), dtype=np.int64).reshape(-1, n)
        goal_row, goal_column = np.nonzero(goals)
        goal_counts = np.bincount(goal_row, minlength=len(goals))
        free = np.full(len(goals), np.inf)

        model = highspy.HighsLp()
        model.num_col_ = n
        model.num_row_ = milp.n_rows + len(goals)
        model.col_cost_ = np.zeros(n)
        model.col_lower_ = _with_infinities(milp.lower)
        model.col_upper_ = _with_infinities(milp.upper)
        model.row_lower_ = np.concatenate([_with_infinities(milp.row_lower), -free])
        model.row_upper_ = np.concatenate([_with_infinities(milp.row_upper), free])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate(
            [milp.row_start, milp.row_start[-1] + np.cumsum(goal_counts)]
        )
        model.a_matrix_.index_ = np.concatenate([milp.column_index, goal_column])
        model.a_matrix_.value_ = np.concatenate([milp.value, goals[goal_row, goal_column]]).astype(
            np.float64
        )
        model.integrality_ = [highspy.HighsVarType.kInteger] * n

        highs = highspy.Highs()
        for option, value in (_OPTIONS | {"random_seed": self._seed}).items():
            if highs.setOptionValue(option, value) != highspy.HighsStatus.kOk:
                raise EngineError.one(
                    f"refuses the option {option} = {value}",
                    where=f"engine {self.name}",
                    mend="Install a highspy version that fleetfront supports",
                )
        if highs.passModel(model) == highspy.HighsStatus.kError:
            raise EngineError.one(
                "refuses the program",
                where=f"engine {self.name}, {milp.name}",
                mend="Choose another engine",
            )
        stop, seen = self._stop, self._seen

        def stop_if_asked(event: Any) -> None:
            if stop.is_set():
                event.interrupt()

        highs.cbSimplexInterrupt += stop_if_asked
        highs.cbMipInterrupt += stop_if_asked
        highs.cbMipInterrupt += seen.progress
        highs.cbLogging += seen.log
        return highs

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        """Minimise a goal; see ``Engine.minimise``."""
        milp = check_question(self.name, self._milp, objective, upper, time_limit_s)
        n = milp.n_columns
        if not n:
            return solve_without_columns(milp, objective, upper, engine=self.name)
        highs = self._highs
        highs.changeColsCost(
            n, np.arange(n, dtype=np.int32), goal_costs(milp, objective).astype(np.float64)
        )
        for row, goal in enumerate(milp.objectives, start=milp.n_rows):
            highs.changeRowBounds(row, -np.inf, float(upper.get(goal, np.inf)))
        highs.setOptionValue("time_limit", np.inf if time_limit_s is None else time_limit_s)
        if self._last_x is not None and violation(milp, self._last_x, upper) is None:
            start = highspy.HighsSolution()
            start.col_value = self._last_x.astype(np.float64).tolist()
            highs.setSolution(start)

        self._seen.begin(watching=self.watch)
        highs.setOptionValue("output_flag", self.watch)
        began_s = time.perf_counter()
        self._stop.clear()
        interrupted = run_interruptibly(highs.run, self._stop.set)
        proposal = self._proposal(interrupted, time.perf_counter() - began_s)
        result = self._judge.dispose(
            proposal, objective=objective, upper=upper, time_limit_s=time_limit_s
        )
        if result.x is not None:
            self._last_x = result.x
        return result

    def _proposal(self, interrupted: bool, runtime_s: float) -> Proposal:
        """What HiGHS claims after a run."""
        status = self._highs.getModelStatus()
        termination = _TERMINATIONS.get(status, Termination.OTHER)
        if status == _Status.kUnboundedOrInfeasible and self._bounded:
            # With two bounds on every column only one of the two is possible.
            termination = Termination.INFEASIBLE
        if interrupted:
            termination = Termination.INTERRUPTED
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        has_point = (
            solution.value_valid
            and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        )
        return Proposal(
            termination=termination,
            x=np.array(solution.col_value, dtype=np.float64) if has_point else None,
            bound=info.mip_dual_bound,
            runtime_s=runtime_s,
            message=f"HiGHS: {self._highs.modelStatusToString(status)}",
            effort=self._effort(info, has_point=has_point),
        )

    def _effort(self, info: Any, *, has_point: bool) -> Effort:
        """Counters of the run, and what was watched of it."""
        # HiGHS says -1 where it did not come to branch and bound.
        nodes = max(0, int(info.mip_node_count))
        iterations = max(0, int(info.simplex_iteration_count))
        trajectory = self._seen.trajectory
        if trajectory is None:
            return Effort(nodes=nodes, iterations=iterations)
        trajectory.note(
            incumbent=info.objective_function_value if has_point else None,
            bound=info.mip_dual_bound,
        )
        size = highs_presolved(self._seen.text)
        return Effort(
            nodes=nodes,
            iterations=iterations,
            presolved_rows=size.rows,
            presolved_columns=size.columns,
            presolved_nonzeros=size.nonzeros,
            # The root settles the program where nothing was branched on.
            root_bound=trajectory.bound if nodes <= 1 else self._seen.root_bound,
            trajectory=trajectory.steps,
        )
