"""Prices that are typed: of the only machine, of each by name, or a tier of the catalog."""

from __future__ import annotations

import pytest

from solver.errors import Fault
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers
from solver.importers.prices.given import prices_given

POOLS = (("a", "H100 SXM"), ("b.c", "L40S"))


def given(text: str | None, pools: tuple[tuple[str, str | None], ...] = POOLS) -> object:
    faults: list[Fault] = []
    answers = Answers(usd_per_hour=text, as_of="2026-11")
    found = prices_given(pools, answers, KnownDevices(), faults)
    if faults:
        return [f"{fault.where}: {fault.what}" for fault in faults]
    return {
        name: next((str(figure.value) for figure in price.keys.values()), "asked")
        for name, price in found.items()
    }


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("a=2.50,b.c=1.10", {"a": "2.50", "b.c": "1.10"}),
        (" b.c = on-demand , a = 113/75 ", {"a": "113/75", "b.c": "on-demand"}),
        ("a=2.50", {"a": "2.50", "b.c": "asked"}),
        ("on-demand", {"a": "on-demand", "b.c": "on-demand"}),
        (None, {"a": "asked", "b.c": "asked"}),
    ],
)
def test_each_machine_gets_its_price(text: str | None, prices: dict[str, str]) -> None:
    assert given(text) == prices


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2.50", "one price for 2 machines"),
        ("d=2.50", "there is no machine 'd'"),
        ("a=1,a=2", "'a' has two prices"),
        ("a=", "is not a number"),
        ("a=nan", "is not a number"),
        ("a==1+1", "is a formula"),
        ("a=reserved-3y", "is not a number"),
        ("b.c=0", "is not more than 0"),
    ],
)
def test_what_is_no_price_is_refused(text: str, what: str) -> None:
    assert what in str(given(text))


def test_digits_stay_as_they_were_typed() -> None:
    assert given("2.10", POOLS[:1]) == {"a": "2.10"}


def test_a_device_that_is_not_known_has_no_tier() -> None:
    assert "is not a number" in str(given("on-demand", (("a", None),)))
