from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.instance.moip.numerals import Unusable, as_number, magnitude, number_from_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("-2.50", Fraction(-5, 2)),
        ("1e3", 1000),
        ("1.5D2", 150),
        ("+7.", 7),
        (".25", Fraction(1, 4)),
        ("12300e-2", 123),
        ("0e999999999", 0),
        ("-0.0", 0),
    ],
)
def test_a_numeral_has_its_exact_value(text: str, value: Fraction) -> None:
    assert number_from_text(text) == value


def test_a_whole_decimal_is_an_integer() -> None:
    assert type(number_from_text("3.0")) is int


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "not finite"),
        ("-Infinity", "not finite"),
        ("1e999", "too large"),
        ("1e999999999", "too large"),
        ("9" * 5000, "too large"),
        ("1e-999999999", "decimals"),
        ("1/3", "not a number"),
        ("", "not a number"),
        (".", "not a number"),
        ("1_000", "not a number"),
        ("٣", "not a number"),
        ("1e9999999999", "not a number"),
    ],
)
def test_a_numeral_that_no_program_can_hold_says_why(text: str, reason: str) -> None:
    number = number_from_text(text)
    assert isinstance(number, Unusable)
    assert reason in number.reason


@given(st.fractions(max_denominator=1).map(int), st.integers(0, 30))
def test_a_decimal_point_divides_by_a_power_of_ten(digits: int, places: int) -> None:
    assert number_from_text(f"{digits}e-{places}") == Fraction(digits, 10**places)


@pytest.mark.parametrize("value", [True, None, 1.5, 2.0, "3", [1], {}])
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    assert isinstance(as_number(value), Unusable)


@pytest.mark.parametrize("value", [Decimal("2.5"), Fraction(5, 2)])
def test_decimals_and_fractions_are_exact_numbers(value: object) -> None:
    assert as_number(value) == Fraction(5, 2)


def test_a_numpy_integer_becomes_a_python_integer() -> None:
    assert type(as_number(np.int64(4))) is int


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("1e999")])
def test_a_decimal_that_is_not_finite_is_refused(value: Decimal) -> None:
    assert isinstance(as_number(value), Unusable)


def test_magnitude_drops_the_sign() -> None:
    assert magnitude(Fraction(-5, 2)) == Fraction(5, 2)
