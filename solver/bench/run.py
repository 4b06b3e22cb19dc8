"""A whole benchmark: instances, references, every formulation on every engine, rows on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solver.bench.crew import Failure, run_all
from solver.bench.header import provenance_facts
from solver.bench.instances import InstanceFile, instance_files
from solver.bench.kinds.kind import OWN, Entry
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.registry import DEFAULT_ENGINES, ENGINES, all_entries, engines_of
from solver.bench.row import Row
from solver.bench.settled import settled
from solver.bench.store import Store
from solver.bench.task import Task, levels_of, perform, row_of
from solver.engines import get_engine
from solver.errors import EngineError, FleetError, InstanceError

__all__ = ["BenchPlan", "BenchRun", "plan_bench", "run_bench"]

ROWS = "rows.jsonl"
_GRACE_S = 60.0
"""Reading, stating and loading may take as long again, beside twice the time limit."""

_MOST_S = 86_400.0

OnProgress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What is to be run; made by ``plan_bench``.

    Parameters
    ----------
    entries
        Formulations and algorithms.
    engines
        Names; ``missing`` says of those that cannot be used why.
    seeds
        1 to this number; algorithms of our own run once.
    levels
        Of each instance, spread over its frontier; ``None`` for all, and one that is infeasible.
    """

    asked: str
    entries: tuple[Entry, ...]
    engines: tuple[str, ...]
    seeds: int
    levels: int | None
    time_limit_s: float
    workers: int
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BenchRun:
    """What a benchmark ends with.

    Parameters
    ----------
    complete
        Whether every line was run; not where it was stopped, or instances were left out.
    left_out
        Instances whose reference was not found, each with the reason.
    """

    header: dict[str, Any]
    instances: tuple[InstanceFile, ...]
    rows: tuple[Row, ...]
    complete: bool
    left_out: tuple[str, ...] = ()


def _unknown(what: str, names: Sequence[str], known: Sequence[str], option: str) -> InstanceError:
    return InstanceError.one(
        f"no {what} is called {', '.join(map(repr, names))}",
        where=option,
        mend=f"There are {', '.join(known)}",
    )


def plan_bench(
    asked: str,
    *,
    formulations: Sequence[str] = (),
    engines: Sequence[str] = (),
    seeds: int = 1,
    levels: int | None = 3,
    time_limit_s: float = 10.0,
    workers: int = 1,
) -> BenchPlan:
    """Check what a user asks for.

    Parameters
    ----------
    formulations, engines
        Names; all formulations, and ``DEFAULT_ENGINES``, where none are given.

    Raises
    ------
    InstanceError
        If a name is unknown or a number out of range.
    """
    known = list(dict.fromkeys(entry.name for entry in all_entries()))
    unknown = [name for name in formulations if name not in known]
    if unknown:
        raise _unknown("formulation", unknown, known, "--formulations")
    unknown = [name for name in engines if name not in ENGINES]
    if unknown:
        raise _unknown("engine", unknown, ENGINES, "--engines")
    for what, value in (("--seeds", seeds), ("--workers", workers), ("--levels", levels)):
        if value is not None and value < 1:
            raise InstanceError.one(f"cannot be {value}", where=what, mend="Give 1 or more")
    if not 0 < time_limit_s <= _MOST_S:
        raise InstanceError.one(
            f"cannot be {time_limit_s:g} s",
            where="--time-limit",
            mend="Give seconds above 0, at most a day",
        )
    chosen = tuple(dict.fromkeys(engines)) or DEFAULT_ENGINES
    missing = {}
    for name in chosen:
        try:
            if name != OWN:
                get_engine(name)
        except EngineError as error:
            missing[name] = str(error)
    return BenchPlan(
        asked=asked,
        entries=tuple(
            entry for entry in all_entries() if not formulations or entry.name in formulations
        ),
        engines=chosen,
        seeds=seeds,
        levels=levels,
        time_limit_s=time_limit_s,
        workers=workers,
        missing=missing,
    )


def _header(plan: BenchPlan) -> dict[str, Any]:
    return {
        "set": plan.asked,
        **provenance_facts(),
        "time_limit_s": plan.time_limit_s,
        "seeds": plan.seeds,
        "levels_asked": plan.levels,
        "workers": plan.workers,
        "engines": list(plan.engines),
        "engines_missing": plan.missing,
    }


