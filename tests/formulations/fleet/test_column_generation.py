"""Bounds of column generation against brute force, for any multipliers; its programs are honest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from formulations.fleet import column_generation
from formulations.fleet.column_bound import GRID, column_bound, goal_coefficients, on_grid
from formulations.fleet.column_generation import (
    build_column_generation,
    dual_bound,
    generate_columns,
    patterns_within,
)
from formulations.fleet.plan import FleetPlan, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_patterns import build_rack_patterns, pattern_program, shapes_of
from formulations.fleet.rack_shapes import extended
from formulations.fleet.tight_rows import count_rows, tight_upper
from solver.engines import get_engine
from solver.engines.contract import SolveResult, Termination
from tests.oracles.plain_fleet import best_value, fleet, fleets, small_racks

_quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_RACKED = fleets(with_racks=True, survive_loss=False, with_routing=False)


def _minimised(program: FleetProgram, measure: str = "cost") -> SolveResult:
    engine = get_engine("cp-sat")
    engine.load(program.statement)
    return engine.minimise(measure, upper={})


@_quick
@given(_RACKED, st.data())
def test_the_bound_holds_for_any_multipliers_whatever(
    problem: FleetProblem, data: st.DataObject
) -> None:
    best = best_value(problem, "cost")
    assume(best is not None)
    upper = tight_upper(problem)
    shapes, rows = shapes_of(problem, upper), count_rows(problem, upper)
    wild = st.one_of(st.integers(0, 4 * GRID), st.integers(0, 2**60))
    bound = column_bound(
        goal_coefficients(problem, "cost"),
        rows,
        shapes,
        upper,
        alpha=[data.draw(wild) for _ in rows],
        pi=[data.draw(wild) for _ in range(shapes.n_shapes)],
    )
    assert bound.bound <= best


@_quick
@given(fleets(with_racks=True, survive_loss=False))
def test_the_dual_bound_is_at_most_the_optimum_and_infeasible_means_it(
    problem: FleetProblem,
) -> None:
    for goal in ("cost", "power"):
        generated = generate_columns(problem, goal)
        best = best_value(problem, goal)
        proved = dual_bound(generated)
        if proved is None:
            assert generated.infeasible
            assert best is None
        elif best is not None:
            assert proved <= best


@_quick
@given(_RACKED)
def test_the_optimum_over_generated_patterns_is_that_of_a_plan(problem: FleetProblem) -> None:
    program = build_column_generation(problem)
    result = _minimised(program)
    best = best_value(problem, "cost")
    if result.termination is Termination.INFEASIBLE:
        return
    assert result.x is not None
    assert result.objective is not None
    assert best is not None
    assert result.objective >= best
    counts, racks = program.decode(result.x)
    assert violations(problem, FleetPlan(counts, racks=racks)) == []


@_quick
@given(_RACKED, st.integers(0, 3))
def test_with_an_incumbent_no_plan_as_good_is_lost(problem: FleetProblem, worse: int) -> None:
    best = best_value(problem, "cost")
    assume(best is not None)
    program = build_column_generation(problem, goal="cost", incumbent=best + worse)
    result = _minimised(program)
    assert result.termination is Termination.OPTIMAL
    assert result.objective == best


@_quick
@given(_RACKED, st.integers(0, 3))
def test_the_patterns_within_an_incumbent_are_enough_even_without_the_generated(
    problem: FleetProblem, worse: int
) -> None:
    best = best_value(problem, "cost")
    assume(best is not None)
    generated = replace(generate_columns(problem), patterns=())
    program = pattern_program(
        problem,
        generated.shapes,
        patterns_within(generated, best + worse),
        (),
        upper=generated.upper,
        formulation="within",
    )
    assert _minimised(program).objective == best


def test_patterns_that_no_good_plan_needs_are_left_out() -> None:
    generated = replace(generate_columns(_dear_racks()), patterns=())
    best = dual_bound(generated)
    assert best == 21
    assert [pattern.units for pattern in patterns_within(generated, best)] == [(3, 0)]
    assert len(patterns_within(generated, 10**9)) == 2


def _dear_racks() -> FleetProblem:
    """A rack of 6 holds three replicas of 2 or one of 5; outside a replica costs 9 and not 1.

    Demand is 5: three in the rack and two outside cost 21, and room for one is worth 8.
    """
    return fleet(
        [1, 1, 9],
        upper=[6, 6, 6],
        cover=[([1, 1, 1], 5)],
        racks=small_racks([0, 1], [[2], [5]], [(1, [6])]),
    )


def test_first_patterns_that_do_not_suffice_are_no_proof_of_anything() -> None:
    # A rack of 10 for one piece of 4 and two of 3; the first patterns are 4 + 4 and 3 + 3 + 3.
    problem = fleet(
        [1, 1],
        upper=[9, 9],
        cover=[([1, 0], 1), ([0, 1], 2)],
        racks=small_racks([0, 1], [[4], [3]], [(1, [10])]),
    )
    generated = generate_columns(problem)
    assert (1, 2) in {pattern.units for pattern in generated.patterns}
    assert not generated.infeasible
    assert dual_bound(generated) == 3


@_quick
@given(_RACKED)
def test_all_generated_patterns_are_maximal_and_different(problem: FleetProblem) -> None:
    generated = generate_columns(problem)
    assert not any(extended(generated.shapes, pattern) for pattern in generated.patterns)
    assert len(set(generated.patterns)) == len(generated.patterns)


def _cutting_stock() -> FleetProblem:
    """Widths 45, 36, 31, 14 with demand 97, 610, 395, 211 from rolls of 100, a column each.

    Gilmore and Gomory's textbook rolls (Chvátal 1983, chapter 13): 453 rolls are best; the linear
    optimum is 452.25. A roll costs nothing here, so pieces do: a piece beyond demand is a waste.
    """
    demand = (97, 610, 395, 211)
    return fleet(
        [1, 1, 1, 1],
        upper=[2000] * 4,
        cover=[([int(j == k) for j in range(4)], need) for k, need in enumerate(demand)],
        racks=small_racks([0, 1, 2, 3], [[45], [36], [31], [14]], [(453, [100])]),
    )


def test_the_textbook_rolls_fit_into_453_and_are_proved_by_the_bound() -> None:
    generated = generate_columns(_cutting_stock())
    assert generated.converged
    assert dual_bound(generated) == 97 + 610 + 395 + 211
    result = _minimised(build_rack_patterns(_cutting_stock()))
    assert result.objective == 97 + 610 + 395 + 211


def test_fewer_rolls_than_the_linear_optimum_are_proved_infeasible() -> None:
    short = _cutting_stock()
    racks = small_racks([0, 1, 2, 3], [[45], [36], [31], [14]], [(452, [100])])
    short = fleet(
        [1, 1, 1, 1],
        upper=[2000] * 4,
        cover=[([int(j == k) for j in range(4)], int(d)) for k, d in enumerate(short.demand)],
        racks=racks,
    )
    generated = generate_columns(short)
    assert generated.infeasible
    assert dual_bound(generated) is None


def test_a_float_program_that_fails_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_generation.PatternMaster, "solve", lambda *_, **__: None)
    generated = generate_columns(_cutting_stock())
    assert not generated.infeasible
    assert not generated.converged
    assert dual_bound(generated) == 0


def test_a_weighted_goal_is_bounded_too() -> None:
    problem = fleet(
        [3], power=[2], upper=[9], cover=[([2], 7)], racks=small_racks([0], [[1]], [(9, [1])])
    )
    generated = generate_columns(problem, {"cost": 2, "power": 1})
    # 4 replicas of 2 * 3 + 2.
    assert dual_bound(generated) == 32


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="no measure 'speed'"):
        generate_columns(_cutting_stock(), "speed")


def test_negative_multipliers_are_refused() -> None:
    problem = _cutting_stock()
    upper = tight_upper(problem)
    with pytest.raises(ValueError, match="negative"):
        column_bound([0] * 4, (), shapes_of(problem, upper), upper, alpha=(), pi=(0, -1, 0, 0))


def test_multipliers_that_are_no_numbers_become_zero() -> None:
    assert on_grid([float("nan"), -1.0, 0.5, float("inf")]) == [0, 0, GRID // 2, 2**40 * GRID]
