"""Tightened rows and reduced cuts keep every integer point, and lose none of their strength."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.fleet.count_sizes import total_sizes
from formulations.fleet.problem import FleetProblem
from formulations.fleet.routing import Cut, Routing
from formulations.fleet.routing_cuts import EASY_WEIGHT, breaks, divided, initial_cuts, reduced
from formulations.fleet.tight_rows import count_rows, put_rows, tight_upper, tightened
from formulations.rows import SparseRows
from tests.oracles.plain_fleet import can_serve, fleet, fleets, plans, routings, small_racks

# Machines differ, and shared ones stall: no example is timed.
_unhurried = settings(deadline=None)


@_unhurried
@given(
    st.lists(st.integers(-12, 40), min_size=3, max_size=3),
    st.integers(-30, 90),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_a_tightened_row_keeps_exactly_the_points_of_the_row(
    weight: list[int], least: int, upper: list[int]
) -> None:
    row = Cut((0, 1, 2), tuple(weight), least)
    tight = tightened(row, upper)
    for point in itertools.product(*(range(u + 1) for u in upper)):
        meets = tight is None or not breaks(tight, point)
        assert meets == (not breaks(row, point))


def test_a_row_is_divided_and_capped() -> None:
    # 10 x + 30 y + 5 z >= 24: by 5, the right-hand side up to 5, then y down to 5.
    assert tightened(Cut((0, 1, 2), (10, 30, 5), 24), [9, 9, 9]) == Cut((0, 1, 2), (2, 5, 1), 5)


def test_a_row_that_always_holds_is_dropped() -> None:
    assert tightened(Cut((0, 1), (3, -2), -4), [9, 2]) is None


def test_a_row_nothing_can_meet_is_kept() -> None:
    assert tightened(Cut((), (), 3), []) == Cut((), (), 3)


@_unhurried
@given(fleets())
def test_upper_bounds_taken_from_limits_lose_no_plan(problem: FleetProblem) -> None:
    upper = tight_upper(problem).tolist()
    assert all(n <= u for plan in plans(problem) for n, u in zip(plan, upper, strict=True))


@_unhurried
@given(fleets(with_routing=True))
def test_every_row_holds_for_every_plan(problem: FleetProblem) -> None:
    rows = count_rows(problem, tight_upper(problem))
    assert not any(breaks(row, plan) for plan in plans(problem) for row in rows)


def test_an_upper_bound_is_what_limits_and_racks_leave() -> None:
    problem = fleet(
        [1, 1, 1],
        upper=[9, 9, 9],
        use=[([2, 0, 0], 7), ([0, -1, 1], 0)],
        racks=small_racks([1], [[3]], [(2, [7])]),
    )
    assert tight_upper(problem).tolist() == [3, 4, 9]


@_unhurried
@given(routings(columns=(0, 1, 2), largest_rate=10**9, largest_demand=10**10), st.data())
def test_initial_cuts_hold_for_whatever_serves(routing: Routing, data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 30), min_size=3, max_size=3))
    assume(can_serve(routing, counts))
    for cut in initial_cuts(routing):
        assert not breaks(cut, counts)
        assert max(cut.weight) <= EASY_WEIGHT


def test_the_cut_of_a_column_alone_is_all_there_is_to_say_about_its_fleet() -> None:
    routing = Routing(
        name="r",
        columns=np.array([0], dtype=np.int64),
        rate=np.array([[2, 5]], dtype=np.int64),
        demand=np.array([3, 4], dtype=np.int64),
        class_names=("a", "b"),
    )
    # 3/2 + 4/5 = 2.3 replicas.
    assert any(breaks(cut, [2]) for cut in initial_cuts(routing))
    assert not any(breaks(cut, [3]) for cut in initial_cuts(routing))


@_unhurried
@given(
    st.lists(st.integers(1, 10**12), min_size=3, max_size=3),
    st.lists(st.integers(0, 40), min_size=3, max_size=3),
    st.integers(0, 3),
    st.integers(1, 10**4),
)
def test_a_divided_cut_holds_for_counts_that_just_meet_the_cut(
    weight: list[int], counts: list[int], spare: int, limit: int
) -> None:
    least = sum(w * n for w, n in zip(weight, counts, strict=True)) - spare
    small = divided(Cut((0, 1, 2), tuple(weight), least), limit)
    assert not breaks(small, counts)
    assert least <= 0 or max(small.weight) <= limit


@_unhurried
@given(
    st.lists(st.integers(0, 10**15), min_size=2, max_size=2),
    st.lists(st.integers(0, 10**3), min_size=2, max_size=2),
    st.integers(1, 10**6),
)
def test_a_reduced_cut_is_still_broken(weight: list[int], counts: list[int], short: int) -> None:
    least = sum(w * n for w, n in zip(weight, counts, strict=True)) + short
    assert breaks(reduced(Cut((0, 1), tuple(weight), least), counts), counts)


def test_a_cut_that_is_not_broken_is_not_reduced() -> None:
    with pytest.raises(ValueError, match="meet"):
        reduced(Cut((0,), (1,), 1), [1])


def test_a_cut_with_negative_weights_is_not_divided() -> None:
    with pytest.raises(ValueError, match="negative"):
        divided(Cut((0,), (-1,), 1), 5)


def test_numbers_beyond_64_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="2\\^62"):
        put_rows(SparseRows(), [Cut((0,), (2**62,), 2**62)])


def test_the_total_size_of_an_item_counts_each_dimension_in_its_own_unit() -> None:
    size = np.array([[1, 3000], [2, 1000]], dtype=np.int64)
    assert total_sizes(size).tolist() == [4, 3]
    assert total_sizes(np.zeros((2, 1), dtype=np.int64)).tolist() == [1, 1]
