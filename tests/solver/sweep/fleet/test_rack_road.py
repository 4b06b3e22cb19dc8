"""Racks left out at first: filling them afterwards, and the answers against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.fleet.plan import FleetPlan, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.rack_rows import RackRow
from solver.sweep.fleet import roads
from solver.sweep.fleet.boxes import Answer, Box, Stop
from solver.sweep.fleet.rack_filling import fill_racks
from solver.sweep.fleet.rack_road import UNSETTLED, RackRoad
from solver.sweep.fleet.roads import Road
from tests.oracles.plain_fleet import best_value, fleet, fleets, plans, small_racks

ALL = Box({}, {})


def filled(problem: FleetProblem, *counts: int) -> object:
    return fill_racks(problem, np.array(counts, dtype=np.int64))


@settings(max_examples=80, deadline=None)
@given(fleets(with_racks=True, survive_loss=False, with_routing=False, most_columns=3))
def test_a_filling_holds_and_a_row_excludes_no_plan(problem: FleetProblem) -> None:
    standing = set(plans(problem))
    for counts in np.ndindex(*(u + 1 for u in problem.upper.tolist())):
        found = fill_racks(problem, np.array(counts, dtype=np.int64))
        if isinstance(found, tuple):
            plan = FleetPlan(np.array(counts, dtype=np.int64), (), found)
            told = violations(problem, plan)
            assert not [fault for fault in told if "rack" in fault or "orbit" in fault]
        else:
            assert counts not in standing
            if found is not None:
                assert isinstance(found, RackRow)
                assert found.takes(np.array(counts)) > found.most


@settings(max_examples=80, deadline=None)
@given(fleets(with_racks=True, survive_loss=False))
def test_the_least_is_that_of_brute_force(problem: FleetProblem) -> None:
    answer = Road(problem).least("cost", ALL, stop=Stop())
    best = best_value(problem, "cost")
    assert not answer.stopped
    assert answer.value == best
    assert answer.empty == (best is None)
    if best is not None:
        assert answer.bound == best


def test_many_equal_racks_are_filled_at_once() -> None:
    racks = small_racks([0, 1], [[1], [4]], [(1000, [8])])
    problem = fleet([1, 1], upper=[9000, 2000], cover=[([1, 4], 1)], racks=racks)
    found = filled(problem, 4000, 1000)
    assert isinstance(found, tuple)
    assert sum(rack.times for rack in found) <= 1000


def test_counts_beyond_the_racks_get_the_row_they_break() -> None:
    racks = small_racks([0], [[3]], [(2, [8])])
    problem = fleet([1], upper=[9], cover=[([1], 1)], racks=racks)
    row = filled(problem, 5)
    assert isinstance(row, RackRow)
    assert (row.weight, row.most) == ((1,), 4)


def test_counts_that_only_parts_of_racks_hold_get_no_row() -> None:
    # Three pairs from two racks of three: half a rack each way would do, whole ones do not.
    racks = small_racks([0, 1, 2], [[1, 1, 0], [1, 0, 1], [0, 1, 1]], [(2, [1, 1, 1])])
    problem = fleet([1, 1, 1], upper=[1, 1, 1], cover=[([1, 1, 1], 3)], racks=racks)
    assert filled(problem, 1, 1, 1) is None or isinstance(filled(problem, 1, 1, 1), RackRow)
    assert Road(problem).least("cost", ALL, stop=Stop()).empty


def test_what_is_not_settled_without_racks_is_asked_in_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    racks = small_racks([0], [[1]], [(2, [3])])
    problem = fleet([2], upper=[9], cover=[([1], 5)], racks=racks)
    monkeypatch.setattr("solver.sweep.fleet.rack_road.fill_racks", lambda *_, **__: None)
    seen: list[Answer] = []
    before = RackRoad.least

    def watched(self: RackRoad, *args: object, **kwargs: object) -> Answer:
        seen.append(before(self, *args, **kwargs))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(RackRoad, "least", watched)
    answer = roads.Road(problem).least("cost", ALL, stop=Stop())
    assert [(each.stopped, each.bound, each.plan) for each in seen] == [(UNSETTLED, 10, None)]
    assert (answer.value, answer.bound, answer.stopped) == (10, 10, "")
    assert answer.engine != "blocks"


def test_a_filling_costs_nothing_where_nothing_stands() -> None:
    racks = small_racks([0], [[1]], [(2, [3])])
    problem = fleet([2], upper=[9], cover=[([1], 0)], racks=racks)
    assert filled(problem, 0) == ()
