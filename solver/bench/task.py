"""One line of a benchmark: read the instance, state it, solve it, judge it. Runs in a worker."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from formulations.formulation import RefusedError
from solver.bench.figures import Figures
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.fleet import FleetKind
from solver.bench.kinds.kind import OWN, Built
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.kinds.program_run import NotTakenError, relaxed_bound, run_program
from solver.bench.kinds.rounds import go_on
from solver.bench.registry import kind_of_group
from solver.bench.row import Row, RowKey
from solver.bench.verdict import judged
from solver.engines import get_engine
from solver.engines.contract import Engine
from solver.errors import EngineError, FleetError
from solver.sweep.provenance import package_version

__all__ = ["Task", "levels_of", "perform"]


@dataclass(frozen=True, slots=True)
class Task:
    """What one line asks; as in ``solver.bench.row.Row``.

    Parameters
    ----------
    path
        File of the instance.
    with_lp
        Whether the linear relaxation is solved too, outside the time that counts.
    """

    group: str
    path: str
    instance: str
    instance_sha256: str
    size: str
    family: str
    formulation: str
    engine: str
    seed: int
    level: Level
    time_limit_s: float
    with_lp: bool = False

    @property
    def key(self) -> RowKey:
        """That of the row it becomes."""
        return (
            self.group, self.instance_sha256, self.formulation, self.engine, self.seed,
            self.level.index,
        )  # fmt: skip


def levels_of(group: str, path: str, count: int | None, time_limit_s: float) -> list[Level]:
    """Levels of an instance with proved answers.

    Raises
    ------
    FleetError
        If the file holds no instance of the group.
    """
    kind = kind_of_group(group)
    return kind.levels(_problem(group, path), count, time_limit_s=time_limit_s)


def perform(task: Task) -> Row:
    """Run one line; refusals, failed checks and lack of memory become part of the row.

    Any other exception is a bug, and left to the caller: a row that fails must not look like one
    that does not apply.
    """
    try:
        outcome = _outcome(task)
    except MemoryError:
        outcome = Outcome(status="failed", message="out of memory")
    except NotTakenError as error:
        outcome = Outcome(status="not_applicable", message=" ".join(str(error).split()))
    except FleetError as error:
        outcome = Outcome(status="failed", message=" ".join(str(error).split()))
    return row_of(task, outcome)


def row_of(task: Task, outcome: Outcome) -> Row:
    """The line of a task, judged."""
    verdict, fault = judged(outcome, task.level)
    level = task.level
    figures = {one.name: getattr(outcome, one.name) for one in fields(Figures)}
    if figures["lp_bound"] is not None and not math.isfinite(figures["lp_bound"]):
        # No optimum of the relaxation: JSON has no infinity.
        figures["lp_bound"] = None
    return Row(
        group=task.group,
        instance=task.instance,
        instance_sha256=task.instance_sha256,
        size=task.size,
        family=task.family,
        formulation=task.formulation,
        engine=task.engine,
        seed=task.seed,
        level=level.index,
        objective=level.objective,
        upper=level.bounds,
        time_limit_s=task.time_limit_s,
        status=outcome.status,
        verdict=verdict,
        message="; ".join(part for part in (fault, outcome.message) if part),
        model_sha256=outcome.model_sha256,
        best=level.best,
        best_by=level.best_by,
        points=None if outcome.images is None else len(outcome.images),
        points_best=None if level.points is None else len(level.points),
        versions=_versions(task.engine),
        **figures,
    )


@lru_cache(maxsize=2)
def _problem(group: str, path: str) -> Any:
    return kind_of_group(group).problem(Path(path))


@lru_cache(maxsize=64)
def _versions(engine: str) -> dict[str, str]:
    versions = {"fleetfront": package_version("fleetfront")}
    if engine != OWN:
        try:
            versions[engine] = get_engine(engine).version
        except EngineError:
            versions[engine] = "not installed"
    return versions


def _engine(task: Task) -> Engine:
    return get_engine(task.engine, seed=task.seed, alone=True, watch=True)


def _outcome(task: Task) -> Outcome:
    kind = kind_of_group(task.group)
    problem = _problem(task.group, task.path)
    entry = next(one for one in kind.entries() if one.name == task.formulation)
    reason = kind.applies(problem, task.formulation)
    if reason is not None:
        return Outcome(status="not_applicable", message=reason)
    if entry.takes == "algorithm":
        return _algorithm_outcome(task, problem)
    return _program_outcome(task, problem, exact=entry.exact)


@dataclass(frozen=True, slots=True, eq=False)
class _Stated:
    """A statement with the processor time that making it took."""

    built: Built
    build_s: float


@lru_cache(maxsize=1)
def _stated(group: str, path: str, formulation: str, worst: tuple[tuple[str, int], ...]) -> _Stated:
    """The last statement is kept: engines, seeds and levels of one formulation come in a row."""
    for one in kind_of_group(group).entries():
        if one.name == formulation:
            for library in one.libraries:
                import_module(library)
    clock = Clock()
    level = Level(0, "", worst=dict(worst))
    try:
        stated = kind_of_group(group).build(_problem(group, path), formulation, level)
    except RefusedError as error:
        raise NotTakenError(f"{formulation} does not state it: {error}") from error
    return _Stated(stated, clock.cpu_s)


def _program_outcome(task: Task, problem: Any, *, exact: bool) -> Outcome:
    worst = tuple(sorted(task.level.worst.items()))
    stated = _stated(task.group, task.path, task.formulation, worst)
    engine = _engine(task)
    outcome = run_program(
        stated.built.statement,
        engine,
        task.level,
        attained=stated.built.attained,
        time_limit_s=task.time_limit_s,
        build_s=stated.build_s,
    )
    if stated.built.learned:
        outcome = go_on(
            outcome,
            stated.built,
            engine,
            task.level,
            restate=partial(FleetKind().build, problem, task.formulation, task.level),
            time_limit_s=task.time_limit_s,
        )
        # Another engine is to learn the same cuts anew.
        _stated.cache_clear()
    if task.with_lp:
        # Afterwards: a slow relaxation must not cost the row its solve.
        bound = relaxed_bound(stated.built.statement, task.level, time_limit_s=task.time_limit_s)
        outcome = replace(outcome, lp_bound=bound)
    if not exact:
        # What a restriction proves bounds nothing but itself.
        ended = outcome.status in ("optimal", "infeasible")
        outcome = replace(
            outcome,
            status="bound_only" if ended else outcome.status,
            bound=None,
            root_bound=None,
            trajectory=(),
        )
    return outcome


def _algorithm_outcome(task: Task, problem: Any) -> Outcome:
    engine = None if task.engine == OWN else _engine(task)
    return kind_of_group(task.group).run_algorithm(
        problem, task.formulation, engine, task.level, time_limit_s=task.time_limit_s
    )
