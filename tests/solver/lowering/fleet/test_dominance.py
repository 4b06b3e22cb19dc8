"""Dropping replaced columns loses nothing: brute force over all plans, and plain loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.fleet.problem import COST, SPEED, FleetProblem
from formulations.fleet.racks import Racks
from formulations.fleet.routing import Routing
from formulations.fleet.sparse import SparseInts
from solver.lowering.fleet.dominance import smallest_rows, undominated
from solver.lowering.fleet.uppers import implied_uppers


def problem(
    columns: list[tuple[int, int, int, int, int]],
    *,
    demand: tuple[int, int] = (3, 2),
    limit: tuple[int, int] = (6, 7),
    **more: Any,
) -> FleetProblem:
    """Columns as (cell, cover, use of row 0, use of row 1, cost), the grade after the number."""
    n = len(columns)
    made = FleetProblem(
        name="small",
        upper=np.zeros(n, dtype=np.int64),
        measures={COST: np.array([c[4] for c in columns], dtype=np.int64)},
        grades={SPEED: np.array([j % 2 for j in range(n)], dtype=np.int64)},
        cover=SparseInts.from_rows(
            [[(j, c[1]) for j, c in enumerate(columns) if c[0] == i] for i in range(2)], n
        ),
        demand=np.array(demand, dtype=np.int64),
        use=SparseInts.from_rows(
            [[(j, c[2 + r]) for j, c in enumerate(columns)] for r in range(2)], n
        ),
        limit=np.array(limit, dtype=np.int64),
        column_names=tuple(map(str, range(n))),
        cell_names=("a", "b"),
        limit_names=("r", "s"),
        **more,
    )
    return replace(made, upper=np.minimum(implied_uppers(made), 5))


column = st.tuples(
    st.integers(0, 1), st.integers(1, 3), st.integers(-1, 2), st.integers(0, 2), st.integers(0, 4)
)


@settings(max_examples=150, deadline=None)
@given(columns=st.lists(column, min_size=1, max_size=5))
def test_the_frontier_of_all_plans_is_unchanged(
    images: Callable[[FleetProblem], set[tuple[int, ...]]],
    columns: list[tuple[int, int, int, int, int]],
) -> None:
    whole = problem(columns)
    assert images(whole.over(undominated(whole))) == images(whole)


@settings(max_examples=100, deadline=None)
@given(
    table=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.booleans()),
        min_size=1,
        max_size=300,
    )
)
def test_the_vectorised_search_agrees_with_plain_loops(
    table: list[tuple[int, int, int, bool]],
) -> None:
    def replaced(j: int) -> bool:
        return any(
            table[i][3]
            and all(a <= b for a, b in zip(table[i][:3], table[j][:3], strict=True))
            and (table[i][:3] != table[j][:3] or i < j)
            for i in range(len(table))
            if i != j
        )

    rows = np.array([row[:3] for row in table], dtype=np.int64)
    safe = np.array([row[3] for row in table])
    kept = smallest_rows(rows, safe)
    assert sorted(kept.tolist()) == [j for j in range(len(table)) if not replaced(j)]


def test_a_bound_that_binds_protects_what_it_would_replace() -> None:
    # The first is better in all, but only one of it may be used and three are needed.
    whole = problem([(0, 1, 0, 0, 1), (0, 1, 0, 0, 2), (0, 1, 0, 0, 2)])
    whole = replace(whole, grades={})
    assert undominated(whole).tolist() == [0]
    capped = replace(whole, upper=np.array([1, 3, 3], dtype=np.int64))
    assert undominated(capped).tolist() == [0, 1]


def test_columns_of_other_labels_are_not_compared() -> None:
    whole = replace(problem([(0, 1, 0, 0, 1), (0, 1, 0, 0, 2)]), grades={})
    assert undominated(whole, apart=np.array([0, 1])).tolist() == [0, 1]
    assert undominated(whole, apart=np.array([4, 4])).tolist() == [0]


def test_a_slower_and_cheaper_column_stays_until_speed_no_longer_counts() -> None:
    whole = problem([(0, 1, 0, 0, 3), (0, 1, 0, 0, 2)])
    assert undominated(whole).tolist() == [0, 1]
    assert undominated(replace(whole, grades={})).tolist() == [1]


def test_a_supplier_of_fewer_devices_is_replaced_by_one_of_more() -> None:
    # Row 0: replicas take devices, the two others supply 1 and 2 at the same price.
    whole = problem([(0, 1, 1, 0, 0), (1, 0, -1, 0, 3), (1, 0, -2, 0, 3)], demand=(3, 0))
    whole = replace(whole, grades={}, limit=np.array([0, 7], dtype=np.int64))
    whole = replace(whole, upper=implied_uppers(whole))
    assert undominated(whole).tolist() == [0, 2]


def test_an_item_that_takes_more_room_in_a_rack_does_not_replace_a_smaller_one() -> None:
    whole = replace(problem([(0, 1, 0, 0, 1), (0, 1, 0, 0, 2)]), grades={})
    racks = Racks(
        items=np.array([0, 1]),
        size=np.array([[2], [1]]),
        count=np.array([9]),
        capacity=np.array([[4]]),
        admits=np.ones((1, 2), dtype=np.bool_),
        dimension_names=("slots",),
        orbit_names=("row",),
    )
    assert undominated(replace(whole, racks=racks)).tolist() == [0, 1]
    same = replace(racks, size=np.array([[1], [1]]))
    assert undominated(replace(whole, racks=same)).tolist() == [0]
    kept_out = replace(same, admits=np.array([[False, True]]))
    assert undominated(replace(whole, racks=kept_out)).tolist() == [0, 1]


def test_a_column_that_carries_less_of_one_size_does_not_replace() -> None:
    whole = replace(
        problem([(0, 0, 0, 0, 1), (0, 0, 0, 0, 2)], demand=(0, 0)),
        grades={},
        routings=(
            Routing(
                "w", np.array([0, 1]), np.array([[5, 1], [4, 2]]), np.array([5, 5]), ("s", "l")
            ),
        ),
    )
    whole = replace(whole, upper=implied_uppers(whole))
    assert undominated(whole).tolist() == [0, 1]
    better = replace(whole.routings[0], rate=np.array([[5, 2], [4, 2]]))
    assert undominated(replace(whole, routings=(better,))).tolist() == [0]
