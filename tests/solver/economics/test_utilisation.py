"""Cost at real load."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.utilisation import at_utilisations, sentence


@given(st.integers(1, 10**5).map(Fraction), st.integers(1, 10**6).map(Fraction))
def test_a_tenth_of_the_load_costs_exactly_ten_times(usd: Fraction, rate: Fraction) -> None:
    tenth, full = at_utilisations(usd, rate, [Fraction(1, 10), Fraction(1)])
    assert tenth.usd_per_mtok == 10 * full.usd_per_mtok


def test_full_load_costs_the_hour_over_its_tokens() -> None:
    # 3.6 US$/h, 1000 tok/s: 3.6 million tokens an hour.
    (full,) = at_utilisations(Fraction(36, 10), Fraction(1000), [Fraction(1)])
    assert full.usd_per_mtok == 1


def test_the_sentence_says_ten_times() -> None:
    found = at_utilisations(Fraction(36, 10), Fraction(1000), [Fraction(1), Fraction(1, 10)])
    assert "At 10 % load a token costs 10 times" in sentence(found)


def test_the_sentence_takes_the_load_nearest_to_a_tenth() -> None:
    found = at_utilisations(Fraction(36, 10), Fraction(1000), [Fraction(1), Fraction(1, 4)])
    assert "At 25 % load a token costs 4 times" in sentence(found)


@pytest.mark.parametrize("share", [Fraction(0), Fraction(-1, 2), Fraction(11, 10)])
def test_a_load_outside_0_to_1_is_refused(share: Fraction) -> None:
    with pytest.raises(ValueError, match="utilisation"):
        at_utilisations(Fraction(1), Fraction(1), [share])


def test_full_load_alone_warns_of_nothing() -> None:
    assert sentence(at_utilisations(Fraction(1), Fraction(1), [Fraction(1)])) == ""


@given(
    st.fractions(min_value=Fraction(1, 1000), max_value=1000),
    st.fractions(min_value=Fraction(1, 1000), max_value=1000),
    st.fractions(min_value=Fraction(1, 1000), max_value=1),
)
def test_an_hour_of_the_tokens_served_costs_the_hour(
    usd: Fraction, rate: Fraction, share: Fraction
) -> None:
    (found,) = at_utilisations(usd, rate, [share])
    assert found.usd_per_mtok * found.tok_per_s * 3600 / 10**6 == usd
