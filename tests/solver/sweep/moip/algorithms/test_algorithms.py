"""Every algorithm against trying every assignment, with a perfect engine and with real ones."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings

from formulations.milp import INFINITY
from solver.engines import get_engine
from solver.errors import EngineError, InstanceError
from solver.sweep.moip.algorithms import ALGORITHMS, AlgorithmRun
from tests.oracles.small_programs import Stated, images_of, knapsack, small_programs, stated
from tests.solver.sweep.moip.test_faults import FakeEngine, deny

ASKING = [name for name, algorithm in ALGORITHMS.items() if algorithm.uses_engine]
every_asking = pytest.mark.parametrize("name", ASKING)


def perfect(question: Stated) -> FakeEngine:
    """An engine that tries every assignment and never fails."""
    return FakeEngine(question, deny, lambda _: False)


def images(run: AlgorithmRun) -> list[tuple[int, ...]]:
    return [point.image for point in run.points]


def assert_solved(question: Stated, run: AlgorithmRun) -> None:
    assert (run.complete, run.stopped) == (True, "")
    assert images(run) == question.images
    everything = {tuple(x): tuple(z) for x, z in zip(*map(list, question.feasible), strict=True)}
    for point in run.points:
        assert everything[tuple(point.x.tolist())] == point.image


@every_asking
@settings(max_examples=40, deadline=None)
@given(question=small_programs(most_columns=4, largest=6))
def test_the_set_is_that_of_brute_force(name: str, question: Stated) -> None:
    assert_solved(question, ALGORITHMS[name].run(question.program, perfect(question)))


@every_asking
@pytest.mark.parametrize("engine", ["cp-sat", "highs", "scip"])
@settings(max_examples=5, deadline=None)
@given(question=small_programs(most_columns=4, largest=5))
def test_with_a_real_engine_the_set_is_that_of_brute_force(
    name: str, engine: str, question: Stated
) -> None:
    assert_solved(question, ALGORITHMS[name].run(question.program, get_engine(engine)))


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("p", [2, 3, 4])
def test_a_knapsack_is_complete(name: str, p: int) -> None:
    question = knapsack(p, n=7)
    algorithm = ALGORITHMS[name]
    if algorithm.applies(question.program) is not None:
        assert name == "packing"
        return
    assert_solved(question, algorithm.run(question.program, perfect(question)))


@pytest.mark.parametrize("name", ["packing", "labels"])
def test_a_set_packing_is_listed(name: str) -> None:
    question = stated(
        [[-4, -3, -6, -2], [-1, -5, -2, -6]],
        [((1, 1, 0, 1), -INFINITY, 1), ((0, 1, 1, 0), -INFINITY, 1)],
    )
    algorithm = ALGORITHMS[name]
    assert algorithm.applies(question.program) is None
    run = algorithm.run(question.program, perfect(question))
    assert_solved(question, run)
    assert run.solves == 0


def test_what_does_not_suit_is_said_beforehand() -> None:
    wide = stated([[1, 0], [0, 1]], [((1, 1), 300, 500)], upper=[250, 250]).program
    assert "251 values" in str(ALGORITHMS["labels"].applies(wide))
    assert "set packing" in str(ALGORITHMS["packing"].applies(wide))
    assert [name for name in ASKING if ALGORITHMS[name].applies(wide) is not None] == []


@every_asking
def test_an_infeasible_program_is_complete_without_points(name: str) -> None:
    question = stated([[1, 2], [2, 1]], [((2, 2), 3, 3)])
    run = ALGORITHMS[name].run(question.program, perfect(question))
    assert_solved(question, run)
    assert run.points == ()


@pytest.mark.parametrize("name", ["nested-epsilon", "recursion"])
def test_two_objectives_take_one_solve_a_point_and_one_for_the_least_value(name: str) -> None:
    question = knapsack(2, n=9)
    run = ALGORITHMS[name].run(question.program, perfect(question))
    assert run.solves == len(question.images) + 1


def test_rectangles_of_two_objectives_take_two_solves_a_point_and_one() -> None:
    question = knapsack(2, n=9)
    run = ALGORITHMS["rectangles"].run(question.program, perfect(question))
    assert run.solves == 2 * len(question.images) + 1


@pytest.mark.parametrize("p", [3, 4])
def test_reuse_saves_solves(p: int) -> None:
    question = knapsack(p, n=8)
    nested = ALGORITHMS["nested-epsilon"].run(question.program, perfect(question))
    recursion = ALGORITHMS["recursion"].run(question.program, perfect(question))
    assert recursion.solves < nested.solves


@settings(max_examples=25, deadline=None)
@given(question=small_programs(p=(3, 4), most_columns=4, largest=6))
def test_recursion_never_asks_more_than_the_loops(question: Stated) -> None:
    nested = ALGORITHMS["nested-epsilon"].run(question.program, perfect(question))
    recursion = ALGORITHMS["recursion"].run(question.program, perfect(question))
    assert recursion.solves <= nested.solves


@settings(max_examples=25, deadline=None)
@given(question=small_programs(most_columns=4, largest=6))
def test_rectangles_keep_to_the_bound_of_their_paper(question: Stated) -> None:
    p = question.program.n_objectives
    run = ALGORITHMS["rectangles"].run(question.program, perfect(question))
    # Each question takes at most two solves; the p - 1 least values come first.
    assert run.solves <= 2 * (len(question.images) + 1) ** (p - 1) + p - 1


def test_large_numbers_are_solved_in_two_stages_with_the_same_points() -> None:
    small = knapsack(2, n=7)
    factor = 10**6
    large = stated((small.costs * factor).tolist(), small.rows)
    run = ALGORITHMS["nested-epsilon"].run(large.program, perfect(large))
    assert images(run) == [tuple(factor * v for v in image) for image in small.images]
    assert run.solves == 2 * len(small.images) + 1


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("limit_s", [0.0, -1.0])
def test_a_limit_that_leaves_no_time_is_refused(name: str, limit_s: float) -> None:
    question = knapsack(2, n=4)
    with pytest.raises((ValueError, InstanceError), match=r"time limit"):
        ALGORITHMS[name].run(question.program, perfect(question), time_limit_s=limit_s)


@every_asking
def test_out_of_time_is_partial(name: str) -> None:
    question = knapsack(3, n=6)
    run = ALGORITHMS[name].run(question.program, perfect(question), time_limit_s=1e-9)
    assert (run.complete, run.points, run.solves) == (False, (), 0)
    assert "time limit" in run.stopped


@every_asking
@pytest.mark.parametrize("solves", [0, 1, 3, 6])
def test_stopped_on_request_it_keeps_right_points(name: str, solves: int) -> None:
    question, asked = knapsack(3, n=7), itertools.count()
    run = ALGORITHMS[name].run(
        question.program, perfect(question), should_stop=lambda: next(asked) >= solves
    )
    assert (run.complete, run.stopped) == (False, "stopped on request")
    assert set(images(run)) <= set(question.images)


@every_asking
def test_an_engine_that_refuses_the_program_says_so(name: str) -> None:
    question = stated([[2**61, 2**61], [1, 2]], [((1, 1), 1, 1)])
    with pytest.raises(EngineError, match=r"2\^62"):
        ALGORITHMS[name].run(question.program, get_engine("cp-sat"))


@every_asking
def test_time_is_measured(name: str) -> None:
    question = knapsack(2, n=6)
    run = ALGORITHMS[name].run(question.program, get_engine("highs"))
    assert run.wall_s > 0
    assert run.cpu_s > 0


def test_there_is_one_textbook_algorithm() -> None:
    assert [a.name for a in ALGORITHMS.values() if a.textbook] == ["nested-epsilon"]


def test_the_boxes_are_those_of_the_search() -> None:
    from solver.sweep.moip.search import search

    question = knapsack(3, n=7)
    run = ALGORITHMS["boxes"].run(question.program, get_engine("highs"))
    assert images(run) == images_of(search(question.program, engines=["highs"]))
