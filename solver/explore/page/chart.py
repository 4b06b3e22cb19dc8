"""The chart of one or two frontiers, as data for Plotly.

Plotly reads a subset of HTML in titles, names and hover texts, so every text is escaped here, and
hover texts are given whole: a template would be read for fields as well.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.explore.page.open_regions import Rectangle
from solver.explore.views import FrontierPoint, FrontierRows, ObjectiveView

__all__ = [
    "GRAPH_SETTINGS",
    "Axes",
    "Curve",
    "chart",
    "empty_chart",
    "first_axes",
    "objective_title",
]

GRAPH_SETTINGS: Any = {
    "displaylogo": False,
    "displayModeBar": "hover",
    # Nothing is sent anywhere: no chart studio, no cloud; pictures come from the server.
    "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d", "sendDataToCloud"],
    "showEditInChartStudio": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "showTips": False,
}
_STYLE = {"A": ("#2b87c9", "circle"), "B": ("#c8651b", "diamond")}
"""Colour and shape; both colours stand out 3 to 1 on white and on the dark ground."""
_CHOSEN = "#c2448f"
_OPEN = "#b07b10"
_SPREAD = 20
"""Values that span more than so many times the least go on a logarithmic axis."""
_LABEL = 120


@dataclass(frozen=True, slots=True)
class Axes:
    """Objectives along x and y by place, and ``auto``, ``linear`` or ``log``."""

    x: int = 0
    y: int = 1
    scale: str = "auto"


@dataclass(frozen=True, slots=True)
class Curve:
    """One frontier: of scenario ``name``, with the index of the chosen point if it is here."""

    name: str
    view: FrontierRows
    regions: Sequence[Rectangle] = ()
    chosen: int | None = None


def empty_chart() -> dict[str, Any]:
    """Axes without anything on them."""
    unseen = {"visible": False}
    return {"data": [], "layout": _layout(unseen, unseen, [], "")}


def first_axes(view: FrontierRows) -> tuple[int, int]:
    """Speed against cost where they are among the objectives, the first two otherwise."""
    names = [objective.name for objective in view.objectives]
    if {"speed", "cost"} <= set(names):
        return names.index("speed"), names.index("cost")
    return 0, min(1, len(names) - 1)


def chart(curves: Sequence[Curve], axes: Axes) -> dict[str, Any]:
    """The figure of one or two frontiers with the same objectives."""
    drawn = [curve for curve in curves if curve.view.points]
    if not drawn:
        return empty_chart()
    objectives = drawn[0].view.objectives
    x, y = axes.x, min(axes.y, len(objectives) - 1)
    logarithmic = [_is_logarithmic(drawn, place, axes.scale) for place in (x, y)]
    third = next((k for k in range(len(objectives)) if k not in (x, y)), None)
    traces: list[dict[str, Any]] = []
    for curve in drawn:
        traces += _traces(curve, x, y, third, two=len(drawn) > 1)
    shapes = [
        shape
        for curve in drawn
        for region in curve.regions
        if {x, y} == {0, 1} and (shape := _shape(region, drawn, x, y)) is not None
    ]
    kinds = ["log" if flag else "linear" for flag in logarithmic]
    across, up = (
        {
            "title": {"text": _escaped(objective_title(objectives[k]))},
            "type": kind,
            **(_decades(drawn, k) if kind == "log" else {}),
        }
        for k, kind in zip((x, y), kinds, strict=True)
    )
    # A zoom lasts until the axes are others.
    return {"data": traces, "layout": _layout(across, up, shapes, f"{x} {y} {kinds}")}


def objective_title(objective: ObjectiveView) -> str:
    """Name and unit: ``Speed, tok/s/user``."""
    name = f"{objective.name[:1].upper()}{objective.name[1:]}"
    return f"{name}, {objective.unit}" if objective.unit else name


def _traces(curve: Curve, x: int, y: int, third: int | None, *, two: bool) -> list[dict[str, Any]]:
    colour, symbol = _STYLE[curve.name]
    view = curve.view
    points = sorted(view.points, key=lambda point: point.values[x])
    trace: dict[str, Any] = {
        **_places(curve, points, x, y),
        "type": "scatter",
        "mode": "markers" if third is not None else "lines+markers",
        "name": f"Scenario {curve.name}",
        # Between two points, what is met is what the better one costs: steps, not slopes.
        "line": {
            "color": colour,
            "width": 1.2,
            "shape": "vh" if view.objectives[x].sense == "max" else "hv",
            "dash": "solid" if curve.name == "A" else "dot",
        },
        "marker": {"color": colour, "symbol": symbol, "size": 5 if len(points) > 200 else 8},
        "hovertext": [_hover(curve, point) for point in points],
        "hoverinfo": "text",
        "showlegend": two,
    }
    if third is not None:
        objective = view.objectives[third]
        trace["marker"] |= {
            "color": [point.values[third] for point in points],
            "colorscale": "Cividis",
            "showscale": curve.name == "A" or not two,
            "colorbar": {"title": {"text": _escaped(objective_title(objective))}, "thickness": 12},
            "size": 10,
            "line": {"color": colour, "width": 1.5},
        }
    named = [point for point in points if point.marks]
    names: dict[str, Any] = {
        **_places(curve, named, x, y),
        "type": "scatter",
        # Of two frontiers, the one that is looked at has names; the other tells them on hover.
        "mode": "markers" if two and curve.chosen is None else "markers+text",
        "text": [_escaped(", ".join(point.marks)) for point in named],
        "textposition": _sides(len(named)),
        "textfont": {"size": 12},
        "cliponaxis": False,
        "marker": {
            # Hollow where the inside shows the third objective.
            "symbol": symbol if third is None else f"{symbol}-open",
            "size": 12 if third is None else 15,
            "color": colour,
            "line": {"width": 2, "color": "#ffffff" if third is None else colour},
        },
        "hovertext": [_hover(curve, point) for point in named],
        "hoverinfo": "text",
        "showlegend": False,
    }
    traces = [trace, names]
    at = [point for point in points if point.index == curve.chosen]
    if at:
        traces.append(
            {
                **_places(curve, at, x, y),
                "type": "scatter",
                "mode": "markers",
                "marker": {
                    "symbol": f"{symbol}-open",
                    "size": 20,
                    "color": _CHOSEN,
                    "line": {"width": 3, "color": _CHOSEN},
                },
                "name": "Chosen point",
                "hovertext": [_hover(curve, point) for point in at],
                "hoverinfo": "text",
                "showlegend": False,
            }
        )
    return traces


def _sides(count: int) -> list[str]:
    """Where ``count`` names stand: inwards at both ends, in turn between so that they are apart."""
    turns = ["bottom right" if at % 2 == 0 else "top left" for at in range(count)]
    return [*turns[:-1], "top left"] if count > 1 else turns


def _places(curve: Curve, points: Sequence[FrontierPoint], x: int, y: int) -> dict[str, Any]:
    return {
        "x": [point.values[x] for point in points],
        "y": [point.values[y] for point in points],
        "customdata": [[curve.name, point.index] for point in points],
    }


def _hover(curve: Curve, point: FrontierPoint) -> str:
    lines = [f"Scenario {curve.name}, point {point.index + 1}"]
    if point.marks:
        lines[0] += f": {', '.join(point.marks)}"
    lines += [
        f"{objective.name}: {told}"
        for objective, told in zip(curve.view.objectives, point.told, strict=True)
    ]
    lines.append(point.label)
    return "<br>".join(_escaped(line) for line in lines if line)


def _is_logarithmic(curves: Sequence[Curve], place: int, scale: str) -> bool:
    values = [point.values[place] for curve in curves for point in curve.view.points]
    if scale == "linear" or min(values) <= 0:
        return False
    return scale == "log" or max(values) > _SPREAD * min(values)


def _decades(curves: Sequence[Curve], place: int) -> dict[str, Any]:
    """Figures at powers of ten, and at 2 and 5 of each where there are few."""
    values = [point.values[place] for curve in curves for point in curve.view.points]
    return {"dtick": 1 if max(values) > 300 * min(values) else "D2"}


def _shape(region: Rectangle, curves: Sequence[Curve], x: int, y: int) -> dict[str, Any] | None:
    """A region; an end that is not known is drawn as far as the points reach."""
    ends = ((region.slowest, region.fastest), (region.low, region.high))
    sides = []
    for place in (x, y):
        values = [point.values[place] for curve in curves for point in curve.view.points]
        low, high = ends[place]
        sides.append(
            (
                min(values) if low is None else low,
                max(values) if high is None else high,
            )
        )
    (x0, x1), (y0, y1) = sides
    if x0 > x1 or y0 > y1:
        return None
    return {
        "type": "rect", "layer": "below", "x0": x0, "x1": x1, "y0": y0, "y1": y1,
        "line": {"color": _OPEN, "width": 1.5, "dash": "dash"}, "fillcolor": _OPEN, "opacity": 0.25,
    }  # fmt: skip


def _layout(
    across: Mapping[str, Any], up: Mapping[str, Any], shapes: list[dict[str, Any]], zoom: str
) -> dict[str, Any]:
    axis = {"automargin": True, "zeroline": False, "gridcolor": "#d9dde3", "title": {"text": ""}}
    return {
        "xaxis": {**axis, **across},
        "yaxis": {**axis, **up},
        "shapes": shapes,
        "uirevision": zoom,
        "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": "#59606b"},
        "hovermode": "closest",
        "clickmode": "event",
        "dragmode": "zoom",
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }


def _escaped(text: str) -> str:
    return html.escape(text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…")
