"""Integers for fractions: exact where that is short, else on the safe side."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.lowering.fleet.scaling import common_denominator, ranks, scaled, scaled_row

F = Fraction
values = st.lists(
    st.fractions(min_value=0, max_value=1000, max_denominator=2000), min_size=1, max_size=6
)


@given(found=values)
def test_costs_are_exact_or_rounded_up_by_less_than_a_unit(found: list[Fraction]) -> None:
    made = scaled(found)
    for value, whole in zip(found, made.values, strict=True):
        assert 0 <= whole * made.unit - value < F(1, 10**9)
        assert not made.exact or whole * made.unit == value


def test_a_common_factor_is_taken_out() -> None:
    made = scaled([F(4), F(6)])
    assert (made.values, made.unit) == ((2, 3), 2)


def test_nothing_but_zeros_has_a_unit() -> None:
    assert scaled([F(0)]).values == (0,)


@given(found=values, side=st.fractions(min_value=0, max_value=1000, max_denominator=3000))
def test_a_row_is_never_looser_than_stated(found: list[Fraction], side: Fraction) -> None:
    integers, most, per_unit = scaled_row(found, side)
    assert most <= side * per_unit
    assert all(n >= value * per_unit for n, value in zip(integers, found, strict=True))


def test_a_row_keeps_the_unit_of_its_side() -> None:
    assert scaled_row([F(8), F(4)], F(10)) == ([8, 4], 10, 1)


def test_a_denominator_beyond_a_million_is_no_common_one() -> None:
    assert common_denominator([F(1, 1000), F(1, 999)]) == 999_000
    assert common_denominator([F(1, 1000), F(1, 1001)]) is None


@given(found=st.lists(st.fractions(max_denominator=50), max_size=8))
def test_ranks_sort_as_fractions_do(found: list[Fraction]) -> None:
    distinct, places = ranks(found)
    assert distinct == sorted(set(found))
    assert [distinct[place] for place in places] == found


def test_ranks_hold_where_no_common_denominator_is_short() -> None:
    found = [F(1, 2**300 + 1), F(1, 3**200), F(1, 2**300 + 1)]
    assert ranks(found)[1] == [1, 0, 1]
