"""Bounds from rows: valid, found through chains, and silent where there are none."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from solver.instance.moip.exact import Bounds, IntegerRows
from solver.instance.moip.propagation import propagated


def rows(*stated: tuple[dict[int, int], int | None, int | None]) -> IntegerRows:
    return IntegerRows(
        names=tuple(f"r{at}" for at in range(len(stated))),
        terms=[sorted(terms.items()) for terms, _, _ in stated],
        lower=[low for _, low, _ in stated],
        upper=[high for _, _, high in stated],
        units=[Fraction(1)] * len(stated),
    )


def test_a_capacity_bounds_each_column() -> None:
    found = propagated(Bounds([0, 0], [None, None]), rows(({0: 2, 1: 3}, None, 12)))
    assert found == Bounds([0, 0], [6, 4])


def test_a_quotient_is_rounded_towards_the_inside() -> None:
    found = propagated(Bounds([None], [None]), rows(({0: 3}, -7, 7)))
    assert found == Bounds([-2], [2])


def test_a_negative_coefficient_gives_a_lower_bound() -> None:
    found = propagated(Bounds([None, 0], [5, 3]), rows(({0: -2, 1: 1}, None, 7)))
    assert found.lower[0] == -3


def test_a_bound_travels_along_a_chain_of_rows() -> None:
    chain = [({at: 1, at + 1: -1}, None, 0) for at in range(30)]
    found = propagated(Bounds([0] * 31, [None] * 30 + [9]), rows(*chain))
    assert found.upper == [9] * 31


def test_the_order_of_the_rows_does_not_matter() -> None:
    stated = [({0: 1, 1: 1}, None, 9), ({0: 1, 1: -1}, 1, 4), ({0: 2}, None, 13)]
    start = Bounds([0, None], [None, None])
    assert propagated(start, rows(*stated)) == propagated(start, rows(*stated[::-1]))


def test_a_stated_bound_stays_as_it_is() -> None:
    found = propagated(Bounds([0, 0], [100, None]), rows(({0: 1, 1: 1}, None, 5)))
    assert found == Bounds([0, 0], [100, 5])


def test_a_column_that_no_row_bounds_stays_infinite() -> None:
    found = propagated(Bounds([0, 0], [None, None]), rows(({0: 1, 1: -1}, None, 5)))
    assert found.upper == [None, None]


def test_two_rows_that_push_each_other_up_for_ever_come_to_an_end() -> None:
    stated = rows(({0: 1, 1: -1}, 1, None), ({0: -1, 1: 1}, 1, None))
    found = propagated(Bounds([0, 0], [None, None]), stated)
    assert found.lower == [0, 0]
    assert propagated(Bounds([None, 0], [9, 9]), stated).lower[0] is not None


SIDE = st.none() | st.integers(-9, 9)


@given(
    st.lists(st.tuples(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), SIDE, SIDE), max_size=3),
    st.lists(st.tuples(SIDE, SIDE), min_size=2, max_size=2),
)
def test_no_feasible_point_of_a_wide_box_is_lost(
    stated: list[tuple[tuple[int, int], int | None, int | None]],
    box: list[tuple[int | None, int | None]],
) -> None:
    start = Bounds([low for low, _ in box], [high for _, high in box])
    matrix = rows(
        *(({at: v for at, v in enumerate(values) if v}, low, high) for values, low, high in stated)
    )
    found = propagated(start, matrix)

    def within(value: int, low: int | None, high: int | None) -> bool:
        return (low is None or low <= value) and (high is None or value <= high)

    for x in product(range(-14, 15), repeat=2):
        if all(within(v, *side) for v, side in zip(x, box, strict=True)) and all(
            within(a * x[0] + b * x[1], low, high) for (a, b), low, high in stated
        ):
            assert all(map(within, x, found.lower, found.upper))
