"""Bounds of columns lose no best plan, and follow a changed limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.fleet.problem import COST, FleetProblem
from formulations.fleet.racks import Racks
from formulations.fleet.routing import Routing
from formulations.fleet.sparse import SparseInts
from formulations.milp import INFINITY
from solver.lowering.fleet.uppers import implied_uppers, with_limits


def problem(
    cover: list[list[int]],
    use: list[list[int]],
    cost: list[int],
    *,
    demand: list[int],
    limit: list[int],
    **more: Any,
) -> FleetProblem:
    """Dense rows; bounds left open."""
    n = len(cost)
    return FleetProblem(
        name="small",
        upper=np.full(n, INFINITY, dtype=np.int64),
        measures={COST: np.array(cost, dtype=np.int64)},
        grades={},
        cover=SparseInts.from_rows([list(enumerate(row)) for row in cover], n),
        demand=np.array(demand, dtype=np.int64),
        use=SparseInts.from_rows([list(enumerate(row)) for row in use], n),
        limit=np.array(limit, dtype=np.int64),
        column_names=tuple(map(str, range(n))),
        cell_names=tuple(map(str, range(len(cover)))),
        limit_names=tuple("rst"[: len(use)]),
        **more,
    )


def test_a_column_is_needed_up_to_the_demand_it_alone_would_meet() -> None:
    made = problem([[3, 5]], [[1, 1]], [1, 1], demand=[10], limit=[100])
    assert implied_uppers(made).tolist() == [4, 2]


def test_a_stock_bounds_what_takes_from_it() -> None:
    made = problem([[1, 1]], [[2, 3]], [1, 1], demand=[10], limit=[7])
    assert implied_uppers(made).tolist() == [3, 2]


def test_nodes_are_bounded_by_the_devices_that_replicas_can_take() -> None:
    # At most 10 replicas of 2 devices on nodes of 8: 20 devices, 3 nodes.
    made = problem([[1, 0]], [[2, -8]], [0, 5], demand=[10], limit=[0])
    assert implied_uppers(made).tolist() == [10, 3]


def test_a_rate_is_bounded_by_what_a_stock_can_carry() -> None:
    # 6 devices carry at most 6 x 5/2 in the first column and 6 x 4 in the second.
    made = problem([[5, 4, -1]], [[2, 1, 0]], [0, 0, -1], demand=[0], limit=[6])
    assert implied_uppers(made).tolist() == [3, 6, 24]


def test_a_rate_without_limits_has_no_bound() -> None:
    made = problem([[5, -1]], [], [0, -1], demand=[0], limit=[])
    assert implied_uppers(made)[1] >= INFINITY


def test_a_pace_is_bounded_by_what_a_stock_can_carry() -> None:
    # 4 devices, at best 3 and 6 a second: 2 and 4 for each unit take 2/3 + 4/6 of a device.
    routing = Routing("r", np.array([0, 1]), np.array([[3, 2], [1, 6]]), np.array([2, 4]),
                      ("a", "b"), pace=2)  # fmt: skip
    made = problem([], [[1, 1, 0]], [0, 0, -1], demand=[], limit=[4], routings=(routing,))
    assert implied_uppers(made).tolist() == [4, 4, 3]


def test_a_routed_column_is_needed_for_all_of_its_sizes_once() -> None:
    # Whole: 10/3 and 4/2, rounded up; the first part alone: 10/5.
    routing = Routing("r", np.array([0, 1]), np.array([[3, 2, 3, 2], [5, 0, 0, 0]]),
                      np.array([10, 4]), ("a", "b"), parts=("p", "q"))  # fmt: skip
    made = problem([], [], [1, 1], demand=[], limit=[], routings=(routing,))
    assert implied_uppers(made).tolist() == [6, 2]


def test_what_racks_cannot_hold_is_not_needed() -> None:
    racks = Racks(
        items=np.array([0]),
        size=np.array([[2]]),
        count=np.array([3, 5]),
        capacity=np.array([[5], [9]]),
        admits=np.array([[True], [False]]),
        dimension_names=("slots",),
        orbit_names=("a", "b"),
    )
    made = problem([[1]], [], [1], demand=[50], limit=[], racks=racks)
    assert implied_uppers(made).tolist() == [6]


def test_surviving_a_rack_asks_for_one_rack_more_than_the_demand() -> None:
    racks = Racks(
        items=np.array([0]),
        size=np.array([[1]]),
        count=np.array([9]),
        capacity=np.array([[4]]),
        admits=np.array([[True]]),
        dimension_names=("slots",),
        orbit_names=("a",),
        survive_loss=True,
    )
    made = problem([[1]], [], [1], demand=[10], limit=[], racks=racks)
    assert implied_uppers(made).tolist() == [14]


def test_a_raised_limit_brings_its_bounds_along() -> None:
    made = problem([[1]], [[1]], [1], demand=[10], limit=[4])
    made = replace(made, upper=implied_uppers(made))
    assert with_limits(made, {"r": 6}).upper.tolist() == [6]
    assert with_limits(made, {"r": INFINITY}).upper.tolist() == [10]


def test_a_limit_that_is_not_there_cannot_be_changed() -> None:
    made = problem([[1]], [[1]], [1], demand=[10], limit=[4])
    with pytest.raises(ValueError, match="no limit stock"):
        with_limits(made, {"stock": 6})


@settings(max_examples=150, deadline=None)
@given(
    cover=st.lists(st.integers(0, 3), min_size=3, max_size=3),
    use=st.lists(st.integers(-2, 3), min_size=3, max_size=3),
    cost=st.lists(st.integers(0, 4), min_size=3, max_size=3),
    demand=st.integers(0, 5),
    limit=st.integers(0, 6),
)
def test_some_best_plan_lies_within_the_bounds(
    cover: list[int], use: list[int], cost: list[int], demand: int, limit: int
) -> None:
    made = problem([cover], [use], cost, demand=[demand], limit=[limit])
    upper = implied_uppers(made)

    def best(most: list[int]) -> int | None:
        ranges = [np.arange(u + 1) for u in most]
        grid = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
        fits = (grid @ np.array(cover) >= demand) & (grid @ np.array(use) <= limit)
        return int((grid[fits] @ np.array(cost)).min()) if fits.any() else None

    wide = best([12, 12, 12])
    assert best(np.minimum(upper, 12).tolist()) == wide
