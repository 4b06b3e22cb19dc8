"""Listing of set packings: equal to brute force, to reference sets, and honest under limits."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.milp import INFINITY, IntArray, Milp
from solver.engines.labels.packing import PackingSteps
from solver.engines.labels.packing_boxes import BoxGroup, grouped, split

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


@dataclass
class Listed:
    """What group steps, one after the other, found in some boxes."""

    found: dict[tuple[int, int], IntArray]
    known: IntArray
    open_corners: IntArray
    nodes: int = 0

    @property
    def complete(self) -> bool:
        return not len(self.open_corners)


def list_boxes(
    milp: Milp,
    corners: Sequence[tuple[int, ...]],
    incumbents: IntArray,
    must_stop: Callable[[], bool] = lambda: False,
) -> Listed:
    """Empty the boxes by group steps until none is open or a step is stopped."""
    steps = PackingSteps(milp)
    boxes = np.unique(np.array(corners, dtype=np.int64).reshape(-1, 2), axis=0)
    for image in incumbents:
        boxes = split(boxes, image)
    listed = Listed({}, np.concatenate([incumbents, np.zeros((1, 2), dtype=np.int64)]), boxes)
    while len(listed.open_corners):
        (group, *_) = grouped(listed.open_corners, listed.known)
        step = steps.run(group, listed.known, supported=False, must_stop=must_stop)
        listed.nodes += step.nodes
        for image, point in zip(step.images, step.points, strict=True):
            listed.found[(int(image[0]), int(image[1]))] = point
            listed.open_corners = split(listed.open_corners, image)
        listed.known = np.concatenate([listed.known, step.images])
        inside = (listed.open_corners[:, None, :] <= step.emptied[None]).all(axis=2).any(axis=1)
        listed.open_corners = listed.open_corners[~inside]
        if not step.finished:
            break
    return listed


def after(nodes: int) -> Callable[[], bool]:
    """A stop request that comes after so many nodes."""
    asked = itertools.count()
    return lambda: next(asked) >= nodes


def as_images(listed: Listed) -> Images:
    """The nondominated images found, sorted."""
    return frontier(set(listed.found))


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
    listed = list_boxes(milp, [ceiling(milp)], nothing())
    assert listed.complete
    assert as_images(listed) == frontier(feasible_images(milp))


@settings(max_examples=40, deadline=None)
@given(small_packings(least=-4, most=0))
def test_gains_with_many_ties_are_listed_as_brute_force_does(milp: Milp) -> None:
    listed = list_boxes(milp, [ceiling(milp)], nothing())
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
    listed = list_boxes(milp, corners, incumbents)
    assert as_images(listed) == frontier(fresh)


@settings(max_examples=40, deadline=None)
@given(small_packings())
def test_every_image_comes_with_a_feasible_point(milp: Milp) -> None:
    listed = list_boxes(milp, [ceiling(milp)], nothing())
    costs = np.stack(list(milp.objectives.values()))
    matrix = np.zeros((milp.n_rows, milp.n_columns), dtype=np.int64)
    matrix[np.repeat(np.arange(milp.n_rows), np.diff(milp.row_start)), milp.column_index] = 1
    for image, point in listed.found.items():
        assert tuple(costs @ point) == image
        assert (matrix @ point <= 1).all()


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
    listed = list_boxes(milp, [ceiling(milp)], nothing())
    assert listed.complete
    assert as_images(listed) == frontier_by_extension(milp)


def test_known_points_leave_nothing_to_list() -> None:
    milp = random_packing(30, 120, 7)
    known = np.array(frontier_by_extension(milp), dtype=np.int64)
    listed = list_boxes(milp, [ceiling(milp)], known)
    assert listed.complete
    assert listed.found == {}


def test_a_withheld_point_is_found_again() -> None:
    milp = random_packing(30, 120, 7)
    known = frontier_by_extension(milp)
    withheld = known.pop(len(known) // 2)
    incumbents = np.array(known, dtype=np.int64)
    listed = list_boxes(milp, [ceiling(milp)], incumbents)
    assert as_images(listed) == [withheld]


@pytest.mark.parametrize("limit", [0, 1, 5, 20])
def test_a_limit_leaves_open_every_box_with_an_unseen_point(limit: int) -> None:
    milp = random_packing(30, 120, 3)
    listed = list_boxes(milp, [ceiling(milp)], nothing(), after(limit))
    assert not listed.complete
    assert len(listed.open_corners)
    for z in set(frontier_by_extension(milp)) - set(as_images(listed)):
        assert (np.array(z) < listed.open_corners).all(axis=1).any()


def test_points_found_under_a_limit_are_feasible() -> None:
    milp = random_packing(30, 120, 3)
    listed = list_boxes(milp, [ceiling(milp)], nothing(), after(20))
    assert listed.found
    matrix = milp.column_index.reshape(-1, 2)
    assert all((point[matrix].sum(axis=1) <= 1).all() for point in listed.found.values())


def test_a_stop_is_asked_for_at_every_node() -> None:
    milp = random_packing(30, 120, 3)
    listed = list_boxes(milp, [ceiling(milp)], nothing(), after(3))
    assert not listed.complete
    assert listed.nodes == 3


@pytest.mark.parametrize("direction", [(1, 1), (999, 1), (300, 700)])
def test_a_supported_step_bounds_the_weighted_sum_whatever_boxes_it_is_given(
    direction: tuple[int, int],
) -> None:
    milp = random_packing(30, 120, 3)
    least = min(direction[0] * z[0] + direction[1] * z[1] for z in frontier_by_extension(milp))
    for corner in (ceiling(milp), (-200, -200)):
        group = BoxGroup(np.array(direction), np.array([corner]))
        step = PackingSteps(milp).run(group, nothing(), supported=True, must_stop=after(10**6))
        assert step.finished
        assert step.bound == least


def test_rows_with_another_right_hand_side_are_refused() -> None:
    milp = packing([[0, 1, 2]], [[-1, -2, -3], [-3, -2, -1]], upper=2)
    assert not PackingSteps.applies(milp)
    with pytest.raises(ValueError, match="not a bi-objective set packing"):
        PackingSteps(milp)


def test_three_objectives_are_refused() -> None:
    assert not PackingSteps.applies(packing([[0, 1]], [[-1, -2], [-2, -1], [0, 0]]))


def test_weights_too_large_for_exact_multipliers_are_refused() -> None:
    assert not PackingSteps.applies(packing([[0, 1]], [[-(2**31), -2], [-2, -1]]))


def test_a_program_without_rows_takes_all_that_gains() -> None:
    listed = list_boxes(packing([], [[-1, -2, 3], [-2, -1, 4]]), [(8, 8)], nothing())
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
    listed = list_boxes(milp, [ceiling(milp)], incumbents)
    assert listed.complete
    assert as_images(listed) == known[1::2]
