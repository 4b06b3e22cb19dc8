"""A nondominated set as a picture: two objectives as a staircase, three as three projections.

matplotlib is imported when something is drawn, through its object interface only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from solver.report.figure_style import SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.moip import found_of, short_moip_status, stated_range
from solver.report.numbers import clean
from solver.sweep.moip.outcome import SearchOutcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DRAWABLE_OBJECTIVES", "moip_figure", "render_moip_plot"]

DRAWABLE_OBJECTIVES = (2, 3)
_BLUE, _ORANGE = "#1f5fa8", "#c8641b"
FloatArray = npt.NDArray[np.float64]


def moip_figure(outcome: SearchOutcome) -> Figure:
    """Draw points, candidates and open boxes in stated senses.

    Raises
    ------
    ValueError
        If there are more than three objectives.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    program = outcome.program
    if program.n_objectives not in DRAWABLE_OBJECTIVES:
        raise ValueError(f"{program.n_objectives} objectives cannot be drawn, only 2 or 3")
    found = found_of(outcome)
    values = np.array(
        [[float(v) for v in program.stated(image)] for image, _, _ in found], dtype=np.float64
    ).reshape(len(found), program.n_objectives)
    proved = np.array([proof is not None for _, _, proof in found], dtype=bool)
    pairs = [(0, 1)] if program.n_objectives == 2 else [(0, 1), (0, 2), (1, 2)]
    with rc_context(STYLE):
        figure = Figure(figsize=(10.0, 6.4) if len(pairs) == 1 else (14.0, 5.2), dpi=100)
        figure.text(
            0.06, 0.955, clean(program.name, limit=80), fontsize=14, weight="bold", va="top"
        )
        figure.text(
            0.06, 0.955 - 0.38 / figure.get_figheight(), short_moip_status(outcome),
            fontsize=10, color=SOFT, va="top",
        )  # fmt: skip
        for number, (first, second) in enumerate(pairs):
            width = 0.92 / len(pairs)
            # One picture has room on its left for numbers of many digits and the axis title.
            left = 0.1 if len(pairs) == 1 else 0.06 + number * width
            axes = figure.add_axes((left, 0.12, 0.97 * width - 0.05, 0.66))
            _draw(axes, outcome, values, proved, first, second)
        _legend(figure, outcome)
    return figure


def _draw(
    axes: Axes,
    outcome: SearchOutcome,
    values: FloatArray,
    proved: npt.NDArray[np.bool_],
    first: int,
    second: int,
) -> None:
    """One pair of objectives: ``values`` (points, p) in stated senses, ``proved`` (points,)."""
    program = outcome.program
    better = {"min": "←↓", "max": "→↑"}
    for axis, objective, set_label in ((0, first, axes.set_xlabel), (1, second, axes.set_ylabel)):
        sense = program.senses[objective]
        name = clean(program.objective_names[objective], limit=40)
        set_label(f"{name}  (better {better[sense][axis]})")
    axes.grid(visible=True, color="#e9e9e9", linewidth=0.8)
    axes.set_axisbelow(True)
    x, y = values[:, first], values[:, second]
    _limit(axes, outcome, values, first, second)
    _shade(axes, outcome, first, second)
    if program.n_objectives == 2 and len(values):
        _staircase(axes, outcome, x, y)
    size = 34 if len(values) <= 60 else 14
    axes.scatter(x[proved], y[proved], s=size, color=_BLUE, linewidths=0, zorder=3)
    axes.scatter(
        x[~proved], y[~proved], s=size, facecolors="white", edgecolors=_ORANGE, linewidths=1.3,
        zorder=4,
    )  # fmt: skip


def _limit(axes: Axes, outcome: SearchOutcome, values: FloatArray, first: int, second: int) -> None:
    """Axes around the points; around the open boxes where there are no two points to go by."""
    for objective, set_limits in ((first, axes.set_xlim), (second, axes.set_ylim)):
        seen = values[:, objective].tolist()
        if len(set(seen)) < 2:
            for box in outcome.open_boxes:
                seen += [
                    float(end)
                    for end in stated_range(outcome.program, box.floor, box.corner)[objective]
                ]
        if not seen:
            continue
        low, high = min(seen), max(seen)
        air = 0.08 * (high - low) or max(1.0, 0.1 * abs(high))
        set_limits(low - air, high + air)


def _staircase(axes: Axes, outcome: SearchOutcome, x: FloatArray, y: FloatArray) -> None:
    """The edge of what the points weakly dominate, over the whole picture."""
    senses = outcome.program.senses
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    # Points come from best to worst in the first objective, so from worst to best in the second.
    last_x = right if senses[0] == "min" else left
    worst_y = top if senses[1] == "min" else bottom
    path_x = np.concatenate([[x[0]], x, [last_x]])
    path_y = np.concatenate([[worst_y], y, [y[-1]]])
    axes.plot(path_x, path_y, color="#9db7d4", linewidth=1.2, drawstyle="steps-post", zorder=2)


def _shade(axes: Axes, outcome: SearchOutcome, first: int, second: int) -> None:
    """Open boxes, over the part that the axes show; overlapping projections darken."""
    from matplotlib.patches import Rectangle

    (x_min, x_max), (y_min, y_max) = axes.get_xlim(), axes.get_ylim()
    for box in outcome.open_boxes:
        ranges = stated_range(outcome.program, box.floor, box.corner)
        (left, right), (bottom, top) = ranges[first], ranges[second]
        x0, x1 = max(float(left), x_min), min(float(right), x_max)
        y0, y1 = max(float(bottom), y_min), min(float(top), y_max)
        if x0 <= x1 and y0 <= y1:
            axes.add_patch(
                Rectangle(
                    (x0, y0), x1 - x0, y1 - y0, facecolor="#bbbbbb40", edgecolor="#77777780",
                    hatch="////" if outcome.program.n_objectives == 2 else None, linewidth=0.8,
                    zorder=1,
                )
            )  # fmt: skip


def _legend(figure: Figure, outcome: SearchOutcome) -> None:
    """What the marks mean, above the axes, where no data is."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    if outcome.points:
        handles.append(
            Line2D([], [], marker="o", linestyle="none", color=_BLUE, label="proved nondominated")
        )
    if outcome.candidates:
        handles.append(
            Line2D(
                [], [], marker="o", linestyle="none", markerfacecolor="white",
                markeredgecolor=_ORANGE, label="found, not proved nondominated",
            )
        )  # fmt: skip
    if outcome.open_boxes:
        handles.append(
            Patch(
                facecolor="#bbbbbb80",
                edgecolor="#777777",
                label="still open: more points may hide here",
            )
        )
    if handles:
        figure.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0.05, 0.79), frameon=False,
            fontsize=9, ncols=len(handles),
        )  # fmt: skip


def render_moip_plot(outcome: SearchOutcome, format: PlotFormat) -> bytes:
    """The figure as a file of ``format``; the same outcome gives the same bytes."""
    title = clean(outcome.program.name)
    return figure_bytes(lambda: moip_figure(outcome), format, title=title)
