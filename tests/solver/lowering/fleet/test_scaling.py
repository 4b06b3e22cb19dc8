"""Integers for fractions: exact where that is short, else on the safe side."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.lowering.fleet.scaling import (
    GREATEST,
    common_denominator,
    fitting,
    ranks,
    rate_scale,
    rounded_down,
    scaled,
    scaled_cover,
    scaled_row,
)

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


def test_costs_beyond_64_bits_are_counted_in_a_coarser_unit() -> None:
    made = scaled([F(10**30), F(1, 3)])
    assert max(made.values) <= GREATEST
    assert not made.exact
    assert made.values[0] * made.unit == 10**30


@given(found=values, side=st.fractions(min_value=0, max_value=1000, max_denominator=3000))
def test_a_row_is_never_looser_than_stated(found: list[Fraction], side: Fraction) -> None:
    row = scaled_row(found, side)
    assert row.side <= side * row.per_unit
    assert all(n >= value * row.per_unit for n, value in zip(row.values, found, strict=True))


def test_a_row_keeps_the_unit_of_its_side() -> None:
    row = scaled_row([F(8), F(4)], F(10))
    assert (row.values, row.side, row.per_unit, row.exact) == ((8, 4), 10, 1, True)


def test_a_side_beyond_64_bits_is_counted_in_a_coarser_unit() -> None:
    row = scaled_row([F(2)], F(10**30))
    assert (row.side / row.per_unit, row.exact) == (10**30, False)
    assert row.side <= GREATEST


def test_long_decimals_under_a_large_side_stay_within_64_bits() -> None:
    row = scaled_row([F("2.123456789")], F(10**10))
    assert max(*row.values, row.side) <= GREATEST
    assert 0 <= row.values[0] / row.per_unit - F("2.123456789") <= F(1, 10**4)


exact = st.fractions(min_value=F(1, 300), max_value=1000, max_denominator=300)


@given(rates=st.lists(exact, min_size=1, max_size=5), demand=exact)
def test_a_cover_of_short_fractions_says_just_the_same(rates: list[F], demand: F) -> None:
    made = scaled_cover([rates], [demand], capped=False)
    assert made.rounded_to is None
    for whole, rate in zip(made.rates[0], rates, strict=True):
        assert F(whole, made.demands[0]) == rate / demand


def test_a_cover_is_in_the_smallest_integers() -> None:
    made = scaled_cover([[F("1.5"), F("4.5")]], [F("7.5")], capped=False)
    assert (made.rates, made.demands) == (((1, 3),), (5,))


@given(rates=st.lists(exact, min_size=2, max_size=4), demand=exact)
def test_a_rounded_cover_never_promises_more(rates: list[F], demand: F) -> None:
    made = scaled_cover([rates], [demand], capped=False, most=1000)
    assert max(*made.rates[0], *made.demands) <= 1000
    if made.rounded_to is not None:
        assert made.demands[0] * made.rounded_to >= demand
        for whole, rate in zip(made.rates[0], rates, strict=True):
            assert whole * made.rounded_to <= rate


def test_a_rate_far_above_its_demand_leaves_the_others_their_digits() -> None:
    made = scaled_cover([[F(10**30), F("1.2345")]], [F(10)], capped=True)
    assert (made.rates, made.demands, made.rounded_to) == (((20000, 2469),), (20000,), None)


def test_shared_time_is_not_saved_by_a_cap() -> None:
    # Half a replica of 6 serves 3: taken for 3, it would take a whole one.
    made = scaled_cover([[F(6)]], [F(3)], capped=False)
    assert (made.rates, made.demands) == (((2,),), (1,))


def test_a_grid_rounds_rates_and_leaves_its_multiples() -> None:
    ugly = F(10**10, 9999999967)
    made = scaled_cover([[ugly]], [F(3, 100)], capped=False, most=1000, grid=F(100))
    assert (made.rates, made.demands, made.rounded_to) == (((100,),), (3,), F(1, 100))


@given(value=st.fractions(min_value=F(1, 10**9), max_value=10**12))
def test_significant_digits_are_cut_off(value: Fraction) -> None:
    short = rounded_down(value, 4)
    assert value * (1 - F(1, 1000)) < short <= value
    assert rounded_down(short, 4) == short


@given(largest=st.fractions(min_value=F(1, 10**6), max_value=10**12))
def test_a_fitting_scale_is_the_finest_by_powers_of_ten(largest: Fraction) -> None:
    scale = fitting(F(1000), largest, 5000)
    assert largest * scale <= 5000
    assert scale == 1000 or largest * scale * 10 > 5000


def test_a_throughput_is_exact_over_a_small_denominator() -> None:
    assert rate_scale([F(1, 3), F(5, 7)], least=1000) == 21


def test_a_throughput_of_long_decimals_keeps_digits_of_the_smallest_rate() -> None:
    assert rate_scale([F("0.0123456789"), F("3")], least=1000) == 10**5


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
