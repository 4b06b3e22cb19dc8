from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.sweep.strips import OpenRegion, is_proved, open_boxes, strips

Pairs = list[tuple[int, Fraction]]


@st.composite
def staircases(draw: st.DrawFn) -> Pairs:
    latencies = sorted(draw(st.sets(st.integers(1, 40), max_size=6)))
    costs = sorted(
        draw(st.sets(st.integers(1, 40), min_size=len(latencies), max_size=len(latencies))),
        reverse=True,
    )
    return [(t, Fraction(c)) for t, c in zip(latencies, costs, strict=True)]


@given(staircases(), st.integers(0, 45), st.integers(1, 45))
def test_a_pair_lies_in_one_strip_exactly_where_no_point_is_as_good(
    pairs: Pairs, latency: int, cost: int
) -> None:
    inside = [
        strip
        for strip in strips(pairs)
        if strip.latency_ps_min <= latency
        and (strip.latency_ps_max is None or latency <= strip.latency_ps_max)
        and (strip.cost_below is None or cost < strip.cost_below)
    ]
    covered = any(t <= latency and c <= cost for t, c in pairs)
    assert len(inside) == (0 if covered else 1)


@given(staircases(), st.integers(0, 45), st.integers(0, 45), st.integers(0, 45), st.integers(0, 45))
def test_whatever_an_open_region_may_hide_lies_in_an_open_box(
    pairs: Pairs, corner_latency: int, corner_cost: int, more_latency: int, more_cost: int
) -> None:
    region = OpenRegion(corner_latency, Fraction(corner_cost))
    latency, cost = corner_latency + more_latency, corner_cost + more_cost
    if any(t <= latency and c <= cost for t, c in pairs):
        return
    boxes = [box for box in open_boxes(strips(pairs), [region], "why") if box is not None]
    assert any(
        box.latency_ps_min <= latency
        and (box.latency_ps_max is None or latency <= box.latency_ps_max)
        and Fraction(box.cost_min or 0) <= cost
        and (box.cost_below is None or cost < Fraction(box.cost_below))
        for box in boxes
    )


def test_nothing_open_leaves_no_box_and_proves_every_point() -> None:
    pairs = [(5, Fraction(3)), (9, Fraction(1))]
    assert open_boxes(strips(pairs), [], "why") == [None, None, None]
    assert is_proved(5, Fraction(3), [])


def test_a_point_at_the_corner_of_a_region_stays_proved() -> None:
    region = [OpenRegion(5, Fraction(3))]
    assert is_proved(5, Fraction(3), region)
    assert not is_proved(6, Fraction(3), region)
    assert not is_proved(5, Fraction(4), region)
    assert is_proved(4, Fraction(9), region)
