"""Judgements, waiting, jobs and clocks as CSV, from two small worked questions."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from solver.api import economics, read_instance
from solver.report.economics_csv import economics_tables

FOLDER = Path(__file__).resolve().parents[3] / "instances" / "replica"


@cache
def document(name: str, *sections: str) -> dict[str, Any]:
    return economics(read_instance(FOLDER / f"{name}.toml"), sections=sections).to_dict()


def rows(found: dict[str, Any], table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(economics_tables(found)[table])))


def a800(*sections: str) -> dict[str, Any]:
    return document("llama-3.1-8b-production-a800", *sections)


def test_sections_that_were_not_asked_for_have_no_table() -> None:
    assert set(economics_tables(a800("job"))) == {"job.csv"}


def test_a_pair_costs_1_58_an_hour_of_the_job() -> None:
    pair = [row for row in rows(a800("job"), "job.csv") if row["devices"] == "2"]
    assert {row["best of its devices"] for row in pair} == {"cheapest", "fastest"}
    for row in pair:
        hourly = Fraction(158, 100)
        assert Fraction(row["cost exact"]) == hourly * Fraction(row["time exact"]) / 3600


def test_the_best_job_of_a_layout_is_the_least_along_its_curve() -> None:
    found = [row for row in rows(a800("job"), "job.csv") if row["devices"] == "1"]
    along = [Fraction(row["cost exact"]) for row in found if not row["best of its devices"]]
    best = next(row for row in found if row["best of its devices"] == "cheapest")
    assert Fraction(best["cost exact"]) == min(along)


def test_principles_are_judged_both_ways() -> None:
    found = rows(a800("principles"), "principles.csv")
    assert {row["judged by"] for row in found} == {"steps", "doublings"}
    for row in found:
        if row["steps"] != "0":
            assert (row["holds"] == "yes") == (row["steps that break it"] == "0")


def test_a_stated_value_of_time_has_its_load() -> None:
    (row,) = rows(a800("principles"), "waiting.csv")
    assert row["preference"] == "a second is worth a tenth of a cent"
    assert row["value [US$/s]"] == "0.001"
    assert row["place"] == "interior"


def test_the_least_energy_is_marked_once_a_design() -> None:
    found = rows(document("llama-3.1-70b-clock-h100", "energy"), "clock.csv")
    for design in {row["design"] for row in found}:
        mine = [row for row in found if row["design"] == design]
        (least,) = [row for row in mine if row["least energy"]]
        assert Fraction(least["energy exact"]) == min(Fraction(r["energy exact"]) for r in mine)
