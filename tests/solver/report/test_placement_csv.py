"""A placement frontier as a table for other programs."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from typing import Any

import pytest

from solver.report.placement_csv import placement_csv
from tests.solver.report import placement_texts as made


def rows_of(document: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(placement_csv(document))))


def test_there_is_a_row_for_every_point() -> None:
    assert len(rows_of(made.document())) == 3


def test_headers_carry_units_and_machines() -> None:
    header = placement_csv(made.document()).splitlines()[0].split(",")
    assert header[:4] == [
        "speed [tok/s/user]",
        "cost [US$/Mtok]",
        "cost exact [US$/Mtok]",
        "latency [ps]",
    ]
    assert "hosts of l40s" in header


def test_exact_values_come_through_untouched() -> None:
    row = rows_of(made.document())[0]
    assert Fraction(row["cost exact [US$/Mtok]"]) == Fraction(44, 9)
    assert row["latency [ps]"] == "10000000000"


def test_stages_are_told_in_order() -> None:
    row = rows_of(made.document())[2]
    assert row["stages"] == "h0 TP4 1-60 > l0 TP1 61-71 > l1 TP1 72-80"
    assert (row["hosts of h100x8"], row["hosts of l40s"]) == ("1", "2")


def test_setting_pace_and_busiest_link_have_columns() -> None:
    row = rows_of(made.document())[2]
    assert (row["microbatch"], row["in flight"], row["batch"]) == ("8", "4", "32")
    assert (row["paced by"], row["busiest link"]) == ("stage", "h0--leaf")
    assert float(row["busiest link share"]) == 0.25


def test_a_chain_without_links_leaves_the_columns_of_links_empty() -> None:
    row = rows_of(made.single())[0]
    assert (row["busiest link"], row["busiest link share"]) == ("", "")


def test_what_is_not_known_of_measured_machines_is_empty() -> None:
    assert rows_of(made.measured())[0]["price [US$/h]"] == ""


def test_replicas_are_parted_by_semicolons() -> None:
    row = rows_of(made.several())[0]
    assert row["stages"] == "t0 TP1 1-12; t1 TP1 1-12"
    assert row["microbatch"] == "1"


def test_a_flow_is_one_row_without_settings() -> None:
    (row,) = rows_of(made.flow())
    assert row["throughput exact [tok/s]"] == "100"
    assert row["microbatch"] == ""
    assert row["busiest link share"] == "1.0"


@pytest.mark.parametrize("make", [made.infeasible, made.document, made.flow])
def test_every_row_is_as_long_as_the_header(make: Any) -> None:
    lines = list(csv.reader(io.StringIO(placement_csv(make()))))
    assert {len(line) for line in lines} == {len(lines[0])}
