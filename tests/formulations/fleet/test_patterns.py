"""Shapes, maximal patterns and the exact knapsack against plain enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.fleet.maximal_patterns import maximal_patterns
from formulations.fleet.pattern_pricing import best_pattern
from formulations.fleet.rack_shapes import Pattern, RackShapes, grown, rack_shapes, room_left
from tests.oracles.plain_fleet import small_racks

# Machines differ, and shared ones stall: no example is timed.
_unhurried = settings(deadline=None)


@st.composite
def _shapes(draw: st.DrawFn) -> RackShapes:
    """One orbit, up to five items in one or two dimensions."""
    d, k = draw(st.integers(1, 2)), draw(st.integers(1, 5))
    size = [draw(st.lists(st.integers(0, 4), min_size=d, max_size=d)) for _ in range(k)]
    racks = small_racks(
        list(range(k)),
        size,
        [(2, draw(st.lists(st.integers(0, 9), min_size=d, max_size=d)))],
        admits=[draw(st.lists(st.sampled_from([True, True, False]), min_size=k, max_size=k))],
    )
    upper = np.array(draw(st.lists(st.integers(0, 3), min_size=k, max_size=k)), dtype=np.int64)
    return rack_shapes(racks, upper)


def _all_patterns(shapes: RackShapes) -> list[tuple[int, ...]]:
    """Every filling of a rack of orbit 0."""
    ranges = [
        range(most + 1) if shape in shapes.admits[0] else range(1)
        for shape, most in enumerate(shapes.most)
    ]
    return [
        units
        for units in itertools.product(*ranges)
        if all(
            sum(q * shapes.size[shape][d] for shape, q in enumerate(units)) <= room
            for d, room in enumerate(shapes.capacity(0))
        )
    ]


@_unhurried
@given(_shapes())
def test_maximal_patterns_are_those_that_no_other_filling_contains(shapes: RackShapes) -> None:
    everything = _all_patterns(shapes)
    maximal = {
        units
        for units in everything
        if not any(
            other != units and all(a >= b for a, b in zip(other, units, strict=True))
            for other in everything
        )
    }
    found = maximal_patterns(shapes, 0, limit=10_000)
    assert {pattern.units for pattern in found} == maximal
    assert len(found) == len(maximal)


@_unhurried
@given(_shapes(), st.data())
def test_patterns_worth_enough_are_all_of_those_and_no_others(
    shapes: RackShapes, data: st.DataObject
) -> None:
    values = [data.draw(st.integers(0, 9)) for _ in range(shapes.n_shapes)]
    least = data.draw(st.integers(0, 40))

    def worth(pattern: Pattern) -> int:
        return sum(v * q for v, q in zip(values, pattern.units, strict=True))

    everything = maximal_patterns(shapes, 0, limit=10_000)
    found = maximal_patterns(shapes, 0, limit=10_000, values=values, least=least)
    assert found == [pattern for pattern in everything if worth(pattern) >= least]


@_unhurried
@given(_shapes(), st.data())
def test_the_knapsack_is_as_good_as_the_best_of_all_fillings(
    shapes: RackShapes, data: st.DataObject
) -> None:
    number = st.one_of(st.integers(-5, 9), st.integers(0, 10**25))
    values = [data.draw(number) for _ in range(shapes.n_shapes)]
    everything = _all_patterns(shapes)
    value, pattern = best_pattern(shapes, 0, values)
    assert value == max(sum(v * q for v, q in zip(values, u, strict=True)) for u in everything)
    assert pattern.units in everything
    assert value == sum(v * q for v, q in zip(values, pattern.units, strict=True))


@_unhurried
@given(_shapes(), st.data())
def test_a_pattern_grows_into_a_maximal_one_that_contains_it(
    shapes: RackShapes, data: st.DataObject
) -> None:
    units = data.draw(st.sampled_from(_all_patterns(shapes)))
    larger = grown(shapes, Pattern(0, units))
    assert all(a >= b for a, b in zip(larger.units, units, strict=True))
    assert larger in maximal_patterns(shapes, 0, limit=10_000)
    assert min(room_left(shapes, larger)) >= 0


def test_items_of_equal_size_that_stand_in_the_same_racks_are_one_shape() -> None:
    racks = small_racks(
        [0, 2, 3, 5],
        [[2], [2], [2], [1]],
        [(1, [4]), (1, [9])],
        admits=[[True, True, False, True], [True, True, True, True]],
    )
    shapes = rack_shapes(racks, np.array([4, 9, 5, 6, 9, 7], dtype=np.int64))
    assert shapes.members == ((0, 2), (3,), (5,))
    assert shapes.most == (9, 6, 7)
    assert shapes.admits == ((0, 2), (0, 1, 2))


def test_too_many_patterns_are_refused_with_the_number() -> None:
    racks = small_racks(list(range(6)), [[k + 20] for k in range(6)], [(1, [200])])
    shapes = rack_shapes(racks, np.full(6, 99, dtype=np.int64))
    with pytest.raises(ValueError, match="orbit0 has more than 10 maximal patterns"):
        maximal_patterns(shapes, 0, limit=10)


def test_a_search_that_finds_little_is_given_up_too() -> None:
    racks = small_racks(list(range(12)), [[k + 1] for k in range(12)], [(1, [77])])
    shapes = rack_shapes(racks, np.ones(12, dtype=np.int64))
    # Only all twelve together (78) do not fit: 12 maximal patterns among 4,095 fillings.
    with pytest.raises(ValueError, match="steps found"):
        maximal_patterns(shapes, 0, limit=12)
    assert len(maximal_patterns(shapes, 0, limit=100)) == 12
