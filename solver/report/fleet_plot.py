"""A fleet frontier as a picture: objectives above, and the machines of every point below.

Speed runs along the horizontal axis and cost up; a third objective is told by colour. One
objective alone is shown as the composition of its fleet. matplotlib is imported when drawing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from solver.report.figure_style import HATCHES, PATTERN, SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.fleet_bill import replica_names
from solver.report.fleet_choose import marks_of
from solver.report.fleet_facts import Goal, devices_by_machine, goals_of
from solver.report.fleet_findings import (
    conflict_heading,
    conflict_lines,
    fleet_title,
    short_fleet_status,
)
from solver.report.numbers import clean, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fleet_figure", "render_fleet_plot"]

FloatArray = npt.NDArray[np.float64]
_INK, _LINE = "#1f5fa8", "#9db7d4"
_REST = "#9a9a9a"
# Okabe and Ito (2008), "Color universal design": told apart by colour-blind readers too.
_MACHINES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800")
_MOST_BARS = 24
_LEFT, _WIDTH = 0.095, 0.875
_ABOVE = (_LEFT, 0.455, _WIDTH - 0.115, 0.405)
"""Where the points are drawn beside a bar of colours."""


def fleet_figure(document: Mapping[str, Any]) -> Figure:
    """Draw a result; one without points says why."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        goals = goals_of(document)
        figure = Figure(figsize=(10.0, _height_inches(document)), dpi=100)
        tall = figure.get_figheight()
        figure.text(
            0.03,
            1 - 0.2 / tall,
            clean(fleet_title(document), limit=72),
            fontsize=14,
            weight="bold",
            va="top",
        )
        figure.text(
            0.03, 1 - 0.53 / tall, short_fleet_status(document), fontsize=10, color=SOFT, va="top"
        )  # fmt: skip
        if not document["points"]:
            _empty(figure, document)
        elif len(goals) == 1:
            _composition(figure, document)
        else:
            _frontier(figure, document, goals)
    return figure


def render_fleet_plot(document: Mapping[str, Any], format: PlotFormat) -> bytes:
    """The figure as a file of ``format``; the same document gives the same bytes."""
    return figure_bytes(lambda: fleet_figure(document), format, title=fleet_title(document))


def _why_empty(document: Mapping[str, Any]) -> list[str]:
    """Wrapped lines that stand in place of a curve."""
    heading = conflict_heading(document)
    lines = [heading] if heading else []
    lines += [f"•  {line}" for line in conflict_lines(document)[:8]]
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, 100, subsequent_indent="    " if line[0] == "•" else "")
    ]


def _empty(figure: Figure, document: Mapping[str, Any]) -> None:
    tall = figure.get_figheight()
    if document["status"] == "infeasible":
        text = "No fleet of the options offered meets all limits; this is proved."
    else:
        text = "No fleet was found before the limit was reached."
    figure.text(0.03, 1 - 1.1 / tall, text, fontsize=13, weight="bold", va="top")
    figure.text(
        0.03, 1 - 1.5 / tall, "\n".join(_why_empty(document)), fontsize=10.5, va="top",
        linespacing=1.4,
    )  # fmt: skip


def _axis_title(goal: Goal, axis: str) -> str:
    """``speed, tok/s/user  (faster →)``."""
    arrow = {("x", True): "→", ("x", False): "←", ("y", True): "↑", ("y", False): "↓"}
    word = {"speed": "faster", "cost": "cheaper"}.get(goal.name, "better")
    name = clean(goal.name, limit=30)
    return f"{name}, {goal.unit}  ({word} {arrow[axis, goal.maximised]})"


def _grid(axes: Axes) -> None:
    axes.grid(visible=True, color="#e9e9e9", linewidth=0.8)
    axes.set_axisbelow(True)


def _frontier(figure: Figure, document: Mapping[str, Any], goals: Sequence[Goal]) -> None:
    points = document["points"]
    table = np.array(
        [[float(point["objectives"][goal.name]) for goal in goals] for point in points],
        dtype=np.float64,
    )
    two = len(goals) == 2
    axes = figure.add_axes((_LEFT, 0.425, _WIDTH, 0.405) if two else _ABOVE)
    below = figure.add_axes((_LEFT, 0.13, _WIDTH, 0.255 if two else 0.225))
    _draw_points(figure, axes, document, goals, table)
    axes.set_ylabel(_axis_title(goals[1], "y"))
    _grid(axes)
    if len(goals) == 2:
        below.set_xlim(axes.get_xlim())
        axes.tick_params(labelbottom=False)
        below.set_xlabel(_axis_title(goals[0], "x"))
        _machines(below, document, goals[0], table[:, 0])
    else:
        # Several fleets may have one speed: their bars stand in order, not to scale.
        axes.set_xlabel(_axis_title(goals[0], "x"))
        below.set_xlim(0.4, len(points) + 0.6)
        below.set_xlabel(f"fleets of the frontier, best {clean(goals[0].name, limit=30)} first")
        _machines(below, document, None, np.arange(1.0, len(points) + 1))
    handles, labels = below.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(_LEFT - 0.01, 0.0), frameon=False,
        fontsize=9, ncols=min(len(handles), 8), title="Devices by machine", alignment="left",
        title_fontsize=9,
    )  # fmt: skip


