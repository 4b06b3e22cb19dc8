"""Facts read from a fleet document."""

from __future__ import annotations

import pytest

from solver.report.fleet_facts import (
    amount,
    column_of,
    devices_by_machine,
    dollars,
    goals_of,
    layout_name,
    limits_of,
    machines_in_short,
    tightest,
    value_of,
)
from tests.oracles import fleet_documents as made


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (344.0, "US$/h", "US$344/h"),
        (185.6, "US$/h", "US$185.60/h"),
        (0.0123456, "US$/Mtok", "US$0.01235/Mtok"),
        (-3.0, "US$", "−US$3"),
        (84800.0, "W", "84.80 kW"),
        (0.5, "1/level", "0.5000 (1/level)"),
        (83.333, "tok/s/user", "83.33 tok/s/user"),
    ],
)
def test_amounts_carry_their_unit(value: float, unit: str, told: str) -> None:
    assert amount(value, unit) == told


@pytest.mark.parametrize(("usd", "told"), [(0, "0"), (1234.0, "1,234"), (9.6, "9.60")])
def test_dollars_are_whole_or_in_cents(usd: float, told: str) -> None:
    assert dollars(usd) == told


def test_exact_values_win_over_decimals() -> None:
    document = made.document()
    point = document["points"][0]
    point["exact"]["speed"] = "301/3"
    assert value_of(point, goals_of(document)[0]) * 3 == 301


def test_devices_of_nodes_count_instead_of_those_in_replicas() -> None:
    document = made.document()
    design = document["points"][1]["design"]
    design["nodes"][0].update(count=3, devices=24)
    assert devices_by_machine(document, design) == {"h100": 24, "l40s": 8}


def test_devices_are_means_over_the_day() -> None:
    document = made.document()
    document["instance"]["resolved"]["periods"] = [
        {"name": "day", "hours": "18"},
        {"name": "night", "hours": "6"},
    ]
    design = document["points"][2]["design"]
    design["replicas"] = [
        made.replicas("TP2", "l40s", 4, 2, period="day"),
        made.replicas("TP2", "l40s", 2, 2, period="night"),
    ]
    assert devices_by_machine(document, design) == {"l40s": 7.0}


def test_only_the_largest_machines_are_named_in_short() -> None:
    document = made.document()
    entries = [made.replicas("a", f"m{k}", k + 1, 1) for k in range(6)]
    told = machines_in_short(document, {"replicas": entries}, most=2)
    assert told == "5 m4, 6 m5 and 4 more"


def test_the_tightest_limit_is_a_stated_one() -> None:
    limit = tightest(made.document()["points"][1]["design"])
    assert limit is not None
    assert (limit.name, limit.percent) == ("power", "30.0 %")


def test_rows_that_only_help_are_no_limits() -> None:
    design = {
        "utilisation": {
            "layouts": {"used": 1.0, "limit": 2.0, "unit": "layouts", "share": 0.5},
            "layouts: chat a in use": {"used": 1.0, "limit": 1.0, "unit": "units", "share": 1.0},
        }
    }
    assert [limit.title for limit in limits_of(design)] == ["layouts"]


def test_rows_of_one_layout_are_told_apart() -> None:
    entry = made.replicas("TP2", "h100", 1, 2, apart="50 tok/s/user")
    assert layout_name(entry) == "TP2, 50 tok/s/user"


def test_a_limit_that_is_not_quite_full_never_reads_100() -> None:
    entry = {"used": 9999.0, "limit": 10000.0, "unit": "devices", "share": 0.9999}
    (limit,) = limits_of({"utilisation": {"devices": entry}})
    assert limit.percent == "99.9 %"


def test_a_budget_is_told_in_dollars() -> None:
    entry = {"used": 8.0, "limit": 30.0, "unit": "US$/h", "share": 8 / 30}
    (limit,) = limits_of({"utilisation": {"budget": entry}})
    assert limit.told == "US$8 of US$30/h"


def test_money_that_differs_by_cents_is_told_in_cents() -> None:
    document = made.document()
    for point, cost in zip(document["points"], (1749.21, 1749.13, 1728.0), strict=True):
        point["objectives"]["cost"] = cost
    told = column_of(document["points"], goals_of(document)[1])
    assert told == ["1,749.21", "1,749.13", "1,728.00"]


@pytest.mark.parametrize(
    ("hours", "unit"),
    [
        ("26280", "US$ in 3 years"),
        ("8760", "US$ in 1 year"),
        ("100", "US$ in 100 h"),
        (None, "US$"),
    ],
)
def test_a_sum_of_money_says_over_which_time_it_runs(hours: str | None, unit: str) -> None:
    document = made.document()
    document["objectives"][1]["unit"] = "usd"
    document["instance"].setdefault("resolved", {})["horizon_hours"] = hours
    goal = goals_of(document)[1]
    assert goal.unit == unit
    assert goal.told(753844.77) == f"US$753,844.77{unit.removeprefix('US$')}"
