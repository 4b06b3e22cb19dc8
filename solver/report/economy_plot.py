"""An economic frontier as a picture that needs no caption: PNG, SVG or PDF.

Two goals: the frontier as a staircase, its points coloured by what tells them apart (model, clock,
precision or power), and below it a figure that is not traded. Three goals: one staircase for each
level of the third ("cheapest at quality of at least q and speed of at least s"), and below it what
each staircase is made of. matplotlib is imported when drawing.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.report.economy_choose import levels_of, marks_of, meets, staircase
from solver.report.economy_colours import Painted, level_colours, painted
from solver.report.economy_facts import (
    Axes,
    axes_of,
    axis_title,
    economy_title,
    headlines,
    plain,
    ranks_of,
    values_of,
)
from solver.report.economy_findings import (
    conflict_heading,
    conflict_lines,
    short_economy_status,
)
from solver.report.economy_names import Box, free_place
from solver.report.figure_style import HATCHES, PATTERN, SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.fleet_facts import Goal, goals_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Panel
    from matplotlib.figure import Figure

    from solver.report.economy_choose import FloatArray, IndexArray

__all__ = ["economy_figure", "render_economy_plot"]

_LINE, _FAINT = "#9db7d4", "#d5d5d5"
_LEFT, _WIDTH = 0.085, 0.885
_LOG_FROM = 4.0
"""A goal whose greatest value is so many times the least is drawn in logarithms."""


def economy_figure(document: Mapping[str, Any]) -> Figure:
    """Draw a result; one without points says why."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        lines = [part for line in headlines(document) for part in textwrap.wrap(line, 130)][:5]
        empty = not document["points"]
        why = _why_empty(document) if empty else []
        figure = Figure(figsize=(10.0, 2.2 + 0.22 * len(why) if empty else 7.4), dpi=100)
        tall = figure.get_figheight()
        title = textwrap.shorten(economy_title(document), 84, placeholder=" …")
        figure.text(0.03, 1 - 0.18 / tall, title, fontsize=14, weight="bold", va="top")
        told = [*lines, short_economy_status(document)]
        figure.text(
            0.03, 1 - 0.50 / tall, "\n".join(told), fontsize=9, color=SOFT, va="top",
            linespacing=1.35,
        )  # fmt: skip
        top = 1 - (0.66 + 0.18 * len(told)) / tall
        if empty:
            figure.text(
                0.03, top, "\n".join(why), fontsize=10.5, va="top", linespacing=1.4
            )  # fmt: skip
            return figure
        axes = axes_of(goals_of(document))
        if axes.third is None:
            _two_goals(figure, document, axes, top)
        else:
            _three_goals(figure, document, axes, axes.third, top)
    return figure


def render_economy_plot(document: Mapping[str, Any], format: PlotFormat) -> bytes:
    """The figure as a file of ``format``; the same document gives the same bytes."""
    return figure_bytes(lambda: economy_figure(document), format, title=economy_title(document))


def _why_empty(document: Mapping[str, Any]) -> list[str]:
    """Wrapped lines that stand in place of a curve."""
    if document["status"] != "infeasible":
        return ["No design was found before the limit was reached."]
    lines = [conflict_heading(document) or "No design meets all limits; this is proved."]
    lines += [f"•  {line}" for line in conflict_lines(document)[:8]]
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, 105, subsequent_indent="    " if line[0] == "•" else "")
    ]