def _draw_points(
    figure: Figure, axes: Axes, document: Mapping[str, Any], goals: Sequence[Goal],
    table: FloatArray,
) -> None:  # fmt: skip
    x, y = table[:, 0], table[:, 1]
    for values, set_limits in ((x, axes.set_xlim), (y, axes.set_ylim)):
        low, high = float(values.min()), float(values.max())
        air = 0.12 * (high - low) or max(0.1 * abs(high), 1e-9)
        # Speeds start at zero at the earliest; below the least cost stands a name.
        set_limits(max(low - air, 0.0) if values is x and low >= 0 else low - air, high + air)
    order = np.argsort(-x if goals[0].maximised else x, kind="stable")
    x, y = x[order], y[order]
    proved = np.array([p["proof"].get("nondominated") == "proved" for p in document["points"]])
    proved = proved[order]
    size = 44 if len(x) <= 60 else 16
    if len(goals) == 2:
        # From each point towards what it is at least as good as: the price of at least this speed.
        ends = axes.get_xlim()
        last = ends[0] if goals[0].maximised else ends[1]
        axes.plot(
            np.append(x, last), np.append(y, y[-1]), color=_LINE, linewidth=1.4,
            drawstyle="steps-post", zorder=2, label="price of at least this speed"
            if (goals[0].name, goals[1].name) == ("speed", "cost") else "frontier",
        )  # fmt: skip
        axes.scatter(
            x[proved], y[proved], s=size, color=_INK, linewidths=0, zorder=3,
            label="proved: nothing is better",
        )  # fmt: skip
    else:
        third = table[order, 2]
        drawn = axes.scatter(
            x, y, c=third, s=size, cmap="viridis", edgecolors="#333333", linewidths=0.5, zorder=3,
            vmin=third.min(), vmax=max(third.max(), third.min() + 1.0),
        )  # fmt: skip
        beside = (_ABOVE[0] + _ABOVE[2] + 0.015, _ABOVE[1], 0.02, _ABOVE[3])
        bar = figure.colorbar(drawn, cax=figure.add_axes(beside))
        bar.ax.yaxis.set_major_formatter(lambda value, _: short(value))
        bar.set_label(_axis_title(goals[2], "y"))
    if not proved.all():
        axes.scatter(
            x[~proved], y[~proved], s=size * 1.6, facecolors="none", edgecolors="#c8641b",
            linewidths=1.4, zorder=4, label="found, not proved",
        )  # fmt: skip
    _name_points(axes, document, goals)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles, labels, loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False,
            fontsize=9, ncols=len(handles),
        )  # fmt: skip


def _name_points(axes: Axes, document: Mapping[str, Any], goals: Sequence[Goal]) -> None:
    """Fastest, cheapest and knee, each on the side of its point where no other point can be.

    That is the side of images better than it: towards more speed and less cost.
    """
    left, right = axes.get_xlim()
    for index, names in marks_of(document).items():
        values = document["points"][index]["objectives"]
        x, y = float(values[goals[0].name]), float(values[goals[1].name])
        # A name must not leave the picture; a letter takes about 1/120 of its width.
        wide, place = len(", ".join(names)) / 120 + 0.02, (x - left) / (right - left)
        to_right = place + wide < 1 and (goals[0].maximised or place - wide < 0)
        axes.annotate(
            ", ".join(names), (x, y), xytext=(5, 6 if goals[1].maximised else -6), fontsize=9,
            zorder=5, textcoords="offset points", ha="left" if to_right else "right",
            va="bottom" if goals[1].maximised else "top",
        )  # fmt: skip


def _machines(axes: Axes, document: Mapping[str, Any], goal: Goal | None, x: FloatArray) -> None:
    """Devices of every point, stacked by machine: to scale along ``goal``, or as bars at ``x``."""
    from matplotlib.ticker import MaxNLocator

    held = [devices_by_machine(document, point["design"]) for point in document["points"]]
    names = _largest(held)
    table = np.array(
        [[entry.get(name, 0.0) for name in names] for entry in held], dtype=np.float64
    ).reshape(len(held), len(names))
    rest = np.array([sum(entry.values()) for entry in held]) - table.sum(axis=1)
    stacks = [(name, _MACHINES[k], HATCHES[k], table[:, k]) for k, name in enumerate(names)]
    if rest.max(initial=0.0) > 1e-9:
        stacks.append(("other machines", _REST, HATCHES[len(_MACHINES)], rest))
    bottom = np.zeros(len(held))
    for name, colour, hatch, devices in stacks:
        top = bottom + devices
        if goal is None:
            axes.bar(
                x, devices, bottom=bottom, width=0.85, facecolor=colour, edgecolor=PATTERN,
                hatch=hatch, label=name, linewidth=0,
            )  # fmt: skip
        else:
            _bands(
                axes, x, bottom, top, end=axes.get_xlim()[0 if goal.maximised else 1],
                maximised=goal.maximised, colour=colour, hatch=hatch, name=name,
            )  # fmt: skip
        bottom = top
    axes.set_ylim(0, 1.06 * max(bottom.max(initial=0.0), 1e-9))
    axes.set_ylabel("devices")
    if goal is None:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _grid(axes)


