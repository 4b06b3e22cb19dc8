"""A whole benchmark: rows, interruptions, missing engines, wrong formulations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from formulations.formulation import RefusedError
from solver.bench import run as run_module
from solver.bench.crew import Failure
from solver.bench.kinds.kind import Built
from solver.bench.kinds.replica import ReplicaKind
from solver.bench.row import Row
from solver.bench.run import BenchRun, plan_bench, run_bench
from solver.bench.store import read_rows
from solver.bench.task import Task, perform
from solver.engines import get_engine
from solver.errors import EngineError, InstanceError, ResultError
from tests.solver.bench.bench_runs import TINY, serially

CELLS = ("column_selection", "factored_big_m", "enumeration")
TIMES = ("cpu_s", "wall_s", "build_s", "trajectory", "ticks")


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Runs happen in this process; the lines that were solved, in order."""
    lines: list[Task] = []

    def noted(task: Task) -> Row:
        lines.append(task)
        return perform(task)

    monkeypatch.setattr(run_module, "run_all", serially)
    monkeypatch.setattr(run_module, "perform", noted)
    return lines


def tiny(out: Path, asked: str = TINY, **options: Any) -> BenchRun:
    """A run of three formulations, in seconds of which most are for reading."""
    given: dict[str, Any] = {"formulations": CELLS, "engines": ["own", "highs", "cp-sat"]}
    rest = {name: options.pop(name) for name in ("on_progress", "should_stop") if name in options}
    return run_bench(plan_bench(asked, **(given | options)), out, **rest)


