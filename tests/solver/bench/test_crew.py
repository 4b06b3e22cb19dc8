"""Workers that return, refuse, crash, die or never end; each process is spawned."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from solver.bench.crew import Failure, run_all
from solver.errors import InstanceError
from tests.solver.bench.crew_jobs import Job, work

JOBS: list[Job] = [
    ("double", 4), ("refuse", 0), ("crash", 0), ("die", 0), ("sleep", 600), ("double", 5),
    ("process", 0), ("double", 6),
]  # fmt: skip


def limit_s(job: Job) -> float:
    return 1.0 if job[0] == "sleep" else 60.0


@pytest.fixture(scope="module")
def brought() -> dict[Job, Any]:
    """All jobs by two workers, in an environment that asks for three threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "3")
        patch.delenv("MKL_NUM_THREADS", raising=False)
        began_s = time.monotonic()
        found = dict(run_all(JOBS, work, workers=2, limit_s=limit_s))
        assert time.monotonic() - began_s < 60
        assert os.environ["OMP_NUM_THREADS"] == "3"
        assert "MKL_NUM_THREADS" not in os.environ
    return found


def test_every_job_brings_something_home(brought: dict[Job, Any]) -> None:
    assert set(brought) == set(JOBS)


def test_what_the_work_returns_is_handed_over(brought: dict[Job, Any]) -> None:
    assert [brought["double", number] for number in (4, 5, 6)] == [8, 10, 12]


def test_a_refusal_is_handed_over_as_it_is(brought: dict[Job, Any]) -> None:
    error = brought["refuse", 0]
    assert isinstance(error, InstanceError)
    assert str(error) == "here: is refused. Ask for another."
    assert len(error.faults) == 1


def test_a_crash_is_a_failure_that_names_it(brought: dict[Job, Any]) -> None:
    assert brought["crash", 0] == Failure("it crashed: TypeError: a bug", overran=False)


def test_a_worker_that_dies_is_a_failure(brought: dict[Job, Any]) -> None:
    failure = brought["die", 0]
    assert isinstance(failure, Failure)
    assert not failure.overran
    assert "died (7)" in failure.reason


def test_a_worker_that_sleeps_past_its_limit_is_killed(brought: dict[Job, Any]) -> None:
    failure = brought["sleep", 600]
    assert isinstance(failure, Failure)
    assert failure.overran
    assert failure.reason.startswith("killed after 1 s")


def test_a_worker_is_another_process_of_one_thread_that_ignores_ctrl_c(
    brought: dict[Job, Any],
) -> None:
    process, threads, ignored = brought["process", 0]
    assert process != os.getpid()
    assert threads == "1"
    assert ignored


def test_no_job_is_no_work() -> None:
    assert list(run_all([], work, workers=2, limit_s=limit_s)) == []


def test_a_wish_to_stop_ends_before_the_first_job() -> None:
    found = run_all(JOBS, work, workers=1, limit_s=limit_s, should_stop=lambda: True)
    assert list(found) == []


def test_a_wish_to_stop_kills_what_runs_and_keeps_what_came() -> None:
    kept: list[Any] = []
    began_s = time.monotonic()
    jobs: list[Job] = [("double", 1), ("sleep", 600), ("double", 2)]
    for _, value in run_all(
        jobs, work, workers=1, limit_s=lambda _: 600.0, should_stop=lambda: bool(kept)
    ):
        kept.append(value)
    assert kept == [2]
    assert time.monotonic() - began_s < 60


def test_the_environment_comes_back_where_the_caller_leaves_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")
    found = run_all([("double", 1), ("sleep", 600)], work, workers=1, limit_s=limit_s)
    assert next(iter(found)) == (("double", 1), 2)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    found.close()  # type: ignore[attr-defined]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "5"