def _bands(
    axes: Axes, x: FloatArray, low: FloatArray, high: FloatArray, *, end: float,
    maximised: bool, colour: str, hatch: str, name: str,
) -> None:  # fmt: skip
    """A band that holds each point's value for all that it is good enough for.

    The fleet of a speed serves every lower speed too, down to the next point; the slowest one as
    far as ``end``, the edge of the picture.
    """
    order = np.argsort(x if maximised else -x, kind="stable")
    axes.fill_between(
        np.concatenate([[end], x[order]]),
        np.append(low[order][0], low[order]),
        np.append(high[order][0], high[order]),
        step="pre",
        facecolor=colour,
        edgecolor=PATTERN,
        hatch=hatch,
        linewidth=0,
        label=name,
    )


def _largest(held: Sequence[Mapping[str, float]]) -> list[str]:
    """The machines with most devices over all points, in the order of their names."""
    total: dict[str, float] = {}
    for entry in held:
        for name, devices in entry.items():
            total[name] = total.get(name, 0.0) + devices
    used = [name for name in total if total[name] > 0]
    most = sorted(used, key=lambda name: (-total[name], name))[: len(_MACHINES)]
    return sorted(most)


def _height_inches(document: Mapping[str, Any]) -> float:
    """As tall as the words of no fleet, or the bars of a single one, ask for."""
    if not document["points"]:
        return 2.0 + 0.22 * len(_why_empty(document))
    if len(document["points"]) != 1 or len(goals_of(document)) > 1:
        return 7.2
    kinds = min(len(replica_names(document["points"][0]["design"])), _MOST_BARS)
    return 2.2 + 0.32 * kinds


def _composition(figure: Figure, document: Mapping[str, Any]) -> None:
    """One fleet: devices of each kind of replica as bars, coloured by machine."""
    from matplotlib.ticker import MaxNLocator

    (goal,) = goals_of(document)
    design, tall = document["points"][0]["design"], figure.get_figheight()
    value = goal.told(float(document["points"][0]["objectives"][goal.name]))
    figure.text(
        0.03, 1 - 0.82 / tall, f"{clean(goal.name, limit=30)}: {value}", fontsize=12, va="top"
    )  # fmt: skip
    devices: dict[str, int] = {}
    machine_of: dict[str, str] = {}
    for entry in design.get("replicas", ()):
        (name,) = replica_names({"replicas": [entry]})
        devices[name] = devices.get(name, 0) + entry["count"] * entry["devices"]
        machine_of[name] = clean(entry["machine"], limit=60) or "unnamed"
    counts = replica_names(design)
    labels = sorted(devices, key=lambda label: -devices[label])[:_MOST_BARS]
    machines = sorted({machine_of[label] for label in labels})
    colours = dict.fromkeys(machines, _REST) | dict(zip(machines, _MACHINES, strict=False))
    axes = figure.add_axes((0.40, 0.7 / tall, 0.55, 0.32 * max(len(labels), 1) / tall))
    places = list(range(len(labels)))
    axes.barh(
        places, [devices[label] for label in labels],
        color=[colours[machine_of[label]] for label in labels],
    )  # fmt: skip
    axes.set_yticks(places, [clean(label, limit=46) for label in labels])
    axes.invert_yaxis()
    for place, label in zip(places, labels, strict=True):
        replicas = f"{counts[label]:,} replica{'' if counts[label] == 1 else 's'}"
        axes.text(
            devices[label], place, f" {devices[label]:,} ({replicas})", va="center", fontsize=9
        )
    axes.set_xlim(0, 1.3 * max((devices[label] for label in labels), default=1))
    axes.set_xlabel("devices in replicas")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, axis="x", color="#e9e9e9", linewidth=0.8)
    axes.set_axisbelow(True)
    if len(devices) > len(labels):
        rest = f"and {len(devices) - len(labels)} smaller kinds of replica"
        figure.text(0.03, 0.2 / tall, rest, fontsize=9, color=SOFT)
    _machine_legend(figure, colours)


def _machine_legend(figure: Figure, colour: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    figure.legend(
        handles=[Patch(color=value, label=name) for name, value in colour.items()],
        loc="upper right", bbox_to_anchor=(0.97, 1 - 0.7 / figure.get_figheight()),
        frameon=False, fontsize=9, ncols=min(len(colour), 6), title="machine", alignment="left",
        title_fontsize=9,
    )  # fmt: skip