def _scale(panel: Panel, values: FloatArray, goal: Goal, axis: str) -> None:
    """Limits with air, logarithmic with plain numbers where values span much."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = float(values.min()), float(values.max())
    set_limits = panel.set_xlim if axis == "x" else panel.set_ylim
    side = panel.xaxis if axis == "x" else panel.yaxis
    # Speed is compared as a distance, money and energy as a ratio; a score has no zero.
    if goal.name in ("cost", "energy", "power") and low > 0 and high / low > _LOG_FROM:
        (panel.set_xscale if axis == "x" else panel.set_yscale)("log")
        air = (high / low) ** 0.06
        set_limits(low / air**2.4, high * air)
        steps: tuple[float, ...] = (1.0, 2.0, 5.0) if high / low < 2000 else (1.0,)
        if high / low < 12:
            steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
        side.set_major_locator(LogLocator(base=10, subs=steps, numticks=24))
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        side.set_minor_formatter(NullFormatter())
    else:
        air = 0.08 * (high - low) or max(0.1 * abs(high), 1e-9)
        zero = low >= 0 and low < 0.6 * high
        set_limits(0.0 if zero else low - air, high + air)
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    panel.grid(visible=True, color="#e9e9e9", linewidth=0.8)
    panel.set_axisbelow(True)


def _fitting(names: Sequence[str]) -> int:
    """Columns of a legend of these names that are as wide as the panel, at least one."""
    room = 72 * 10.0 * _WIDTH
    # A name of 9-point letters, its patch, and the gap to the next.
    widest = max(5.4 * len(name) + 34 for name in names)
    return max(1, min(len(names), int(room / widest)))


def _steps(panel: Panel, x: Goal, xs: FloatArray, ys: FloatArray, **style: Any) -> None:
    """A staircase over points best in ``x`` first: each holds for all that is no better in x."""
    left, right = panel.get_xlim()
    end = left if x.maximised else right
    panel.plot(np.append(xs, end), np.append(ys, ys[-1]), drawstyle="steps-post", **style)


def _name_points(panel: Panel, document: Mapping[str, Any], axes: Axes) -> None:
    """Ends, knee and the like, starred and named where no other name stands."""
    from matplotlib.patheffects import withStroke

    marks = marks_of(document)
    at = {
        index: (
            float(document["points"][index]["objectives"][axes.x.name]),
            float(document["points"][index]["objectives"][axes.y.name]),
        )
        for index in marks
    }
    places = {i: panel.transData.transform(xy).tolist() for i, xy in at.items()}
    taken = [Box(px - 7, py - 7, px + 7, py + 7) for px, py in places.values()]
    inside = Box(*(float(edge) for edge in panel.bbox.extents))
    for index, names in marks.items():
        panel.plot(
            *at[index], marker="*", markersize=13, color="#f0c419", markeredgecolor="#222222",
            markeredgewidth=0.8, zorder=6, linestyle="none",
        )  # fmt: skip
        text = ", ".join(names)
        # Better points lie towards this side, and there are none.
        dx, dy, box = free_place(
            places[index], len(text), taken, inside, right=axes.x.maximised,
            down=not axes.y.maximised,
        )  # fmt: skip
        taken.append(box)
        named = panel.annotate(
            text, at[index], xytext=(dx, dy), fontsize=9, zorder=7, textcoords="offset points",
            ha="left" if dx > 0 else "right", va="top" if dy < 0 else "bottom",
        )  # fmt: skip
        named.set_path_effects([withStroke(linewidth=3, foreground="white")])


def _two_goals(figure: Figure, document: Mapping[str, Any], axes: Axes, top: float) -> None:
    x, y = values_of(document, axes.x), values_of(document, axes.y)
    told = _untraded(document)
    split = 0.33 if told is not None else 0.09
    panel = figure.add_axes((_LEFT, split + 0.03, _WIDTH, top - split - 0.09))
    _scale(panel, x, axes.x, "x")
    _scale(panel, y, axes.y, "y")
    panel.set_ylabel(axis_title(axes.y, "y"))
    order = np.argsort(-x if axes.x.maximised else x, kind="stable")
    _steps(panel, axes.x, x[order], y[order], color=_LINE, linewidth=1.4, zorder=2)
    paint = painted(document)
    _scatter(panel, x, y, paint)
    _name_points(panel, document, axes)
    panel.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, fontsize=9, ncols=7,
        title=paint.title, alignment="left", title_fontsize=9, handletextpad=0.2,
        columnspacing=1.2,
    )  # fmt: skip
    if told is None:
        panel.set_xlabel(axis_title(axes.x, "x"))
        return
    panel.tick_params(labelbottom=False)
    label, values = told
    below = figure.add_axes((_LEFT, 0.085, _WIDTH, split - 0.09))
    _scale(below, x, axes.x, "x")
    _scale(below, values, Goal("power", "", maximised=False), "y")
    below.set_xlim(panel.get_xlim())
    _steps(below, axes.x, x[order], values[order], color=_LINE, linewidth=1.2, zorder=2)
    _scatter(below, x, values, paint)
    below.set_ylabel(label)
    below.set_xlabel(axis_title(axes.x, "x"))


def _untraded(document: Mapping[str, Any]) -> tuple[str, FloatArray] | None:
    """A figure of every point that is not traded: energy, else cost, else power."""
    goals = {goal.name for goal in goals_of(document)}
    for name, key, label in (
        ("energy", "j_per_token", "energy, J/token"),
        ("cost", "usd_per_mtok", "cost, US$/Mtok"),
        ("power", "watts", "power, W"),
    ):
        values = [point["design"].get(key) for point in document["points"]]
        if name not in goals and all(value is not None for value in values):
            return label, np.array(values, dtype=np.float64)
    return None


def _scatter(panel: Panel, x: FloatArray, y: FloatArray, paint: Painted) -> None:
    size = 40 if len(x) <= 80 else 14
    for group in paint.groups:
        panel.scatter(
            x[group.indices], y[group.indices], s=size, color=group.colour, marker=group.marker,
            label=group.name, edgecolors="#333333", linewidths=0.4, zorder=4,
        )  # fmt: skip


def _three_goals(
    figure: Figure, document: Mapping[str, Any], axes: Axes, third: Goal, top: float
) -> None:
    x, y, z = (values_of(document, goal) for goal in (axes.x, axes.y, third))
    levels = levels_of(document, third)
    ranks = ranks_of(document, (axes.x, axes.y))
    colours = level_colours(len(levels))
    paint = painted(document, skip=third.name)
    strips = 0.032 * len(levels)
    # Below the strips: their axis, and a legend of as many lines as its names need.
    low = 0.101 + 0.024 * -(-len(paint.groups) // _fitting([g.name for g in paint.groups]))
    split = low + 0.03 + strips
    panel = figure.add_axes((_LEFT, split, _WIDTH, top - split - 0.055))
    below = figure.add_axes((_LEFT, low, _WIDTH, strips))
    _scale(panel, x, axes.x, "x")
    _scale(panel, y, axes.y, "y")
    panel.set_ylabel(axis_title(axes.y, "y"))
    panel.scatter(x, y, s=9, color=_FAINT, linewidths=0, zorder=2)
    sign = "≥" if third.maximised else "≤"
    for k, (level, colour) in enumerate(zip(levels, colours, strict=True)):
        found = staircase(ranks, meets(z, third, level))
        # Where staircases lie on each other the stricter one is thinner: both are seen.
        width = 5.0 - 3.4 * k / max(len(levels) - 1, 1)
        _steps(
            panel, axes.x, x[found], y[found], color=colour, linewidth=width, zorder=3 + 0.1 * k,
            solid_capstyle="butt", label=f"{third.name} {sign} {plain(level)}",
        )  # fmt: skip
        _strip(below, axes.x, x, found, paint, k, panel.get_xlim())
    _name_points(panel, document, axes)
    unit = "" if third.unit == "score" else f" ({third.unit})"
    word = {"cost": "cheapest", "energy": "least energy", "power": "least power"}.get(
        axes.y.name, f"best {axes.y.name}"
    )
    asked = "asked for" if third.maximised else "allowed"
    panel.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, fontsize=9,
        ncols=len(levels), title=f"Lines: {word} at this {axes.x.name} or better, by the "
        f"{third.name} {asked}{unit}; grey: all points of the frontier",
        alignment="left", title_fontsize=9, columnspacing=1.4,
    )  # fmt: skip
    panel.tick_params(labelbottom=False)
    _dress_strips(figure, below, axes.x, panel.get_xlim(), levels, sign, paint)


def _strip(
    panel: Panel, x_goal: Goal, x: FloatArray, found: IndexArray, paint: Painted, row: int,
    limits: tuple[float, float],
) -> None:  # fmt: skip
    """One row of colours: what each stretch of a staircase is made of."""
    group_of = {int(i): group for group in paint.groups for i in group.indices}
    hatches = _hatches(paint)
    edges = np.append(x[found], limits[0] if x_goal.maximised else limits[1])
    groups = [group_of[index] for index in found.tolist()]
    # Stretches of one colour that follow each other are one bar.
    turns = [k for k in range(len(groups)) if k == 0 or groups[k] is not groups[k - 1]]
    for start, end in zip(turns, [*turns[1:], len(groups)], strict=True):
        low, high = sorted((float(edges[start]), float(edges[end])))
        panel.broken_barh(
            [(low, high - low)], (row - 0.38, 0.76), facecolors=groups[start].colour,
            edgecolors=PATTERN, hatch=hatches[groups[start].name], linewidth=0, zorder=2,
        )  # fmt: skip


def _hatches(paint: Painted) -> dict[str, str]:
    """A pattern for each group, so that strips are told apart without colour."""
    names = [group.name for group in paint.groups]
    return dict(zip(names, itertools.cycle(HATCHES), strict=False))


def _dress_strips(
    figure: Figure, panel: Panel, x: Goal, limits: tuple[float, float], levels: Sequence[float],
    sign: str, paint: Painted,
) -> None:  # fmt: skip
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter

    panel.set_xlim(limits)
    panel.set_ylim(len(levels) - 0.5, -0.5)
    panel.set_yticks(range(len(levels)), [f"{sign} {plain(level)}" for level in levels], fontsize=8)
    panel.set_xlabel(axis_title(x, "x"))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    for side in ("left", "bottom"):
        panel.spines[side].set_visible(False)
    panel.tick_params(length=0)
    figure.legend(
        handles=[
            Patch(
                facecolor=group.colour, edgecolor=PATTERN, linewidth=0,
                hatch=_hatches(paint)[group.name], label=group.name,
            )
            for group in paint.groups
        ],
        loc="lower left", bbox_to_anchor=(_LEFT - 0.01, 0.0), frameon=False, fontsize=9,
        ncols=_fitting([group.name for group in paint.groups]),
        title=f"{paint.title} of the designs on each line",
        alignment="left", title_fontsize=9, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
