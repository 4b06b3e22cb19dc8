"""Listings of boxes against trying every assignment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.milp import INFINITY
from formulations.moip.problem import Image
from solver.engines.labels.directions import Directions
from solver.engines.labels.listing import Listing, Shortfall, list_boxes
from tests.oracles.small_programs import (
    Stated,
    knapsack,
    small_programs,
    stated,
    undominated,
)

OFTEN = settings(max_examples=60, deadline=None)
ROOM: dict[str, Any] = {"width": 10**6, "beam": 10**6}


@st.composite
def boxes_of(draw: st.DrawFn, question: Stated) -> np.ndarray:
    """One to four corners, around images so that the boxes are seldom empty or everything."""
    ceiling = question.program.ceiling
    if len(question.feasible[1]) == 0:
        return np.array([ceiling])
    corners = []
    for _ in range(draw(st.integers(1, 4))):
        image = draw(st.sampled_from(question.feasible[1].tolist()))
        steps = draw(st.lists(st.integers(-2, 25), min_size=len(image), max_size=len(image)))
        pairs = zip(image, steps, ceiling, strict=True)
        corners.append([min(value + step, top) for value, step, top in pairs])
    return np.array(corners, dtype=np.int64)


def truth(question: Stated, corners: np.ndarray) -> list[Image]:
    """Nondominated among the feasible images inside some box."""
    images = question.feasible[1]
    inside = (images[:, None, :] < corners[None]).all(axis=2).any(axis=1)
    return undominated(images[inside])


def some_directions(data: st.DataObject, directions: Directions) -> list[Any]:
    chosen = directions.chosen()
    assume(chosen)
    return data.draw(st.lists(st.sampled_from(chosen), min_size=1, max_size=4))


def listed(listing: Listing) -> list[Image]:
    return [tuple(image) for image in listing.images.tolist()]


def assert_real(question: Stated, corners: np.ndarray, listing: Listing) -> None:
    """Every image is that of its columns, which are feasible and inside a box."""
    feasible = {tuple(x) for x in question.feasible[0].tolist()}
    assert len(listing.images) == len(listing.x)
    for image, x in zip(listing.images, listing.x, strict=True):
        assert tuple(x.tolist()) in feasible
        assert (question.costs @ x).tolist() == image.tolist()
        assert (image < corners).all(axis=1).any()


@OFTEN
@given(small_programs(), st.data())
def test_with_room_enough_a_listing_is_brute_force(question: Stated, data: st.DataObject) -> None:
    directions = Directions(question.program)
    used, corners = some_directions(data, directions), data.draw(boxes_of(question))
    listing = list_boxes(directions, used, corners, **ROOM)
    assert (listing.complete, listing.reach) == (True, None)
    assert listed(listing) == truth(question, corners)
    assert_real(question, corners, listing)


@OFTEN
@given(small_programs(most_columns=6), st.data())
def test_a_listing_cut_short_says_so_or_is_right(question: Stated, data: st.DataObject) -> None:
    directions = Directions(question.program)
    used, corners = some_directions(data, directions), data.draw(boxes_of(question))
    width = data.draw(st.integers(1, 12))
    listing = list_boxes(
        directions,
        used,
        corners,
        width=width,
        beam=data.draw(st.integers(1, width)),
        core=data.draw(st.none() | st.integers(0, 4)),
    )
    assert_real(question, corners, listing)
    if listing.complete:
        assert listed(listing) == truth(question, corners)


@OFTEN
@given(small_programs(), st.data())
def test_a_listing_near_a_bound_is_right_up_to_its_reach(
    question: Stated, data: st.DataObject
) -> None:
    directions = Directions(question.program)
    used, corners = some_directions(data, directions), data.draw(boxes_of(question))
    free = data.draw(st.integers(0, 5))
    listing = list_boxes(directions, used, corners, free=free, **ROOM)
    assert listing.complete
    assert_real(question, corners, listing)
    if listing.reach is None:
        assert listed(listing) == truth(question, corners)
        return
    images = question.feasible[1]
    inside = (images[:, None, :] < corners[None]).all(axis=2).any(axis=1)
    near = undominated(images[inside & (images @ used[0].weights <= listing.reach)])
    found = listing.images
    assert all((found <= np.array(image)).all(axis=1).any() for image in near)


def open_space(question: Stated) -> np.ndarray:
    return np.array([question.program.ceiling])


def listed_whole(question: Stated, **options: Any) -> Listing:
    directions = Directions(question.program)
    return list_boxes(directions, directions.chosen(), open_space(question), **{**ROOM, **options})


@pytest.mark.parametrize("p", [2, 3, 4])
def test_a_knapsack_is_listed_whole(p: int) -> None:
    question = knapsack(p, n=10)
    assert listed(listed_whole(question)) == question.images


def test_a_label_more_than_the_width_makes_it_incomplete() -> None:
    # Nothing is dropped by rows or bounds: level k has 2^k labels.
    question = stated([[1, 2, 4, 8], [-1, -2, -4, -8]])
    assert listed_whole(question, width=16, beam=1).complete
    assert listed_whole(question, width=15, beam=1).shortfall is Shortfall.LABELS


def test_a_core_that_leaves_columns_out_makes_it_incomplete() -> None:
    question = stated([[1, 2, 4, 8], [-1, -2, -4, -8]])
    assert listed_whole(question, core=4).complete
    assert listed_whole(question, core=3).shortfall is Shortfall.COLUMNS


def test_it_stops_when_asked_and_proves_nothing() -> None:
    answers = iter([False, True])
    listing = listed_whole(knapsack(), should_stop=lambda: next(answers))
    assert (listing.shortfall, len(listing.images)) == (Shortfall.STOPPED, 0)


def test_what_was_cut_away_before_a_stop_is_named_first() -> None:
    answers = iter([False] * 6 + [True])
    listing = listed_whole(knapsack(), width=1, beam=1, should_stop=lambda: next(answers))
    assert (listing.shortfall, len(listing.images)) == (Shortfall.LABELS, 0)


@pytest.mark.parametrize("rows", [[], [((0, 0, 3), 0, 3)]], ids=["no rows", "one row"])
def test_columns_that_stand_in_no_row_are_listed(rows: Sequence[Any]) -> None:
    question = stated([[1, -2, 0], [-1, 1, 0]], rows)
    assert listed(listed_whole(question)) == question.images


def test_columns_that_cost_nothing_are_listed() -> None:
    question = stated([[0, 0], [0, 0]], [((1, 1), 2, 2)])
    listing = listed_whole(question)
    assert (listed(listing), listing.x.tolist()) == ([(0, 0)], [[1, 1]])


def test_a_column_with_thousands_of_values_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solver.engines.labels.listing._CHILDREN_AT_ONCE", 7)
    question = stated([[1, 3], [-2, -1]], [((2, 3), 5, 40)], lower=[-9, 0], upper=[30, 12])
    assert listed(listed_whole(question)) == question.images


def test_many_boxes_are_tested_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    question = knapsack(3)
    corners = np.array([np.array(image) + 1 for image in question.images])
    monkeypatch.setattr("solver.engines.labels.listing._TESTS_AT_ONCE", 50)
    directions = Directions(question.program)
    listing = list_boxes(directions, directions.chosen(), corners, **ROOM)
    assert (listing.complete, listed(listing)) == (True, question.images)


def test_too_long_a_history_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solver.engines.labels.listing._HISTORY_LIMIT", 3)
    listing = listed_whole(stated([[1, 2, 4, 8], [-1, -2, -4, -8]]))
    assert (listing.shortfall, len(listing.images)) == (Shortfall.ROOM, 0)


def test_a_box_below_everything_is_empty_without_a_label() -> None:
    question = knapsack()
    directions = Directions(question.program)
    listing = list_boxes(
        directions, directions.chosen(), np.array([question.program.floor]), **ROOM
    )
    assert (listing.complete, listing.labels, len(listing.images)) == (True, 0, 0)


def test_an_equality_that_nothing_meets_is_proved_empty() -> None:
    # The relaxation meets it, no integers do.
    question = stated([[1, 2], [2, 1]], [((2, 2), 3, 3)])
    listing = listed_whole(question)
    assert (listing.complete, len(listing.images)) == (True, 0)


def test_coefficients_of_a_trillion_keep_their_last_unit() -> None:
    big = 10**12
    question = stated([[-3, -2, -1], [1, 1, 2]], [((big, big, big + 1), -INFINITY, 2 * big)])
    assert listed(listed_whole(question)) == question.images


def test_fixed_columns_count_in_rows_and_images() -> None:
    question = stated(
        [[1, 5, 2], [2, -7, -1]], [((1, 3, 1), -INFINITY, -5)], lower=[0, -2, 0], upper=[1, -2, 1]
    )
    listing = listed_whole(question)
    assert listed(listing) == question.images
    assert all(x[1] == -2 for x in listing.x.tolist())


def test_all_columns_fixed_leaves_one_point() -> None:
    question = stated([[1, 1], [-1, -1]], [((1, 1), 3, 9)], lower=[1, 2], upper=[1, 2])
    assert listed(listed_whole(question)) == [(3, -3)]


def test_listings_of_parts_make_the_whole() -> None:
    question = knapsack(3, n=9)
    directions = Directions(question.program)
    top = question.program.ceiling
    middle = [sorted(z[k] for z in question.images)[len(question.images) // 2] for k in range(3)]
    halves = itertools.product(*[(m, t) for m, t in zip(middle, top, strict=True)])
    found: set[Image] = set()
    for corner in halves:
        listing = list_boxes(directions, directions.chosen(), np.array([corner]), **ROOM)
        assert listing.complete
        found |= set(listed(listing))
    assert undominated(np.array(sorted(found))) == question.images
