from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.energy import EnergyTerms, HourProfile
from solver.instance.energy_records import EnergyRecord
from solver.instance.validation import validated


def terms(**keys: Any) -> EnergyTerms:
    return EnergyRecord.model_validate(keys).to_domain()


def fault_of(**keys: Any) -> str:
    try:
        faults = validated(EnergyRecord, keys, "bad.toml")[1]
    except InstanceError as error:
        faults = list(error.faults)
    (fault,) = faults
    return str(fault)


def test_a_price_of_a_tenth_is_one_tenth() -> None:
    assert terms(usd_per_kwh=Decimal("0.1")).usd_per_kwh == HourProfile((Fraction(1, 10),))


def test_nothing_is_stated_by_default() -> None:
    assert terms() == EnergyTerms()


@pytest.mark.parametrize("hours", [24, 168])
def test_a_day_and_a_week_of_hours_are_read(hours: int) -> None:
    profile = terms(g_co2_per_kwh=[300 + hour for hour in range(hours)]).g_co2_per_kwh
    assert profile is not None
    assert profile.values == tuple(Fraction(300 + hour) for hour in range(hours))


@pytest.mark.parametrize("hours", [0, 1, 23, 25, 167])
def test_a_profile_of_another_length_is_refused_with_the_lengths_that_are_meant(hours: int) -> None:
    fault = fault_of(usd_per_kwh=["0.1"] * hours)
    for words in ("bad.toml: usd_per_kwh", f"{hours} entries", "24", "168"):
        assert words in fault


def test_negative_carbon_is_refused_with_its_hour() -> None:
    fault = fault_of(g_co2_per_kwh=[300] * 7 + [-5] + [300] * 16)
    for words in ("g_co2_per_kwh", "hour 7 is -5", "below zero", "Write 0"):
        assert words in fault


def test_negative_carbon_of_a_flat_grid_is_refused() -> None:
    assert "g_co2_per_kwh: -5, and no hour is below zero" in fault_of(g_co2_per_kwh=-5)


def test_an_hour_without_carbon_is_accepted() -> None:
    profile = terms(g_co2_per_kwh=[0] * 24).g_co2_per_kwh
    assert profile is not None
    assert profile.mean == 0


def test_an_hour_that_is_no_number_is_refused() -> None:
    assert "hour 3 is 'much'" in fault_of(usd_per_kwh=[1, 1, 1, "much"] + [1] * 20)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"g_co2_per_kwh": "0.4"}, ["g_co2_per_kwh", "0.4 g/kWh", "grams"]),
        ({"g_co2_per_kwh": 400_000}, ["g_co2_per_kwh", "400000", "grams"]),
        ({"usd_per_kwh": 80}, ["usd_per_kwh", "80", "MWh"]),
        ({"pue": "0.9"}, ["pue", "0.9", "less than 1"]),
        ({"pue": 120}, ["pue", "Write 1.3, not 130"]),
        ({"host_w_per_device": -1}, ["host_w_per_device", "-1"]),
        ({"host_w_per_device": 6000}, ["host_w_per_device", "one device"]),
        ({"billed": "yes"}, ["billed", "true or false"]),
        ({"usd_per_mwh": 80}, ["usd_per_mwh", "not a known key"]),
    ],
)
def test_a_slip_names_key_value_and_cure(keys: dict[str, Any], words: list[str]) -> None:
    fault = fault_of(**keys)
    for word in words:
        assert word in fault


def test_billed_electricity_needs_a_price() -> None:
    fault = fault_of(billed=True)
    for words in ("bad.toml: billed", "not stated", "energy.usd_per_kwh"):
        assert words in fault


def test_a_faulty_price_does_not_make_its_absence_a_second_fault() -> None:
    assert "below zero" in fault_of(billed=True, usd_per_kwh=-1)


@pytest.mark.parametrize(
    "keys",
    [
        {"pue": Fraction(1, 2)},
        {"host_w_per_device": Fraction(-1)},
        {"billed": True},
    ],
)
def test_terms_that_make_no_sense_are_refused_in_memory_too(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"pue|host_w_per_device|billed"):
        EnergyTerms(**keys)
