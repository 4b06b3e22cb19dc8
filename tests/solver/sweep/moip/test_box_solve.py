"""One box, one engine: what is asked, and that no answer is believed that fails in integers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from formulations.program import ProgramKind, Statement
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Engine, Goal, SolveResult, Termination
from solver.sweep.moip.box_solve import solve_box
from solver.sweep.moip.claims import JobReport
from tests.oracles.small_programs import Stated, stated

QUESTION = stated([[3, 1, 0], [0, 1, 3]], [((1, 1, 1), 1, 1)], name="three ways")
"""Images (3, 0), (1, 1), (0, 3); the ceiling is (5, 5)."""
TOP = (5, 5)

every_engine = pytest.mark.parametrize("engine", ENGINE_NAMES)


def ask(
    engine: Engine,
    corner: tuple[int, ...] = TOP,
    weights: tuple[int, ...] = (1, 1),
    question: Stated = QUESTION,
) -> JobReport:
    engine.load(question.program.milp)
    return solve_box(question.program, engine, corner=corner, weights=weights, time_limit_s=None)


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
    assert told(ask(get_engine(engine))) == ([(1, 1)], [(TOP, (1, 1), 2)], 1, None)


@every_engine
def test_a_weighted_solve_keeps_to_its_box(engine: str) -> None:
    images, claims, _, stopped = told(ask(get_engine(engine), (5, 1), (2, 1)))
    assert (images, claims, stopped) == ([(3, 0)], [((5, 1), (2, 1), 6)], None)


@every_engine
def test_an_empty_box_is_claimed(engine: str) -> None:
    report = ask(get_engine(engine), (1, 3), (1, 1))
    assert told(report) == ([], [((1, 3), None, None)], 1, None)
    assert report.claims[0].closed_by == "infeasible"


@every_engine
def test_an_epsilon_step_has_a_second_stage_and_reaches_beyond_its_box(engine: str) -> None:
    images, claims, solves, stopped = told(ask(get_engine(engine), (4, 3), (1, 0)))
    assert (images[-1], solves, stopped) == ((1, 1), 2, None)
    # The first objective was left free: the bound holds up to the ceiling.
    assert claims == [((5, 3), (1, 0), 1), ((2, 2), (1, 1), 2)]


@every_engine
def test_an_optimum_outside_the_box_closes_it_in_one_solve(engine: str) -> None:
    images, claims, solves, _ = told(ask(get_engine(engine), (3, 1), (1, 0)))
    assert (images, claims, solves) == ([(3, 0)], [((5, 1), (1, 0), 3)], 1)


def test_the_second_stage_leaves_a_weakly_dominated_optimum_behind() -> None:
    # Both (0, 4) and (0, 1) are best in the first objective.
    question = stated([[0, 0], [4, 1]], [((1, 1), 1, 1)])
    report = ask(get_engine("highs"), question.program.ceiling, (1, 0), question)
    assert report.points[-1].image == (0, 1)
    assert report.claims[-1].closes((1, 1))


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


def raising(error: Exception) -> Answer:
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
def test_an_answer_that_does_not_hold_proves_nothing(changes: dict[str, Any], why: str) -> None:
    report = ask(Pretender(forged(**changes)))
    assert (report.points, report.claims) == ((), ())
    assert report.stopped is not None
    assert why in report.stopped


def test_a_crash_is_part_of_the_report() -> None:
    report = ask(Pretender(raising(RuntimeError("segmentation fault"))))
    assert (report.points, report.claims, report.solves) == ((), (), 1)
    assert report.stopped == "pretender failed: RuntimeError('segmentation fault')"


def test_a_time_limit_keeps_point_and_bound_and_says_that_time_is_the_reason() -> None:
    report = ask(Pretender(forged(termination=Termination.TIME_LIMIT, dual_bound=0)))
    assert told(report)[:3] == ([(1, 1)], [(TOP, (1, 1), 0)], 1)
    assert report.out_of_time
    assert report.stopped is not None


def test_nothing_is_concluded_from_an_unknown_status() -> None:
    report = ask(Pretender(forged(termination=Termination.OTHER)))
    assert told(report)[:2] == ([(1, 1)], [])
    assert (report.out_of_time, report.stopped is None) == (False, False)


def test_an_engine_that_denies_its_own_point_takes_its_first_claim_back() -> None:
    deny = forged(termination=Termination.INFEASIBLE, x=None, objective=None, dual_bound=None)
    report = ask(Pretender(forged(), deny), weights=(1, 0))
    assert (report.claims, report.solves) == ((), 2)
    assert report.points[0].image == (0, 3)
    assert report.stopped == "cp-sat denies a point that it had found"


def test_a_second_stage_that_fails_leaves_the_first_claim() -> None:
    report = ask(Pretender(forged(), raising(RuntimeError("out"))), weights=(1, 0))
    assert told(report)[1:3] == ([(TOP, (1, 0), 0)], 2)
    assert report.stopped is not None
