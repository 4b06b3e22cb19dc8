"""The search region against counting on a small grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.moip.problem import Image
from solver.sweep.moip.region import SearchRegion
from tests.oracles import plain_moip

SIDE = {2: 8, 3: 5, 4: 4}
"""Images have components from 0 to this, the ceiling, where they are out of sight."""
OFTEN = settings(max_examples=50, deadline=None)


@st.composite
def image_sets(draw: st.DrawFn) -> tuple[int, list[Image]]:
    """Number of objectives, and images in any order, some equal, some outside the ceiling."""
    p = draw(st.sampled_from(sorted(SIDE)))
    image = st.tuples(*[st.integers(0, SIDE[p]) for _ in range(p)])
    return p, draw(st.lists(image, max_size=9))


def ceiling(p: int) -> Image:
    return (SIDE[p],) * p


def one_by_one(p: int, images: list[Image]) -> SearchRegion:
    region = SearchRegion(ceiling(p))
    for image in images:
        region.insert([image])
    return region


def at_once(p: int, images: list[Image]) -> SearchRegion:
    region = SearchRegion(ceiling(p))
    region.insert(images)
    return region


def corner_set(region: SearchRegion) -> list[Image]:
    return sorted(tuple(corner) for corner in region.corners.tolist())


@OFTEN
@given(image_sets())
def test_the_boxes_hold_exactly_what_no_image_weakly_dominates(
    drawn: tuple[int, list[Image]],
) -> None:
    p, images = drawn
    corners = one_by_one(p, images).corners
    grid = np.array(list(itertools.product(range(-1, SIDE[p]), repeat=p)))
    covered = (grid[:, None, :] < corners[None]).all(axis=2).any(axis=1)
    dominated = np.zeros(len(grid), dtype=bool)
    for image in images:
        dominated |= (grid >= np.array(image)).all(axis=1)
    assert (covered == ~dominated).all()


@OFTEN
@given(image_sets())
def test_no_corner_lies_below_another(drawn: tuple[int, list[Image]]) -> None:
    corners = at_once(*drawn).corners
    below = (corners[:, None, :] <= corners[None]).all(axis=2)
    assert np.count_nonzero(below) == len(corners)


@OFTEN
@given(image_sets())
def test_the_corners_are_those_of_an_enumeration_of_levels(drawn: tuple[int, list[Image]]) -> None:
    p, images = drawn
    inside = {image for image in images if max(image) < SIDE[p]}
    assert corner_set(one_by_one(p, images)) == plain_moip.corners(inside, ceiling(p))


@OFTEN
@given(image_sets())
def test_a_batch_leaves_the_same_corners_as_one_by_one(drawn: tuple[int, list[Image]]) -> None:
    assert corner_set(at_once(*drawn)) == corner_set(one_by_one(*drawn))


@OFTEN
@given(image_sets(), st.integers(0, 9), st.integers(0, 9))
def test_three_batches_leave_the_same_corners_as_one(
    drawn: tuple[int, list[Image]], first: int, second: int
) -> None:
    p, images = drawn
    low, high = sorted((first, second))
    region = SearchRegion(ceiling(p))
    for part in (images[:low], images[low:high], images[high:]):
        region.insert(part)
    assert corner_set(region) == corner_set(at_once(p, images))


@OFTEN
@given(image_sets(), st.randoms())
def test_the_order_of_images_does_not_matter(
    drawn: tuple[int, list[Image]], random: object
) -> None:
    p, images = drawn
    shuffled = list(images)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert corner_set(one_by_one(p, images)) == corner_set(one_by_one(p, shuffled))


def test_before_any_image_the_region_is_one_box() -> None:
    assert corner_set(SearchRegion((5, 6, 7))) == [(5, 6, 7)]


def test_an_empty_batch_changes_nothing() -> None:
    region = one_by_one(2, [(3, 3)])
    region.insert([])
    assert corner_set(region) == [(3, 8), (8, 3)]


def test_two_objectives_give_the_steps_of_a_staircase() -> None:
    assert corner_set(at_once(2, [(2, 5), (4, 1), (3, 6)])) == [(2, 8), (4, 5), (8, 1)]


def test_images_far_beyond_floats_keep_their_last_unit() -> None:
    big = 2**60
    region = SearchRegion((big, big))
    region.insert([(big - 1, 0), (0, big - 1)])
    assert corner_set(region) == [(0, big), (big - 1, big - 1), (big, 0)]


@pytest.mark.parametrize("p", [2, 3])
def test_an_image_at_the_ceiling_takes_nothing_away(p: int) -> None:
    assert corner_set(one_by_one(p, [(0,) * (p - 1) + (SIDE[p],)])) == [ceiling(p)]
