"""The published hourly cost, and from which use on owning beats renting."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.owning import (
    energy_usd,
    fixed_usd,
    hourly_cost,
    owning_beats_renting_from,
)
from solver.instance.fleet.domain import Contract, MachineOffer
from solver.instance.ownership import Ownership
from solver.lowering.fleet.prices import energy_usd_per_hour, holding_usd_per_hour

A800 = Ownership(
    purchase_usd=Fraction(15_000),
    depreciation_years=Fraction(3),
    utilisation=Fraction(9, 10),
    pue=Fraction(13, 10),
    usd_per_kwh=Fraction(1, 10),
    maintenance_per_year=Fraction(6, 100),
)
"""Plausible inputs of arXiv 2510.26136, whose own are not published."""
WATTS = Fraction(400)
cents = st.integers(20, 2000).map(lambda number: Fraction(number, 100))


def test_an_a800_costs_the_published_79_cents_an_hour() -> None:
    assert round(float(hourly_cost(A800, watts=WATTS)), 2) == 0.79


def test_a_pair_costs_the_published_1_58() -> None:
    assert round(2 * float(hourly_cost(A800, watts=WATTS)), 2) == 1.58


def test_the_hour_is_depreciation_power_and_maintenance() -> None:
    told = Fraction(15_000) / (8760 * 3 * Fraction(9, 10))
    told += Fraction(4, 10) * Fraction(13, 10) / 10
    told += Fraction(15_000) * Fraction(6, 100) / 8760
    assert hourly_cost(A800, watts=WATTS) == told


def test_it_is_what_a_fleet_pays_for_an_owned_device() -> None:
    contract = Contract("owned", "owned", None, committed=True, ownership=A800)
    machine = MachineOffer("a800", None, 1, WATTS, (contract,))
    held = holding_usd_per_hour(contract, where="here")
    energy = energy_usd_per_hour(contract, WATTS, machine, where="here")
    assert hourly_cost(A800, watts=WATTS) == held + energy


def test_always_had_it_costs_its_fixed_part_and_its_energy() -> None:
    at_full = hourly_cost(A800, watts=WATTS, utilisation=Fraction(1))
    assert at_full == fixed_usd(A800) + energy_usd(A800, WATTS)


@given(cents, st.integers(0, 2000).map(Fraction))
def test_owning_and_renting_cost_the_same_at_the_least_use(rent: Fraction, watts: Fraction) -> None:
    least = owning_beats_renting_from(A800, watts=watts, usd_per_hour=rent)
    if least is None:
        assert hourly_cost(A800, watts=watts, utilisation=Fraction(1)) > rent
    else:
        assert hourly_cost(A800, watts=watts, utilisation=least) == rent


def test_a_rent_below_energy_and_upkeep_is_never_beaten() -> None:
    assert owning_beats_renting_from(A800, watts=WATTS, usd_per_hour=Fraction(1, 10)) is None


def test_a_device_for_nothing_is_worth_owning_at_any_use() -> None:
    gift = replace(A800, purchase_usd=Fraction(0))
    assert owning_beats_renting_from(gift, watts=WATTS, usd_per_hour=Fraction(1)) == 0


def test_an_hourly_cost_without_use_is_refused() -> None:
    with pytest.raises(ValueError, match="never used"):
        hourly_cost(A800, watts=WATTS, utilisation=Fraction(0))


@given(cents, st.integers(0, 2000).map(Fraction))
def test_upkeep_at_every_hour_asks_for_no_less_use(rent: Fraction, watts: Fraction) -> None:
    """A year of either, counted in full: owned hours are all paid, rented ones where used."""
    least = owning_beats_renting_from(A800, watts=watts, usd_per_hour=rent)
    saved = rent - energy_usd(A800, watts)
    if least is not None:
        assert fixed_usd(A800) / saved >= least


@given(cents, st.integers(0, 2000).map(Fraction))
def test_both_ways_to_count_upkeep_agree_at_which_rents_owning_can_pay(
    rent: Fraction, watts: Fraction
) -> None:
    saved = rent - energy_usd(A800, watts)
    ever = saved > 0 and fixed_usd(A800) / saved <= 1
    assert ever == (owning_beats_renting_from(A800, watts=watts, usd_per_hour=rent) is not None)


def test_the_terms_of_the_hour_by_hand() -> None:
    """15,000 / (3 x 8760 x 0.9) + 0.4 x 1.3 x 0.1 + 15,000 x 0.06 / 8760."""
    assert float(hourly_cost(A800, watts=WATTS)) == pytest.approx(0.634196 + 0.052 + 0.102740)
