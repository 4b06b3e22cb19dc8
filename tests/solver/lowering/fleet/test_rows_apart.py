"""Rows of one layout are told apart by what differs, else by their line."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import FleetPlan
from solver.lowering.fleet.describe import describe
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.options import measured_options
from solver.lowering.fleet.rows_apart import what_differs
from solver.lowering.fleet.space import FleetSpace

F = Fraction


def told(make: dict[str, Any], *rows: dict[str, Any]) -> list[str]:
    points = [make["point"](where=f"p.csv:{k + 2}", **row) for k, row in enumerate(rows)]
    return what_differs([f"chat: {point.layout}" for point in points], points)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({"devices": 1}, {"devices": 2}, ["1 device", "2 devices"]),
        ({"tpot_s": F(1, 50)}, {}, ["50 tok/s/user", "100 tok/s/user"]),
        ({"rate": "3"}, {"rate": "2.5"}, ["3 requests/s", "2.5 requests/s"]),
        ({"ttft_s": F(1, 2)}, {}, ["TTFT 0.5 s", "TTFT 1 s"]),
        ({"watts": F(900)}, {"watts": F(800)}, ["900 W", "800 W"]),
        ({"usd_per_hour": F(5, 2)}, {"usd_per_hour": F(2)}, ["US$2.5/h", "US$2/h"]),
        ({}, {}, ["line 2", "line 3"]),
        ({"rate": "1.00001"}, {"rate": "1.00002"}, ["line 2", "line 3"]),
    ],
)
def test_the_first_fact_that_differs_is_told(
    make: dict[str, Any], first: dict[str, Any], second: dict[str, Any], words: list[str]
) -> None:
    assert told(make, first, second) == words


def test_a_fact_must_tell_all_rows_apart(make: dict[str, Any]) -> None:
    rows = [{"devices": 1, "rate": "1"}, {"devices": 1, "rate": "2"}, {"devices": 2, "rate": "3"}]
    assert told(make, *rows) == ["1 requests/s", "2 requests/s", "3 requests/s"]


def test_layouts_of_their_own_need_nothing(make: dict[str, Any]) -> None:
    assert told(make, {"layout": "a"}, {"layout": "b"}) == ["", ""]


def test_a_fact_that_is_the_name_of_another_layout_is_passed_over(make: dict[str, Any]) -> None:
    rows = [{"devices": 1}, {"devices": 2}, {"layout": "a, 2 devices", "devices": 2}]
    assert told(make, *rows) == ["line 2", "line 3", ""]


@pytest.fixture
def space(make: dict[str, Any]) -> FleetSpace:
    """A slow row that carries much and a fast one that carries little, both called ``a``."""
    rows = [
        make["point"]("3", tpot_s=F(1, 50), where="p.csv:2"),
        make["point"]("2", tpot_s=F(1, 100), where="p.csv:3"),
    ]
    return lower_fleet(make["question"](make["workload"](*rows)))


def test_columns_of_a_question_never_share_a_name(space: FleetSpace) -> None:
    names = space.problem.column_names
    assert names == ("chat: a, 50 tok/s/user on box", "chat: a, 100 tok/s/user on box")


def test_a_design_says_which_row_is_meant(space: FleetSpace) -> None:
    design = describe(space, FleetPlan(np.array([1, 2], dtype=np.int64)))
    found = [(entry["layout"], entry["apart"]) for entry in design["replicas"]]
    assert found == [("a", "50 tok/s/user"), ("a", "100 tok/s/user")]


def test_the_layout_itself_keeps_its_name(make: dict[str, Any]) -> None:
    rows = [make["point"](str(k + 1), where=f"p.csv:{k}") for k in range(2)]
    options = measured_options(make["question"](make["workload"](*rows)), 0)
    assert [option.layout for option in options] == ["a", "a"]
