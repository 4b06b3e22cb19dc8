from __future__ import annotations

import json

import pytest

from solver.errors import Fault
from solver.explore.controls import Control
from solver.explore.page.fields import changes_in, fault_texts, held, offered
from solver.explore.scenario import ScenarioState

PRICE = Control("price.usd_per_hour", "prices", "Price of H100", "US$/h", "number", "2.49")
TIER = Control(
    "price.tier", "prices", "Price tier", "", "choice", "on-demand", ("on-demand", "reserved-3y")
)
CONTROLS = (PRICE, TIER)
FAULT = Fault("Price tier", "is not on offer", "Choose one")


def test_a_field_is_told_with_all_that_it_offers() -> None:
    told = json.loads(json.dumps(offered(CONTROLS)))
    assert [entry["key"] for entry in told] == ["price.usd_per_hour", "price.tier"]
    assert told[1]["choices"] == ["on-demand", "reserved-3y"]
    assert told[0]["value"] == "2.49"


def test_fields_hold_what_is_asked_and_what_is_wrong_with_it() -> None:
    state = ScenarioState(2, "failed", faults=(FAULT,), changes={"price.tier": "weekly"})
    assert held(CONTROLS, "B", state, write=False) == {
        "scenario": "B",
        "changes": {"price.tier": "weekly"},
        "faults": {"price.tier": "Is not on offer. Choose one."},
        "write": False,
    }


def test_two_faults_of_a_control_stand_under_it_together() -> None:
    texts, _ = fault_texts(CONTROLS, [FAULT, Fault("Price tier", "ended", "Choose another")])
    assert texts == {"price.tier": "Is not on offer. Choose one. Ended. Choose another."}


def test_a_fault_of_no_control_is_kept_for_the_page() -> None:
    fault = Fault("instance.toml", "was changed", "Start again")
    assert fault_texts(CONTROLS, [fault]) == ({}, [fault])


def test_digits_are_kept_as_typed() -> None:
    typed = {"price.usd_per_hour": "2.4900000000000000001"}
    assert changes_in(typed) == typed


@pytest.mark.parametrize("sent", [None, [], "x", 3, {"price.tier": {"a": 1}}, {"price.tier": 4}])
def test_what_is_no_text_by_key_asks_nothing(sent: object) -> None:
    assert changes_in(sent) == {}


def test_a_long_list_of_choices_is_not_cut_into_another_question() -> None:
    chosen = {"k": ",".join(f"choice-{number}" for number in range(200))}
    assert changes_in(chosen) == chosen
