"""One program solved once at one level, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from formulations.indicator import IndicatorProgram
from formulations.milp import IntArray, Milp
from formulations.program import Statement
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.kinds.statement import statement_facts
from solver.bench.row import Status
from solver.engines.contract import Effort, Engine, SolveResult, Termination
from solver.engines.relaxation import linear_bound
from solver.errors import EngineError

__all__ = ["NotTakenError", "effort_figures", "relaxed_bound", "run_program", "status_of"]

Attained = Callable[[IntArray], Mapping[str, int]]
"""From a solution to the objectives that its answer attains in the problem itself; raises
``ValueError`` where it stands for none."""


def status_of(result: SolveResult, engine: str) -> Status:
    """How a solve ended, as a row tells it."""
    if result.refused:
        return "refused"
    if result.termination is Termination.OPTIMAL and result.proved_by == engine:
        return "optimal"
    if result.termination is Termination.INFEASIBLE and result.proved_by == engine:
        return "infeasible"
    if result.termination in (Termination.TIME_LIMIT, Termination.INTERRUPTED):
        return "time_limit"
    return "failed"


def effort_figures(effort: Effort | None) -> dict[str, Any]:
    """The figures of an effort by the names of a row."""
    if effort is None:
        return {}
    return {
        "nodes": effort.nodes,
        "iterations": effort.iterations,
        "ticks": effort.ticks,
        "presolved_rows": effort.presolved_rows,
        "presolved_columns": effort.presolved_columns,
        "presolved_nonzeros": effort.presolved_nonzeros,
        "root_bound": effort.root_bound,
        "trajectory": effort.trajectory,
    }


class NotTakenError(Exception):
    """A formulation does not state this problem, or an engine does not read the statement."""


def relaxed_bound(statement: Statement, level: Level, *, time_limit_s: float) -> float | None:
    """Optimum of the linear relaxation at a level; ``None`` of a CP model, or when time is over."""
    if not isinstance(statement, Milp | IndicatorProgram):
        return None
    return linear_bound(statement, level.objective, level.upper, time_limit_s=time_limit_s)


def _broken(attained: Mapping[str, int], level: Level, told: int) -> str:
    """How an answer breaks the level, or its own objective; empty where it holds."""
    for name, most in level.upper.items():
        if attained[name] > most:
            return f"its answer has {name} {attained[name]}, above {most}"
    value = attained[level.objective]
    if value > told:
        return f"its answer has {level.objective} {value}, above the {told} of the program"
    return ""


def run_program(
    statement: Statement,
    engine: Engine,
    level: Level,
    *,
    attained: Attained,
    time_limit_s: float,
    build_s: float,
) -> Outcome:
    """Load and solve a statement.

    Parameters
    ----------
    build_s
        Processor time that stating it took; loading is added.

    Raises
    ------
    NotTakenError
        If the engine refuses the statement.
    """
    loading = Clock()
    try:
        engine.load(statement)
    except EngineError as error:
        raise NotTakenError(str(error)) from error
    build_s += loading.cpu_s
    clock = Clock()
    result = engine.minimise(level.objective, upper=level.upper, time_limit_s=time_limit_s)
    cpu_s, wall_s = clock.cpu_s, clock.wall_s
    incumbent, contradiction = result.objective, ""
    if result.x is not None and result.objective is not None:
        try:
            values = attained(result.x)
            contradiction = _broken(values, level, result.objective)
            incumbent = values[level.objective]
        except ValueError as error:
            contradiction = f"its solution is no answer: {error}"
    return Outcome(
        status=status_of(result, engine.name),
        incumbent=incumbent,
        bound=result.dual_bound,
        message=result.refused or result.message,
        contradiction=contradiction,
        cpu_s=cpu_s,
        wall_s=wall_s,
        build_s=round(build_s, 6),
        rounds=1,
        **statement_facts(statement),
        **effort_figures(result.effort),
    )
