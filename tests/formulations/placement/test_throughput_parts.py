"""Problem, orbits, plan check, flow, cover bound and the restricted programs, fact by fact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement.cover import cover_rate_bound
from formulations.placement.crossing import crossing_refutes
from formulations.placement.max_flow import greatest_flow, routed_plan
from formulations.placement.orbits import coarse_problem, twins
from formulations.placement.patterns import HELD, build_patterns, hand_over, stage_patterns
from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan, rate_of, violations
from formulations.placement.problem import PlacementProblem
from formulations.placement.tracks import build_tracks
from solver.engines import get_engine
from tests.oracles.plain_placement import best_rate, clusters


def cluster(
    counts: list[int], rates: list[list[int]], layers: int, link: int = 1000
) -> PlacementProblem:
    """Orbits with all capacities alike."""
    n = len(counts)
    return PlacementProblem(
        name="hand",
        layers=layers,
        count=np.array(counts, dtype=np.int64),
        rates=tuple(np.array(each, dtype=np.int64) for each in rates),
        source=np.full(n, 1000, dtype=np.int64),
        sink=np.full(n, 1000, dtype=np.int64),
        links=np.full((n, n), link, dtype=np.int64),
        names=tuple(f"type {o}" for o in range(n)),
    )


PAIR = cluster([2], [[10, 6]], layers=2)
CHAIN = routed_plan(PAIR, [HeldRange(0, 0, 1), HeldRange(0, 1, 1)])


def test_a_chain_of_two_machines_carries_the_slower_rate() -> None:
    assert rate_of(CHAIN) == 10


def test_a_routed_plan_breaks_nothing() -> None:
    assert violations(PAIR, CHAIN) == []


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (PlacementPlan((HeldRange(0, 0, 2, 3),), {}), "3 machines of type 0, of which there are 2"),
        (PlacementPlan((HeldRange(0, 0, 3),), {}), "cannot hold 3 layers"),
        (PlacementPlan((HeldRange(0, 1, 2),), {}), "holds 1 to 3 of 2"),
        (PlacementPlan((HeldRange(4, 0, 1),), {}), "orbit 4"),
        (PlacementPlan((HeldRange(0, 0, 2),), {(SOURCE, 0): 5}), "5 in, 0 out"),
        (PlacementPlan((HeldRange(0, 0, 2),), {(SOURCE, 0): 7, (0, SINK): 7}), "7 of 6"),
        (PlacementPlan((HeldRange(0, 0, 1),), {(0, SINK): 1}), "do not meet"),
        (PlacementPlan((HeldRange(0, 0, 2),), {(SOURCE, 0): 2000}), "not within 0 to 1000"),
        (PlacementPlan((HeldRange(0, 0, 2),), {(SOURCE, 9): 1}), "no such edge"),
    ],
)
def test_a_broken_plan_is_told_what_it_breaks(plan: PlacementPlan, message: str) -> None:
    assert any(message in fault for fault in violations(PAIR, plan))


def test_a_problem_with_an_empty_orbit_is_refused() -> None:
    with pytest.raises(ValueError, match="has no machine"):
        cluster([0], [[1]], layers=1)


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="a rate of type 0"):
        cluster([1], [[0]], layers=1)


def test_an_edge_given_both_ways_is_refused() -> None:
    with pytest.raises(ValueError, match="both ways"):
        greatest_flow(2, {(0, 1): 1, (1, 0): 1}, source=0, sink=1)


@settings(max_examples=30, deadline=None)
@given(problem=clusters())
def test_machines_of_an_orbit_are_twins(problem: PlacementProblem) -> None:
    found = twins(problem.apart())
    place = {i: g for g, group in enumerate(found) for i in group}
    begin = 0
    for count in problem.count.tolist():
        assert len({place[i] for i in range(begin, begin + count)}) == 1
        begin += count


@settings(max_examples=6, deadline=None)
@given(problem=clusters(wide=False))
def test_merging_twins_keeps_the_optimum(problem: PlacementProblem) -> None:
    alone = problem.apart()
    merged = coarse_problem(alone, twins(alone), rounding="least")
    assert best_rate(merged) == best_rate(problem)


def test_one_slower_link_ends_a_pair_of_twins() -> None:
    links = np.full((3, 3), 9, dtype=np.int64)
    links[0, 2] = 8
    problem = replace(cluster([1, 1, 1], [[5], [5], [5]], layers=1), links=links)
    assert twins(problem) == ((0,), (1,), (2,))


def test_groups_that_are_no_partition_are_refused() -> None:
    with pytest.raises(ValueError, match="no partition"):
        coarse_problem(PAIR.apart(), [(0,)], rounding="least")


@settings(max_examples=15, deadline=None)
@given(problem=clusters(), data=st.data())
def test_any_worths_give_a_valid_cover_bound(
    problem: PlacementProblem, data: st.DataObject
) -> None:
    worth = data.draw(
        st.lists(st.integers(0, 60), min_size=problem.n_orbits, max_size=problem.n_orbits)
    )
    assert cover_rate_bound(problem, np.array(worth, dtype=np.int64)) >= best_rate(problem)


@settings(max_examples=15, deadline=None)
@given(problem=clusters(), data=st.data())
def test_no_worths_make_the_crossing_argument_refute_the_optimum(
    problem: PlacementProblem, data: st.DataObject
) -> None:
    worth = data.draw(
        st.lists(st.integers(1, 60), min_size=problem.n_orbits, max_size=problem.n_orbits)
    )
    regions = [(orbit,) for orbit in range(problem.n_orbits)]
    best = best_rate(problem)
    assert best == 0 or not crossing_refutes(
        problem, regions, np.array(worth, dtype=np.int64), best
    )


@given(
    before=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    after=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    link=st.integers(0, 5),
)
def test_hand_over_equals_a_max_flow(before: list[int], after: list[int], link: int) -> None:
    a, b = len(before), len(after)
    capacities = {(0, 1 + i): rate for i, rate in enumerate(before)}
    capacities |= {(1 + a + j, 1 + a + b): rate for j, rate in enumerate(after)}
    capacities |= {(1 + i, 1 + a + j): link for i in range(a) for j in range(b)}
    value, _ = greatest_flow(a + b + 2, capacities, source=0, sink=a + b + 1)
    assert hand_over([sorted(before)], [sorted(after)], link)[0, 0] == value


def test_no_machine_of_a_stage_pattern_is_to_spare() -> None:
    problem = cluster([3, 2], [[5, 3], [4, 2]], layers=4)
    for pattern in stage_patterns(problem, [0, 1], 7):
        rates = pattern.rates(problem)
        assert sum(rates) >= 7 > sum(rates) - rates[0]


def planned_rate(stated: object, layers: int) -> int | None:
    """Rate of the plan behind a program at a fixed rate; ``None`` where there is none."""
    engine = get_engine("cp-sat")
    engine.load(stated.statement)  # type: ignore[attr-defined]
    answer = engine.minimise(HELD, upper={HELD: -layers})
    if answer.x is None:
        return None
    plan = stated.decode(answer.x)  # type: ignore[attr-defined]
    assert violations(stated.problem, plan) == []  # type: ignore[attr-defined]
    return rate_of(plan)


def test_stages_reach_the_rate_they_were_asked_for() -> None:
    problem = cluster([4], [[10, 6]], layers=2)
    assert planned_rate(build_patterns(problem, 20, [(0,)]), 2) == 20


def test_stages_do_not_reach_more_than_the_optimum() -> None:
    problem = cluster([4], [[10, 6]], layers=2)
    assert planned_rate(build_patterns(problem, 25, [(0,)]), 2) is None


def test_stages_of_two_regions_hand_over_through_narrow_links() -> None:
    narrow = np.full((2, 2), 1000, dtype=np.int64)
    narrow[0, 1] = narrow[1, 0] = 3
    problem = replace(cluster([2, 2], [[6], [6]], layers=2), links=narrow)
    regions = [(0,), (1,)]
    assert planned_rate(build_patterns(problem, 12, regions), 2) == 12


def test_a_narrow_link_within_a_region_is_refused() -> None:
    with pytest.raises(ValueError, match="within a region"):
        build_patterns(cluster([2], [[9]], layers=2, link=3), 9, [(0,)])


def test_tracks_run_unequal_machines_side_by_side() -> None:
    # One machine over both layers at 4 beside two machines of a layer each at 6: stages reach 6.
    problem = cluster([1, 2], [[4, 4], [6]], layers=2)
    assert planned_rate(build_tracks(problem, 10, [(10,), (6, 4)]), 2) == 10 == best_rate(problem)


def test_tracks_are_refused_where_links_bind() -> None:
    with pytest.raises(ValueError, match="never bind"):
        build_tracks(cluster([2], [[9]], layers=2, link=3), 9, [(9,)])