def run_bench(
    plan: BenchPlan,
    out: Path,
    *,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> BenchRun:
    """Run what is not yet in the folder ``out``, and return all rows of the plan.

    Parameters
    ----------
    out
        ``rows.jsonl`` there is what an interrupted run goes on from; ``instances`` holds the files.
    on_progress
        Told (lines done, lines in all); of references first.

    Raises
    ------
    FleetError
        If an instance cannot be read, or the folder holds something else.
    """
    instances = _to_run(plan, instance_files(plan.asked, out / "instances"))
    with Store(out / ROWS, _header(plan)) as store:
        left_out: list[str] = []
        whole = _references(plan, instances, store, left_out, on_progress, should_stop)
        tasks = [task for one in instances for task in _tasks(plan, one, store)]
        whole = _lines(plan, tasks, store, on_progress, should_stop) and whole
        rows = settled([store.rows[task.key] for task in tasks if task.key in store.rows])
        if whole:
            # As they came: verdicts told from other rows are told anew each time.
            first = dict.fromkeys(task.key for task in tasks)
            rest = [key for key in store.rows if key not in first]
            store.finish(store.rows[key] for key in (*first, *rest))
    return BenchRun(
        store.header, tuple(instances), tuple(rows), whole and not left_out, tuple(left_out)
    )


def _to_run(plan: BenchPlan, instances: Sequence[InstanceFile]) -> list[InstanceFile]:
    """Instances of groups that something of the plan can be run on; a fault where none is."""
    groups = {
        entry.group for entry in plan.entries if not set(plan.engines).isdisjoint(engines_of(entry))
    }
    found = [one for one in instances if one.group in groups]
    if not found:
        there = ", ".join(sorted({one.group for one in instances}))
        raise InstanceError.one(
            f"no formulation that was asked for takes its instances ({there}) on these engines",
            where=f"bench {plan.asked}",
            mend="fleetfront bench without a set lists formulations, their groups and engines",
        )
    return found


def _references(
    plan: BenchPlan,
    instances: Sequence[InstanceFile],
    store: Store,
    left_out: list[str],
    on_progress: OnProgress | None,
    should_stop: Callable[[], bool] | None,
) -> bool:
    """Levels of all instances that have none yet; whether all were seen to.

    ``left_out`` receives those whose reference did not come.
    """
    to_do = [one for one in instances if (one.group, one.sha256) not in store.levels]
    limit_s = max(60.0, 10 * plan.time_limit_s)
    jobs = [_Reference(one.group, str(one.path), plan.levels, limit_s) for one in to_do]
    files = dict(zip(jobs, to_do, strict=True))
    done = 0
    for job, brought in run_all(
        jobs,
        _levels,
        workers=plan.workers,
        limit_s=lambda job: 2 * job.limit_s + _GRACE_S,
        should_stop=should_stop,
    ):
        file = files[job]
        if isinstance(brought, FleetError):
            raise brought
        if isinstance(brought, Failure):
            left_out.append(f"{file.path}: left out, its reference was not found: {brought.reason}")
        else:
            store.keep_levels(file.group, file.sha256, brought)
        done += 1
        if on_progress is not None:
            on_progress(done, len(jobs))
    return done == len(jobs)


@dataclass(frozen=True, slots=True)
class _Reference:
    group: str
    path: str
    levels: int | None
    limit_s: float


def _levels(job: _Reference) -> list[Level]:
    return levels_of(job.group, job.path, job.levels, job.limit_s)


def _tasks(plan: BenchPlan, file: InstanceFile, store: Store) -> Iterator[Task]:
    """All lines of one instance, those of one statement one after the other."""
    levels = store.levels.get((file.group, file.sha256), [])
    for entry in plan.entries:
        if entry.group != file.group:
            continue
        engines = [name for name in plan.engines if name in engines_of(entry)]
        relaxing = next((name for name in engines if name not in plan.missing), None)
        for level in levels:
            for engine in engines:
                # Nothing in an algorithm of ours is drawn at random.
                for seed in range(1, (1 if engine == OWN else plan.seeds) + 1):
                    yield Task(
                        group=file.group,
                        path=str(file.path),
                        instance=file.name,
                        instance_sha256=file.sha256,
                        size=file.size,
                        family=file.family,
                        formulation=entry.name,
                        engine=engine,
                        seed=seed,
                        level=level,
                        time_limit_s=plan.time_limit_s,
                        with_lp=engine == relaxing and seed == 1,
                    )


def _lines(
    plan: BenchPlan,
    tasks: Sequence[Task],
    store: Store,
    on_progress: OnProgress | None,
    should_stop: Callable[[], bool] | None,
) -> bool:
    """Run every line that is not in the store; whether all are there now."""
    to_do = []
    for task in tasks:
        known = store.rows.get(task.key)
        if task.engine in plan.missing:
            told = Outcome(status="engine_missing", message=plan.missing[task.engine])
            if known is None:
                store.keep(row_of(task, told))
        elif known is None or known.status == "engine_missing":
            to_do.append(task)
    done = len(tasks) - len(to_do)
    for task, brought in run_all(
        to_do,
        perform,
        workers=plan.workers,
        limit_s=lambda task: 2 * task.time_limit_s + _GRACE_S,
        should_stop=should_stop,
    ):
        if isinstance(brought, Failure):
            brought = row_of(task, _failed(brought))
        elif isinstance(brought, FleetError):
            raise brought
        store.keep(brought)
        done += 1
        if on_progress is not None:
            on_progress(done, len(tasks))
    return done == len(tasks)


def _failed(failure: Failure) -> Outcome:
    if failure.overran:
        return Outcome(status="time_limit", message=failure.reason)
    return Outcome(status="failed", message=failure.reason)
