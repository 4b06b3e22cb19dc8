from __future__ import annotations

import json
from dataclasses import replace

import pytest

from solver.explore.page.chart import Axes, Curve, chart, empty_chart, first_axes, objective_title
from solver.explore.page.open_regions import Rectangle
from solver.explore.views import FrontierPoint, FrontierRows, ObjectiveView

SPEED = ObjectiveView("speed", "tok/s/user", "max")
COST = ObjectiveView("cost", "US$/Mtok", "min")
QUALITY = ObjectiveView("quality", "score", "max")
VIEW = FrontierRows(
    (SPEED, COST),
    tuple(
        FrontierPoint(
            k, (speed, cost), (f"{speed} tok/s/user", f"US${cost}/Mtok"), f"plan {k}", marks
        )
        for k, (speed, cost, marks) in enumerate(
            [(90.0, 3.0, ("fastest",)), (60.0, 2.0, ("knee",)), (30.0, 1.0, ())]
        )
    ),
)


def test_nothing_answered_is_drawn_as_nothing() -> None:
    assert chart([Curve("A", FrontierRows((SPEED, COST), ()))], Axes()) == empty_chart()


def test_every_point_names_its_scenario_and_index_for_clicks() -> None:
    figure = chart([Curve("A", VIEW)], Axes())
    assert figure["data"][0]["customdata"] == [["A", 2], ["A", 1], ["A", 0]]


def test_two_scenarios_differ_in_colour_and_in_shape() -> None:
    a, b = (
        next(
            t
            for t in chart([Curve("A", VIEW), Curve("B", VIEW)], Axes())["data"]
            if t.get("name") == n
        )
        for n in ("Scenario A", "Scenario B")
    )
    assert a["marker"]["color"] != b["marker"]["color"]
    assert a["marker"]["symbol"] != b["marker"]["symbol"]


@pytest.mark.parametrize(("sense", "shape"), [("max", "vh"), ("min", "hv")])
def test_between_two_points_what_is_met_is_what_the_better_one_costs(
    sense: str, shape: str
) -> None:
    view = replace(VIEW, objectives=(replace(SPEED, sense=sense), COST))
    assert chart([Curve("A", view)], Axes())["data"][0]["line"]["shape"] == shape


def test_no_text_of_a_file_is_read_as_markup() -> None:
    evil = '<a href="javascript:alert(1)">x</a><b>%{x}</b>'
    points = tuple(replace(point, label=evil, marks=(evil,)) for point in VIEW.points)
    objectives = (replace(SPEED, name=evil, unit=evil), COST)
    figure = json.dumps(chart([Curve("A", FrontierRows(objectives, points), (), 1)], Axes()))
    assert "<a" not in figure
    assert "<b>" not in figure
    assert "template" not in figure


def test_a_wide_range_goes_on_a_logarithmic_axis_unless_told_otherwise() -> None:
    points = (*VIEW.points, FrontierPoint(3, (20.0, 0.01), ("", ""), "", ()))
    wide = FrontierRows(VIEW.objectives, points)
    kinds = {
        scale: chart([Curve("A", wide)], Axes(scale=scale))["layout"]["yaxis"]["type"]
        for scale in ("auto", "linear", "log")
    }
    assert kinds == {"auto": "log", "linear": "linear", "log": "log"}


def test_what_may_be_zero_is_never_drawn_on_a_logarithmic_axis() -> None:
    points = (*VIEW.points, FrontierPoint(3, (20.0, 0.0), ("", ""), "", ()))
    view = FrontierRows(VIEW.objectives, points)
    assert chart([Curve("A", view)], Axes(scale="log"))["layout"]["yaxis"]["type"] == "linear"


def test_an_open_region_is_drawn_as_far_as_points_reach_where_it_has_no_end() -> None:
    region = Rectangle(slowest=40.0, fastest=None, low=1.0, high=2.5)
    (shape,) = chart([Curve("A", VIEW, (region,))], Axes())["layout"]["shapes"]
    assert (shape["x0"], shape["x1"], shape["y0"], shape["y1"]) == (40.0, 90.0, 1.0, 2.5)


def test_a_third_objective_is_told_by_colour() -> None:
    view = FrontierRows(
        (QUALITY, SPEED, COST),
        tuple(FrontierPoint(k, (80.0 + k, 30.0, 2.0), ("", "", ""), "", ()) for k in range(3)),
    )
    marker = chart([Curve("A", view)], Axes(1, 2))["data"][0]["marker"]
    assert marker["color"] == [80.0, 81.0, 82.0]
    assert marker["colorbar"]["title"]["text"] == "Quality, score"


def test_the_chosen_point_has_a_ring() -> None:
    traces = chart([Curve("A", VIEW, (), 1)], Axes())["data"]
    assert [trace["x"] for trace in traces if trace.get("name") == "Chosen point"] == [[60.0]]


def test_a_zoom_is_kept_until_the_axes_change() -> None:
    zooms = [
        chart([Curve("A", VIEW)], axes)["layout"]["uirevision"]
        for axes in (Axes(), Axes(), Axes(1, 0))
    ]
    assert zooms[0] == zooms[1] != zooms[2]


def test_speed_against_cost_comes_first_where_both_are_there() -> None:
    assert first_axes(FrontierRows((QUALITY, SPEED, COST), ())) == (1, 2)
    assert first_axes(FrontierRows((QUALITY,), ())) == (0, 0)


def test_a_title_names_the_unit() -> None:
    assert objective_title(SPEED) == "Speed, tok/s/user"
    assert objective_title(replace(SPEED, unit="")) == "Speed"
