"""The frontier of a placement as a picture, with the drawings of its fastest and its last point.

Chains are shown as a frontier, speed along the horizontal axis; a flow as its drawing and, below,
how much its hosts could carry at every layer. matplotlib is imported when drawing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from solver.report.figure_style import SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.fleet_facts import goals_of
from solver.report.numbers import clean
from solver.report.placement_chart import placement_frontier_html
from solver.report.placement_curve import draw_curve
from solver.report.placement_facts import is_flow
from solver.report.placement_findings import (
    conflict_heading,
    conflict_lines,
    placement_title,
    short_placement_status,
)
from solver.report.placement_graph import Panel, panel_of
from solver.report.placement_loads import draw_loads
from solver.report.placement_scene import fitted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["placement_figure", "placement_frontier_html", "render_placement_plot"]

_LEAST_WIDTH = 10.0
_TOP, _CURVE, _LOADS = 0.85, 4.4, 2.6
_UNDER = 0.62
"""Inches for the title of a horizontal axis."""
_HEADING = 0.62
_EDGE = 0.3


def placement_figure(document: Mapping[str, Any]) -> Figure:
    """Draw a result; one without points says why."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        points = document["points"]
        if not points:
            return _empty(document)
        goals = goals_of(document)
        curve = len(goals) > 1 and (
            len(points) > 1 or bool(document["open_boxes"]) or bool(document.get("bracket"))
        )
        flow = is_flow(points[0]["design"])
        last = len(points) - 1
        panels = [panel_of(document, index) for index in dict.fromkeys((0, last))]
        wide = max(_LEAST_WIDTH, *(panel.width for panel in panels))
        tall = _TOP + sum(_panel_height(panel) for panel in panels)
        tall += (_CURVE + _UNDER) * curve + (_LOADS + _UNDER) * flow
        figure = Figure(figsize=(wide, tall), dpi=100)
        _titles(figure, document)
        top = tall - _TOP
        if curve:
            top -= _CURVE
            box = (0.95 / wide, top / tall, (wide - 1.3) / wide, (_CURVE - 0.35) / tall)
            draw_curve(figure.add_axes(box), document)
            top -= _UNDER
        for panel in panels:
            top = _put(figure, panel, top)
        if flow:
            top -= _LOADS
            box = (0.95 / wide, top / tall, (wide - 1.3) / wide, (_LOADS - 0.35) / tall)
            draw_loads(figure.add_axes(box), document)
    return figure


def render_placement_plot(document: Mapping[str, Any], form: PlotFormat) -> bytes:
    """The figure as a file of ``form``; the same document gives the same bytes."""
    return figure_bytes(lambda: placement_figure(document), form, title=placement_title(document))


def _titles(figure: Figure, document: Mapping[str, Any]) -> None:
    wide, tall = figure.get_size_inches()
    figure.text(
        _EDGE / wide, 1 - 0.18 / tall,

        fitted(clean(placement_title(document)), 14, wide - 2 * _EDGE, bold=True),
        fontsize=14, weight="bold", va="top",
    )  # fmt: skip
    figure.text(
        _EDGE / wide, 1 - 0.51 / tall, short_placement_status(document), fontsize=10, color=SOFT,
        va="top",
    )  # fmt: skip


def _panel_height(panel: Panel) -> float:
    return panel.height + _HEADING + 0.18 * (len(panel.facts) - 1)


def _put(figure: Figure, panel: Panel, top: float) -> float:
    """Put a drawing below ``top`` inches with its heading, and return where it ends."""
    wide, tall = figure.get_size_inches()
    heading = panel.heading[:1].upper() + panel.heading[1:]
    figure.text(
        _EDGE / wide, (top - 0.05) / tall, heading, fontsize=11, weight="bold", va="top"
    )  # fmt: skip
    figure.text(
        _EDGE / wide, (top - 0.3) / tall, "\n".join(panel.facts), fontsize=9, color=SOFT, va="top",
        linespacing=1.3,
    )  # fmt: skip
    bottom = top - _panel_height(panel)
    panel.draw(figure, left=(wide - panel.width) / 2, bottom=bottom + 0.08)
    return bottom


def _empty(document: Mapping[str, Any]) -> Figure:
    """What there is to say where there is no point."""
    from matplotlib.figure import Figure

    lines = [conflict_heading(document)] if conflict_heading(document) else []
    lines += [f"•  {line}" for line in conflict_lines(document)[:8]]
    if not lines:
        lines = [f"•  {clean(entry['reason'])}" for entry in document["open_boxes"][:8]]
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, 100, subsequent_indent="    " if line[0] == "•" else "")
    ]
    tall = 2.0 + 0.22 * len(wrapped)
    figure = Figure(figsize=(_LEAST_WIDTH, tall), dpi=100)
    _titles(figure, document)
    text = "Nothing was found before the limit was reached."
    if document["status"] == "infeasible":
        text = "No choice of hosts meets all limits; this is proved."
    figure.text(_EDGE / _LEAST_WIDTH, 1 - 1.05 / tall, text, fontsize=13, weight="bold", va="top")
    figure.text(
        _EDGE / _LEAST_WIDTH, 1 - 1.45 / tall, "\n".join(wrapped), fontsize=10.5, va="top",
        linespacing=1.4,
    )  # fmt: skip
    return figure
