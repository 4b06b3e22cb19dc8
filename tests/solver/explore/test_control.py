from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.explore.control import Control, chosen, settings_of

PRICE = Control("price.usd_per_hour", "prices", "Price", "US$", "number", "2.95", drops=("a.tier",))
WIDTHS = Control("design.kv_bits", "precision", "KV", "bits", "choices", "16", choices=("16", "8"))
BILLED = Control("energy.billed", "prices", "Billed", "", "switch", "")
PARTS = tuple(
    Control(
        f"price.usd_per_hour.{name}", "prices", f"Price of {name}", "US$", "number", "",
        otherwise=price, setting="price.usd_per_hour", part=name, drops=("price.tier",),
    )
    for name, price in (("A 1.5", "2.95"), ("B", "4.75"))
)  # fmt: skip
PLACES = tuple(
    Control(f"demand.{at}", "demand", "d", "", "number", value, setting="demand", place=at)
    for at, value in enumerate(("7", "9"))
)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**9))
def test_a_decimal_keeps_all_its_digits(number: Decimal) -> None:
    assert Decimal(settings_of([PRICE], {PRICE.key: str(number)})[PRICE.key]) == number


def test_a_whole_number_stays_whole() -> None:
    assert settings_of([PRICE], {PRICE.key: " 8 "})[PRICE.key] == 8


@pytest.mark.parametrize("text", ["113/75", "2,5", "nan", "infinity", "=cmd()", "9" * 5000])
def test_what_is_no_number_is_left_to_the_reader(text: str) -> None:
    assert settings_of([PRICE], {PRICE.key: text})[PRICE.key] == text


def test_an_empty_value_takes_the_key_out() -> None:
    assert settings_of([PRICE], {PRICE.key: ""}) == {PRICE.key: None}


def test_a_value_takes_the_place_of_what_says_the_same() -> None:
    assert settings_of([PRICE], {PRICE.key: "3"}) == {PRICE.key: 3, "a.tier": None}


def test_several_choices_become_a_list() -> None:
    assert settings_of([WIDTHS], {WIDTHS.key: "8, 16"}) == {WIDTHS.key: [8, 16]}


def test_what_is_none_of_the_choices_is_told_with_its_label() -> None:
    with pytest.raises(InstanceError, match=r"KV: '12' is not on offer\. Choose from 16, 8"):
        settings_of([WIDTHS], {WIDTHS.key: "12"})


def test_a_switch_becomes_true_or_false() -> None:
    assert settings_of([BILLED], {BILLED.key: "true"}) == {BILLED.key: True}


def test_a_switch_takes_nothing_else() -> None:
    with pytest.raises(InstanceError, match="neither true nor false"):
        settings_of([BILLED], {BILLED.key: "yes"})


def test_a_change_that_no_control_is_for_is_refused() -> None:
    with pytest.raises(InstanceError, match="nothing that can be changed"):
        settings_of([PRICE], {"kind": "fleet"})


def test_every_faulty_change_is_told() -> None:
    with pytest.raises(InstanceError) as told:
        settings_of([WIDTHS, BILLED], {WIDTHS.key: "1", BILLED.key: "2"})
    assert len(told.value.faults) == 2


def test_one_price_of_several_is_laid_with_the_others() -> None:
    assert settings_of(PARTS, {PARTS[0].key: "2.2"}) == {
        "price.usd_per_hour": {"A 1.5": Decimal("2.2"), "B": Decimal("4.75")},
        "price.tier": None,
    }


def test_no_price_of_several_leaves_the_table_out() -> None:
    assert settings_of(PARTS, {PARTS[0].key: ""}) == {"price.usd_per_hour": None}


def test_one_number_of_a_list_is_laid_with_the_others() -> None:
    assert settings_of(PLACES, {"demand.1": "4"}) == {"demand": [7, 4]}


def test_values_of_choices_are_split_at_commas() -> None:
    assert chosen(" fp8,int4 , ") == ("fp8", "int4")
