"""Cost along concurrency as a picture: average and marginal cost, the zone, the service level.

matplotlib is imported when something is drawn, through its object interface only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from solver.report.economics_words import entry, limit_words
from solver.report.figure_style import SOFT, PlotFormat, figure_bytes
from solver.report.numbers import clean, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["render_curve", "render_demand", "render_summary"]

_AVERAGE, _MARGINAL, _ZONE, _LEVEL, _ENERGY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"
"""After Okabe and Ito (2008), told apart by most colour-blind readers."""
_WIDTH_INCHES = 8.6


def render_curve(group: Mapping[str, Any], curve: Mapping[str, Any], format: PlotFormat) -> bytes:
    """One layout: costs above, throughput and energy below, as a file."""
    title = f"{clean(group['model'])} on {clean(group['machine'])}, {clean(curve['layout'])}"
    return figure_bytes(partial(_curve_figure, title, curve), format, title=title)


def render_summary(document: Mapping[str, Any], format: PlotFormat) -> bytes:
    """Average cost along concurrency of the cheapest layout of every model and machine."""
    title = f"Economics of {clean(document['instance']['name'])}"
    return figure_bytes(partial(_summary_figure, document), format, title=title)


def render_demand(document: Mapping[str, Any], format: PlotFormat) -> bytes:
    """Average and marginal cost of a fleet as its demand grows."""
    title = f"Economics of {clean(document['instance']['name'])}"
    return figure_bytes(partial(_demand_figure, document), format, title=title)


def _figure(rows: Sequence[float]) -> tuple[Figure, list[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_INCHES, sum(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), 1, sharex=True, height_ratios=list(rows), squeeze=False)
    return figure, [axes for row in grid for axes in row]


def _log_users(axes: Axes, users: Sequence[int]) -> None:
    """Powers of two as ticks, in plain digits."""
    axes.set_xscale("log", base=2)
    low, high = users[0], users[-1]
    powers = [2**k for k in range(int(math.log2(high)) + 1) if 2**k >= low]
    axes.set_xticks(powers, [f"{power:,}" for power in powers])
    axes.minorticks_off()


def _plain_log_costs(axes: Axes, values: Sequence[float]) -> None:
    """Ticks at 1, 2 and 5 times powers of ten, in plain digits."""
    axes.set_yscale("log")
    low, high = min(values) / 1.15, max(values) * 1.15
    ticks = [
        m * 10.0**k
        for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for m in (1, 2, 5)
        if low <= m * 10.0**k <= high
    ]
    axes.set_ylim(low, high)
    axes.set_yticks(ticks, [f"{tick:,.10g}" for tick in ticks])
    axes.minorticks_off()


def _curve_figure(title: str, curve: Mapping[str, Any]) -> Figure:
    points = curve["points"]
    energy = [point["joules_per_token"] for point in points]
    known = all(value is not None for value in energy)
    figure, axes = _figure([3.3, 2.1] + ([1.8] if known else []))
    users = [point["concurrency"] for point in points]
    average = [point["usd_per_mtok"] for point in points]
    above, middle = axes[0], axes[1]
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    above.plot(users, average, color=_AVERAGE, lw=2)
    marginal = [(u, p["marginal_usd_per_mtok"]) for u, p in zip(users, points, strict=True)]
    positive = [(u, m) for u, m in marginal if m is not None and m > 0]
    above.plot(*zip(*positive, strict=True), color=_MARGINAL, lw=1.1, alpha=0.9) if positive else ()
    _plain_log_costs(above, _shown(average, [m for _, m in positive]))
    above.set_ylabel("US$ per million tokens")
    middle.plot(users, [point["tok_per_s"] for point in points], color=_AVERAGE, lw=2)
    middle.set_ylabel("replica, tok/s")
    middle.set_ylim(bottom=0)
    middle.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if known:
        axes[2].plot(users, energy, color=_ENERGY, lw=2)
        _plain_log_costs(axes[2], energy)
        axes[2].set_ylabel("J per token")
    for one in axes:
        _log_users(one, users)
        _shade(one, curve)
    _named(above, curve, users, average, positive)
    turn = curve["inflection"]
    if turn is not None and turn["concurrency"] is not None:
        at = next(p for p in points if p["concurrency"] == turn["concurrency"])
        middle.plot([at["concurrency"]], [at["tok_per_s"]], "o", color=_MARGINAL, ms=6)
        middle.annotate(
            f"turns at {turn['concurrency']:,} users",
            (at["concurrency"], at["tok_per_s"]),
            (-8, 6),
            textcoords="offset points",
            ha="right",
            color=_MARGINAL,
            fontsize=9,
        )
    axes[-1].set_xlabel("users served at once by one replica")
    return figure


def _shown(average: Sequence[float], marginal: Sequence[float]) -> list[float]:
    """Costs that the axis spans: all averages, and marginals but for stray ones far below."""
    least = min(average) / 20
    return [*average, *(value for value in marginal if least <= value <= max(average))]


def _shade(axes: Axes, curve: Mapping[str, Any]) -> None:
    zone = curve["zone"]
    if zone is not None:
        axes.axvspan(zone["lowest"], zone["highest"], color=_ZONE, alpha=0.14, lw=0)
    end = _service_end(curve)
    if end is not None:
        axes.axvline(end, color=_LEVEL, lw=1.3, ls="--")


def _service_end(curve: Mapping[str, Any]) -> int | None:
    """The first concurrency past the last that keeps the service level; ``None``: all keep it."""
    kept = [index for index, point in enumerate(curve["points"]) if not point["broken"]]
    if not kept or kept[-1] + 1 >= len(curve["points"]):
        return None
    return int(curve["points"][kept[-1]]["concurrency"])


def _named(
    axes: Axes,
    curve: Mapping[str, Any],
    users: Sequence[int],
    average: Sequence[float],
    marginal: Sequence[tuple[int, float]],
) -> None:
    """Names beside the lines, where they have room: no legend to look up."""
    first = len(users) // 6
    axes.annotate(
        "average cost",
        (users[first], average[first]),
        (8, 4),
        textcoords="offset points",
        color=_AVERAGE,
        fontsize=9.5,
    )
    if marginal:
        u, m = marginal[len(marginal) // 6]
        axes.annotate(
            "marginal cost",
            (u, m),
            (4, 7),
            textcoords="offset points",
            color=_MARGINAL,
            fontsize=9.5,
        )
    zone = curve["zone"]
    if zone is None:
        return
    best = zone["best"]
    axes.plot([best["concurrency"]], [best["usd_per_mtok"]], "o", color=_AVERAGE, ms=6)
    share = f"{100 * float(entry(zone['tolerance'])):.3g} %"
    place = {
        "interior": "least inside",
        "upper end": f"least at the end: {', '.join(zone['ended_by'])}",
        "lower end": "least at the lower end",
        "only": "one batch alone",
    }[zone["place"]]
    text = (
        f"zone within {share}: {zone['lowest']:,} to {zone['highest']:,} users; "
        f"least {short(best['usd_per_mtok'])} US$/Mtok at {best['concurrency']:,}, {place}"
    )
    axes.set_title(text, loc="left", fontsize=9, color=SOFT)
    end = _service_end(curve)
    if end is not None:
        beyond = next(p for p in curve["points"] if p["concurrency"] > end)
        axes.annotate(
            f"beyond: {limit_words(beyond['broken'])}",
            (end, axes.get_ylim()[0]),
            (4, 4),
            textcoords="offset points",
            fontsize=8.5,
            color=_LEVEL,
        )


_LINES = ("solid", "dashed", "dotted", "dashdot")
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#222222")


def _summary_figure(document: Mapping[str, Any]) -> Figure:
    figure, (axes,) = _figure([4.2])
    able = [group for group in document["groups"] if group["best"] is not None]
    several = len({group["model"] for group in able}) > 1
    every: list[int] = []
    costs: list[float] = []
    for number, group in enumerate(able):
        curve = group["curves"][0]
        kept = [point for point in curve["points"] if not point["broken"]]
        users = [point["concurrency"] for point in kept]
        average = [point["usd_per_mtok"] for point in kept]
        every += users
        costs += average
        name = clean(group["machine"])
        axes.plot(
            users,
            average,
            color=_COLOURS[number % len(_COLOURS)],
            ls=_LINES[number // len(_COLOURS) % len(_LINES)],
            lw=1.8,
            label=f"{clean(group['model'])} on {name}" if several else name,
        )
        zone = curve["zone"]
        best = zone["best"]
        inside = [
            (u, cost)
            for u, cost in zip(users, average, strict=True)
            if any(low <= u <= high for low, high in zone["runs"])
        ]
        axes.plot(
            *zip(*inside, strict=True),
            color=_COLOURS[number % len(_COLOURS)],
            lw=6,
            alpha=0.3,
            solid_capstyle="round",
        )
        axes.plot(
            [best["concurrency"]],
            [best["usd_per_mtok"]],
            "o",
            ms=6,
            color=_COLOURS[number % len(_COLOURS)],
        )
    _log_users(axes, sorted(every) or [1, 2])
    _plain_log_costs(axes, costs or [1.0])
    axes.set_xlabel("users served at once by one replica")
    axes.set_ylabel("US$ per million tokens")
    axes.set_title(
        clean(document["instance"]["title"] or document["instance"]["name"]),
        loc="left",
        fontsize=11,
    )
    if able:
        axes.legend(frameon=False, fontsize=9, loc="upper right")
    return figure


def _demand_figure(document: Mapping[str, Any]) -> Figure:
    figure, (above, below) = _figure([3.2, 2.4])
    levels = [level for level in document["levels"] if level["usd_per_hour"] is not None]
    shares = [100 * level["share"] for level in levels]
    # Between levels cost is a staircase that was not looked at: points, and a hint of a line.
    above.plot(shares, [v["usd_per_mtok"] for v in levels], "o:", color=_AVERAGE, lw=1.2)
    steps = [
        (before, here, level["marginal_usd_per_mtok"])
        for before, here, level in zip(shares, shares[1:], levels[1:], strict=False)
        if level["marginal_usd_per_mtok"] is not None
    ]
    for before, here, marginal in steps:
        above.plot([before, here], [marginal, marginal], color=_MARGINAL, lw=2)
    tops = [v["usd_per_mtok"] for v in levels] + [marginal for *_, marginal in steps]
    above.set_ylim(0, 1.2 * max(tops, default=1.0))
    above.set_ylabel("US$ per million tokens")
    above.set_title(
        clean(document["instance"]["title"] or document["instance"]["name"]),
        loc="left",
        fontsize=11,
    )
    if levels:
        above.annotate(
            "average cost",
            (shares[0], levels[0]["usd_per_mtok"]),
            (8, 6),
            textcoords="offset points",
            color=_AVERAGE,
        )
    if steps:
        before, here, marginal = steps[-1]
        above.annotate(
            "marginal cost",
            ((before + here) / 2, marginal),
            (0, 6),
            textcoords="offset points",
            ha="center",
            color=_MARGINAL,
        )
    below.plot(shares, [v["usd_per_hour"] for v in levels], "o:", color=_AVERAGE, lw=1.2)
    api = document["api"]
    if api is not None:
        bill = [level["share"] * api["usd_per_hour"] for level in levels]
        below.plot(shares, bill, color=_LEVEL, ls="--", lw=1.6)
        if bill:
            below.annotate(
                "by the token",
                (shares[-1], bill[-1]),
                (-6, -4),
                textcoords="offset points",
                ha="right",
                va="top",
                color=_LEVEL,
            )
    below.set_ylim(bottom=0)
    below.set_xticks(shares, [f"{share:.4g}" for share in shares])
    below.set_ylabel("US$ per hour")
    below.set_xlabel("demand, % of what the question states")
    return figure
