from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from solver.explore.page.answers import (
    MOST_ROWS,
    comparison_parts,
    figure_of,
    nearest,
    outcome_parts,
    plan_parts,
    point_rows,
)
from solver.explore.page.chart import Axes, first_axes
from solver.explore.page.open_regions import open_rectangles
from solver.explore.views import frontier_rows
from tests.solver.explore.asked import answer

README = "replica/llama-3.1-70b-fp8-h100"
INFEASIBLE = "replica/llama-3.1-405b-impossible-h100"
KINDS = (README, "replica/quality-speed-cost-h100", "fleet/one-model-one-pool",
         "placement/workstation-pcie")  # fmt: skip


def _said(parts: Any) -> str:
    """All that a part of the page shows, as the browser gets it."""
    if isinstance(parts, list):
        return " ".join(_said(part) for part in parts)
    if hasattr(parts, "to_plotly_json"):
        return _said(parts.to_plotly_json()["props"].get("children", ""))
    return "" if parts is None else str(parts)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_drawn_with_all_its_points(name: str) -> None:
    document = answer(name)
    axes = first_axes(frontier_rows(document))
    figure = figure_of({"A": document}, Axes(*axes), {"scenario": "A", "index": 0})
    assert len(figure["data"][0]["x"]) == len(document["points"])
    json.dumps(figure, allow_nan=False)


@pytest.mark.parametrize("name", KINDS)
def test_the_plan_of_every_kind_has_facts(name: str) -> None:
    title, body = plan_parts(answer(name), 0, "A")
    assert title.startswith("Scenario A, point 1 of")
    assert "Proved by" in _said(body)


@pytest.mark.parametrize("name", KINDS)
def test_an_answer_does_not_differ_from_itself(name: str) -> None:
    assert "ame" in _said(comparison_parts(answer(name), answer(name)))


def test_answers_of_different_kinds_are_not_compared_but_told() -> None:
    (told,) = comparison_parts(answer(KINDS[0]), answer(KINDS[2]))
    assert "cannot be shown" in told.children


def test_the_first_choice_is_the_knee() -> None:
    view = frontier_rows(answer(README))
    index = nearest(view, None)
    assert index is not None
    assert "knee" in view.points[index].marks


def test_the_choice_after_a_new_answer_is_the_point_closest_to_it() -> None:
    view = frontier_rows(answer(README))
    there = view.points[7]
    wanted = {"values": [value * 1.0001 for value in there.values]}
    assert nearest(view, wanted) == 7


def test_nothing_is_chosen_where_there_is_no_point() -> None:
    assert nearest(frontier_rows(answer(INFEASIBLE)), None) is None


def test_conflicting_limits_stand_in_a_table_with_how_far_each_must_give() -> None:
    said = _said(outcome_parts("A", answer(INFEASIBLE)))
    assert "min_speed 42 tok/s/user 37.8839 tok/s/user" in said
    assert "max_devices 8 devices 16 devices" in said


def test_a_complete_answer_needs_no_further_words_than_its_warnings() -> None:
    assert "open" not in _said(outcome_parts("A", answer("fleet/one-model-one-pool")))


def test_the_table_lists_every_point_in_the_order_of_the_document() -> None:
    view = frontier_rows(answer(README))
    listed = point_rows(view, "A")
    assert [row[-2] for row in listed["rows"]] == [point.label for point in view.points]


def test_figures_of_the_table_have_their_unit_in_the_header_alone() -> None:
    listed = point_rows(frontier_rows(answer(README)), "A")
    assert listed["header"][1:3] == ["Speed, tok/s/user", "Cost, US$/Mtok"]
    assert listed["rows"][0][:2] == ["141.3", "92.80"]


def test_a_table_that_leaves_points_out_says_so() -> None:
    view = frontier_rows(answer(README))
    many = replace(view, points=view.points * (1 + MOST_ROWS // len(view.points)))
    listed = point_rows(many, "B")
    assert len(listed["rows"]) == MOST_ROWS
    assert listed["caption"].endswith(f"{len(many.points) - MOST_ROWS:,} more are in the CSV")


def test_open_boxes_of_a_replica_are_rectangles_of_speed_and_cost() -> None:
    box = {
        "latency_ps_min": 10**10, "latency_ps_max": 2 * 10**10, "cost_min": "1/2",
        "cost_below": None, "reason": "time",
    }  # fmt: skip
    (region,) = open_rectangles({**answer(README), "open_boxes": [box]})
    assert (region.slowest, region.fastest, region.low, region.high) == (50.0, 100.0, 0.5, None)
