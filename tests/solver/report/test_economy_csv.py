"""Economic points as rows for other programs."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from solver.report.economy_csv import economy_csv
from tests.solver.report import economy_documents as made

DOCUMENT = made.document()
ROWS = list(csv.DictReader(io.StringIO(economy_csv(DOCUMENT))))


def test_every_point_is_a_row() -> None:
    assert len(ROWS) == len(DOCUMENT["points"])


def test_floats_come_back_the_same() -> None:
    for row, point in zip(ROWS, DOCUMENT["points"], strict=True):
        assert float(row["speed [tok/s/user]"]) == point["objectives"]["speed"]
        assert float(row["energy [J/token]"]) == point["objectives"]["energy"]


def test_exact_figures_stand_there_traded_or_not() -> None:
    for row, point in zip(ROWS, DOCUMENT["points"], strict=True):
        for key in ("latency_ps", "cost", "power_mw", "energy", "carbon", "quality"):
            assert Fraction(row[f"exact_{key}"]) == Fraction(point["exact"][key])


def test_what_is_not_known_is_an_empty_cell() -> None:
    assert {row["usd_electricity_per_mtok"] for row in ROWS} == {""}


def test_the_time_terms_have_a_column_each() -> None:
    assert float(ROWS[0]["terms.hbm_s"]) == DOCUMENT["points"][0]["design"]["terms"]["hbm_s"]


def test_the_named_points_are_marked() -> None:
    marked = [row["worth_a_look"] for row in ROWS if row["worth_a_look"]]
    assert sorted(word for cell in marked for word in cell.split()) == [
        "cheapest", "fastest", "knee", "least_energy", "speed⁴/price",
    ]  # fmt: skip


def test_an_empty_frontier_is_a_header() -> None:
    text = economy_csv(made.document(status="infeasible", points=[]))
    assert text.startswith("speed [tok/s/user],cost [US$/Mtok],energy [J/token]")
    assert text.count("\n") == 1
