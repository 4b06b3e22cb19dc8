"""An engine that fails at its n-th solve, in every way and for every n: no run is quietly short."""

from __future__ import annotations

import dataclasses

import pytest

from solver.engines.contract import Effort, SolveResult, Termination
from solver.sweep.moip.algorithms import ALGORITHMS, AlgorithmRun
from solver.sweep.moip.algorithms.questions import Tally
from tests.oracles.small_programs import Stated, knapsack, stated
from tests.solver.sweep.moip.test_faults import (
    ENDING,
    RETRIED,
    Asked,
    FakeEngine,
    deny,
    settle_for_the_worst,
)

SINGLE_ROAD = ["nested-epsilon", "rectangles", "recursion"]
QUESTIONS = {
    "two objectives": knapsack(2, n=6, seed=0),
    "three objectives": knapsack(3, n=5, seed=0),
}
FAILURES = RETRIED | ENDING

every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
every_single_road = pytest.mark.parametrize("name", SINGLE_ROAD)


def run_failing(name: str, question: Stated, way: str, at: int) -> tuple[AlgorithmRun, FakeEngine]:
    engine = FakeEngine(question, FAILURES[way], lambda n: n == at)
    return ALGORITHMS[name].run(question.program, engine), engine


def solves_of(name: str, question: Stated) -> int:
    return (
        ALGORITHMS[name].run(question.program, FakeEngine(question, deny, lambda _: False)).solves
    )


def assert_right_points(question: Stated, run: AlgorithmRun) -> None:
    assert {point.image for point in run.points} <= set(question.images)


@every_single_road
@every_question
@pytest.mark.parametrize("way", FAILURES)
def test_a_failure_at_any_solve_is_partial_and_ends_the_run(
    name: str, question: Stated, way: str
) -> None:
    for at in range(1, solves_of(name, question) + 1):
        run, engine = run_failing(name, question, way, at)
        assert not run.complete, at
        assert run.stopped
        assert run.solves == engine.solves == at
        assert_right_points(question, run)


@every_question
@pytest.mark.parametrize("way", FAILURES)
def test_boxes_ask_again_and_never_miss_a_point_of_a_complete_set(
    question: Stated, way: str
) -> None:
    for at in range(1, solves_of("boxes", question) + 1):
        run, engine = run_failing("boxes", question, way, at)
        assert run.solves == engine.solves
        assert_right_points(question, run)
        assert not run.complete or [point.image for point in run.points] == question.images
        assert run.complete != bool(run.stopped)


@every_single_road
@every_question
def test_a_denied_point_is_told_from_an_infeasible_program(name: str, question: Stated) -> None:
    # Once points are known, an engine that denies a box one of them lies in is caught.
    points_before = 0
    for at in range(1, solves_of(name, question) + 1):
        engine = FakeEngine(question, deny, lambda n, at=at: n >= at)
        run = ALGORITHMS[name].run(question.program, engine)
        points_before = max(points_before, len(run.points))
        assert_right_points(question, run)
    assert points_before > 1


@pytest.mark.parametrize("name", ["nested-epsilon", "recursion"])
def test_an_optimum_that_a_known_point_beats_is_caught(name: str) -> None:
    question = QUESTIONS["three objectives"]
    caught = 0
    for at in range(3, solves_of(name, question) + 1):
        engine = FakeEngine(question, settle_for_the_worst, lambda n, at=at: n == at)
        run = ALGORITHMS[name].run(question.program, engine)
        caught += "contradicts" in run.stopped or "refutes" in run.stopped
        if run.complete:
            # The worst of the box was its best.
            assert [point.image for point in run.points] == question.images
    assert caught


def test_a_point_that_a_later_one_dominates_is_dropped() -> None:
    question = stated([[1, 2], [1, 2]], [((1, 1), 1, 1)])
    # Solve 2, the first for a point, settles for (2, 2); the bound 1 on the second then meets 1, 1.
    engine = FakeEngine(question, settle_for_the_worst, lambda n: n == 2)
    run = ALGORITHMS["nested-epsilon"].run(question.program, engine)
    assert not run.complete
    assert run.points == ()
    assert "refutes the point (2, 2)" in run.stopped


def test_a_second_stage_that_denies_the_first_is_caught() -> None:
    question = QUESTIONS["two objectives"]
    # One for the least value, one for stage one.
    engine = FakeEngine(question, deny, lambda n: n == 3)
    run = ALGORITHMS["rectangles"].run(question.program, engine)
    assert not run.complete
    assert "denies a point that it had found" in run.stopped


def test_a_second_stage_below_the_first_is_caught() -> None:
    question = QUESTIONS["two objectives"]
    engine = FakeEngine(question, settle_for_the_worst, lambda n: n == 2)
    run = ALGORITHMS["rectangles"].run(question.program, engine)
    assert not run.complete
    assert "refutes the optimum" in run.stopped


def result(effort: Effort | None, refused: str = "") -> SolveResult:
    return SolveResult(
        Termination.INFEASIBLE, None, None, None, 0.0, "", "made up", effort, refused
    )


def test_effort_is_summed_over_the_solves_that_tell() -> None:
    tally = Tally()
    tally.add(result(Effort(nodes=3, iterations=10)))
    tally.add(result(None))
    tally.add(result(Effort(nodes=4, ticks=0.5)))
    assert (tally.nodes, tally.iterations, tally.ticks) == (7, 10, 0.5)


def test_effort_that_nobody_tells_is_not_known() -> None:
    tally = Tally()
    tally.add(result(None))
    assert (tally.nodes, tally.iterations, tally.ticks) == (None, None, None)


def test_claims_that_were_not_believed_are_counted() -> None:
    tally = Tally()
    tally.add(result(None, refused="highs said optimal"))
    tally.add(result(None))
    assert tally.refused == 1


@pytest.mark.parametrize("name", [*SINGLE_ROAD, "boxes"])
def test_a_run_carries_the_effort_of_its_engine(name: str) -> None:
    question = QUESTIONS["two objectives"]

    class Telling(FakeEngine):
        def minimise(self, *args, **options):  # type: ignore[no-untyped-def]
            answer = super().minimise(*args, **options)
            return dataclasses.replace(answer, effort=Effort(nodes=2, iterations=5, ticks=1.0))

    def never(_: int) -> bool:
        return False

    run = ALGORITHMS[name].run(question.program, Telling(question, right, never))
    assert (run.nodes, run.iterations) == (2 * run.solves, 5 * run.solves)
    assert run.ticks == run.solves


def right(asked: Asked) -> SolveResult:
    return asked.right()
