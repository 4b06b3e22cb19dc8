"""Fleet points as a table for other programs."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from typing import Any

import pytest

from solver.report.fleet_csv import fleet_csv
from tests.oracles import fleet_documents as made


def rows(document: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fleet_csv(document))))


def test_headers_carry_units() -> None:
    header = fleet_csv(made.document()).splitlines()[0].split(",")
    assert header == [
        "speed [tok/s/user]", "cost [US$/h]", "speed exact [tok/s/user]", "cost exact [US$/h]",
        "nondominated", "price [US$/h]", "power [W]", "tokens [tok/s]", "tokens per GPU [tok/s]",
        "devices", "devices of h100", "devices of l40s", "replicas", "nodes",
        "devices of h100 used [devices]", "devices of h100 share",
        "stock of h100 used [devices]", "stock of h100 share", "power used [W]", "power share",
    ]  # fmt: skip


@pytest.mark.parametrize("make", [made.document, made.three, made.single, made.partial])
def test_exact_values_are_read_back(make: Any) -> None:
    document = make()
    for row, point in zip(rows(document), document["points"], strict=True):
        for goal in document["objectives"]:
            header = next(name for name in row if name.startswith(f"{goal['name']} exact"))
            assert Fraction(row[header]) == Fraction(point["exact"][goal["name"]])


def test_devices_and_replicas_of_every_point_are_told() -> None:
    row = rows(made.document())[1]
    assert (row["devices of h100"], row["devices of l40s"], row["devices"]) == ("16.0", "8.0", "24")
    assert row["replicas"] == "4 x chat: TP4 on h100; 4 x chat: TP2 on l40s"
    assert row["nodes"] == "2 x nodes of h100 reserved"


def test_a_limit_without_room_has_no_share() -> None:
    assert rows(made.document())[2]["devices of h100 share"] == ""


def test_what_is_not_proved_says_so() -> None:
    told = [row["nondominated"] for row in rows(made.partial())]
    assert told == ["proved", "not proved", "proved"]


def test_latency_has_a_column_where_it_is_known() -> None:
    document = made.document()
    document["points"][0]["exact"]["latency_ps"] = 10**10
    assert [row["latency [ps]"] for row in rows(document)] == ["10000000000", "", ""]


def test_names_with_commas_and_quotes_survive() -> None:
    document = made.document()
    document["points"][0]["design"]["replicas"][0]["layout"] = 'TP8, "fast"'
    assert rows(document)[0]["replicas"] == '6 x chat: TP8, "fast" on h100'


def test_an_infeasible_result_has_headers_alone() -> None:
    assert len(fleet_csv(made.infeasible()).splitlines()) == 1


def test_the_account_of_energy_has_columns_where_it_is_told() -> None:
    document = made.document()
    document["points"][0]["design"]["energy"] = {
        "j_per_token": 0.25,
        "kwh_per_day": 100.0,
        "electricity_usd_per_day": None,
        "kg_co2_per_day": 38.0,
    }
    told = [
        [row[name] for name in row if name.startswith(("energy", "electricity", "CO2"))]
        for row in rows(document)
    ]
    assert told == [["0.25", "100.0", "", "38.0"], [""] * 4, [""] * 4]
    assert list(rows(document)[0])[12:16] == [
        "energy per token [J/token]", "energy a day [kWh]", "electricity a day [US$]",
        "CO2 a day [kg]",
    ]  # fmt: skip
