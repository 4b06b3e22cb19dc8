"""Jobs: what a worker brings home, and what it keeps for the next."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any, NoReturn

import numpy as np
import pytest

from solver.errors import EngineError
from solver.sweep.moip import jobs
from solver.sweep.moip.jobs import ListJob, SolveJob, directions_of, perform
from tests.oracles.small_programs import knapsack, stated

QUESTION = stated([[3, 1, 0], [0, 1, 3]], [((1, 1, 1), 1, 1)], name="three ways")
"""Images (3, 0), (1, 1), (0, 3); the ceiling is (5, 5)."""
TOP = (5, 5)


@pytest.fixture(autouse=True)
def fresh_workshops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_WORKSHOPS", type(jobs._WORKSHOPS)())


def test_an_engine_that_refuses_the_program_raises() -> None:
    question = stated([[2**61, 2**61], [1, 2]])
    with pytest.raises(EngineError, match=r"2\^62 or more"):
        perform(question.program, SolveJob(question.program.ceiling, (1, 1), "cp-sat", None))


def listing(**changes: Any) -> ListJob:
    program = QUESTION.program
    weights = tuple(tuple(d.weights.tolist()) for d in directions_of(program).chosen())
    job = ListJob(weights, (TOP,), width=100, beam=100, core=None, free=None, time_limit_s=None)
    return dataclasses.replace(job, **changes)


def test_a_listing_brings_all_points_and_claims_what_they_leave() -> None:
    report = perform(QUESTION.program, listing())
    assert [point.image for point in report.points] == [(0, 3), (1, 1), (3, 0)]
    assert {claim.upper for claim in report.claims} == {(0, 5), (1, 3), (3, 1), (5, 0)}
    assert {(c.engine, c.closed_by) for c in report.claims} == {("labels", "enumeration")}


def test_a_listing_cut_short_claims_nothing() -> None:
    report = perform(QUESTION.program, listing(width=1, beam=1))
    assert (report.claims, report.stopped) == ((), "labels had to be cut away")
    assert not report.out_of_time


def test_a_listing_near_a_bound_claims_a_half_space_only() -> None:
    question = knapsack(n=10)
    weights = tuple(directions_of(question.program).chosen()[2].weights.tolist())
    top = question.program.ceiling
    report = perform(question.program, ListJob((weights,), (top,), 10**5, 10**5, None, 2, None))
    assert report.claims
    images = question.feasible[1]
    for claim in report.claims:
        assert claim.weights == weights
        assert claim.bound is not None
        inside = images[(images < np.array(claim.upper)).all(axis=1)]
        assert (inside @ np.array(weights) >= claim.bound).all()


def test_a_listing_along_no_safe_direction_says_so() -> None:
    question = stated([[1, 2], [2, 1]], [((1, 1), 3, 9)])
    job = ListJob(((1, 1),), (question.program.ceiling,), 10, 10, None, None, None)
    report = perform(question.program, job)
    assert report.stopped == "the relaxation bounds none of the directions"


def test_a_listing_without_time_claims_nothing() -> None:
    report = perform(QUESTION.program, listing(time_limit_s=-1.0))
    assert (report.points, report.claims) == ((), ())
    assert (report.stopped, report.out_of_time) == ("the listing was stopped", True)


def test_jobs_and_reports_can_be_sent_to_another_process() -> None:
    job = SolveJob(TOP, (1, 1), "highs", 5.0)
    assert pickle.loads(pickle.dumps(job)) == job
    report = perform(QUESTION.program, job)
    sent = pickle.loads(pickle.dumps(report))
    assert [point.image for point in sent.points] == [point.image for point in report.points]
    assert (sent.claims, sent.solves, sent.stopped) == (report.claims, 1, None)


class Failing:
    """An engine that breaks while it loads, or is interrupted while it solves."""

    name = "failing"

    def __init__(self, breaks: Exception | None = None) -> None:
        self._breaks = breaks

    def load(self, _: object) -> None:
        if self._breaks is not None:
            raise self._breaks

    def minimise(self, *_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt


def test_ctrl_c_is_part_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "get_engine", lambda _: Failing())
    report = perform(QUESTION.program, SolveJob(TOP, (1, 1), "failing", None))
    assert (report.interrupted, report.stopped) == (True, "interrupted")
    # An engine caught in the middle may be in any state.
    assert not jobs._WORKSHOPS


def test_a_crash_while_loading_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Failing(RuntimeError("no room for the rows"))
    monkeypatch.setattr(jobs, "get_engine", lambda _: broken)
    with pytest.raises(EngineError, match="no room for the rows"):
        perform(QUESTION.program, SolveJob(TOP, (1, 1), "failing", None))


def test_what_was_built_for_a_program_is_used_again() -> None:
    assert directions_of(QUESTION.program) is directions_of(QUESTION.program)


def test_only_a_few_programs_are_kept() -> None:
    for seed in range(7):
        directions_of(knapsack(n=3, seed=seed).program)
    assert len(jobs._WORKSHOPS) == jobs._PROGRAMS_KEPT
