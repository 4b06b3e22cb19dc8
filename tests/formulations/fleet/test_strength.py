"""Linear bounds of the formulations beside each other, as their texts prove them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scipy.optimize import linprog
from scipy.sparse import csr_array

from formulations.fleet.column_generation import dual_bound, generate_columns
from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import get_formulation
from formulations.milp import INFINITY, Milp
from tests.oracles.plain_fleet import best_value, fleet, fleets, small_racks

_quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_IN_RACKS = fleets(with_racks=True, survive_loss=False)


def linear_bound(name: str, problem: FleetProblem, measure: str = "cost") -> float:
    """Minimum of a measure over the linear relaxation; infinite where it is empty."""
    milp = get_formulation(name).build(problem).statement
    assert isinstance(milp, Milp)
    if not milp.n_columns:
        return 0.0 if (milp.row_lower <= 0).all() and (milp.row_upper >= 0).all() else math.inf
    matrix = csr_array(
        (milp.value.astype(float), milp.column_index, milp.row_start),
        shape=(milp.n_rows, milp.n_columns),
    ).toarray()
    above, below = milp.row_upper < INFINITY, milp.row_lower > -INFINITY
    answer = linprog(
        milp.objectives[measure],
        A_ub=np.concatenate([matrix[above], -matrix[below]]),
        b_ub=np.concatenate([milp.row_upper[above], -milp.row_lower[below]]),
        bounds=np.stack([milp.lower, milp.upper], axis=1),
        method="highs",
    )
    assert answer.status in (0, 2), answer.message
    return float(answer.fun) if answer.status == 0 else math.inf


def _same(a: float, b: float) -> bool:
    return a == b or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)


def _at_most(a: float, b: float) -> bool:
    return a <= b or _same(a, b)


@_quick
@given(problem=fleets())
def test_counts_are_at_least_as_strong_as_the_assignment(problem: FleetProblem) -> None:
    for measure in problem.measures:
        weak = linear_bound("rack_assignment", problem, measure)
        assert _at_most(weak, linear_bound("counts", problem, measure))


@pytest.mark.parametrize("name", ["counts_log", "counts_unary"])
@_quick
@given(problem=fleets())
def test_binaries_in_place_of_counts_leave_the_bound(name: str, problem: FleetProblem) -> None:
    for measure in problem.measures:
        assert _same(linear_bound(name, problem, measure), linear_bound("counts", problem, measure))


@_quick
@given(problem=_IN_RACKS)
def test_patterns_are_at_least_as_strong_as_counts(problem: FleetProblem) -> None:
    for measure in problem.measures:
        weak = linear_bound("counts", problem, measure)
        assert _at_most(weak, linear_bound("rack_patterns", problem, measure))


@_quick
@given(problem=_IN_RACKS)
def test_arc_flow_is_as_strong_as_patterns(problem: FleetProblem) -> None:
    for measure in problem.measures:
        assert _same(
            linear_bound("rack_arc_flow", problem, measure),
            linear_bound("rack_patterns", problem, measure),
        )


@_quick
@given(problem=_IN_RACKS)
def test_enumerated_columns_bound_between_patterns_and_the_optimum(problem: FleetProblem) -> None:
    for measure in problem.measures:
        bound = linear_bound("column_enumeration", problem, measure)
        assert _at_most(linear_bound("rack_patterns", problem, measure), bound)


@_quick
@given(problem=fleets(with_racks=True, survive_loss=False, with_routing=False))
def test_no_linear_bound_is_above_the_optimum(problem: FleetProblem) -> None:
    best = best_value(problem, "cost")
    if best is not None:
        for name in ("rack_arc_flow", "rack_patterns", "column_enumeration", "counts_log"):
            assert _at_most(linear_bound(name, problem), best)


def _half_items() -> FleetProblem:
    """Ten racks of 3 hold one replica of 2 each, and 1.5 in fractions; outside one costs 5."""
    return fleet(
        [1, 5],
        upper=[99, 99],
        cover=[([1, 1], 12)],
        racks=small_racks([0], [[2]], [(10, [3])]),
    )


def test_fractions_of_items_fill_racks_one_by_one_and_not_in_patterns() -> None:
    problem = _half_items()
    assert linear_bound("rack_assignment", problem) == pytest.approx(12)
    # Bounds of single places: no rack holds more than one; the bound is that of patterns.
    assert linear_bound("counts", problem) == pytest.approx(20)
    assert linear_bound("rack_patterns", problem) == pytest.approx(20)
    assert linear_bound("rack_arc_flow", problem) == pytest.approx(20)


def test_two_kinds_in_one_rack_tell_patterns_from_counts() -> None:
    # A rack of 5: one of 3 or two of 2, or one of each; three of 3 and nine of 2 need 6 racks.
    # In fractions 27 units of room are 5.4 racks, and 5 racks are short by 2 units of room.
    problem = fleet(
        [0, 0, 7],
        upper=[9, 9, 9],
        cover=[([1, 0, 1], 3), ([0, 1, 1], 9)],
        racks=small_racks([0, 1], [[3], [2]], [(5, [5])]),
    )
    assert linear_bound("counts", problem) < linear_bound("rack_patterns", problem) - 0.5
    assert _same(linear_bound("rack_arc_flow", problem), linear_bound("rack_patterns", problem))


def test_tightened_rows_tell_counts_from_the_assignment_without_racks() -> None:
    # 10 n >= 7: 0.7 of a replica as it stands, and one whole replica when tightened.
    problem = fleet([100], upper=[4], cover=[([10], 7)])
    assert linear_bound("rack_assignment", problem) == pytest.approx(70)
    assert linear_bound("counts", problem) == pytest.approx(100)


@_quick
@given(problem=_IN_RACKS)
def test_the_dual_bound_of_generation_reaches_the_linear_bound_of_patterns(
    problem: FleetProblem,
) -> None:
    generated = generate_columns(problem)
    linear = linear_bound("rack_patterns", problem)
    proved = dual_bound(generated)
    if generated.converged and proved is not None and math.isfinite(linear):
        assert math.ceil(linear - 1e-3) <= proved
