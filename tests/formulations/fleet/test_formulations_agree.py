"""Every exact formulation against brute force: the same optimum, and plans that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.fleet.plan import FleetPlan, measures_of, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import FORMULATIONS, get_formulation
from formulations.fleet.routing import Cut
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.engines.routing.serving import serve
from tests.oracles.plain_fleet import best_value, fleet, fleets, small_racks

_unhurried = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_NEW = ("rack_assignment", "counts_log", "counts_unary")
_NEW_IN_RACKS = ("rack_arc_flow", "column_enumeration")


def solved(
    formulation: str, problem: FleetProblem, measure: str = "cost", engine_name: str = "cp-sat"
) -> FleetPlan | None:
    """An optimal plan, cuts added until its counts serve every class; ``None`` if infeasible."""
    engine = get_engine(engine_name)
    cuts: list[list[Cut]] = [[] for _ in problem.routings]
    for _ in range(200):
        program = get_formulation(formulation).build(problem, cuts)
        engine.load(program.statement)
        result = engine.minimise(measure, upper={}, time_limit_s=60)
        if result.termination is Termination.INFEASIBLE:
            return None
        assert result.termination is Termination.OPTIMAL, result.message
        assert result.x is not None
        counts, racks = program.decode(result.x)
        assert measures_of(problem, counts)[measure] == result.objective
        answers = [serve(routing, counts) for routing in problem.routings]
        if not any(isinstance(answer, Cut) for answer in answers):
            return FleetPlan(counts, tuple(a for a in answers if not isinstance(a, Cut)), racks)
        for known, answer in zip(cuts, answers, strict=True):
            if isinstance(answer, Cut):
                known.append(answer)
    raise AssertionError("cuts do not end")


def _agrees(formulation: str, problem: FleetProblem, engine: str = "cp-sat") -> None:
    for measure in problem.measures:
        plan = solved(formulation, problem, measure, engine)
        best = best_value(problem, measure)
        if plan is None:
            assert best is None
        else:
            assert violations(problem, plan) == []
            assert measures_of(problem, plan.counts)[measure] == best


@pytest.mark.parametrize("formulation", _NEW)
@_unhurried
@given(problem=fleets())
def test_statements_by_counts_equal_brute_force(formulation: str, problem: FleetProblem) -> None:
    _agrees(formulation, problem)


@pytest.mark.parametrize("formulation", _NEW)
@_unhurried
@given(problem=fleets(with_racks=True, survive_loss=True, with_routing=False))
def test_statements_by_counts_survive_the_loss_of_a_rack_as_brute_force_does(
    formulation: str, problem: FleetProblem
) -> None:
    _agrees(formulation, problem)


@pytest.mark.parametrize("formulation", _NEW_IN_RACKS)
@_unhurried
@given(problem=fleets(with_racks=True, survive_loss=False))
def test_statements_by_patterns_equal_brute_force(formulation: str, problem: FleetProblem) -> None:
    _agrees(formulation, problem)


@pytest.mark.parametrize("formulation", [*_NEW, *_NEW_IN_RACKS])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets(with_racks=True, survive_loss=False, with_routing=False))
def test_a_float_engine_finds_the_same(formulation: str, problem: FleetProblem) -> None:
    _agrees(formulation, problem, "highs")


def _mixed_racks() -> FleetProblem:
    """Four kinds of replica in two kinds of racks, two dimensions; too many plans to list."""
    return fleet(
        [70, 45, 38, 20],
        upper=[40] * 4,
        power=[9, 7, 4, 3],
        cover=[([90, 50, 40, 18], 900), ([0, 30, 0, 18], 160)],
        racks=small_racks(
            [0, 1, 2, 3],
            [[4, 9], [3, 4], [2, 5], [1, 2]],
            [(5, [8, 17]), (4, [5, 12])],
            admits=[[True, True, True, True], [False, True, True, True]],
        ),
    )


def test_all_exact_formulations_agree_on_racks_too_many_to_enumerate() -> None:
    problem = _mixed_racks()
    values = set()
    for formulation in FORMULATIONS:
        if formulation.exact:
            plan = solved(formulation.name, problem)
            assert plan is not None
            assert violations(problem, plan) == []
            values.add(measures_of(problem, plan.counts)["cost"])
    assert len(values) == 1


def test_items_without_size_stand_in_a_rack_all_the_same() -> None:
    racks = small_racks([0, 1], [[0], [2]], [(1, [3]), (1, [3])], admits=[[0, 1], [1, 0]])
    problem = fleet([1, 1], upper=[7, 7], cover=[([1, 0], 5), ([0, 1], 1)], racks=racks)
    for name in _NEW_IN_RACKS:
        plan = solved(name, problem)
        assert plan is not None
        assert violations(problem, plan) == []
        assert plan.counts.tolist() == [5, 1]


def test_just_one_formulation_is_the_textbook_one() -> None:
    assert [f.name for f in FORMULATIONS if f.textbook] == ["rack_assignment"]


def test_every_formulation_says_how_strong_it_is() -> None:
    assert all(formulation.strength for formulation in FORMULATIONS)


def test_more_binaries_than_can_be_written_are_refused() -> None:
    problem = fleet([1], upper=[60_000], cover=[([1], 50_001)])
    with pytest.raises(ValueError, match="60000 binaries are more than 50000"):
        get_formulation("counts_unary").build(problem)


def test_bits_reach_just_the_most_of_a_count() -> None:
    problem = fleet([1], upper=[60_000], cover=[([1], 50_001)])
    plan = solved("counts_log", problem)
    assert plan is not None
    assert plan.counts.tolist() == [50_001]


def test_a_limit_that_is_none_is_no_row_of_the_textbook_program() -> None:
    problem = fleet([1], upper=[3], use=[([1], 2**62)])
    assert get_formulation("rack_assignment").build(problem).statement.n_columns == 1
    assert np.array_equal(solved("rack_assignment", problem).counts, [0])  # type: ignore[union-attr]
