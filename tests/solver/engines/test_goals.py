"""Weighted sums of objectives as goals: every engine against trying every assignment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.milp import INFINITY
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import SolveResult, Termination
from solver.engines.guard import goal_costs, objective_value, weights_of
from solver.errors import EngineError
from tests.oracles.small_programs import Stated, knapsack, small_programs, stated

SELDOM = settings(max_examples=12, deadline=None)

every_engine = pytest.mark.parametrize("name", ENGINE_NAMES)


def minimised(
    name: str, question: Stated, goal: Mapping[str, int] | str, **upper: int
) -> SolveResult:
    engine = get_engine(name)
    engine.load(question.program.milp)
    return engine.minimise(goal, upper=upper)


def named(question: Stated, weights: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(question.program.objective_names, weights, strict=True))


@every_engine
@SELDOM
@given(question=small_programs(), data=st.data())
def test_a_weighted_sum_is_minimised_below_upper_bounds(
    name: str, question: Stated, data: st.DataObject
) -> None:
    p = question.program.n_objectives
    weights = data.draw(st.tuples(*[st.integers(0, 64) for _ in range(p)]))
    images = question.feasible[1]
    upper = {}
    if len(images) and data.draw(st.booleans()):
        near = data.draw(st.sampled_from(images.tolist()))
        upper = named(question, tuple(v + data.draw(st.integers(-1, 6)) for v in near))
        images = images[(images <= np.array(list(upper.values()))).all(axis=1)]
    result = minimised(name, question, named(question, weights), **upper)
    if not len(images):
        assert result.termination is Termination.INFEASIBLE
        return
    best = int((images @ np.array(weights)).min())
    assert (result.termination, result.objective, result.dual_bound) == (
        Termination.OPTIMAL,
        best,
        best,
    )
    assert result.x is not None
    assert int((question.costs @ result.x) @ np.array(weights)) == best


@every_engine
def test_goals_may_change_from_solve_to_solve(name: str) -> None:
    question = knapsack(3)
    engine = get_engine(name)
    engine.load(question.program.milp)
    for weights in ((1, 1, 1), (0, 0, 1), (9, 1, 0), (1, 1, 1)):
        result = engine.minimise(named(question, weights), upper={})
        best = int((question.feasible[1] @ np.array(weights)).min())
        assert (result.termination, result.objective) == (Termination.OPTIMAL, best)


@every_engine
def test_a_named_objective_is_the_weighted_sum_of_itself(name: str) -> None:
    question = knapsack()
    one = minimised(name, question, "f2", f1=-150)
    other = minimised(name, question, {"f2": 1}, f1=-150)
    assert one.termination is other.termination is Termination.OPTIMAL
    assert one.objective == other.objective


@every_engine
def test_a_goal_of_nothing_asks_for_any_point(name: str) -> None:
    result = minimised(name, knapsack(), {"f1": 0, "f2": 0}, f1=-1)
    assert (result.termination, result.objective) == (Termination.OPTIMAL, 0)


@every_engine
def test_an_unknown_objective_in_a_sum_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no objective 'f9'"):
        minimised(name, knapsack(), {"f1": 1, "f9": 1})


@every_engine
def test_a_sum_that_overflows_proves_nothing(name: str) -> None:
    question = stated([[2**40, -(2**40)], [-(2**40), 2**40]], [((1, 1), 1, INFINITY)])
    goal = {"f1": 2**30, "f2": 1}
    try:
        result = minimised(name, question, goal)
    except EngineError as error:
        assert "does not fit into 64 bits" in str(error)  # noqa: PT017
        return
    assert (result.termination, result.dual_bound) == (Termination.OTHER, None)


@pytest.mark.parametrize("name", ["highs", "scip"])
def test_weights_that_make_large_numbers_are_no_float_proofs(name: str) -> None:
    question = stated([[10**6, 1, 3], [2, 10**6, 1]], [((1, 1, 1), 2, 3)])
    small = minimised(name, question, {"f1": 1, "f2": 1})
    large = minimised(name, question, {"f1": 64, "f2": 63})
    assert (small.proved_by, large.proved_by) == (name, "cp-sat")
    best = int((question.feasible[1] @ np.array([64, 63])).min())
    assert (large.termination, large.objective) == (Termination.OPTIMAL, best)


def test_scip_is_not_asked_what_it_could_not_prove() -> None:
    # On equalities of 1e10 it loops, and does not listen to its time limit.
    weights = (2 * 10**10, 2 * 10**10 + 1, 2 * 10**10 + 1, 10**10, 10**10 + 1)
    question = stated(
        [[-6, 4, 5, 5, 8], [9, -5, 3, -1, -4]], [(weights, 3 * 10**10 + 1, 3 * 10**10 + 1)]
    )
    result = minimised("scip", question, "f2", f1=2)
    best = min(z[1] for z in question.feasible[1].tolist() if z[0] <= 2)
    assert (result.objective, result.proved_by) == (best, "cp-sat")
    assert result.message.startswith("scip was not asked: numbers above 1e+08")


def test_costs_of_a_goal_are_summed_in_integers() -> None:
    big = 2**61
    milp = stated([[big, 3], [1 - big, 5]]).program.milp
    assert goal_costs(milp, {"f1": 1, "f2": 1}).tolist() == [1, 8]
    with pytest.raises(EngineError, match="does not fit into 64 bits"):
        goal_costs(milp, {"f1": 2})


def test_the_value_of_a_goal_is_exact_beyond_64_bits() -> None:
    milp = stated([[2**61, 1], [0, 1]], upper=[1, 1]).program.milp
    value = objective_value(milp, {"f1": 8, "f2": -1}, np.array([1, 1]))
    assert value == 2**64 + 7


def test_a_name_is_a_goal_of_weight_one() -> None:
    assert weights_of("f1") == {"f1": 1}
    assert weights_of({"f1": 2, "f2": 0}) == {"f1": 2, "f2": 0}
