"""Volumes of unions of boxes against counting every vector."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.sweep.moip.claims import Corner
from solver.sweep.moip.volume import dominated_volume, union_volume

Box = tuple[Corner, Corner]


def counted(boxes: list[Box]) -> int:
    sets = (itertools.product(*map(range, low, high)) for low, high in boxes)
    return len(set(itertools.chain.from_iterable(sets)))


@st.composite
def box_lists(draw: st.DrawFn) -> list[Box]:
    p = draw(st.integers(1, 4))
    component = st.tuples(st.integers(-3, 6), st.integers(-1, 4))
    box = st.lists(component, min_size=p, max_size=p).map(
        lambda pairs: (tuple(a for a, _ in pairs), tuple(a + w for a, w in pairs))
    )
    return draw(st.lists(box, max_size=9))


@settings(deadline=None, max_examples=60)
@given(box_lists())
def test_the_union_holds_as_many_vectors_as_counting_finds(boxes: list[Box]) -> None:
    assert union_volume(boxes) == counted(boxes)


@settings(deadline=None, max_examples=60)
@given(box_lists(), st.integers(10**20, 10**30))
def test_a_union_stretched_beyond_64_bits_is_still_exact(boxes: list[Box], factor: int) -> None:
    if not boxes:
        return
    stretched = [
        (tuple(factor * a for a in low), tuple(factor * b for b in high)) for low, high in boxes
    ]
    assert union_volume(stretched) == factor ** len(boxes[0][0]) * counted(boxes)


@settings(deadline=None, max_examples=60)
@given(box_lists())
def test_order_and_repetition_change_nothing(boxes: list[Box]) -> None:
    assert union_volume(boxes[::-1] + boxes) == union_volume(boxes)


@pytest.mark.parametrize("p", [2, 3])
def test_a_grid_too_large_to_paint_at_once_is_counted_rightly(p: int) -> None:
    generator = random.Random(p)
    side = {2: 500, 3: 60}[p]
    boxes = []
    for _ in range(400):
        low = tuple(generator.randrange(side - 5) for _ in range(p))
        boxes.append((low, tuple(a + generator.randrange(1, 6) for a in low)))
    assert union_volume(boxes) == counted(boxes)


def test_no_box_and_empty_boxes_hold_nothing() -> None:
    assert union_volume([]) == 0
    assert union_volume([((1, 5), (1, 9)), ((3, 3), (2, 9))]) == 0


def test_corners_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="same length"):
        union_volume([((0, 0), (1, 1, 1))])
    with pytest.raises(ValueError, match="same length"):
        union_volume([((), ())])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=6),
)
def test_dominated_volume_counts_what_some_point_weakly_dominates(points: list[Corner]) -> None:
    expected = sum(
        any(all(a <= b for a, b in zip(point, z, strict=True)) for point in points)
        for z in itertools.product(range(6), repeat=3)
    )
    assert dominated_volume(points, (6, 6, 6)) == expected


@pytest.mark.parametrize(("p", "count"), [(2, 3000), (3, 1500)])
def test_thousands_of_boxes_take_seconds(p: int, count: int) -> None:
    generator = random.Random(1)
    boxes = []
    for _ in range(count):
        low = tuple(generator.randrange(10**6) for _ in range(p))
        boxes.append((low, tuple(a + generator.randrange(1, 10**5) for a in low)))
    began_s = time.process_time()
    assert union_volume(boxes) > 0
    assert time.process_time() - began_s < 20
