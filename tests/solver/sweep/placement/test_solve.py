"""The whole road against brute force, and what it claims where it ends early."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.placement.plan import rate_of, violations
from formulations.placement.problem import PlacementProblem
from solver.sweep.placement.cover_bound import best_cover_bound
from solver.sweep.placement.crossing_bound import best_crossing_bound
from solver.sweep.placement.solve import solve_placement
from tests.oracles.plain_placement import best_rate, clusters, replayed_rate


@settings(max_examples=5, deadline=None)
@given(problem=clusters())
def test_small_clusters_are_solved_to_the_optimum(problem: PlacementProblem) -> None:
    outcome = solve_placement(problem)
    assert (outcome.rate, outcome.bound) == (best_rate(problem),) * 2


@settings(max_examples=15, deadline=None)
@given(problem=clusters())
def test_the_cover_bound_is_never_below_the_optimum(problem: PlacementProblem) -> None:
    assert best_cover_bound(problem.apart()).rate >= best_rate(problem)


@settings(max_examples=6, deadline=None)
@given(problem=clusters(wide=False))
def test_the_crossing_bound_is_never_below_the_optimum(problem: PlacementProblem) -> None:
    best = best_rate(problem)
    alone = problem.apart()
    bound = best_crossing_bound(
        alone, reached=max(0, best - 2), ceiling=max(best, best_cover_bound(alone).rate)
    )
    assert bound is None or bound.rate >= best


@settings(max_examples=5, deadline=None)
@given(problem=clusters())
def test_the_plan_carries_its_rate_in_another_max_flow(problem: PlacementProblem) -> None:
    outcome = solve_placement(problem)
    alone = problem.apart()
    assert violations(alone, outcome.plan) == []
    held: list[tuple[int, int] | None] = [None] * alone.n_orbits
    for one in outcome.plan.ranges:
        held[one.orbit] = (one.first, one.layers)
    assert replayed_rate(alone, tuple(held)) == rate_of(outcome.plan) == outcome.rate


def two_regions(link: int) -> PlacementProblem:
    """Two pairs of equal machines; within a pair links are wide, between them ``link`` wide."""
    links = np.full((2, 2), 1000, dtype=np.int64)
    links[0, 1] = links[1, 0] = link
    wide = np.full(2, 1000, dtype=np.int64)
    return PlacementProblem(
        name="two regions",
        layers=4,
        count=np.array([2, 2]),
        rates=(np.array([60, 5]), np.array([60, 5])),
        source=wide.copy(),
        sink=wide.copy(),
        links=links,
        names=("east", "west"),
    )


def test_a_narrow_border_is_proved_by_the_crossing_argument() -> None:
    bound = best_crossing_bound(two_regions(40).apart(), reached=40, ceiling=60)
    assert bound is not None
    assert bound.rate == 40


def test_without_a_narrow_border_there_is_no_crossing_bound() -> None:
    assert best_crossing_bound(two_regions(60).apart(), reached=40, ceiling=60) is None


def test_a_cluster_that_cannot_hold_the_model_carries_nothing() -> None:
    small = PlacementProblem(
        name="small",
        layers=5,
        count=np.array([2]),
        rates=(np.array([9, 7]),),
        source=np.array([99]),
        sink=np.array([99]),
        links=np.array([[99]]),
        names=("lone",),
    )
    outcome = solve_placement(small)
    assert (outcome.rate, outcome.bound, outcome.plan.ranges) == (0, 0, ())


def test_a_time_limit_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="time limit must be positive"):
        solve_placement(two_regions(40), time_limit_s=0)


@pytest.mark.parametrize("link", [3, 100])
def test_five_machines_over_three_layers_are_solved_to_the_optimum(link: int) -> None:
    wide = np.full(2, 100, dtype=np.int64)
    five = PlacementProblem(
        name="five",
        layers=3,
        count=np.array([3, 2]),
        rates=(np.array([9, 7]), np.array([5, 3])),
        source=wide.copy(),
        sink=wide.copy(),
        links=np.full((2, 2), link, dtype=np.int64),
        names=("fast", "slow"),
    )
    outcome = solve_placement(five)
    assert (outcome.rate, outcome.bound) == (best_rate(five),) * 2
