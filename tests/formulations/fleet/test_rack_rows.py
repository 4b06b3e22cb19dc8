"""Rows that racks imply, against every plan that can stand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.fleet.problem import FleetProblem
from formulations.fleet.rack_rows import RackRow, initial_rows, weighted_row, without_racks
from formulations.fleet.rack_shapes import rack_shapes
from formulations.milp import INFINITY
from tests.oracles.plain_fleet import fleet, fleets, plans, small_racks


def two_rows(count: int = 2) -> FleetProblem:
    """Items of 1 and 4 of 7 slots: a rack holds one large at most beside three small."""
    racks = small_racks([0, 1], [[1], [4]], [(count, [7])])
    return fleet([1, 1], upper=[20, 20], cover=[([1, 4], 1)], racks=racks)


def row_named(rows: list[RackRow], name: str) -> RackRow:
    return next(row for row in rows if row.name == name)


@settings(max_examples=150, deadline=None)
@given(fleets(with_racks=True, survive_loss=False, with_routing=False), st.data())
def test_no_plan_in_racks_breaks_a_row(problem: FleetProblem, data: st.DataObject) -> None:
    assert problem.racks is not None
    shapes = rack_shapes(problem.racks, problem.upper)
    values = data.draw(
        st.lists(st.integers(0, 5), min_size=shapes.n_shapes, max_size=shapes.n_shapes)
    )
    rows = [*initial_rows(problem), weighted_row(shapes, values)]
    for counts in plans(problem):
        for row in rows:
            assert row.takes(np.array(counts)) <= row.most, row


@settings(max_examples=100, deadline=None)
@given(fleets(with_racks=True, survive_loss=False, with_routing=False))
def test_every_plan_in_racks_is_a_plan_without_them(problem: FleetProblem) -> None:
    relaxed = without_racks(problem, initial_rows(problem))
    assert relaxed.racks is None
    assert set(plans(problem)) <= set(plans(relaxed))


def test_room_is_what_items_can_fill_and_not_what_the_rack_has() -> None:
    racks = small_racks([0], [[3]], [(5, [8])])
    problem = fleet([1], upper=[50], cover=[([1], 1)], racks=racks)
    row = row_named(initial_rows(problem), "dim0 of all racks")
    assert (row.weight, row.most) == ((1,), 10)


def test_items_that_only_some_racks_admit_share_those() -> None:
    racks = small_racks([0, 1], [[1], [1]], [(2, [3]), (4, [3])], admits=[[1, 1], [0, 1]])
    problem = fleet([1, 1], upper=[50, 50], cover=[([1, 1], 1)], racks=racks)
    row = row_named(initial_rows(problem), "dim0 of orbit0")
    assert (row.columns, row.most) == ((0,), 6)


def test_values_of_a_mix_give_a_row_that_single_dimensions_do_not() -> None:
    racks = small_racks([0, 1], [[2, 1], [1, 2]], [(1, [3, 3])])
    problem = fleet([1, 1], upper=[5, 5], cover=[([1, 1], 1)], racks=racks)
    row = weighted_row(rack_shapes(racks, problem.upper), [1, 1])
    assert row.most == 2


def test_room_without_end_says_nothing() -> None:
    racks = small_racks([0], [[1]], [(1, [INFINITY])])
    problem = fleet([1], upper=[50], cover=[([1], 1)], racks=racks)
    assert initial_rows(problem) == []


def test_items_that_fit_no_rack_are_left_out() -> None:
    racks = small_racks([0, 1], [[9], [1]], [(2, [7])])
    problem = fleet([1, 1], upper=[5, 5], cover=[([1, 1], 1)], racks=racks)
    assert without_racks(problem, initial_rows(problem)).upper.tolist()[0] == 0


def test_bounds_that_racks_imply_are_left_to_the_rows() -> None:
    racks = small_racks([0, 1], [[1], [4]], [(2, [7])])
    problem = fleet([1, 1], upper=[14, 2], cover=[([1, 4], 1)], racks=racks)
    upper = without_racks(problem, initial_rows(problem)).upper.tolist()
    assert upper == [14, 3]


def test_bounds_that_are_tighter_than_racks_stay() -> None:
    racks = small_racks([0, 1], [[1], [4]], [(2, [7])])
    problem = fleet([1, 1], upper=[5, 1], cover=[([1, 4], 1)], racks=racks)
    assert without_racks(problem, initial_rows(problem)).upper.tolist() == [5, 1]
