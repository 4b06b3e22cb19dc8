"""The frontier of a placement as an interactive chart: one piece of HTML without further needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from solver.report.figure_style import STYLE, figure_bytes
from solver.report.fleet_facts import Goal, goals_of
from solver.report.frontier_chart import axis_of, chart_piece, facts_column, rounded, thinned
from solver.report.numbers import clean
from solver.report.page_parts import svg_address
from solver.report.placement_curve import axis_title, draw_curve, is_wide
from solver.report.placement_facts import bracket_of, setting_text
from solver.report.placement_findings import (
    placement_marks,
    placement_title,
    short_placement_status,
)
from solver.report.placement_regions import open_ranges
from solver.report.placement_short import design_in_short

__all__ = ["placement_chart", "placement_frontier_html"]

_INK, _LINE, _BOUND = "#2b7bc4", "#8aa3bf", "#c8641b"
_SIZE = (10.0, 4.8)


def placement_chart(document: Mapping[str, Any]) -> dict[str, Any]:
    """The first two objectives of all points, as ``chart_piece`` takes them.

    Raises
    ------
    ValueError
        If the result has fewer than two objectives.
    """
    goals = goals_of(document)
    if len(goals) < 2:
        raise ValueError(f"{len(goals)} objective is no frontier")
    first, second = goals[:2]
    marks, count = placement_marks(document), len(document["points"])
    kept = thinned(np.linspace(0.0, 1.0, count).tolist(), list(marks))
    points = [document["points"][index] for index in kept]
    x, y = _columns(points, first, second)
    bound_x, bound_y = _columns(
        [{"objectives": p["objectives"]} for p in bracket_of(document)], first, second
    )
    proved = [p.get("proof", {}).get("nondominated", "proved") == "proved" for p in points]
    groups = [("proved", "circle", _INK)] if any(proved) else []
    groups += [] if all(proved) else [("found, not proved", "x", _BOUND)]
    # Points come from the fastest on, so steps go left, then up or down; with a third objective
    # they are no staircase.
    lines = [_line("", x, y, _LINE, "")] if len(goals) == 2 else []
    if bound_x:
        lines.append(_line("no design passes", bound_x, bound_y, _BOUND, "6 4"))
    designs = [point["design"] for point in points]
    facts = [
        ("Design", [clean(design_in_short(design), limit=160) for design in designs]),
        ("Microbatch × in flight", [setting_text(design) for design in designs]),
        *((goal.name.capitalize(), [_told(point, goal) for point in points]) for goal in goals[2:]),
    ]
    return {
        "total": count,
        "axes": {
            "x": _axis(first, "x", [*x, *bound_x]),
            "y": _axis(second, "y", [*y, *bound_y]),
        },
        "x": x,
        "y": y,
        "lead": "",
        "groups": [
            {"name": name, "symbol": symbol, "colour": colour} for name, symbol, colour in groups
        ],
        "group": [0 if one or not any(proved) else 1 for one in proved],
        "facts": [facts_column(name, texts) for name, texts in facts if any(texts)],
        "stars": [
            {"index": k, "title": ", ".join(marks[index])}
            for k, index in enumerate(kept)
            if index in marks
        ],
        "lines": lines,
        "boxes": [
            {"x0": part.slowest, "x1": part.fastest, "y0": part.low, "y1": part.high}
            for part in open_ranges(document)
        ],
    }


def placement_frontier_html(document: Mapping[str, Any]) -> str:
    """The chart as HTML; empty where the result has no curve.

    A page may hold it once: its elements have fixed ids.
    """
    if len(goals_of(document)) < 2 or not document["points"]:
        return ""
    return chart_piece(
        placement_chart(document),
        drawing=_drawing(document),
        alternative=f"Frontier of {placement_title(document)}, {short_placement_status(document)}.",
        caption="",
        walk="Walk along the frontier, from its last point to its first",
    )


def _columns(
    points: Sequence[Mapping[str, Any]], first: Goal, second: Goal
) -> tuple[list[float], list[float]]:
    x, y = (
        [rounded(point["objectives"][goal.name]) for point in points] for goal in (first, second)
    )
    return x, y


def _told(point: Mapping[str, Any], goal: Goal) -> str:
    return goal.told(float(point["objectives"][goal.name]))


def _drawing(document: Mapping[str, Any]) -> str:
    """The curve as an SVG data address."""
    from matplotlib.figure import Figure

    def draw() -> Figure:
        figure = Figure(figsize=_SIZE, dpi=100)
        draw_curve(figure.add_axes((0.09, 0.13, 0.88, 0.79)), document)
        return figure

    svg = figure_bytes(draw, "svg", title=placement_title(document), style=STYLE)
    return svg_address(svg)


def _line(name: str, x: list[float], y: list[float], colour: str, dash: str) -> dict[str, Any]:
    return {"name": name, "x": x, "y": y, "colour": colour, "dash": dash}


def _axis(goal: Goal, side: str, values: list[float]) -> dict[str, Any]:
    title = axis_title(goal, side)
    return axis_of(
        values, name=clean(goal.name, limit=30), unit=goal.unit, title=title, short=title,
        log=is_wide(values),
    )  # fmt: skip