def without_times(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    return [{k: v for k, v in asdict(row).items() if k not in TIMES} for row in rows]


def stops_after(count: int, lines: list[Task]) -> Callable[[], bool]:
    return lambda: len(lines) >= count


# What is asked


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"formulations": ["soup"]}, ["--formulations", "'soup'", "factored_hull", "rectangles"]),
        ({"formulations": ["soup", "counts", "nut"]}, ["'soup', 'nut'"]),
        ({"engines": ["soup"]}, ["--engines", "own, highs, cp-sat, scip, cbc, glpk"]),
        ({"engines": [""]}, ["--engines", "''"]),
        ({"seeds": 0}, ["--seeds", "1 or more"]),
        ({"levels": 0}, ["--levels", "1 or more"]),
        ({"workers": -1}, ["--workers", "1 or more"]),
        ({"time_limit_s": 0.0}, ["--time-limit"]),
        ({"time_limit_s": float("nan")}, ["--time-limit"]),
        ({"time_limit_s": float("inf")}, ["--time-limit"]),
        ({"time_limit_s": -2.0}, ["--time-limit", "-2"]),
    ],
)
def test_what_cannot_be_asked_is_told_with_what_can(
    options: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(InstanceError) as told:
        plan_bench("small", **options)
    for part in expected:
        assert part in str(told.value)


def test_engines_named_twice_run_once() -> None:
    assert plan_bench("small", engines=["highs", "own", "highs"]).engines == ("highs", "own")


def test_all_formulations_and_the_engines_that_come_with_it_are_the_default() -> None:
    plan = plan_bench("small")
    assert plan.engines == ("own", "highs", "cp-sat", "scip")
    assert {entry.group for entry in plan.entries} >= {"replica", "fleet", "moip"}
    assert not plan.missing


@pytest.mark.parametrize(
    ("formulations", "engines"),
    [(["nested-epsilon"], ["highs"]), (["enumeration"], ["highs"]), (["column_log"], ["own"])],
)
def test_nothing_to_run_is_a_fault_and_no_empty_benchmark(
    formulations: list[str], engines: list[str], tmp_path: Path, performed: list[Task]
) -> None:
    with pytest.raises(InstanceError, match=r"no formulation that was asked for .*replica"):
        tiny(tmp_path, formulations=formulations, engines=engines)
    assert not performed
    assert not (tmp_path / "rows.jsonl").exists()


def test_instances_that_no_formulation_takes_are_not_read(
    tmp_path: Path, performed: list[Task]
) -> None:
    run = tiny(tmp_path, f"{TINY}+moip-knapsack:pieces=6", formulations=["enumeration"], levels=1)
    assert [one.group for one in run.instances] == ["replica"]
    assert len(performed) == 1


def test_a_file_that_is_no_question_of_its_kind_ends_the_run(
    tmp_path: Path, performed: list[Task]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('schema = 1\nkind = "replica"\nsurprise = 1\n')
    with pytest.raises(InstanceError, match="surprise"):
        tiny(tmp_path / "out", str(path))
    assert not performed


# What comes out


def test_every_formulation_runs_on_every_engine_that_reads_it(
    tmp_path: Path, performed: list[Task]
) -> None:
    run = tiny(tmp_path, levels=2)
    assert run.complete
    assert Counter(row.side for row in run.rows) == {
        "column_selection / highs": 2, "column_selection / cp-sat": 2,
        "factored_big_m / highs": 2, "factored_big_m / cp-sat": 2, "enumeration / own": 2,
    }  # fmt: skip
    assert {(row.status, row.verdict) for row in run.rows} == {("optimal", "right")}
    assert len({(row.level, row.incumbent) for row in run.rows}) == 2
    programs = [task for task in performed if task.engine != "own"]
    assert [task.with_lp for task in programs] == [task.engine == "highs" for task in programs]
    assert {row.lp_bound is None for row in run.rows if row.engine == "highs"} == {False}


def test_rows_on_disk_are_the_rows_of_the_run(tmp_path: Path, performed: list[Task]) -> None:
    run = tiny(tmp_path, levels=1)
    header, rows = read_rows(tmp_path / "rows.jsonl")
    # Seconds with an exponent and all: what is read is what was written.
    assert [row.to_dict() for row in rows] == [row.to_dict() for row in run.rows]
    assert header["set"] == TINY
    assert len(performed) == len(rows) == 5


def test_all_levels_end_with_one_that_is_infeasible(tmp_path: Path, performed: list[Task]) -> None:
    run = tiny(tmp_path, levels=None, formulations=["column_selection"], engines=["highs"])
    status = [row.status for row in run.rows]
    assert len(status) == len(performed) > 2
    assert status[-1] == "infeasible"
    assert set(status[:-1]) == {"optimal"}
    assert {row.verdict for row in run.rows} == {"right"}


def test_seeds_are_for_engines_and_an_algorithm_of_ours_runs_once(
    tmp_path: Path, performed: list[Task]
) -> None:
    run = tiny(tmp_path, levels=1, seeds=3, engines=["own", "highs"])
    seeds = Counter((row.engine, row.seed) for row in run.rows)
    assert seeds == {("own", 1): 1, ("highs", 1): 2, ("highs", 2): 2, ("highs", 3): 2}
    assert sum(task.with_lp for task in performed if task.engine == "highs") == 2


def test_progress_is_told_up_to_the_end(tmp_path: Path, performed: list[Task]) -> None:
    told: list[tuple[int, int]] = []
    tiny(tmp_path, levels=1, on_progress=lambda done, whole: told.append((done, whole)))
    assert told == [(1, 1), *((n, 5) for n in range(1, 6))]
    assert len(performed) == 5


# Interruptions


@pytest.mark.parametrize("count", [0, 1, 4])
def test_an_interrupted_run_goes_on_without_solving_again(
    count: int, tmp_path: Path, performed: list[Task]
) -> None:
    whole = tiny(tmp_path / "whole", levels=2)
    performed.clear()
    part = tiny(tmp_path / "part", levels=2, should_stop=stops_after(count, performed))
    assert not part.complete
    assert len(part.rows) == len(performed) == count
    rest = tiny(tmp_path / "part", levels=2)
    assert rest.complete
    keys = [(task.formulation, task.engine, task.level.index) for task in performed]
    assert len(set(keys)) == len(keys) == len(whole.rows)
    assert without_times(rest.rows) == without_times(whole.rows)


def test_a_finished_run_solves_nothing_again(tmp_path: Path, performed: list[Task]) -> None:
    first = tiny(tmp_path, levels=1)
    text = (tmp_path / "rows.jsonl").read_text()
    performed.clear()
    assert tiny(tmp_path, levels=1).rows == first.rows
    assert not performed
    assert (tmp_path / "rows.jsonl").read_text() == text


def test_a_last_line_cut_off_is_solved_again(tmp_path: Path, performed: list[Task]) -> None:
    first = tiny(tmp_path, levels=1)
    path = tmp_path / "rows.jsonl"
    path.write_text(path.read_text()[:-40])
    performed.clear()
    again = tiny(tmp_path, levels=1)
    assert [task.formulation for task in performed] == ["enumeration"]
    assert without_times(again.rows) == without_times(first.rows)


def test_another_formulation_adds_to_the_folder_and_keeps_what_is_there(
    tmp_path: Path, performed: list[Task]
) -> None:
    tiny(tmp_path, levels=1, formulations=["column_selection"], engines=["highs"])
    tiny(tmp_path, levels=1, formulations=["enumeration"])
    assert [task.formulation for task in performed] == ["column_selection", "enumeration"]
    _, rows = read_rows(tmp_path / "rows.jsonl")
    assert {row.formulation for row in rows} == {"column_selection", "enumeration"}


@pytest.mark.parametrize("change", [{"levels": 2}, {"time_limit_s": 3.0}, {"levels": None}])
def test_a_folder_of_other_limits_is_not_mixed_in(
    change: dict[str, Any], tmp_path: Path, performed: list[Task]
) -> None:
    tiny(tmp_path, levels=1)
    before = (tmp_path / "rows.jsonl").read_bytes()
    performed.clear()
    with pytest.raises(ResultError, match=r"was begun with .*another --out folder"):
        tiny(tmp_path, **({"levels": 1} | change))
    assert not performed
    assert (tmp_path / "rows.jsonl").read_bytes() == before


# Limits and failures


def test_a_time_limit_reaches_every_line_and_its_worker_gets_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[tuple[float, float]] = []

    def noted(jobs: Any, work: Any, **options: Any) -> Iterator[tuple[Any, Any]]:
        tasks = [job for job in jobs if isinstance(job, Task)]
        limits.extend((task.time_limit_s, options["limit_s"](task)) for task in tasks)
        yield from serially(jobs, work, **options)

    monkeypatch.setattr(run_module, "run_all", noted)
    run = tiny(tmp_path, levels=1, time_limit_s=7.5, engines=["highs"])
    assert set(limits) == {(7.5, 75.0)}
    assert {row.time_limit_s for row in run.rows} == {7.5}


@pytest.mark.parametrize(("overran", "status"), [(True, "time_limit"), (False, "failed")])
def test_a_worker_that_was_killed_or_died_leaves_an_open_row(
    overran: bool, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(jobs: Any, work: Any, **options: Any) -> Iterator[tuple[Any, Any]]:
        for job, brought in serially(jobs, work, **options):
            yield job, Failure("gone", overran) if isinstance(job, Task) else brought

    monkeypatch.setattr(run_module, "run_all", failing)
    run = tiny(tmp_path, levels=1)
    assert run.complete
    assert {(row.status, row.verdict, row.message) for row in run.rows} == {
        (status, "open", "gone")
    }


def test_an_instance_without_its_reference_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(jobs: Any, work: Any, **options: Any) -> Iterator[tuple[Any, Any]]:
        del work, options
        for job in jobs:
            yield job, Failure("killed", True)

    monkeypatch.setattr(run_module, "run_all", failing)
    run = tiny(tmp_path)
    assert not run.complete
    assert not run.rows
    assert len(run.left_out) == 1
    assert "reference was not found: killed" in run.left_out[0]


# Engines that are not there


@pytest.fixture
def no_scip(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def lacking(name: str) -> Any:
        if name == "scip":
            raise EngineError.one("is missing", where="scip", mend="Install it")
        return get_engine(name)

    monkeypatch.setattr(run_module, "get_engine", lacking)
    return monkeypatch


def test_a_missing_engine_marks_its_rows_and_others_run(
    tmp_path: Path, performed: list[Task], no_scip: pytest.MonkeyPatch
) -> None:
    del no_scip
    run = tiny(tmp_path, levels=1, engines=["scip", "highs"])
    assert run.complete
    missing = [row for row in run.rows if row.engine == "scip"]
    assert {(row.status, row.verdict, row.message) for row in missing} == {
        ("engine_missing", "none", "scip: is missing. Install it.")
    }
    assert len(missing) == 2
    assert {task.engine for task in performed} == {"highs"}
    assert all(task.with_lp for task in performed)
    assert run.header["engines_missing"] == {"scip": "scip: is missing. Install it."}


def test_rows_of_a_missing_engine_are_run_once_it_is_there(
    tmp_path: Path, performed: list[Task], no_scip: pytest.MonkeyPatch
) -> None:
    tiny(tmp_path, levels=1, engines=["scip", "highs"])
    lines = len((tmp_path / "rows.jsonl").read_text().splitlines())
    tiny(tmp_path, levels=1, engines=["scip", "highs"])
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == lines
    performed.clear()
    no_scip.setattr(run_module, "get_engine", get_engine)
    run = tiny(tmp_path, levels=1, engines=["scip", "highs"])
    assert [task.engine for task in performed] == ["scip", "scip"]
    assert {row.verdict for row in run.rows} == {"right"}
    assert run.header["engines_missing"] == {}
    assert read_rows(tmp_path / "rows.jsonl")[0]["engines_missing"] == {}


def test_rows_that_are_there_stay_when_their_engine_goes_missing(
    tmp_path: Path, performed: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tiny(tmp_path, levels=1, engines=["highs"])

    def none(name: str) -> Any:
        raise EngineError.one("is missing", where=name, mend="Install it")

    monkeypatch.setattr(run_module, "get_engine", none)
    assert tiny(tmp_path, levels=1, engines=["highs"]).rows == first.rows
    assert len(performed) == 2


# Formulations that are wrong


Broken = Callable[[Callable[[Any], Built], Any], Built]


def dearer(build: Callable[[Any], Built], problem: Any) -> Built:
    """Every cost is one too high."""
    return build(replace(problem, cost=problem.cost + 1))


def slower_only(build: Callable[[Any], Built], problem: Any) -> Built:
    """The fastest cells are lost."""
    fastest = problem.latency[problem.allowed].min()
    return build(replace(problem, allowed=problem.allowed & (problem.latency > fastest)))


def undecodable(build: Callable[[Any], Built], problem: Any) -> Built:
    """Its solutions stand for nothing."""

    def attained(x: np.ndarray[Any, Any]) -> dict[str, int]:
        raise ValueError(f"{len(x)} columns and no cell")

    return Built(build(problem).statement, attained)


def late(build: Callable[[Any], Built], problem: Any) -> Built:
    """Its answers break the limit on latency."""
    built = build(problem)

    def attained(x: np.ndarray[Any, Any]) -> dict[str, int]:
        return {name: value + 10**6 * (name == "latency") for name, value in
                built.attained(x).items()}  # fmt: skip

    return Built(built.statement, attained)


def crashing(build: Callable[[Any], Built], problem: Any) -> Built:
    """It refuses."""
    del build, problem
    raise RefusedError("no cells\nto state")


def with_broken(monkeypatch: pytest.MonkeyPatch, broken: Broken) -> None:
    """``factored_big_m`` is stated wrongly from now on."""
    whole = ReplicaKind.build

    def build(self: ReplicaKind, problem: Any, formulation: str, level: Any) -> Built:
        def right(other: Any) -> Built:
            return whole(self, other, formulation, level)

        return broken(right, problem) if formulation == "factored_big_m" else right(problem)

    monkeypatch.setattr(ReplicaKind, "build", build)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (dearer, "excludes the optimum"),
        (undecodable, "no answer: "),
        (late, "its answer has latency 10000"),
    ],
)
def test_a_formulation_that_is_wrong_is_called_wrong(
    broken: Broken,
    message: str,
    tmp_path: Path,
    performed: list[Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_broken(monkeypatch, broken)
    run = tiny(tmp_path, levels=1)
    wrong = [row for row in run.rows if row.verdict == "wrong"]
    assert [row.side for row in wrong] == ["factored_big_m / highs", "factored_big_m / cp-sat"]
    assert all(message in row.message for row in wrong)
    assert [row.verdict for row in run.rows if row.formulation != "factored_big_m"] == ["right"] * 3
    assert len(performed) == 5


def test_a_formulation_that_drops_a_point_misses_it(
    tmp_path: Path, performed: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_broken(monkeypatch, slower_only)
    run = tiny(tmp_path, levels=None, engines=["highs"])
    bad = [row for row in run.rows if row.verdict not in ("right", "none")]
    assert {(row.formulation, row.verdict) for row in bad} == {("factored_big_m", "missing")}
    assert len(bad) == 1
    assert "calls infeasible what has an answer" in bad[0].message
    assert len(performed) > 5


def test_a_refusal_is_a_row_with_its_reason_in_one_line(
    tmp_path: Path, performed: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_broken(monkeypatch, crashing)
    run = tiny(tmp_path, levels=1, engines=["highs"])
    told = [(row.status, row.verdict, row.message) for row in run.rows]
    assert told[1][:2] == ("not_applicable", "none")
    assert "no cells to state" in told[1][2]
    assert "\n" not in told[1][2]
    assert told[0][:2] == ("optimal", "right")
    assert len(performed) == 2


def test_rows_are_json_without_infinity(tmp_path: Path, performed: list[Task]) -> None:
    tiny(tmp_path, levels=None, engines=["highs"], formulations=["factored_big_m"])

    def refuse(name: str) -> float:
        raise AssertionError(name)

    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    for line in lines:
        json.loads(line, parse_constant=refuse)
    assert len(lines) == 2 + len(performed)
