"""What a routing refuses, and how it follows the columns that are kept."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import FleetPlan, violations
from formulations.fleet.routing import Cut, Routing
from formulations.fleet.routing_cuts import EASY_WEIGHT, breaks, divided, reduced
from tests.oracles.plain_fleet import fleet


def _routing(rate: list[list[int]], demand: list[int], **more: Any) -> Routing:
    given = {"columns": np.arange(len(rate), dtype=np.int64), **more}
    return Routing(
        name="r",
        rate=np.array(rate, dtype=np.int64),
        demand=np.array(demand, dtype=np.int64),
        class_names=tuple(f"s{b}" for b in range(len(demand))),
        **given,
    )


def test_different_rates_in_the_parts_of_a_class_are_refused() -> None:
    with pytest.raises(ValueError, match="different rates"):
        _routing([[4, 2, 4, 3]], [1, 1], parts=("p", "q"))


def test_a_column_that_does_both_parts_does_them_of_every_class_it_serves() -> None:
    with pytest.raises(ValueError, match="different rates"):
        _routing([[4, 2, 4, 0]], [1, 1], parts=("p", "q"))


def test_two_parts_of_three_are_refused() -> None:
    with pytest.raises(ValueError, match="neither one nor all"):
        _routing([[4, 4, 0]], [1], parts=("p", "q", "r"))


def test_a_pace_that_serves_is_refused() -> None:
    with pytest.raises(ValueError, match="pace"):
        _routing([[4]], [1], pace=0)


def test_one_named_part_is_the_plain_case() -> None:
    assert _routing([[4, 2]], [3, 5], parts=("all",)).cut([1, 3]) == _routing([[4, 2]], [3, 5]).cut(
        [1, 3]
    )


def test_the_pace_is_renumbered_with_the_columns_that_stay() -> None:
    routing = _routing([[4], [5]], [3], columns=np.array([1, 4]), pace=6)
    kept = routing.over(np.array([0, 4, 6]))
    assert (kept.columns.tolist(), kept.rate.tolist(), kept.pace) == ([1], [[5]], 2)


def test_without_its_pace_nothing_is_asked_for() -> None:
    routing = _routing([[4], [5]], [3], columns=np.array([1, 4]), pace=6)
    kept = routing.over(np.array([1, 4]))
    assert (kept.demand.tolist(), kept.pace) == ([0], None)


def test_a_part_that_is_not_done_is_told_by_name() -> None:
    routing = _routing([[4, 0], [0, 4]], [3], parts=("prefill", "decode"))
    problem = fleet([1, 1], upper=[2, 2], routings=[routing])
    plan = FleetPlan(np.array([1, 1]), shares=({(0, 0): Fraction(3), (1, 0): Fraction(2)},))
    assert violations(problem, plan) == ["r: 2 of 3 of class s0, decode"]


def test_demand_at_a_pace_is_checked_at_that_pace() -> None:
    problem = fleet([1, 1], upper=[2, 9], routings=[_routing([[4]], [3], pace=1)])
    shares = ({(0, 0): Fraction(6)},)
    assert violations(problem, FleetPlan(np.array([2, 2]), shares=shares)) == []
    assert violations(problem, FleetPlan(np.array([2, 3]), shares=shares)) == [
        "r: 6 of 9 of class s0"
    ]


def test_a_cut_with_a_pace_is_rounded_up_on_one_side_alone() -> None:
    # 33 is the most for which 3 000 001 / 1000 times it is within 10^5: 99 000.033, rounded up.
    assert divided(Cut((0, 1), (3_000_001, -1000), 0), 10**5) == Cut((0, 1), (99_001, -33), 0)
    assert divided(Cut((0, 1), (3_000_001, -1000), 0), 100) == Cut((0, 1), (3001, -1), 0)


def test_a_reduced_cut_with_a_pace_still_says_what_it_must() -> None:
    cut = Cut((0, 1), (3 * 10**12 + 1, -(10**6)), 0)
    small = reduced(cut, [1, 3 * 10**6 + 2])
    assert breaks(small, [1, 3 * 10**6 + 2])
    assert max(map(abs, small.weight)) <= 10 * EASY_WEIGHT
