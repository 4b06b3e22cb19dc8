"""Costs along concurrency, against sums by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.curve import Curve, CurvePoint
from solver.economics.production import production

MS = 10**9
"""Picoseconds."""


def affine(
    a_ps: int, b_ps: int, levels: range | list[int], usd: Fraction = Fraction(36, 10)
) -> Curve:
    """A step of a + bc at every concurrency."""
    points = tuple(CurvePoint(c, a_ps + b_ps * c, usd) for c in levels)
    return Curve("m", "x", "TP1", 1, points)


def test_total_is_price_times_step_times_tokens() -> None:
    # 3.6 US$/h is 0.001 US$/s; two users at 12 ms a token, answers of 500 tokens: 6 s.
    (first, *_) = production(affine(10 * MS, MS, [2, 3]), answer_tokens=500)
    assert first.total_usd == Fraction(6, 1000)


def test_average_is_total_over_users_for_a_million_tokens() -> None:
    (first, *_) = production(affine(10 * MS, MS, [2, 3]), answer_tokens=500)
    assert first.point.average == first.total_usd / 2 / 500 * 10**6


def test_marginal_of_an_affine_step_is_its_slope() -> None:
    # One more user: 1 ms more a token, 0.001 US$/s: 1 US$ for a million tokens.
    found = production(affine(10 * MS, MS, range(1, 9)), answer_tokens=1)
    assert {point.marginal_usd_per_mtok for point in found[:-1]} == {Fraction(1)}


def test_marginal_over_a_gap_of_batches_is_per_user() -> None:
    found = production(affine(10 * MS, MS, [1, 2, 64]), answer_tokens=1)
    assert found[1].marginal_usd_per_mtok == 1


def test_the_last_batch_on_offer_has_no_marginal() -> None:
    found = production(affine(10 * MS, MS, [1, 2]), answer_tokens=1)[-1]
    assert (found.marginal_usd_per_mtok, found.elasticity_of_throughput) == (None, None)


def test_elasticity_of_scale_is_average_over_marginal() -> None:
    # At c = 5: AC = 15 / 5 = 3, MC = 1.
    found = production(affine(10 * MS, MS, range(1, 9)), answer_tokens=1)
    assert found[4].elasticity_of_scale == 3


def test_a_user_who_costs_nothing_leaves_elasticity_of_scale_open() -> None:
    found = production(affine(10 * MS, 0, range(1, 4)), answer_tokens=1)
    assert found[0].marginal_usd_per_mtok == 0
    assert found[0].elasticity_of_scale is None


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 400))
def test_elasticity_of_throughput_lies_between_none_and_all(a: int, b: int, c: int) -> None:
    (first, _) = production(affine(a, b, [c, c + 1]), answer_tokens=1)
    assert first.elasticity_of_throughput is not None
    assert -1e-9 <= first.elasticity_of_throughput <= 1 + 1e-9


def test_energy_of_a_token_is_power_times_step_over_users() -> None:
    # 700 W, a step of 20 ms, 10 users: 1.4 J.
    point = CurvePoint(10, 20 * MS, Fraction(3), power_mw=700_000)
    assert point.joules_per_token == Fraction(14, 10)


def test_marginal_energy_is_of_the_tokens_of_one_more_user() -> None:
    points = (
        CurvePoint(1, 10 * MS, Fraction(3), power_mw=500_000),
        CurvePoint(2, 12 * MS, Fraction(3), power_mw=600_000),
    )
    (first, _) = production(Curve("m", "x", "TP1", 1, points), answer_tokens=1)
    assert first.marginal_joules == Fraction(72, 10) - 5


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 400), st.integers(1, 60))
def test_elasticity_of_scale_is_one_over_that_of_the_step(a: int, b: int, c: int, gap: int) -> None:
    """Of T = a + bc: AC / MC = (a + bc) / (bc), over any gap of batches."""
    (first, _) = production(affine(a, b, [c, c + gap]), answer_tokens=1)
    assert first.elasticity_of_scale == Fraction(a + b * c, b * c)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 400))
def test_the_next_user_costs_what_a_second_bill_costs_more(a: int, b: int, c: int) -> None:
    """Another road: both bills in US$, seconds and hours, less each other."""
    tokens = 700
    (first, second) = production(affine(a, b, [c, c + 1]), answer_tokens=tokens)
    assert first.marginal_usd_per_mtok is not None
    bills = [Fraction(36, 10) / 3600 * Fraction(a + b * n, 10**12) * tokens for n in (c, c + 1)]
    assert [first.total_usd, second.total_usd] == bills
    assert first.marginal_usd_per_mtok * tokens / 10**6 == bills[1] - bills[0]


def test_a_curve_refuses_users_that_do_not_rise() -> None:
    with pytest.raises(ValueError, match="rising"):
        affine(1, 1, [2, 2])
