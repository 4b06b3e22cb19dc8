"""The search for the least rate that teams refute."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.placement.problem import PlacementProblem
from formulations.placement.teams import HELD, TeamListing, build_teams
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.sweep.placement.cover_bound import best_cover_bound, by_rates
from solver.sweep.placement.solve import solve_placement
from solver.sweep.placement.team_bound import TeamBound, best_team_bound
from tests.oracles.plain_placement import best_rate, clusters


def machines(counts: list[int], rates: list[list[int]], layers: int) -> PlacementProblem:
    """Single machines between which no link binds."""
    n = len(counts)
    return PlacementProblem(
        name="hand",
        layers=layers,
        count=np.array(counts, dtype=np.int64),
        rates=tuple(np.array(each, dtype=np.int64) for each in rates),
        source=np.full(n, 1000, dtype=np.int64),
        sink=np.full(n, 1000, dtype=np.int64),
        links=np.full((n, n), 1000, dtype=np.int64),
        names=tuple(f"type {o}" for o in range(n)),
    ).apart()


TRIO = machines([3], [[8, 8]], layers=3)
PAIR = machines([1, 1], [[10, 10], [12]], layers=2)


def bound_of(
    problem: PlacementProblem, *, in_place: bool, reached: int = 0, engine: str = "cp-sat"
) -> TeamBound | None:
    bound, _ = best_team_bound(
        problem,
        reached=reached,
        ceiling=best_cover_bound(problem).rate,
        engine=get_engine(engine),
        time_limit_s=60,
        in_place=in_place,
    )
    return bound


@pytest.mark.parametrize("engine", ["cp-sat", "highs"])
def test_counting_whole_machines_meets_the_optimum_of_the_pair(engine: str) -> None:
    bound = bound_of(PAIR, in_place=False, engine=engine)
    assert bound is not None
    assert (best_cover_bound(PAIR).rate, bound.rate, best_rate(PAIR)) == (12, 10, 10)


def test_counting_alone_says_nothing_of_the_trio() -> None:
    assert bound_of(TRIO, in_place=False) is None


@pytest.mark.parametrize("engine", ["cp-sat", "highs"])
def test_connected_ranges_meet_the_optimum_of_the_trio(engine: str) -> None:
    bound = bound_of(TRIO, in_place=True, engine=engine)
    assert bound is not None
    assert (best_cover_bound(TRIO).rate, bound.rate, best_rate(TRIO)) == (16, 8, 8)


def test_a_bound_names_the_program_and_the_engine() -> None:
    bound = bound_of(TRIO, in_place=True)
    assert bound is not None
    assert bound.argument == "placed teams by cp-sat"


def test_the_worths_of_a_bound_list_the_teams_that_have_no_solution() -> None:
    bound = bound_of(PAIR, in_place=False)
    assert bound is not None
    typed = by_rates(PAIR)
    teams = TeamListing(typed, bound.worth).at(
        bound.refuted, most=100, margin=bound.refuted - bound.rate - 1
    )
    assert teams is not None
    assert teams.below <= bound.rate
    engine = get_engine("highs")
    engine.load(build_teams(typed, teams.teams).statement)
    answer = engine.minimise(HELD, upper={HELD: -typed.layers})
    assert answer.termination is Termination.INFEASIBLE


def test_nothing_is_asked_where_the_plan_meets_the_ceiling() -> None:
    bound, solves = best_team_bound(
        PAIR, reached=12, ceiling=12, engine=get_engine("cp-sat"), time_limit_s=60
    )
    assert (bound, solves) == (None, 0)


@settings(max_examples=12, deadline=None)
@given(problem=clusters())
def test_the_team_bound_is_never_below_the_optimum(problem: PlacementProblem) -> None:
    best = best_rate(problem)
    for in_place in (False, True):
        bound = bound_of(problem.apart(), in_place=in_place)
        assert bound is None or best <= bound.rate < best_cover_bound(problem.apart()).rate


@settings(max_examples=8, deadline=None)
@given(problem=clusters(wide=True))
def test_places_never_loosen_the_bound(problem: PlacementProblem) -> None:
    alone = problem.apart()
    ceiling = best_cover_bound(alone).rate
    spread, placed = bound_of(alone, in_place=False), bound_of(alone, in_place=True)
    assert (placed.rate if placed else ceiling) <= (spread.rate if spread else ceiling)


def test_a_cluster_whose_links_are_wide_is_closed_by_teams() -> None:
    outcome = solve_placement(TRIO)
    assert isinstance(outcome.proof, TeamBound)
    assert (outcome.rate, outcome.bound) == (8, 8)
