"""The fleet sweep against every plan there is, on problems small enough to list them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.fleet.plan import violations
from formulations.fleet.problem import FleetProblem
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.outcome import FleetOutcome
from tests.oracles.fleet_spaces import brute_frontier, dressed
from tests.oracles.plain_fleet import fleet, fleets

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
TWO = ("speed", "cost")
THREE = ("speed", "cost", "power")


def swept(problem: FleetProblem, names: tuple[str, ...], **options: object) -> FleetOutcome:
    objectives = dressed(problem, names)
    return sweep_fleet(objectives.space, objectives=objectives, **options)  # type: ignore[arg-type]


def images(outcome: FleetOutcome) -> list[tuple[int, ...]]:
    return [point.image for point in outcome.points]


@pytest.mark.parametrize("names", [("cost",), TWO, THREE, ("cost", "power")])
@given(problem=fleets(with_racks=False))
@QUICK
def test_the_sweep_finds_every_nondominated_image(
    problem: FleetProblem, names: tuple[str, ...]
) -> None:
    outcome = swept(problem, names)
    expected = brute_frontier(problem, names)
    assert images(outcome) == expected
    assert outcome.status == ("complete" if expected else "infeasible")
    assert all(point.proved for point in outcome.points)
    assert not any(violations(problem, point.plan) for point in outcome.points)


@given(problem=fleets(with_racks=True, most_columns=3))
@settings(QUICK, max_examples=15)
def test_the_sweep_finds_every_image_with_racks(problem: FleetProblem) -> None:
    assert images(swept(problem, TWO)) == brute_frontier(problem, TWO)


@pytest.mark.parametrize("engine", ["highs", "cp-sat", "scip"])
@given(problem=fleets(with_racks=False, most_columns=3))
@settings(QUICK, max_examples=15)
def test_every_engine_gives_the_same_frontier(problem: FleetProblem, engine: str) -> None:
    outcome = swept(problem, TWO, formulation="counts", engine=engine)
    assert images(outcome) == brute_frontier(problem, TWO)


def two_workloads() -> FleetProblem:
    """Two workloads, fast dear and slow cheap replicas, one stock that binds."""
    return fleet(
        [7, 4, 3, 8, 5, 2],
        upper=[9] * 6,
        cover=[([5, 4, 4, 0, 0, 0], 17), ([0, 0, 0, 6, 5, 3], 20)],
        use=[([1, 1, 1, 1, 1, 1], 8), ([0, 1, 0, 0, 1, 0], 4)],
        power=[3, 2, 2, 3, 2, 1],
        speed=[0, 1, 3, 0, 2, 3],
    )


def test_blocks_and_programs_agree() -> None:
    problem = two_workloads()
    expected = brute_frontier(problem, TWO)
    assert len(expected) > 2
    for options in ({}, {"formulation": "blocks"}, {"formulation": "counts"}):
        assert images(swept(problem, TWO, **options)) == expected


def test_a_stop_at_any_look_leaves_an_honest_part() -> None:
    problem = two_workloads()
    expected = brute_frontier(problem, TWO)
    seen = set()
    for most in (*range(12), 10**6):
        looks = itertools.count()
        outcome = swept(problem, TWO, should_stop=lambda n=most, c=looks: next(c) >= n)
        seen.add(outcome.status)
        assert not any(violations(problem, point.plan) for point in outcome.points)
        for point in outcome.points:
            if point.proved:
                assert point.image in expected
        for image in expected:
            known = image in images(outcome)
            inside = any(
                all(a < b for a, b in zip(image, region.corner, strict=True))
                and all(a >= b for a, b in zip(image, region.floor, strict=True))
                for region in outcome.open_regions
            )
            assert known or inside
        if outcome.status == "partial":
            assert all(region.reason for region in outcome.open_regions)
    assert seen == {"partial", "complete"}


def test_of_plans_with_equal_objectives_the_one_with_least_power_is_taken() -> None:
    problem = fleet([5, 5], upper=[3, 3], cover=[([1, 1], 2)], power=[9, 2], speed=[0, 0])
    objectives = dressed(problem, ("cost", "power"))
    outcome = sweep_fleet(objectives.space, objectives=objectives)
    assert images(outcome) == [(10, 4)]
    assert np.array_equal(outcome.points[0].plan.counts, [0, 2])


def test_a_question_nobody_can_meet_is_proved_empty() -> None:
    problem = fleet([1], upper=[5], cover=[([2], 8)], use=[([1], 3)], speed=[0])
    outcome = swept(problem, TWO)
    assert outcome.status == "infeasible"
    assert not outcome.points
    assert outcome.claims


def test_objectives_name_the_pivot_first_where_cost_is_traded_off() -> None:
    objectives: Objectives = dressed(two_workloads(), THREE)
    assert objectives.pivot_name == "cost"
