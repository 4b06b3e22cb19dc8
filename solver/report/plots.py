"""The frontier as a figure that needs no caption: PNG, SVG or PDF.

matplotlib is imported when something is drawn, through its object interface only: no global state
is touched, so a figure can be drawn in any thread of a program that has plots of its own.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.report.annotate import annotate
from solver.report.choose import path_positions
from solver.report.design import BINDINGS, UNKNOWN_BINDING, binding_of
from solver.report.figure_style import SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.findings import (
    box_range,
    conflict_heading,
    limit_sentence,
    short_status,
)
from solver.report.question import question_of
from solver.report.regions import binding_runs
from solver.result import Result
from solver.result.writing import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PLOT_FORMATS", "frontier_figure", "render_plot", "save_plot"]

PLOT_FORMATS: tuple[PlotFormat, ...] = ("png", "svg", "pdf")

SIZE_INCHES = (10.0, 6.4)
_EACH_POINT_BELOW = 40
"""Up to so many points each gets its marker; past it, markers are spaced along the curve."""
_MARKERS = 60
_STYLE: Any = {**STYLE, "path.simplify": True, "path.simplify_threshold": 0.3}


def title_lines(result: Result) -> tuple[str, str]:
    """Title and subtitle of a figure: what is served on what, and under which circumstances."""
    question = question_of(result)
    told = [*question.circumstances(), short_status(result)]
    return question.subject, " · ".join(told)


def _log_ticks(axes: Axes, low: float, high: float) -> None:
    """Label a logarithmic cost axis with plain dollars, at 1-2-5 steps where decades are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    decades = np.log10(high / low)
    steps = (1.0, 2.0, 5.0) if decades < 3.2 else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=steps, numticks=24))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _limits(result: Result) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of speed and cost to show: points with air around them, and where boxes begin."""
    speeds = [point.objectives["speed"] for point in result.points]
    costs = [point.objectives["cost"] for point in result.points]
    for box in result.open_boxes:
        slow, fast, low, high = box_range(box)
        speeds += [value for value in (slow, fast) if value]
        costs += [value for value in (low, high) if value]
    fastest, cheapest, dearest = max(speeds), min(costs), max(costs)
    # A lone point still needs an axis with ticks on it.
    ratio = max(dearest / cheapest, 4.0)
    middle = (dearest * cheapest) ** 0.5
    half = ratio**0.5
    # Speed starts at zero unless the points would then huddle at the right.
    slowest = min(speeds)
    huddled = 0.6 * fastest < slowest < 0.98 * fastest
    start = slowest - 0.25 * (fastest - slowest) if huddled else 0.0
    reach = fastest - start
    return (start, fastest + 0.08 * reach), (
        middle / half / ratio**0.2,
        middle * half * ratio**0.14,
    )


def _draw_boxes(axes: Axes, result: Result) -> None:
    """Shade each open box over the part of it that the axes show."""
    from matplotlib.patches import Rectangle

    (x_min, x_max), (y_min, y_max) = axes.get_xlim(), axes.get_ylim()
    for number, box in enumerate(result.open_boxes):
        slow, fast, low, high = box_range(box)
        left, right = max(slow or x_min, x_min), min(fast or x_max, x_max)
        bottom, top = max(low or y_min, y_min), min(high or y_max, y_max)
        axes.add_patch(
            Rectangle(
                (left, bottom),
                right - left,
                top - bottom,
                facecolor="#bbbbbb40",
                edgecolor="#777777",
                hatch="////",
                linewidth=0.8,
                zorder=1,
                label="still open: better designs may hide here" if number == 0 else None,
            )
        )


def _draw_curve(axes: Axes, result: Result) -> None:
    """The points, joined in runs of one binding limit; marker, line and colour all name it."""
    points = result.points
    speed = np.array([point.objectives["speed"] for point in points])
    cost = np.array([point.objectives["cost"] for point in points])
    # Steps, not slopes: between two points the faster one is what at least that speed costs.
    axes.plot(speed, cost, color="#c4c4c4", linewidth=0.9, zorder=2, drawstyle="steps-post")
    for binding, first, last in binding_runs(points):
        stop = min(last + 2, len(points))
        axes.plot(
            speed[first:stop],
            cost[first:stop],
            color=binding.colour,
            linestyle=binding.line,
            linewidth=2.2,
            drawstyle="steps-post",
            zorder=3,
        )
    # One marker for each stretch of the curve keeps 5,000 points from becoming one thick worm.
    if len(points) <= _EACH_POINT_BELOW:
        shown = np.arange(len(points))
    else:
        cells = np.floor(path_positions(points) * _MARKERS)
        shown = np.flatnonzero(np.diff(cells, prepend=-1.0) > 0)
    keys = np.array([binding_of(point).key for point in points])
    for binding in (*BINDINGS.values(), UNKNOWN_BINDING):
        if not (keys == binding.key).any():
            continue
        own = shown[keys[shown] == binding.key]
        axes.plot(
            speed[own],
            cost[own],
            color=binding.colour,
            marker=binding.marker,
            markersize=6,
            markeredgecolor="white" if binding.marker != "x" else binding.colour,
            markeredgewidth=0.7,
            linestyle="none",
            zorder=4,
        )


def _draw_legend(axes: Axes, result: Result) -> None:
    """What sets the pace, and what the shading means; above the axes, where no data is."""
    from matplotlib.lines import Line2D

    present = {binding_of(point).key for point in result.points}
    handles: list[Any] = [
        Line2D(
            [],
            [],
            color=binding.colour,
            linestyle=binding.line,
            marker=binding.marker,
            linewidth=2.2,
            markeredgecolor="white" if binding.marker != "x" else binding.colour,
            label=binding.title,
        )
        for binding in (*BINDINGS.values(), UNKNOWN_BINDING)
        if binding.key in present
    ]
    handles += [patch for patch in axes.patches if not str(patch.get_label()).startswith("_")]
    lead = Line2D([], [], linestyle="none", label="Pace set by")
    axes.legend(
        handles=[lead, *handles],
        loc="lower left",
        bbox_to_anchor=(-0.058, 1.004),
        ncols=len(handles) + 1,
        frameon=False,
        fontsize=9,
        handlelength=3.4,
        columnspacing=1.6,
        borderpad=0.0,
    )


def _titles(figure: Figure, result: Result) -> None:
    """Title and subtitle, left-aligned with the axes, the subtitle wrapped to the figure."""
    title, subtitle = title_lines(result)
    figure.text(
        0.075, 0.965, "\n".join(textwrap.wrap(title, 78)[:1]), fontsize=14, weight="bold", va="top",
    )  # fmt: skip
    lines = textwrap.wrap(subtitle, 134)
    figure.text(
        0.075, 0.915, "\n".join(lines[:2]), fontsize=9.5, color=SOFT, va="top",
        linespacing=1.35,
    )  # fmt: skip


def _draw_infeasible(figure: Figure, result: Result) -> None:
    """In place of a curve, which limits conflict and what each would need."""
    conflict = result.conflict
    lines: list[tuple[str, float, str]] = [("No design meets all limits", 13, "bold")]
    if conflict is not None:
        lines.append((conflict_heading(result), 10.5, "normal"))
        lines += [(f"•  {limit_sentence(limit)}", 10.5, "normal") for limit in conflict.limits[:6]]
        if len(conflict.limits) > 6:
            lines.append((f"and {len(conflict.limits) - 6} more limits", 10.5, "normal"))
    y = 0.74
    for text, size, weight in lines:
        wrapped = textwrap.wrap(text, 100, subsequent_indent="    " if text[0] == "•" else "")
        figure.text(
            0.075, y, "\n".join(wrapped), fontsize=size, weight=weight, va="top", linespacing=1.4,
        )  # fmt: skip
        y -= 0.033 * len(wrapped) + 0.03


def frontier_figure(result: Result) -> Figure:
    """Draw ``result``: speed (linear) against cost (logarithmic).

    Colour, line and marker tell the limit that sets the pace; the widest layouts and the
    recommended points are named beside the curve; open boxes are shaded. A result without points
    tells which limits conflict.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=SIZE_INCHES, dpi=100)
        _titles(figure, result)
        if not result.points:
            if result.conflict is not None or not result.open_boxes:
                _draw_infeasible(figure, result)
            else:
                figure.text(0.075, 0.7, "No point was found before the limit.", fontsize=13)
            return figure
        axes = figure.add_axes((0.075, 0.095, 0.9, 0.715))
        axes.set_yscale("log")
        x_range, y_range = _limits(result)
        axes.set_xlim(*x_range)
        axes.set_ylim(*y_range)
        _log_ticks(axes, *y_range)
        axes.grid(visible=True, which="major", color="#e9e9e9", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("speed: output tokens per second seen by one user  (faster →)")
        axes.set_ylabel("cost: US$ per million output tokens  (cheaper ↓)")
        _draw_boxes(axes, result)
        _draw_curve(axes, result)
        _draw_legend(axes, result)
        annotate(figure, axes, result)
    return figure


def render_plot(result: Result, format: PlotFormat) -> bytes:
    """The figure as a file of ``format``; the same result gives the same bytes.

    Raises
    ------
    ValueError
        If ``format`` is none of ``PLOT_FORMATS``.
    """
    if format not in PLOT_FORMATS:
        raise ValueError(f"unknown plot format {format!r}; choose one of {', '.join(PLOT_FORMATS)}")
    title, _ = title_lines(result)
    return figure_bytes(lambda: frontier_figure(result), format, title=title, style=_STYLE)


def save_plot(result: Result, path: Path) -> None:
    """Write the figure to ``path``, in the format that its suffix names.

    Raises
    ------
    ValueError
        If the suffix is none of ``PLOT_FORMATS``.
    OutputError
        If the file cannot be written; then an older one stays as it was.
    """
    suffix = path.suffix.removeprefix(".").lower()
    chosen = next((known for known in PLOT_FORMATS if known == suffix), None)
    if chosen is None:
        raise ValueError(f"{path.name}: a plot ends in one of .{', .'.join(PLOT_FORMATS)}")
    write_whole({path: render_plot(result, chosen)})
