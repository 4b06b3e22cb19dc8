"""Tables and pictures of economics, from a document made by hand of a small question."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from rich.console import Console

from solver.report.economics import print_economics
from solver.report.economics_choices import design_text
from solver.report.economics_csv import economics_tables
from solver.report.economics_owning import owning_text
from solver.report.economics_plot import render_demand
from solver.report.economics_words import chosen_points, limit_words


def level(share: float, usd: float | None, **more: Any) -> dict[str, Any]:
    return {
        "share": share,
        "tok_per_s": 1000 * share,
        "usd_per_hour": usd,
        "usd_per_hour_exact": None if usd is None else str(usd),
        "usd_per_mtok": None if usd is None else usd / (3.6 * share),
        "marginal_usd_per_mtok": None,
        "elasticity_of_scale": None,
        "watts": None,
        "devices": 2.0,
        "utilisation": None,
        "unproved": "",
        **more,
    }


@pytest.fixture
def fleet() -> dict[str, Any]:
    return {
        "economics": "fleet",
        "status": "complete",
        "instance": {"name": "small", "title": "A small fleet"},
        "terms": {"tolerance": "1/10", "utilisations": ["1"]},
        "levels": [level(0.5, 3.0), level(1.0, 6.0, marginal_usd_per_mtok=1.7), level(1.25, None)],
        "use": [],
        "mean_utilisation": None,
        "utilisation": [],
        "utilisation_text": "",
        "api": {"offers": {"chat": "some-api"}, "usd_per_hour": 8.0, "from_share": 0.75},
        "owning": [],
        "owning_unknown": [],
        "preferences": [],
    }


def printed(document: dict[str, Any], width: int = 80) -> str:
    stream = io.StringIO()
    print_economics(document, Console(file=stream, width=width))
    return stream.getvalue()


def test_a_level_without_a_plan_says_so(fleet: dict[str, Any]) -> None:
    assert "125 % of the demand: no plan meets the limits." in printed(fleet)


def test_a_level_that_is_not_proved_says_why(fleet: dict[str, Any]) -> None:
    fleet["levels"][0]["unproved"] = "time limit"
    assert "50 % of the demand: not proved to be the least (time limit)." in printed(fleet)


def test_the_share_from_which_the_plan_beats_the_api_is_told(fleet: dict[str, Any]) -> None:
    assert "The plan beats it from 75.0 % of the stated demand on" in printed(fleet)


def test_a_plan_dearer_than_the_api_says_how_many_times(fleet: dict[str, Any]) -> None:
    fleet["api"]["from_share"] = 2.5
    assert "The plan costs 2.500 times as much" in " ".join(printed(fleet).split())


def test_a_machine_that_owning_is_not_told_of_says_why(fleet: dict[str, Any]) -> None:
    fleet["owning_unknown"] = [["h100", "its watts_per_device are not stated"]]
    assert "h100 is left out: its watts_per_device are not stated." in printed(fleet)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(fleet: dict[str, Any], width: int) -> None:
    assert max(len(line) for line in printed(fleet, width).splitlines()) <= width


def test_the_levels_are_a_table_of_their_own(fleet: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(economics_tables(fleet)["demand.csv"])))
    assert [row["cost [US$/h]"] for row in rows] == ["3.0", "6.0", ""]


def test_an_empty_table_is_left_out(fleet: dict[str, Any]) -> None:
    assert set(economics_tables(fleet)) == {"demand.csv"}


def test_the_costs_of_a_fleet_are_drawn_the_same_every_time(fleet: dict[str, Any]) -> None:
    first = render_demand(fleet, "svg")
    assert first == render_demand(fleet, "svg")
    assert first.startswith(b"<?xml")


def test_owning_that_never_pays_says_never() -> None:
    told = owning_text(
        "h100",
        {
            "least_utilisation": None,
            "usd_per_hour": 3.0,
            "stated_utilisation": 0.5,
            "rented_usd_per_hour": 2.0,
            "watts_per_device": 700.0,
        },
    )
    assert "owning never costs less" in told


def test_a_long_curve_keeps_its_ends_and_what_is_wanted() -> None:
    points = [{"concurrency": users} for users in range(1, 1001)]
    chosen = [point["concurrency"] for point in chosen_points(points, 5, {777})]
    assert chosen[0] == 1
    assert chosen[-1] == 1000
    assert 777 in chosen
    assert len(chosen) <= 6


def test_a_broken_limit_is_told_in_words() -> None:
    assert limit_words(["speed", "HBM"]) == "too slow, no memory"


def test_replicas_of_one_kind_are_added_up() -> None:
    design = {
        "replicas": [
            {"layout": "TP1", "machine": "h100", "count": 2},
            {"layout": "TP1", "machine": "h100", "count": 1},
        ]
    }
    assert design_text(design) == "3 x TP1 on h100"


def test_replicas_of_several_periods_are_those_of_the_fullest() -> None:
    design = {
        "replicas": [
            {"layout": "TP1", "machine": "h100", "count": 2, "period": "day"},
            {"layout": "TP1", "machine": "h100", "count": 1, "period": "night"},
        ]
    }
    assert design_text(design) == "2 x TP1 on h100"
