"""Bills of services as waterfalls: what every feature adds, and what caching takes off.

matplotlib is imported when something is drawn, through its object interface only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from solver.economics.bills import Bill
from solver.report.economics_bill_notes import step_name
from solver.report.economics_bills import told, unit_of
from solver.report.figure_style import SOFT, PlotFormat, figure_bytes
from solver.report.numbers import clean, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bills_figure", "render_bills"]

_WIDTH_INCHES, _ROW_INCHES, _HEAD_INCHES = 9.0, 0.52, 1.35
_FIRST, _MORE, _LESS, _WHOLE = "#56b4e9", "#e69f00", "#009e73", "#0072b2"
"""After Okabe and Ito (2008), told apart by most colour-blind readers."""


def render_bills(bills: Sequence[Bill], format: PlotFormat) -> bytes:
    """The waterfalls of ``bills``, one below the other, as a file.

    Raises
    ------
    ValueError
        If there is no bill.
    """
    if not bills:
        raise ValueError("no bill to draw")
    title = ", ".join(clean(bill.subject) for bill in bills)
    return figure_bytes(partial(bills_figure, bills), format, title=f"Bills of {title}")


def bills_figure(bills: Sequence[Bill]) -> Figure:
    """One panel for each bill, its steps from top to bottom and the whole service below them."""
    from matplotlib.figure import Figure

    heights = [_HEAD_INCHES + _ROW_INCHES * (len(bill.steps) + 1) for bill in bills]
    figure = Figure(figsize=(_WIDTH_INCHES, sum(heights)), layout="constrained")
    panels = figure.subplots(len(bills), 1, squeeze=False, height_ratios=heights)
    for axes, bill in zip(panels[:, 0], bills, strict=True):
        _waterfall(axes, bill)
    return figure


def _waterfall(axes: Axes, bill: Bill) -> None:
    steps, unit = bill.steps, unit_of(bill)
    costs = [told(bill, step.usd) for step in steps]
    greatest = max((cost for cost in costs if cost is not None), default=1.0) or 1.0
    gap = greatest * 0.012
    before: float | None = 0.0
    for place, (step, cost) in enumerate(zip(steps, costs, strict=True)):
        if cost is None:
            axes.text(gap, place, "nothing on offer serves it", va="center", color=SOFT)
            before = None
            continue
        start = 0.0 if before is None else before
        colour = _FIRST if place == 0 else _MORE if cost >= start else _LESS
        if place and before is None:
            # What the last feature adds is not known where the step before has no cost.
            colour = _FIRST
        axes.barh(place, cost - start, left=start, height=0.62, color=colour)
        if before is not None and place:
            axes.plot([start, start], [place - 1, place], color="#999999", linewidth=0.8, zorder=0)
        sign = "+" if place and before is not None and cost > start else ""
        change = cost if place == 0 or before is None else cost - start
        mark = "" if not step.cheapest.unproved else " (not proved)"
        text = f"{sign}{short(change, 3)}{mark}".replace("-", "−")
        axes.text(max(cost, start) + gap, place, text, va="center")
        before = cost
    names = [step_name(step) for step in steps]
    told_whole = ""
    if costs[-1] is not None:
        axes.barh(len(steps), costs[-1], height=0.62, color=_WHOLE)
        axes.text(costs[-1] + gap, len(steps), short(costs[-1], 3), va="center", fontweight="bold")
        names.append("the whole service")
        told_whole = f"{short(costs[-1], 3)} {unit}"
        if costs[0]:
            told_whole += f", {short(costs[-1] / costs[0], 3)} times its visible tokens alone"
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, greatest * 1.16)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x", color="#ececec", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"least cost, {unit}")
    heading = f"{clean(bill.subject)}: the bill, feature by feature"
    axes.set_title("\n".join(filter(None, (heading, told_whole))), loc="left", linespacing=1.5)
