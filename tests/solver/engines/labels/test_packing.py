"""Listing of set packings: equal to brute force, to reference sets, and honest under limits."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.milp import INFINITY, IntArray, Milp
from solver.engines.labels.packing import ListedBoxes, PackingLister

REFERENCE = Path(__file__).resolve().parents[4] / "../shared/data/moip"
Images = list[tuple[int, int]]


def packing(rows: list[list[int]], costs: list[list[int]], *, upper: int = 1) -> Milp:
    """Program over ``len(costs[0])`` binary columns with rows ``sum <= upper``."""
    n = len(costs[0])
    starts = np.append(0, np.cumsum([len(row) for row in rows])).astype(np.int64)
    return Milp(
        name="packing",
        lower=np.zeros(n, dtype=np.int64),
        upper=np.ones(n, dtype=np.int64),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=starts,
        column_index=np.array([j for row in rows for j in row], dtype=np.int64),
        value=np.ones(int(starts[-1]), dtype=np.int64),
        row_lower=np.full(len(rows), -INFINITY, dtype=np.int64),
        row_upper=np.full(len(rows), upper, dtype=np.int64),
        objectives={f"f{k}": np.array(c, dtype=np.int64) for k, c in enumerate(costs)},
    )


def ceiling(milp: Milp) -> tuple[int, ...]:
    """First integers above anything the columns reach."""
    return tuple(int(np.maximum(c, 0).sum()) + 1 for c in milp.objectives.values())


def frontier(images: set[tuple[int, int]]) -> Images:
    """Those that no other dominates, sorted."""
    return sorted(
        z for z in images if not any(y != z and y[0] <= z[0] and y[1] <= z[1] for y in images)
    )


def feasible_images(milp: Milp) -> set[tuple[int, int]]:
    """Images of all feasible points, one by one."""
    images = set()
    bounds = zip(milp.row_start, milp.row_start[1:], strict=False)
    rows = [milp.column_index[a:b] for a, b in bounds]
    first, second = milp.objectives.values()
    for values in itertools.product((0, 1), repeat=milp.n_columns):
        x = np.array(values)
        if all(x[row].sum() <= 1 for row in rows):
            images.add((int(first @ x), int(second @ x)))
    return images


def as_images(listed: ListedBoxes) -> Images:
    """Images as tuples, in the order listed."""
    return [(int(a), int(b)) for a, b in listed.images]


def nothing() -> IntArray:
    """No incumbents."""
    return np.zeros((0, 2), dtype=np.int64)


@st.composite
def small_packings(draw: st.DrawFn, *, least: int = -9, most: int = 2) -> Milp:
    n = draw(st.integers(1, 9))
    columns = st.lists(st.integers(0, n - 1), min_size=1, max_size=4, unique=True)
    rows = draw(st.lists(columns, max_size=10))
    costs = st.lists(st.integers(least, most), min_size=n, max_size=n)
    return packing(rows, [draw(costs), draw(costs)])


@settings(max_examples=60, deadline=None)
@given(small_packings())
def test_the_listing_equals_brute_force(milp: Milp) -> None:
    listed = PackingLister(milp).list_box([ceiling(milp)], nothing(), label_limit=10_000)
    assert listed.complete
    assert as_images(listed) == frontier(feasible_images(milp))


@settings(max_examples=40, deadline=None)
@given(small_packings(least=-4, most=0))
def test_gains_with_many_ties_are_listed_as_brute_force_does(milp: Milp) -> None:
    listed = PackingLister(milp).list_box([ceiling(milp)], nothing(), label_limit=10_000)
    assert as_images(listed) == frontier(feasible_images(milp))


@settings(max_examples=40, deadline=None)
@given(small_packings(), st.data())
def test_boxes_and_incumbents_leave_what_brute_force_leaves(
    milp: Milp, data: st.DataObject
) -> None:
    images = feasible_images(milp)
    pool = data.draw(st.lists(st.sampled_from(sorted(images)), max_size=4))
    numbers = st.tuples(st.integers(-60, 10), st.integers(-60, 10))
    corners = data.draw(st.lists(numbers, min_size=1, max_size=3))
    inside = {z for z in images if any(z[0] < u[0] and z[1] < u[1] for u in corners)}
    fresh = {z for z in inside if not any(y[0] <= z[0] and y[1] <= z[1] for y in pool)}
    incumbents = np.array(pool, dtype=np.int64).reshape(-1, 2)
    listed = PackingLister(milp).list_box(corners, incumbents, label_limit=10_000)
    assert as_images(listed) == frontier(fresh)


@settings(max_examples=40, deadline=None)
@given(small_packings())
def test_every_image_comes_with_a_feasible_point(milp: Milp) -> None:
    listed = PackingLister(milp).list_box([ceiling(milp)], nothing(), label_limit=10_000)
    costs = np.stack(list(milp.objectives.values()))
    matrix = np.zeros((milp.n_rows, milp.n_columns), dtype=np.int64)
    matrix[np.repeat(np.arange(milp.n_rows), np.diff(milp.row_start)), milp.column_index] = 1
    assert (listed.points @ costs.T == listed.images).all()
    assert (listed.points @ matrix.T <= 1).all()


def random_packing(n: int, edges: int, seed: int) -> Milp:
    """Edges and gains drawn uniformly."""
    random = np.random.default_rng(seed)
    rows = [sorted(random.choice(n, 2, replace=False).tolist()) for _ in range(edges)]
    return packing(rows, (-random.integers(1, 100, (2, n))).tolist())


def frontier_by_extension(milp: Milp) -> Images:
    """Column by column, keeping for each neighbourhood seen its nondominated images only."""
    n = milp.n_columns
    conflicts = [0] * n
    for a, b in milp.column_index.reshape(-1, 2).tolist():
        conflicts[a] |= 1 << b
        conflicts[b] |= 1 << a
    first, second = (goal.tolist() for goal in milp.objectives.values())
    states: dict[int, set[tuple[int, int]]] = {0: {(0, 0)}}
    for j in range(n):
        later = ~((2 << j) - 1)
        grown: dict[int, set[tuple[int, int]]] = {}
        for blocked, images in states.items():
            grown.setdefault(blocked & later, set()).update(images)
            if not blocked >> j & 1:
                taken = {(a + first[j], b + second[j]) for a, b in images}
                grown.setdefault((blocked | conflicts[j]) & later, set()).update(taken)
        states = {key: set(frontier(images)) for key, images in grown.items()}
    return frontier(states[0])


@pytest.mark.parametrize("seed", range(4))
def test_graphs_of_thirty_columns_agree_with_a_dynamic_program(seed: int) -> None:
    milp = random_packing(30, 120, seed)
    listed = PackingLister(milp).list_box([ceiling(milp)], nothing(), label_limit=100_000)
    assert listed.complete
    assert as_images(listed) == frontier_by_extension(milp)


def test_known_points_leave_nothing_to_list() -> None:
    milp = random_packing(30, 120, 7)
    known = np.array(frontier_by_extension(milp), dtype=np.int64)
    listed = PackingLister(milp).list_box([ceiling(milp)], known, label_limit=100_000)
    assert listed.complete
    assert len(listed.images) == 0


def test_a_withheld_point_is_found_again() -> None:
    milp = random_packing(30, 120, 7)
    known = frontier_by_extension(milp)
    withheld = known.pop(len(known) // 2)
    incumbents = np.array(known, dtype=np.int64)
    listed = PackingLister(milp).list_box([ceiling(milp)], incumbents, label_limit=100_000)
    assert as_images(listed) == [withheld]


@pytest.mark.parametrize("limit", [0, 1, 5, 20])
def test_a_limit_leaves_open_every_box_with_an_unseen_point(limit: int) -> None:
    milp = random_packing(30, 120, 3)
    listed = PackingLister(milp).list_box([ceiling(milp)], nothing(), label_limit=limit)
    assert not listed.complete
    assert len(listed.open_corners)
    for z in set(frontier_by_extension(milp)) - set(as_images(listed)):
        assert (np.array(z) < listed.open_corners).all(axis=1).any()


def test_points_found_under_a_limit_are_feasible() -> None:
    milp = random_packing(30, 120, 3)
    listed = PackingLister(milp).list_box([ceiling(milp)], nothing(), label_limit=20)
    assert len(listed.images)
    matrix = milp.column_index.reshape(-1, 2)
    assert (listed.points[:, matrix].sum(axis=2) <= 1).all()


def test_a_deadline_in_the_past_ends_the_listing() -> None:
    milp = random_packing(30, 120, 3)
    listed = PackingLister(milp).list_box(
        [ceiling(milp)], nothing(), label_limit=10_000, deadline_s=time.monotonic() - 1
    )
    assert not listed.complete
    assert listed.nodes == 0


def test_a_stop_is_asked_for_between_nodes() -> None:
    milp = random_packing(30, 120, 3)
    answers = iter([False, False, False, True])
    listed = PackingLister(milp).list_box(
        [ceiling(milp)], nothing(), label_limit=10_000, should_stop=lambda: next(answers)
    )
    assert not listed.complete
    assert listed.nodes == 3


def test_no_boxes_are_complete_at_once() -> None:
    milp = random_packing(10, 20, 0)
    listed = PackingLister(milp).list_box([], nothing(), label_limit=10)
    assert listed.complete
    assert listed.nodes == 0


def test_corners_of_three_components_are_refused() -> None:
    with pytest.raises(ValueError, match="corners: two components"):
        PackingLister(random_packing(10, 20, 0)).list_box([(1, 1, 1)], nothing(), label_limit=10)


def test_rows_with_another_right_hand_side_are_refused() -> None:
    milp = packing([[0, 1, 2]], [[-1, -2, -3], [-3, -2, -1]], upper=2)
    assert not PackingLister.applies(milp)
    with pytest.raises(ValueError, match="not a bi-objective set packing"):
        PackingLister(milp)


def test_three_objectives_are_refused() -> None:
    assert not PackingLister.applies(packing([[0, 1]], [[-1, -2], [-2, -1], [0, 0]]))


def test_weights_too_large_for_exact_multipliers_are_refused() -> None:
    assert not PackingLister.applies(packing([[0, 1]], [[-(2**31), -2], [-2, -1]]))


def test_a_program_without_rows_takes_all_that_gains() -> None:
    listed = PackingLister(packing([], [[-1, -2, 3], [-2, -1, 4]])).list_box(
        [(8, 8)], nothing(), label_limit=100
    )
    assert as_images(listed) == [(-3, -3)]


@pytest.mark.parametrize("name", ["vopt_spp_2mis100_500B", "vopt_spp_2spp100_500F"])
def test_reference_sets_are_complete_when_every_second_point_is_withheld(name: str) -> None:
    file = REFERENCE / f"{name}.json"
    if not file.exists():
        pytest.skip(f"reference data {file.name} is not beside this checkout")
    data = json.loads(file.read_text())
    assert data["senses"] == ["max", "max"]
    starts, index = data["A"]["start"], data["A"]["index"]
    rows = [index[a:b] for a, b in itertools.pairwise(starts)]
    milp = packing(rows, [[-int(c) for c in goal] for goal in data["c"]])
    known = sorted((-int(a), -int(b)) for a, b in data["nondominated"])
    incumbents = np.array(known[::2], dtype=np.int64)
    listed = PackingLister(milp).list_box([ceiling(milp)], incumbents, label_limit=100_000)
    assert listed.complete
    assert as_images(listed) == known[1::2]
