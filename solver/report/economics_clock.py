"""Energy along the clock: the U-shaped curve as a table and as a picture.

matplotlib is imported when something is drawn, through its object interface only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.economics_words import chosen_points, limit_words, table_of
from solver.report.figure_style import PlotFormat, figure_bytes
from solver.report.numbers import aligned, clean, percent, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["clock_parts", "render_clock"]

_ROWS = 9
_ENERGY, _SPEED = "#e69f00", "#0072b2"
"""After Okabe and Ito (2008), told apart by most colour-blind readers."""


def clock_parts(
    document: Mapping[str, Any], *, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    """A table for each design that is followed, and where its least lies."""
    for group in document["clock"]:
        seen = set()
        for curve in group["curves"]:
            design = (curve["layout"], curve["batch"])
            if design in seen:
                yield Text("The design of least cost has the same layout and batch.")
                continue
            seen.add(design)
            yield Text("")
            yield Text(_title(group, curve), style="bold")
            yield _table(curve, width, ascii_only)
            yield Text(_least(curve))


def _title(group: Mapping[str, Any], curve: Mapping[str, Any]) -> str:
    of = "least energy" if curve["aim"] == "least energy" else "least cost"
    return (
        f"Energy along the clock, {clean(group['model'])} on {clean(group['machine'])}: the design "
        f"of {of}, {clean(curve['layout'])}, batch {curve['batch']:,}"
    )


def _table(curve: Mapping[str, Any], width: int, ascii_only: bool) -> RenderableType:
    wanted = {curve["least_mhz"], curve["chosen_mhz"]}
    chosen = chosen_points(curve["points"], _ROWS, wanted, key="clock_mhz")
    columns = {
        "clock\nMHz": [f"{point['clock_mhz']:,}" for point in chosen],
        "J\n/token": aligned([point["j_per_token"] for point in chosen]),
        "replica\nW": aligned([point["watts"] for point in chosen]),
        "tok/s\n/user": aligned([point["speed_tok_per_s"] for point in chosen]),
        "US$\n/Mtok": aligned([point["usd_per_mtok"] for point in chosen]),
        "": [_mark(curve, point) for point in chosen],
    }
    return table_of(
        [(name, 0, bool(name)) for name in columns],
        [list(row) for row in zip(*columns.values(), strict=True)],
        width=width,
        ascii_only=ascii_only,
    )


def _mark(curve: Mapping[str, Any], point: Mapping[str, Any]) -> str:
    signs = []
    if point["clock_mhz"] == curve["least_mhz"]:
        signs.append("least energy")
    if curve["aim"] == "least cost" and point["clock_mhz"] == curve["chosen_mhz"]:
        signs.append("least cost")
    if point["broken"]:
        signs.append(limit_words(point["broken"]))
    return clean(", ".join(signs))


def _least(curve: Mapping[str, Any]) -> str:
    where = {
        "interior": "inside the clocks on offer, so energy is U-shaped",
        "lowest clock": "at the lowest clock that keeps the limits",
        "highest clock": "at the highest clock that keeps the limits",
        "only": "at the only clock that keeps the limits",
    }[curve["place"]]
    saved = curve["saved_at_highest"]
    return (
        f"Least at {curve['least_mhz']:,} MHz, {where}: {short(curve['least_j_per_token'])} "
        f"J/token, {percent(saved)} less than at the highest clock."
    )


def render_clock(group: Mapping[str, Any], curve: Mapping[str, Any], format: PlotFormat) -> bytes:
    """Energy of a token over the clock, and below it the speed of a user."""
    title = _title(group, curve)
    return figure_bytes(partial(_figure, title, curve), format, title=title)


def _figure(title: str, curve: Mapping[str, Any]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.6])
    heading, _, design = title.partition(": ")
    figure.suptitle(f"{heading}\n{design}", x=0.01, ha="left", fontsize=11)
    points = curve["points"]
    clocks = [point["clock_mhz"] for point in points]
    joules = [point["j_per_token"] for point in points]
    above.plot(clocks, joules, color=_ENERGY, lw=2, marker="o", ms=4)
    least = (curve["least_mhz"], curve["least_j_per_token"])
    above.plot(*([value] for value in least), "*", color="black", ms=13, zorder=3)
    above.annotate(
        f"least: {short(least[1])} J at {least[0]:,} MHz\n"
        f"{percent(curve['saved_at_highest'])} less than at the highest clock",
        least,
        (0, 16),
        textcoords="offset points",
        ha="center",
        fontsize=9,
    )
    span = max(joules) - min(joules)
    above.set_ylim(min(joules) - 0.08 * span, max(joules) + 0.25 * span)
    above.set_ylabel("J per output token")
    below.plot(clocks, [point["speed_tok_per_s"] for point in points], color=_SPEED, lw=2)
    below.set_ylim(bottom=0)
    below.set_ylabel("tok/s of a user")
    below.set_xlabel("core clock, MHz")
    for axes in (above, below):
        axes.grid(alpha=0.25)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    return figure
