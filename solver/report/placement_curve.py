"""The curve of a placement's frontier: points, steps, names, open regions and the bound."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from solver.report.findings import count_of
from solver.report.fleet_facts import Goal, goals_of
from solver.report.numbers import clean, fixed
from solver.report.placement_facts import bracket_of, host_count, setting_text
from solver.report.placement_findings import placement_marks
from solver.report.placement_regions import open_ranges

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["axis_title", "decimals_of", "draw_curve", "is_wide", "point_name"]

FloatArray = npt.NDArray[np.float64]
_INK, _LINE, _BOUND = "#1f5fa8", "#9db7d4", "#c8641b"
_MOST_NAMES = 14
_WIDE = 12.0
"""Greatest over least value from which on an axis is logarithmic."""


def axis_title(goal: Goal, axis: str) -> str:
    """``cost, US$/Mtok  (cheaper ↓)``."""
    arrow = {("x", True): "→", ("x", False): "←", ("y", True): "↑", ("y", False): "↓"}
    word = {"speed": "faster", "cost": "cheaper", "throughput": "more"}.get(goal.name, "better")
    return f"{clean(goal.name, limit=30)}, {goal.unit}  ({word} {arrow[axis, goal.maximised]})"


def is_wide(values: Sequence[float]) -> bool:
    """Whether values span so much that only a logarithmic axis shows all of them."""
    return len(values) > 0 and min(values) > 0 and max(values) > _WIDE * min(values)


def point_name(design: Mapping[str, Any]) -> str:
    """``5 hosts, 8 × 4``: what changes along a frontier."""
    told = [count_of(host_count(design), "host"), setting_text(design)]
    return ", ".join(text for text in told if text)


def draw_curve(axes: Axes, document: Mapping[str, Any]) -> None:
    """Draw the first two objectives of a result that has points."""
    goals = goals_of(document)
    points = document["points"]
    table = _values(points, goals)
    bound = _values(bracket_of(document), goals)
    _axes(axes, goals, np.concatenate([table, bound]))
    _open(axes, document)
    if len(bound):
        _steps(axes, bound, goals, colour=_BOUND, dashed=True, label="no design can pass this")
    _steps(axes, table, goals, colour=_LINE, dashed=False, label="")
    proved = np.array([p["proof"].get("nondominated", "proved") == "proved" for p in points])
    size = 44 if len(points) <= 60 else 16
    if proved.any():
        axes.scatter(
            table[proved, 0], table[proved, 1], s=size, color=_INK, linewidths=0, zorder=4,
            label="proved: nothing is better",
        )  # fmt: skip
    if not proved.all():
        axes.scatter(
            table[~proved, 0], table[~proved, 1], s=1.3 * size, facecolors="white",
            edgecolors=_BOUND, linewidths=1.4, zorder=4, label="found, not proved",
        )  # fmt: skip
    if len(points) > 1:
        _corners(axes, table, goals, complete=document["status"] == "complete")
    _names(axes, document, table, goals)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles, labels, loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False,
            fontsize=9, ncols=len(handles),
        )  # fmt: skip


def _values(points: Sequence[Mapping[str, Any]], goals: Sequence[Goal]) -> FloatArray:
    return np.array(
        [[float(point["objectives"][goal.name]) for goal in goals[:2]] for point in points],
        dtype=np.float64,
    ).reshape(len(points), 2)


def _axes(axes: Axes, goals: Sequence[Goal], table: FloatArray) -> None:
    """Limits with air for names, titles and grid."""
    for column, axis in enumerate("xy"):
        values = table[:, column]
        low, high = float(values.min()), float(values.max())
        set_limits = axes.set_xlim if axis == "x" else axes.set_ylim
        if is_wide(values.tolist()):
            (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
            ratio = (high / low) ** 0.12
            set_limits(low / ratio, high * ratio * (ratio if axis == "x" else 1.0))
        else:
            air = 0.14 * (high - low) or max(0.1 * abs(high), 1e-9)
            # Names stand right of their points.
            set_limits(max(low - air, 0.0), high + air * (1.6 if axis == "x" else 1.0))
        ticks = axes.xaxis if axis == "x" else axes.yaxis
        ticks.set_major_formatter(_equal_digits(ticks))
        if is_wide(values.tolist()):
            from matplotlib.ticker import LogLocator, NullFormatter

            ticks.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=20))
            ticks.set_major_formatter(lambda value, _: f"{value:,.10g}")
            ticks.set_minor_formatter(NullFormatter())
    axes.set_xlabel(axis_title(goals[0], "x"))
    axes.set_ylabel(axis_title(goals[1], "y"))
    axes.grid(visible=True, color="#e9e9e9", linewidth=0.8)
    axes.set_axisbelow(True)


def _equal_digits(axis: Axis) -> Callable[[float, float], str]:
    """What ticks of an even axis read: all with the decimals that the finest of them needs."""

    def told(value: float, _: float) -> str:
        return fixed(value, decimals_of([float(place) for place in axis.get_majorticklocs()]))

    return told


def decimals_of(ticks: Sequence[float]) -> int:
    """Decimals that tell evenly spaced ticks exactly, at most 9."""
    step = min((abs(b - a) for a, b in itertools.pairwise(ticks) if a != b), default=1.0)
    return next(
        (
            places
            for places in range(9)
            if all(abs(round(tick, places) - tick) <= 1e-6 * step for tick in ticks)
        ),
        9,
    )


def _steps(
    axes: Axes, table: FloatArray, goals: Sequence[Goal], *, colour: str, dashed: bool, label: str
) -> None:
    """The edge of what the points reach: each serves every lower speed too."""
    order = np.argsort(-table[:, 0], kind="stable")
    x, y = table[order, 0], table[order, 1]
    bottom, top = axes.get_ylim()
    worst = bottom if goals[1].maximised else top
    axes.plot(
        np.concatenate([[x[0]], x, [axes.get_xlim()[0]]]),
        np.concatenate([[worst], y, [y[-1]]]),
        color=colour, linewidth=1.4, linestyle=(0, (5, 3)) if dashed else "-",
        drawstyle="steps-post", zorder=2, label=label or "_steps",
    )  # fmt: skip


def _open(axes: Axes, document: Mapping[str, Any]) -> None:
    """Hatch each open region over the part of it that the axes show."""
    from matplotlib.patches import Rectangle

    (x_min, x_max), (y_min, y_max) = axes.get_xlim(), axes.get_ylim()
    label = "still open: better designs may hide here"
    for region in open_ranges(document):
        left, right = max(region.slowest or x_min, x_min), min(region.fastest or x_max, x_max)
        bottom = max(y_min if region.low is None else region.low, y_min)
        top = min(y_max if region.high is None else region.high, y_max)
        if left >= right or bottom >= top:
            continue
        axes.add_patch(
            Rectangle(
                (left, bottom), right - left, top - bottom, facecolor="#bbbbbb40",
                edgecolor="#777777", hatch="////", linewidth=0.8, zorder=1, label=label,
            )
        )  # fmt: skip
        label = "_open"


def _corners(axes: Axes, table: FloatArray, goals: Sequence[Goal], *, complete: bool) -> None:
    """Best and worst of both objectives over what was found."""
    best = [table[:, k].max() if goals[k].maximised else table[:, k].min() for k in (0, 1)]
    worst = [table[:, k].min() if goals[k].maximised else table[:, k].max() for k in (0, 1)]
    if complete:
        axes.scatter(
            best[0],
            best[1],
            marker="*",
            s=90,
            facecolors="none",
            edgecolors="#5f5f5f",
            label="ideal",
        )
        axes.scatter(worst[0], worst[1], marker="x", s=40, color="#9a9a9a", label="nadir")


def _names(
    axes: Axes, document: Mapping[str, Any], table: FloatArray, goals: Sequence[Goal]
) -> None:
    """Names beside the points, on the side where no other point can be, as far as there is room.

    Points worth a look come first, then all from the fastest on.
    """
    marks = placement_marks(document)
    order = list(dict.fromkeys((0, len(table) - 1, *marks, *range(len(table)))))
    up = 1 if goals[1].maximised else -1
    taken: list[tuple[float, float, float, float]] = []
    per_inch = axes.figure.dpi
    dots = axes.transData.transform(table)
    for index in order:
        if len(taken) >= _MOST_NAMES:
            return
        point = document["points"][index]
        lines = [point_name(point["design"])]
        if index in marks:
            lines.insert(0 if up > 0 else 1, ", ".join(marks[index]))
        # A letter of 8 points is about a sixteenth of an inch wide.
        width = max(len(line) for line in lines) * per_inch / 15.5
        height = len(lines) * per_inch * 0.15
        x, y = dots[index]
        left, middle = x + 7, y + up * (5 + height / 2)
        area = (left, middle - height / 2, left + width, middle + height / 2)
        inside = axes.bbox.x0 <= area[0] and area[2] <= axes.bbox.x1 + 30
        inside = inside and axes.bbox.y0 <= area[1] and area[3] <= axes.bbox.y1
        hidden = any(
            area[0] < o[2] and o[0] < area[2] and area[1] < o[3] and o[1] < area[3] for o in taken
        ) or any(
            area[0] - 4 < px < area[2] + 4 and area[1] - 4 < py < area[3] + 4 for px, py in dots
        )
        if hidden or not inside:
            continue
        taken.append(area)
        axes.annotate(
            "\n".join(lines),
            (float(table[index, 0]), float(table[index, 1])),
            xytext=(7 * 72 / per_inch, up * 5 * 72 / per_inch),
            textcoords="offset points", fontsize=8, ha="left", va="bottom" if up > 0 else "top",
            zorder=5, linespacing=1.15,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.7},
        )  # fmt: skip
