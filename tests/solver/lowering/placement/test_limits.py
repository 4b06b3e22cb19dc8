"""Limits as whole numbers."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.instance.placement.domain import PlacementLimits
from solver.lowering.placement.limits import (
    least_speed,
    max_price,
    max_time_ps,
    price_per_usd,
    time_at_least,
)
from tests.oracles.placement_questions import two_hosts


@given(st.fractions(min_value=Fraction(1, 1000), max_value=10**6))
def test_the_longest_time_is_just_fast_enough(speed: Fraction) -> None:
    time_ps = time_at_least(speed)
    assert Fraction(10**12, time_ps) >= speed > Fraction(10**12, time_ps + 1)


def test_without_a_limit_there_is_none() -> None:
    instance = two_hosts()
    assert (max_time_ps(instance), least_speed(instance), max_price(instance, 15)) == (None,) * 3


def test_a_speed_is_met_in_whole_picoseconds() -> None:
    instance = two_hosts(limits=PlacementLimits(min_speed_tok_per_s=Fraction(3)))
    assert max_time_ps(instance) == 333_333_333_333
    assert least_speed(instance) == Fraction(10**12, 333_333_333_333)


@given(st.lists(st.fractions(min_value=0, max_value=100, max_denominator=50), min_size=1))
def test_every_price_is_a_whole_number_of_parts(prices: list[Fraction]) -> None:
    parts = price_per_usd(prices)
    assert all((price * parts).denominator == 1 for price in prices)
