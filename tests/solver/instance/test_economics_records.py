from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.economics import ApiOffer, EconomicsTerms, StatedPreference
from solver.instance.economics_records import EconomicsRecord
from solver.instance.ownership import Ownership
from solver.instance.validation import validated

OFFER: dict[str, Any] = {
    "name": "somebody",
    "usd_per_mtok_input": Decimal("0.1"),
    "usd_per_mtok_output": Decimal("0.3"),
    "source": "price list",
    "as_of": "2026-10",
}
OWNING: dict[str, Any] = {
    "purchase_usd": 15000,
    "depreciation_years": 3,
    "usd_per_kwh": Decimal("0.1"),
}


def terms(**keys: Any) -> EconomicsTerms:
    return EconomicsRecord.model_validate(keys).to_domain()


def fault_of(**keys: Any) -> str:
    try:
        faults = validated(EconomicsRecord, keys, "bad.toml")[1]
    except InstanceError as error:
        faults = list(error.faults)
    (fault,) = faults
    return str(fault)


def test_an_empty_table_is_the_defaults() -> None:
    assert terms() == EconomicsTerms()


def test_utilisations_are_exact_and_sorted() -> None:
    assert terms(utilisations=[1, Decimal("0.1"), "1/3"]).utilisations == (
        Fraction(1, 10),
        Fraction(1, 3),
        Fraction(1),
    )


def test_an_offer_is_read_exactly() -> None:
    assert terms(api=[OFFER]).api == (
        ApiOffer("somebody", Fraction(1, 10), Fraction(3, 10), "price list", "2026-10"),
    )


def test_what_an_owner_pays_has_the_defaults_of_an_owned_contract() -> None:
    assert terms(owning=OWNING).owning == Ownership(
        purchase_usd=Fraction(15000),
        depreciation_years=Fraction(3),
        utilisation=Fraction(1),
        pue=Fraction(1),
        usd_per_kwh=Fraction(1, 10),
        maintenance_per_year=Fraction(0),
    )


def test_a_preference_is_read_exactly() -> None:
    stated = {"name": "time", "usd_per_s_saved": Decimal("0.001"), "answer_tokens": 300}
    assert terms(preferences=[stated]).preferences == (
        StatedPreference("time", usd_per_s_saved=Fraction(1, 1000), answer_tokens=300),
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"tolerance": 0}, ["tolerance", "greater than 0"]),
        ({"tolerance": 10}, ["tolerance", "10", "Write 0.1"]),
        ({"utilisations": []}, ["utilisations", "entry"]),
        ({"utilisations": [0]}, ["utilisations", "0", "above 0"]),
        ({"utilisations": [10]}, ["utilisations", "10", "Write 0.1"]),
        ({"utilisations": ["0.1", "1/10"]}, ["utilisations", "twice"]),
        ({"utilisations": ["half"]}, ["utilisations", "'half'"]),
        ({"api": [{**OFFER, "source": " "}]}, ["api.somebody.source", "no source"]),
        ({"api": [{**OFFER, "as_of": ""}]}, ["api.somebody.as_of", "no date", "2026-08"]),
        ({"api": [{**OFFER, "as_of": "May"}]}, ["api.somebody.as_of", "'May'"]),
        ({"api": [{**OFFER, "usd_per_mtok_output": -1}]}, ["usd_per_mtok_output", "-1"]),
        (
            {"api": [{**OFFER, "usd_per_mtok_input": 0, "usd_per_mtok_output": 0}]},
            ["api.somebody", "free of charge"],
        ),
        ({"api": [OFFER, OFFER]}, ["api", "2 entries", "'somebody'"]),
        ({"owning": {**OWNING, "pue": "0.5"}}, ["owning.pue", "0.5"]),
        ({"owning": {**OWNING, "utilisation": 90}}, ["owning.utilisation", "not 95"]),
        ({"owning": {**OWNING, "usd_per_hour": 1}}, ["owning.usd_per_hour", "not a known key"]),
        (
            {"preferences": [{"name": "none"}]},
            ["preferences.none", "wishes for nothing", "speed_exponent"],
        ),
        (
            {"preferences": [{"name": "time", "usd_per_s_saved": 1}]},
            ["preferences.time", "answer_tokens"],
        ),
        (
            {"preferences": [{"name": "time", "answer_tokens": 300}]},
            ["preferences.time", "Add usd_per_s_saved"],
        ),
        (
            {
                "preferences": [
                    {
                        "name": "both",
                        "speed_exponent": 4,
                        "usd_per_s_saved": 1,
                        "answer_tokens": 9,
                    }
                ]
            },
            ["preferences.both", "two aims"],
        ),
        ({"preferences": [{"name": "p", "max_ttft_s": 500}]}, ["max_ttft_s", "milliseconds"]),
    ],
)
def test_a_slip_names_key_value_and_cure(keys: dict[str, Any], words: list[str]) -> None:
    fault = fault_of(**keys)
    for word in words:
        assert word in fault


@pytest.mark.parametrize("key", ["usd_per_mtok_input", "usd_per_mtok_output", "source", "as_of"])
def test_an_offer_states_both_prices_its_source_and_its_date(key: str) -> None:
    offer = {name: value for name, value in OFFER.items() if name != key}
    assert f"api.somebody.{key}: is missing" in fault_of(api=[offer])


@pytest.mark.parametrize("key", ["purchase_usd", "depreciation_years", "usd_per_kwh"])
def test_an_owner_states_price_life_and_energy(key: str) -> None:
    owning = {name: value for name, value in OWNING.items() if name != key}
    assert f"owning.{key}: is missing" in fault_of(owning=owning)
