"""The frontier of a placement as an interactive chart: one piece of HTML that needs nothing else.

plotly.js travels compressed inside the piece and is unpacked by the browser; where scripts are off,
or the browser cannot unpack, and on paper, a drawing of the same curve stands in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from solver.report.figure_style import STYLE, figure_bytes
from solver.report.fleet_facts import goals_of
from solver.report.numbers import clean
from solver.report.page_parts import plotly_source, script_json, svg_address
from solver.report.placement_curve import axis_title, draw_curve, is_wide
from solver.report.placement_facts import (
    bracket_of,
    setting_text,
    told_values,
)
from solver.report.placement_findings import placement_title, short_placement_status
from solver.report.placement_regions import open_ranges
from solver.report.placement_short import design_in_short

__all__ = ["placement_chart", "placement_frontier_html"]

_INK, _LINE, _BOUND = "#1f5fa8", "#9db7d4", "#c8641b"
_SIZE = (10.0, 4.8)

_SCRIPT = """
(async () => {
  if (typeof DecompressionStream === "undefined") return;
  const text = (id) => document.getElementById(id).textContent;
  const figure = JSON.parse(text("placement-chart-data"));
  if (typeof Plotly === "undefined") {
    const bytes = Uint8Array.from(atob(text("placement-plotly").trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }
  if (typeof Plotly === "undefined") return;
  const host = document.getElementById("placement-chart");
  const drawing = document.getElementById("placement-drawing");
  host.hidden = false;
  await Plotly.newPlot(host, figure.data, figure.layout, figure.config);
  const turn = (printing) => { host.hidden = printing; drawing.hidden = !printing; };
  turn(false);
  addEventListener("beforeprint", () => turn(true));
  addEventListener("afterprint", () => turn(false));
})();
"""


def placement_chart(document: Mapping[str, Any]) -> dict[str, Any]:
    """The figure as plain JSON for plotly.js: ``data``, ``layout``, ``config``.

    Raises
    ------
    ValueError
        If the result has fewer than two objectives.
    """
    goals = goals_of(document)
    if len(goals) < 2:
        raise ValueError(f"{len(goals)} objective is no frontier")
    first, second = goals[:2]
    points = document["points"]
    x = [float(point["objectives"][first.name]) for point in points]
    y = [float(point["objectives"][second.name]) for point in points]
    bound = [
        (float(point["objectives"][first.name]), float(point["objectives"][second.name]))
        for point in bracket_of(document)
    ]
    data: list[dict[str, Any]] = [
        # Points come from the fastest on, so steps go left, then up or down.
        _steps(x, y, _LINE, "solid", "frontier"),
    ]
    if bound:
        data.append(
            _steps([a for a, _ in bound], [b for _, b in bound], _BOUND, "dash", "no design passes")
        )
    data.append(
        {
            "type": "scatter", "mode": "markers", "name": "designs", "x": x, "y": y,
            "hoverinfo": "text", "text": [_hover(document, index) for index in range(len(points))],
            "marker": {"color": _INK, "size": 9 if len(points) <= 60 else 6},
        }
    )  # fmt: skip
    every_x, every_y = [*x, *(a for a, _ in bound)], [*y, *(b for _, b in bound)]
    layout = {
        "autosize": True,
        "height": 440,
        "hovermode": "closest",
        "margin": {"l": 70, "r": 20, "t": 12, "b": 56},
        "showlegend": bool(bound),
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": _axis(axis_title(first, "x"), every_x),
        "yaxis": _axis(axis_title(second, "y"), every_y),
        "shapes": _shapes(document, every_x, every_y),
    }
    config = {"responsive": True, "displaylogo": False}
    return {"data": data, "layout": layout, "config": config}


def placement_frontier_html(document: Mapping[str, Any]) -> str:
    """The chart as HTML, about 1.5 MB of which nearly all is plotly.js; empty without a curve.

    A page may hold it once: its elements have fixed ids.
    """
    if len(goals_of(document)) < 2 or not document["points"]:
        return ""
    told = escape(
        f"Frontier of {placement_title(document)}, {short_placement_status(document)}", quote=True
    )
    return (
        f'<div id="placement-chart" hidden role="img" aria-label="{told}"></div>\n'
        f'<img id="placement-drawing" src="{_drawing(document)}" alt="{told}" width="1000">\n'
        f'<script type="application/json" id="placement-chart-data">'
        f"{script_json(placement_chart(document))}</script>\n"
        f'<script type="text/plain" id="placement-plotly">{plotly_source()}</script>\n'
        f"<script>{_SCRIPT}</script>\n"
    )


def _drawing(document: Mapping[str, Any]) -> str:
    """The curve as an SVG data address."""
    from matplotlib.figure import Figure

    def draw() -> Figure:
        figure = Figure(figsize=_SIZE, dpi=100)
        draw_curve(figure.add_axes((0.09, 0.13, 0.88, 0.79)), document)
        return figure

    svg = figure_bytes(draw, "svg", title=placement_title(document), style=STYLE)
    return svg_address(svg)


def _steps(x: list[float], y: list[float], colour: str, dash: str, name: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "hoverinfo": "skip",
        "line": {"shape": "hv", "width": 1.5, "color": colour, "dash": dash},
    }  # fmt: skip


def _axis(title: str, values: list[float]) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": title}, "automargin": True, "zeroline": False}
    if is_wide(values):
        axis |= {"type": "log", "dtick": "D2", "tickformat": ",.6~g"}
    return axis


def _hover(document: Mapping[str, Any], index: int) -> str:
    """What is known of a point; plotly reads tags, so names are escaped."""
    point = document["points"][index]
    setting = setting_text(point["design"])
    lines = [
        told_values(point, goals_of(document)),
        design_in_short(point["design"]),
        f"microbatch × in flight: {setting}" if setting else "",
    ]
    return "<br>".join(escape(clean(line, limit=160)) for line in lines if line)


def _shapes(
    document: Mapping[str, Any], x: list[float], y: list[float]
) -> list[dict[str, Any]]:  # fmt: skip
    """Open regions as shaded rectangles; a side without an end runs past the points."""
    return [
        {
            "type": "rect",
            "layer": "below",
            "x0": region.slowest or 0.9 * min(x),
            "x1": region.fastest or 1.1 * max(x),
            "y0": 0.8 * min(y) if region.low is None else region.low,
            "y1": 1.2 * max(y) if region.high is None else region.high,
            "line": {"width": 1, "dash": "dot", "color": "#888888"},
            "fillcolor": "rgba(136,136,136,0.22)",
        }
        for region in open_ranges(document)
    ]
