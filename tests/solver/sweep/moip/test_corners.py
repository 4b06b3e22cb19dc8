"""Greatest corners by sweep against trying every corner there could be."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.sweep.moip.claims import Corner
from solver.sweep.moip.corners import greatest_corners
from tests.oracles import plain_moip as plain


@st.composite
def point_sets(draw: st.DrawFn) -> tuple[set[Corner], Corner]:
    p = draw(st.integers(2, 4))
    point = st.tuples(*[st.integers(0, 5)] * p)
    return draw(st.sets(point, max_size=6)), (6,) * p


@settings(deadline=None, max_examples=50)
@given(point_sets())
def test_corners_are_all_that_trying_every_one_finds(case: tuple[set[Corner], Corner]) -> None:
    points, ceiling = case
    assert sorted(greatest_corners(points, ceiling)) == plain.corners(points, ceiling)


@settings(deadline=None, max_examples=50)
@given(point_sets())
def test_boxes_cover_exactly_what_no_point_weakly_dominates(
    case: tuple[set[Corner], Corner],
) -> None:
    points, ceiling = case
    corners = greatest_corners(points, ceiling)
    for z in itertools.product(*map(range, ceiling)):
        free = not any(all(a <= b for a, b in zip(point, z, strict=True)) for point in points)
        boxed = any(all(a < b for a, b in zip(z, u, strict=True)) for u in corners)
        assert free == boxed


def test_without_points_the_ceiling_is_the_only_corner() -> None:
    assert greatest_corners([], (4, 5, 6)) == {(4, 5, 6)}


def test_a_point_outside_the_ceiling_does_not_matter() -> None:
    assert greatest_corners([(9, 0), (1, 1)], (4, 4)) == greatest_corners([(1, 1)], (4, 4))


def test_one_objective_is_refused() -> None:
    with pytest.raises(ValueError, match="two objectives"):
        greatest_corners([], (4,))
