from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.sweep.placement.image import Image, is_within, undominated
from solver.sweep.placement.strips import Strip, region_text, strip_to_dict, strips_between

_IMAGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6)


@given(_IMAGES, st.tuples(st.integers(0, 10), st.integers(-1, 10)))
def test_what_no_point_dominates_lies_in_exactly_one_strip(
    images: list[tuple[int, int]], other: tuple[int, int]
) -> None:
    points: list[Image] = [images[place] for place in undominated(list(images))]
    strips = strips_between(points, width=2)
    held = sum(strip.holds(other) for strip in strips)
    assert held == (0 if any(is_within(point, other) for point in points) else 1)


@given(_IMAGES)
def test_the_undominated_images_are_those_that_no_other_beats(
    images: list[tuple[int, int]],
) -> None:
    kept = {images[place] for place in undominated(list(images))}
    assert kept == {
        one for one in images if not any(is_within(o, one) and o != one for o in images)
    }


def test_one_objective_leaves_one_strip() -> None:
    assert strips_between([(-7,)], width=1) == [Strip(None, None, -7)]


def test_a_strip_is_told_exactly() -> None:
    strip = Strip(10, 20, Fraction(1, 3))
    assert strip_to_dict(("speed", "cost"), strip) == {
        "latency_ps_min": 10,
        "latency_ps_below": 20,
        "cost_below": "1/3",
    }


def test_a_strip_is_told_in_the_units_that_people_read() -> None:
    text = region_text(("speed", "throughput"), Strip(None, 10**10, -5 * 10**6))
    assert text == "speed above 100 tok/s/user and throughput above 5 tok/s"
