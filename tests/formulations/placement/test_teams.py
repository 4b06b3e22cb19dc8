"""Teams over layers: what is listed, what the two programs refute, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement.problem import PlacementProblem
from formulations.placement.teams import HELD, TeamList, TeamListing, build_teams, team_rate
from solver.engines import get_engine
from solver.engines.contract import SolveResult, Termination
from tests.oracles.plain_placement import best_rate, clusters

MANY = 10_000


def wide_cluster(counts: list[int], rates: list[list[int]], layers: int) -> PlacementProblem:
    """Orbits between which no link binds."""
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
    )


TRIO = wide_cluster([3], [[8, 8]], layers=3)
PAIR = wide_cluster([1, 1], [[10, 10], [12]], layers=2)


def worths(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def listed(problem: PlacementProblem, rate: int, *worth: int, margin: int = 0) -> TeamList:
    found = TeamListing(problem, worths(*worth)).at(rate, most=MANY, margin=margin)
    assert found is not None
    return found


def asked(
    problem: PlacementProblem, teams: TeamList, *, in_place: bool, engine: str = "cp-sat"
) -> SolveResult:
    chosen = get_engine(engine)
    chosen.load(build_teams(problem, teams.teams, in_place=in_place).statement)
    return chosen.minimise(HELD, upper={HELD: -problem.layers})


def some_worths(problem: PlacementProblem) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 60), min_size=problem.n_orbits, max_size=problem.n_orbits)


def test_two_machines_of_one_table_are_a_team_of_two() -> None:
    assert set(listed(TRIO, 16, 0).teams) == {
        ((0, 1, 2),), ((0, 1, 1), (0, 2, 1)), ((0, 2, 2),)
    }  # fmt: skip


def test_a_team_has_no_more_machines_than_there_are() -> None:
    assert listed(PAIR, 23, 60, 60).teams == ()


def test_a_team_that_leaves_too_little_for_the_other_layers_is_not_listed() -> None:
    # Two machines over one layer each cost 120 of 180, and two layers are left at 60 at least.
    assert all(layers == 2 for team in listed(TRIO, 9, 60).teams for _, layers, _ in team)


@settings(max_examples=25, deadline=None)
@given(problem=clusters(), data=st.data())
def test_no_machine_of_a_team_is_to_spare(problem: PlacementProblem, data: st.DataObject) -> None:
    rate = data.draw(st.integers(1, 25))
    for team in listed(problem, rate, *data.draw(some_worths(problem))).teams:
        slowest = min(problem.rate(orbit, layers) for orbit, layers, _ in team)
        assert team_rate(problem, team) >= rate > team_rate(problem, team) - slowest


def test_a_list_beyond_its_limit_is_none() -> None:
    assert TeamListing(TRIO, worths(0)).at(16, most=2) is None


@pytest.mark.parametrize(("rate", "most", "margin"), [(0, 1, 0), (1, 0, 0), (1, 1, -1)])
def test_a_question_that_makes_no_sense_is_refused(rate: int, most: int, margin: int) -> None:
    with pytest.raises(ValueError, match="too small"):
        TeamListing(TRIO, worths(60)).at(rate, most=most, margin=margin)


def test_a_list_says_down_to_where_it_stays_the_same() -> None:
    # At 13 somebody must stand beside the machine of 12, down to 12 itself.
    assert listed(PAIR, 15, 60, 60, margin=9).below == 12


def test_whole_machines_refute_what_worths_alone_do_not() -> None:
    # Above 10 the machine of 12 is needed over both layers, and it holds one.
    teams = listed(PAIR, 11, 60, 60)
    assert teams.teams
    assert asked(PAIR, teams, in_place=False).termination is Termination.INFEASIBLE


def test_spread_over_layers_three_machines_stand_in_pairs() -> None:
    teams = listed(TRIO, 16, 60)
    assert asked(TRIO, teams, in_place=False).termination is Termination.OPTIMAL


def test_connected_ranges_cannot_stand_in_pairs_over_three_layers() -> None:
    # Each end takes two machines, and none reaches from one end to the other.
    teams = listed(TRIO, 16, 60)
    assert asked(TRIO, teams, in_place=True).termination is Termination.INFEASIBLE


@pytest.mark.parametrize("in_place", [False, True])
def test_without_teams_no_layer_is_held(in_place: bool) -> None:
    answer = asked(TRIO, TeamList((), 5), in_place=in_place)
    assert answer.termination is Termination.INFEASIBLE


@pytest.mark.parametrize("in_place", [False, True])
def test_a_solution_names_a_team_for_every_layer(in_place: bool) -> None:
    stated = build_teams(TRIO, listed(TRIO, 8, 60).teams, in_place=in_place)
    engine = get_engine("cp-sat")
    engine.load(stated.statement)
    answer = engine.minimise(HELD, upper={HELD: -3})
    assert answer.x is not None
    count = stated.decode(answer.x)
    assert (sum(layers for _, layers in count.layers), count.rate) == (3, 8)


@settings(max_examples=20, deadline=None)
@given(problem=clusters(), data=st.data())
def test_whatever_the_worths_no_program_refutes_the_optimum(
    problem: PlacementProblem, data: st.DataObject
) -> None:
    best = best_rate(problem)
    teams = listed(problem, max(1, best), *data.draw(some_worths(problem)))
    for in_place in (False, True):
        held = asked(problem, teams, in_place=in_place).termination is Termination.OPTIMAL
        assert held or best == 0


@settings(max_examples=20, deadline=None)
@given(problem=clusters(), data=st.data())
def test_what_is_refuted_is_refuted_down_to_below(
    problem: PlacementProblem, data: st.DataObject
) -> None:
    best = best_rate(problem)
    above = data.draw(st.integers(1, 12))
    worth = data.draw(some_worths(problem))
    teams = listed(problem, best + above, *worth, margin=best + above)
    refuted = asked(problem, teams, in_place=True).termination is Termination.INFEASIBLE
    assert teams.below >= best or not refuted


@settings(max_examples=10, deadline=None)
@given(problem=clusters(), data=st.data())
def test_two_engines_agree_on_what_teams_refute(
    problem: PlacementProblem, data: st.DataObject
) -> None:
    teams = listed(problem, data.draw(st.integers(1, 20)), *data.draw(some_worths(problem)))
    for in_place in (False, True):
        answers = {
            asked(problem, teams, in_place=in_place, engine=name).termination
            for name in ("cp-sat", "highs")
        }
        assert len(answers) == 1
