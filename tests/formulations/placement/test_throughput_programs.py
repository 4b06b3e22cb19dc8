"""Both exact throughput formulations against brute force; plans are routed and checked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from formulations.placement.arc_flow import build_arc_flow
from formulations.placement.plan import rate_of, violations
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.registry import FORMULATIONS, get_formulation
from solver.engines import get_engine
from tests.oracles.plain_placement import best_rate, clusters

_NAMES = [formulation.name for formulation in FORMULATIONS]
_MILPS = [formulation.name for formulation in FORMULATIONS if formulation.kind == "milp"]


def solved_rate(problem: PlacementProblem, formulation: str, engine_name: str) -> int:
    """The optimum, after the plan behind it proved to be one."""
    stated = get_formulation(formulation).build(problem)
    engine = get_engine(engine_name)
    engine.load(stated.statement)
    answer = engine.minimise(THROUGHPUT, upper={})
    assert answer.x is not None
    assert answer.objective == answer.dual_bound
    plan = stated.decode(answer.x)
    over = problem if formulation == "arc_flow" else problem.apart()
    assert violations(over, plan) == []
    assert rate_of(plan) == -answer.objective
    return rate_of(plan)


@pytest.mark.parametrize("formulation", _NAMES)
@settings(max_examples=8, deadline=None)
@given(problem=clusters())
def test_formulation_on_cp_sat_equals_brute_force(
    formulation: str, problem: PlacementProblem
) -> None:
    assert solved_rate(problem, formulation, "cp-sat") == best_rate(problem)


@pytest.mark.parametrize("formulation", _MILPS)
@settings(max_examples=4, deadline=None)
@given(problem=clusters())
def test_formulation_on_highs_equals_brute_force(
    formulation: str, problem: PlacementProblem
) -> None:
    assert solved_rate(problem, formulation, "highs") == best_rate(problem)


@settings(max_examples=8, deadline=None)
@given(problem=clusters())
def test_a_ceiling_that_is_met_loses_no_plan(problem: PlacementProblem) -> None:
    best = best_rate(problem)
    stated = build_arc_flow(problem, ceiling=max(best, 1))
    engine = get_engine("cp-sat")
    engine.load(stated.statement)
    answer = engine.minimise(THROUGHPUT, upper={})
    assert answer.objective == -best


def test_an_unknown_formulation_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="arc_flow, stage_assignment"):
        get_formulation("circle")
