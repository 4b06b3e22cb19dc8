from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.instance.fleet.plausible import (
    DEVICE_USD_PER_HOUR,
    DEVICE_WATTS,
    REQUESTS_PER_S,
    TOK_PER_S,
    TOKEN_TIME_S,
    TTFT_S,
    USER_SPEED,
    PlausibleRange,
    plain,
)


@given(st.fractions(min_value=-(10**9), max_value=10**9))
def test_a_number_is_shown_without_loss(value: Fraction) -> None:
    assert Fraction(plain(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(3000), "3000"), (Fraction(5, 8), "0.625"), (Fraction(1, 3), "1/3"), (0, "0")],
)
def test_a_number_is_shown_as_people_write_it(value: Fraction, text: str) -> None:
    assert plain(Fraction(value)) == text


@pytest.mark.parametrize(
    ("expected", "allowed", "refused"),
    [
        (DEVICE_USD_PER_HOUR, ["0.001", "2.5", "500"], ["0.0009", "500.01"]),
        (DEVICE_WATTS, ["10", "700", "20000"], ["9.9", "20001"]),
        (TTFT_S, ["0.001", "300"], ["0.0009", "300.1"]),
        (TOKEN_TIME_S, ["0.00005", "60"], ["0.00004", "60.1"]),
        (USER_SPEED, ["0.1", "20000"], ["0.01", "20001"]),
        (REQUESTS_PER_S, ["0.00001", "10000000"], ["0.000009", "10000001"]),
        (TOK_PER_S, ["0.001", "1000000000"], ["0.0009", "1000000001"]),
    ],
)
def test_both_ends_of_a_range_are_allowed(
    expected: PlausibleRange, allowed: list[str], refused: list[str]
) -> None:
    assert [expected.doubt(Fraction(text)) for text in allowed] == [None] * len(allowed)
    for text in refused:
        doubt = expected.doubt(Fraction(text))
        assert doubt is not None
        assert doubt[0].startswith(text)
        assert doubt[1]


def test_nothing_in_the_catalog_is_implausible() -> None:
    catalog = shipped_catalog()
    for price in catalog.prices.values():
        assert DEVICE_USD_PER_HOUR.doubt(price.usd_per_hour) is None, price
    for accelerator in catalog.accelerators.values():
        for watts in (accelerator.all_in_w, accelerator.tdp_w):
            if watts is not None:
                assert DEVICE_WATTS.doubt(Fraction(watts)) is None, accelerator.name
