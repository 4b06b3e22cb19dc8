"""Jobs: what a worker brings home, and that it believes no answer that fails in integers."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from formulations.program import ProgramKind, Statement
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Goal, SolveResult, Termination
from solver.errors import EngineError
from solver.sweep.moip import jobs
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.jobs import ListJob, SolveJob, directions_of, perform
from tests.oracles.small_programs import knapsack, stated

QUESTION = stated([[3, 1, 0], [0, 1, 3]], [((1, 1, 1), 1, 1)], name="three ways")
"""Images (3, 0), (1, 1), (0, 3); the ceiling is (5, 5)."""
TOP = (5, 5)

every_engine = pytest.mark.parametrize("engine", ENGINE_NAMES)


def solve(
    corner: tuple[int, ...] = TOP,
    weights: tuple[int, ...] = (1, 1),
    engine: str = "cp-sat",
    time_limit_s: float | None = None,
) -> JobReport:
    return perform(QUESTION.program, SolveJob(corner, weights, engine, time_limit_s))


def told(report: JobReport) -> tuple[list[Any], list[Any], int, str | None]:
    """Images, claims without their engine, solves, why it stopped."""
    return (
        [point.image for point in report.points],
        [(c.upper, c.weights, c.bound) for c in report.claims],
        report.solves,
        report.stopped,
    )


@every_engine
def test_a_weighted_solve_brings_its_optimum_and_its_bound(engine: str) -> None:
    assert told(solve(engine=engine)) == ([(1, 1)], [(TOP, (1, 1), 2)], 1, None)


@every_engine
def test_a_weighted_solve_keeps_to_its_box(engine: str) -> None:
    images, claims, _, stopped = told(solve((5, 1), (2, 1), engine))
    assert (images, claims, stopped) == ([(3, 0)], [((5, 1), (2, 1), 6)], None)


@every_engine
def test_an_empty_box_is_claimed(engine: str) -> None:
    report = solve((1, 3), (1, 1), engine)
    assert told(report) == ([], [((1, 3), None, None)], 1, None)
    assert report.claims[0].closed_by == "infeasible"


@every_engine
def test_an_epsilon_step_has_a_second_stage_and_reaches_beyond_its_box(engine: str) -> None:
    images, claims, solves, stopped = told(solve((4, 3), (1, 0), engine))
    assert (images[-1], solves, stopped) == ((1, 1), 2, None)
    # The first objective was left free: the bound holds up to the ceiling.
    assert claims == [((5, 3), (1, 0), 1), ((2, 2), (1, 1), 2)]


@every_engine
def test_an_optimum_outside_the_box_closes_it_in_one_solve(engine: str) -> None:
    images, claims, solves, _ = told(solve((3, 1), (1, 0), engine))
    assert (images, claims, solves) == ([(3, 0)], [((5, 1), (1, 0), 3)], 1)


def test_the_second_stage_leaves_a_weakly_dominated_optimum_behind() -> None:
    # Both (0, 4) and (0, 1) are best in the first objective.
    question = stated([[0, 0], [4, 1]], [((1, 1), 1, 1)])
    report = perform(question.program, SolveJob(question.program.ceiling, (1, 0), "highs", None))
    assert report.points[-1].image == (0, 1)
    assert report.claims[-1].closes((1, 1))


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
    assert report.stopped is not None


def test_jobs_and_reports_can_be_sent_to_another_process() -> None:
    job = SolveJob(TOP, (1, 1), "highs", 5.0)
    assert pickle.loads(pickle.dumps(job)) == job
    report = perform(QUESTION.program, job)
    assert told(pickle.loads(pickle.dumps(report))) == told(report)


Answer = Callable[[SolveResult], SolveResult]


class Pretender:
    """CP-SAT, whose answers are changed before they are told; never called but by a test."""

    name: ClassVar[str] = "pretender"
    version: ClassVar[str] = "0"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp"})

    def __init__(self, *answers: Answer) -> None:
        self._engine = get_engine("cp-sat")
        self._answers = list(answers)

    def load(self, statement: Statement) -> None:
        self._engine.load(statement)

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        result = self._engine.minimise(objective, upper=upper, time_limit_s=time_limit_s)
        return self._answers.pop(0)(result)


def forged(**changes: Any) -> Answer:
    """An answer with fields that the constructor might refuse."""

    def forge(result: SolveResult) -> SolveResult:
        forgery: SolveResult = object.__new__(SolveResult)
        for field in dataclasses.fields(SolveResult):
            value = changes.get(field.name, getattr(result, field.name))
            object.__setattr__(forgery, field.name, value)
        return forgery

    return forge


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., JobReport]:
    """Answers to a job of an engine that changes what it says."""

    def ask(
        *answers: Answer, corner: tuple[int, ...] = TOP, weights: tuple[int, ...] = (1, 1)
    ) -> JobReport:
        monkeypatch.setattr(jobs, "get_engine", lambda _: Pretender(*answers))
        jobs._WORKSHOPS.clear()
        return perform(QUESTION.program, SolveJob(corner, weights, "pretender", None))

    yield ask
    jobs._WORKSHOPS.clear()


def raising(error: BaseException) -> Answer:
    def crash(_: SolveResult) -> SolveResult:
        raise error

    return crash


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"x": np.array([1, 1, 0])}, "its point fails in integers: row 0 is 2"),
        ({"x": np.array([0, 1])}, "its point fails in integers"),
        ({"x": np.array([1, 0, 0])}, "its point has the value 3, not 2"),
        ({"objective": 1, "dual_bound": 1}, "its point has the value 2, not 1"),
        ({"dual_bound": 3}, "its bound 3 lies above its point 2"),
        ({"dual_bound": 1}, "its bound 1 does not meet its point 2"),
        ({"dual_bound": None}, "its bound None does not meet its point 2"),
        ({"x": None}, "speaks of an optimum and shows no point"),
        ({"termination": Termination.INFEASIBLE}, "shows a point of what it calls infeasible"),
    ],
)
def test_an_answer_that_does_not_hold_proves_nothing(
    pretend: Callable[..., JobReport], changes: dict[str, Any], why: str
) -> None:
    report = pretend(forged(**changes))
    assert (report.points, report.claims) == ((), ())
    assert report.stopped is not None
    assert why in report.stopped


def test_a_crash_is_part_of_the_report(pretend: Callable[..., JobReport]) -> None:
    report = pretend(raising(RuntimeError("segmentation fault")))
    assert (report.points, report.claims, report.solves) == ((), (), 1)
    assert report.stopped == "pretender failed: RuntimeError('segmentation fault')"


def test_ctrl_c_is_part_of_the_report(pretend: Callable[..., JobReport]) -> None:
    report = pretend(raising(KeyboardInterrupt()))
    assert (report.interrupted, report.stopped) == (True, "interrupted")


def test_a_time_limit_keeps_point_and_bound_and_says_that_time_is_the_reason(
    pretend: Callable[..., JobReport],
) -> None:
    report = pretend(forged(termination=Termination.TIME_LIMIT, dual_bound=0))
    assert told(report)[:3] == ([(1, 1)], [(TOP, (1, 1), 0)], 1)
    assert report.out_of_time
    assert report.stopped is not None


def test_nothing_is_concluded_from_an_unknown_status(pretend: Callable[..., JobReport]) -> None:
    report = pretend(forged(termination=Termination.OTHER))
    assert told(report)[:2] == ([(1, 1)], [])
    assert (report.out_of_time, report.stopped is None) == (False, False)


def test_an_engine_that_denies_its_own_point_takes_its_first_claim_back(
    pretend: Callable[..., JobReport],
) -> None:
    deny = forged(termination=Termination.INFEASIBLE, x=None, objective=None, dual_bound=None)
    report = pretend(forged(), deny, weights=(1, 0))
    assert (report.claims, report.solves) == ((), 2)
    assert report.points[0].image == (0, 3)
    assert report.stopped == "cp-sat denies a point that it had found"


def test_a_second_stage_that_fails_leaves_the_first_claim(
    pretend: Callable[..., JobReport],
) -> None:
    report = pretend(forged(), raising(RuntimeError("out")), weights=(1, 0))
    assert told(report)[1:3] == ([(TOP, (1, 0), 0)], 2)
    assert report.stopped is not None


def test_a_crash_while_loading_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Pretender):
        def load(self, statement: Statement) -> None:
            raise RuntimeError(f"no room for {statement.name}")

    monkeypatch.setattr(jobs, "get_engine", lambda _: Broken())
    monkeypatch.setattr(jobs, "_WORKSHOPS", type(jobs._WORKSHOPS)())
    with pytest.raises(EngineError, match="no room for three ways"):
        perform(QUESTION.program, SolveJob(TOP, (1, 1), "broken", None))


def test_what_was_built_for_a_program_is_used_again() -> None:
    assert directions_of(QUESTION.program) is directions_of(QUESTION.program)


def test_only_a_few_programs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_WORKSHOPS", type(jobs._WORKSHOPS)())
    for seed in range(7):
        directions_of(knapsack(n=3, seed=seed).program)
    assert len(jobs._WORKSHOPS) == jobs._PROGRAMS_KEPT
