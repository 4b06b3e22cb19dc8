"""Predicted against measured times as a figure that needs no caption: PNG, SVG or PDF.

matplotlib is imported when something is drawn, through its object interface only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from solver.performance.validation.measured import MeasuredReport
from solver.performance.validation.measured.scores import Errors
from solver.report.figure_style import SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.numbers import clean
from solver.report.validation_measured import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["render_scatter", "scatter_figure"]

_SIZE_INCHES = (11.0, 6.2)
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#7b1e3a", "#6b4c9a", "#56b4e9")
"""After Okabe and Ito (2008), told apart by most colour-blind readers."""
_MARKERS = {"dense": "o", "MoE": "^"}
_BAND = 0.2

FloatArray = npt.NDArray[np.float64]


def _time_ticks(axes: Axes) -> None:
    """Plain times on both axes: ms below a second, s above."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    def text(value: float, _position: int) -> str:
        return f"{value:g} s" if value >= 1 else f"{1000 * value:g} ms"

    low, high = axes.get_xlim()
    steps = (1.0, 2.0, 5.0) if np.log10(high / low) < 2.2 else (1.0,)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(base=10, subs=steps, numticks=24))
        axis.set_major_formatter(FuncFormatter(text))
        axis.set_minor_formatter(NullFormatter())


def _told(errors: Errors | None) -> str:
    if errors is None:
        return "no rows"
    rank = "" if errors.spearman is None else f", Spearman {errors.spearman:.2f}"
    return (
        f"{errors.rows:,} rows: median error {percent(errors.median)}, "
        f"mean {percent(errors.mean)}, bias {percent(errors.bias, sign=True)}{rank}"
    )


def _panel(
    axes: Axes,
    *,
    name: str,
    errors: Errors | None,
    measured_s: FloatArray,
    predicted_s: FloatArray,
    colours: list[str],
    markers: list[str],
) -> None:
    """One scatter: every row, the line of equality and a band about it."""
    axes.set_title(f"{name}\n{_told(errors)}", loc="left", fontsize=9, linespacing=1.5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_aspect("equal", adjustable="box")
    if not len(measured_s):
        return
    both = np.concatenate((measured_s, predicted_s))
    low, high = float(both.min()) / 1.3, float(both.max()) * 1.3
    ends = np.array([low, high])
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    _time_ticks(axes)
    axes.grid(visible=True, which="major", color="#ececec", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.fill_between(
        ends, (1 - _BAND) * ends, (1 + _BAND) * ends, color="#00000012", linewidth=0, zorder=1
    )
    for factor in (1 - _BAND, 1 + _BAND):
        axes.plot(ends, factor * ends, color="#9a9a9a", linewidth=0.8, linestyle="--", zorder=2)
    axes.plot(ends, ends, color="#333333", linewidth=1.0, zorder=2)
    kinds = list(zip(colours, markers, strict=True))
    # Groups in turn would bury each other: many small see-through markers show where they crowd.
    for kind in dict.fromkeys(kinds):
        own = np.array([kind == other for other in kinds])
        axes.plot(
            measured_s[own],
            predicted_s[own],
            linestyle="none",
            marker=kind[1],
            color=kind[0],
            markersize=4.2,
            alpha=0.55,
            markeredgewidth=0,
            zorder=3,
        )
    axes.set_xlabel("measured")
    axes.set_ylabel("predicted")


def _legend(figure: Figure, systems: dict[str, str], families: list[str]) -> None:
    from matplotlib.lines import Line2D

    def mark(colour: str, marker: str, label: str) -> Any:
        return Line2D([], [], linestyle="none", marker=marker, color=colour, label=label)

    handles = [mark(colour, "s", clean(system)) for system, colour in systems.items()]
    handles += [mark("#555555", _MARKERS[family], family) for family in families]
    handles += [
        Line2D([], [], color="#333333", linewidth=1.0, label="equal"),
        Line2D([], [], color="#9a9a9a", linewidth=0.8, linestyle="--", label="± 20 %"),
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        columnspacing=1.4,
        handletextpad=0.4,
    )


def scatter_figure(report: MeasuredReport) -> Figure:
    """Draw predicted against measured TPOT and TTFT of the counted rows, both axes logarithmic.

    Colour tells the system, the marker dense from mixture-of-experts models; lines mark equality
    and 20 % to either side; the errors stand above each half.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    counted = np.flatnonzero(report.counted)
    points = report.points
    names = [points.rows[at].system for at in counted]
    present = sorted(set(names))
    systems = {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(present)}
    family = []
    for at in counted:
        point = points.points[at]
        family.append("dense" if point is None or point.model.moe is None else "MoE")
    with rc_context(STYLE):
        figure = Figure(figsize=_SIZE_INCHES, dpi=100)
        figure.text(
            0.065, 0.975, _title(report), fontsize=13, weight="bold", va="top",
        )  # fmt: skip
        figure.text(0.065, 0.925, _subtitle(report), fontsize=9.5, color=SOFT, va="top")
        halves = (
            ("Time per output token (TPOT)", report.overall.tpot, points.tpot_s, report.tpot_s),
            ("Time to first token (TTFT)", report.overall.ttft, points.ttft_s, report.ttft_s),
        )
        for place, (name, errors, measured_s, predicted_s) in enumerate(halves):
            axes = figure.add_axes((0.065 + 0.49 * place, 0.135, 0.43, 0.66))
            stated = ~np.isnan(measured_s[counted])
            _panel(
                axes,
                name=name,
                errors=errors,
                measured_s=measured_s[counted][stated],
                predicted_s=predicted_s[counted][stated],
                colours=[systems[n] for n, s in zip(names, stated, strict=True) if s],
                markers=[_MARKERS[f] for f, s in zip(family, stated, strict=True) if s],
            )
        _legend(figure, systems, [name for name in _MARKERS if name in family])
    return figure


def _title(report: MeasuredReport) -> str:
    rows = int(report.counted.sum())
    return f"Predicted against measured: {rows:,} serving points, model calibrated"


def _subtitle(report: MeasuredReport) -> str:
    told = [f"{clean(report.file)}: {report.rows - int(report.counted.sum()):,} rows not counted"]
    found = report.regrets
    if found.share is not None:
        told.append(
            f"the layout called cheapest is within 10 % of the measured best in "
            f"{found.layout_within} of {len(found.sweeps)} sweeps"
        )
    return " · ".join(told)


def render_scatter(report: MeasuredReport, format: PlotFormat) -> bytes:
    """The figure as a file of ``format``; the same report gives the same bytes."""
    return figure_bytes(lambda: scatter_figure(report), format, title=_title(report))
