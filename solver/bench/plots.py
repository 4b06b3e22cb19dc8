"""The figures of a benchmark: a profile and a time-to-gap figure a group, and one of all groups.

Each needs no caption: axes carry units, every line its name. matplotlib is imported when something
is drawn, through its object interface only. Equal rows give equal bytes.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from solver.bench.cases import GroupRows, Side
from solver.bench.gaps import GAPS, GapCurve, gap_curves
from solver.bench.line_styles import LineStyle, line_styles, spread_apart
from solver.bench.profiles import FLOORS, Measure, Profile, profiles_of
from solver.bench.summary import GroupSummary
from solver.report.figure_style import SOFT, STYLE, PlotFormat, figure_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "gap_figure", "gaps_csv", "overview_figure", "profile_figure", "profiles_csv", "render_gaps",
    "render_overview", "render_profile",
]  # fmt: skip

_STYLE: Any = {**STYLE, "path.simplify": False, "lines.dash_capstyle": "butt"}
_NAME_PT = 9.0
_LINE_HEIGHT = 1.45
"""Distance of two labels, in letter heights."""
_WIDEST_RATIO = 1e6
_MEASURES: Mapping[Measure, str] = {
    "cpu_s": "CPU time",
    "nodes": "nodes",
    "iterations": "iterations",
    "ticks": "deterministic time",
}


def _height_order(final: Mapping[Side, tuple[float, ...]]) -> list[Side]:
    """Sides from the highest line end down; ties by what comes next in the tuple, then name."""
    return sorted(final, key=lambda side: (*(-value for value in final[side]), side))


def _labels(
    axes: Axes,
    ends: Mapping[Side, float],
    order: Sequence[Side],
    styles: Mapping[Side, LineStyle],
    *,
    leaders: bool,
    textbook: str,
) -> None:
    """Names at the right of the axes, each with a piece of its line, beside where its line ends.

    Parameters
    ----------
    ends
        Height in the axes, in [0, 1], at which each line leaves them.
    order
        Sides from above down.
    """
    from matplotlib.lines import Line2D

    figure = axes.get_figure()
    assert figure is not None
    height_pt = axes.get_position().height * figure.get_figheight() * 72  # type: ignore[union-attr]
    width_pt = axes.get_position().width * figure.get_figwidth() * 72  # type: ignore[union-attr]
    heights = spread_apart(
        [ends[side] for side in order],
        distance=_LINE_HEIGHT * _NAME_PT / height_pt, low=0.0, high=1.02,
    )  # fmt: skip
    first, second, text = 1 + 20 / width_pt, 1 + 50 / width_pt, 1 + 56 / width_pt
    for side, height in zip(order, heights, strict=True):
        style = styles[side]
        if leaders:
            axes.add_line(
                Line2D([1.004, first - 2 / width_pt], [ends[side], height], color=style.colour,
                       linewidth=0.5, alpha=0.6, transform=axes.transAxes, clip_on=False)
            )  # fmt: skip
        axes.add_line(
            Line2D([first, second], [height, height], color=style.colour, linestyle=style.line,
                   linewidth=style.width, transform=axes.transAxes, clip_on=False)
        )  # fmt: skip
        axes.text(
            text, height, side.label, color=style.colour, fontsize=_NAME_PT, va="center_baseline",
            transform=axes.transAxes, weight="bold" if side.formulation == textbook else "normal",
        )  # fmt: skip


def _share_axis(axes: Axes, label: str) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    axes.set_ylabel(label)
    axes.grid(visible=True, which="major", color="#e9e9e9", linewidth=0.8)
    axes.set_axisbelow(True)


def _ratio_axis(axes: Axes, widest: float, label: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(1, widest)
    steps = (1.0, 2.0, 5.0) if widest <= 300 else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=steps, numticks=24))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(label)


def _seconds_axis(axes: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(LogLocator(base=10, numticks=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("wall time in seconds")


def _titles(figure: Figure, left: float, title: str, subtitle: str) -> None:
    tall = figure.get_figheight()
    figure.text(left, 1 - 0.22 / tall, title, fontsize=13, weight="bold", va="top")
    figure.text(left, 1 - 0.53 / tall, subtitle, fontsize=9.5, color=SOFT, va="top")


def _tall(sides: int, least: float) -> float:
    """Height of a figure in inches that has room for the names of all sides below each other."""
    return max(least, sides * _LINE_HEIGHT * _NAME_PT / 72 + 1.7)


def _cases_text(group: GroupRows) -> str:
    many = "s" * (len(group.cases) != 1)
    each = " (instance, level, seed)" if len(group.cases) != group.instances else ""
    return (
        f"{group.instances} instance{'s' * (group.instances != 1)}, {len(group.cases)} case{many}"
        f"{each}"
    )


def _nothing(title: str, subtitle: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 2.0), dpi=100)
    _titles(figure, 0.07, title, subtitle)
    figure.text(0.07, 0.3, "No side of this group was run.", fontsize=11)
    return figure


def _widest(profiles: Sequence[Profile]) -> float:
    """Where the axis of ratios ends: a little past the last step, at least 2."""
    last = max((profile.ratios[-1] for profile in profiles), default=1.0)
    return min(max(2.0, last * 1.15), _WIDEST_RATIO)


def _draw_profile(
    axes: Axes, profile: Profile, style: LineStyle, widest: float, zorder: float
) -> None:
    axes.plot(
        [*profile.ratios, widest], [*profile.shares, profile.at(widest)], drawstyle="steps-post",
        color=style.colour, linestyle=style.line, linewidth=style.width, zorder=zorder,
        solid_joinstyle="miter", clip_on=True,
    )  # fmt: skip


def profile_figure(
    group: GroupRows,
    *,
    textbook: str = "",
    measure: Measure = "cpu_s",
    sides: Sequence[Side] | None = None,
) -> Figure:
    """The performance profiles of a group, by CPU time or by solver work.

    Parameters
    ----------
    textbook
        The formulation to be drawn in black.
    sides
        Who is compared; all that were run if left out.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    profiles = profiles_of(group, measure=measure, sides=sides)
    what = _MEASURES[measure]
    floor = "1 ms" if measure == "cpu_s" else f"{FLOORS[measure]:g}"
    subtitle = (
        f"Performance profile by {what} over {_cases_text(group)}; up to {floor} counts as equal"
    )
    with rc_context(_STYLE):
        if not profiles:
            return _nothing(group.title, subtitle)
        tall = _tall(len(profiles), 5.6)
        figure = Figure(figsize=(10.0, tall), dpi=100)
        _titles(figure, 0.085, group.title, subtitle)
        axes = figure.add_axes((0.085, 0.6 / tall, 0.6, 1 - 1.45 / tall))
        widest = _widest(profiles)
        _ratio_axis(axes, widest, f"{what} as a multiple of the best side's on the same case")
        _share_axis(axes, "share of cases solved")
        styles = line_styles([profile.side for profile in profiles], textbook)
        for profile in profiles:
            above = 4 if profile.side.formulation == textbook else 3
            _draw_profile(axes, profile, styles[profile.side], widest, above)
        ends = {profile.side: profile.at(widest) / 1.03 for profile in profiles}
        # Lines that end at the same height are told in the order in which they got there.
        area = {profile.side: _area(profile, widest) for profile in profiles}
        order = _height_order({side: (ends[side], area[side]) for side in ends})
        _labels(axes, ends, order, styles, leaders=True, textbook=textbook)
        return figure


def _area(profile: Profile, widest: float) -> float:
    """Area under a profile over the logarithm of the ratio, up to ``widest``."""
    stops = [*(ratio for ratio in profile.ratios if ratio < widest), widest]
    return math.fsum(
        share * math.log(right / left)
        for share, left, right in zip(profile.shares, stops, stops[1:], strict=False)
    )


def _gap_title(gap: float) -> str:
    return f"gap ≤ {100 * gap:g} %" if gap > 0 else "proved and right"


def gap_figure(group: GroupRows, *, textbook: str = "") -> Figure:
    """Share of cases known to within 100 %, 10 %, 1 % and proved, against wall time."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    curves = gap_curves(group)
    subtitle = f"Time to gap over {_cases_text(group)}; gap |point - bound| / max(1, |point|)"
    with rc_context(_STYLE):
        if not curves:
            return _nothing(group.title, subtitle)
        sides = tuple(dict.fromkeys(curve.side for curve in curves))
        styles = line_styles(sides, textbook)
        tall = _tall(len(sides), 4.6)
        figure = Figure(figsize=(13.0, tall), dpi=100)
        _titles(figure, 0.06, group.title, subtitle)
        times = [seconds for curve in curves for seconds in curve.seconds if seconds > 0]
        limit = max(case.time_limit_s for case in group.cases)
        low = max(1e-3, min(times, default=limit) / 1.3)
        high = max(limit, max(times, default=limit)) * 1.1
        panels = []
        for number, gap in enumerate(GAPS):
            axes = figure.add_axes((0.06 + 0.183 * number, 0.58 / tall, 0.164, 1 - 1.55 / tall))
            axes.set_title(_gap_title(gap), fontsize=10, loc="left")
            _seconds_axis(axes, low, high)
            _share_axis(axes, "share of cases" if number == 0 else "")
            if number:
                axes.tick_params(labelleft=False)
            for curve in curves:
                if curve.gap == gap:
                    _draw_gap(axes, curve, styles[curve.side], low, high, textbook)
            panels.append(axes)
        ends = {curve.side: curve.at(high) / 1.03 for curve in curves if curve.gap == GAPS[-1]}
        earliness = {
            curve.side: _earliness(curve, low, high) for curve in curves if curve.gap == GAPS[-1]
        }
        order = _height_order({side: (ends[side], earliness[side]) for side in ends})
        _labels(panels[-1], ends, order, styles, leaders=True, textbook=textbook)
        return figure


def _earliness(curve: GapCurve, low: float, high: float) -> float:
    """Area under a curve over the logarithm of time."""
    return math.fsum(
        (share - before) * math.log(high / min(high, max(low, seconds)))
        for share, before, seconds in zip(
            curve.shares, (0.0, *curve.shares), curve.seconds, strict=False
        )
    )


def _draw_gap(
    axes: Axes, curve: GapCurve, style: LineStyle, low: float, high: float, textbook: str
) -> None:
    axes.plot(
        [low, *(max(low, seconds) for seconds in curve.seconds), high],
        [0.0, *curve.shares, curve.at(high)], drawstyle="steps-post", color=style.colour,
        linestyle=style.line, linewidth=style.width * 0.85,
        zorder=4 if curve.side.formulation == textbook else 3,
    )  # fmt: skip


def overview_figure(groups: Sequence[GroupRows], summaries: Sequence[GroupSummary]) -> Figure:
    """All groups side by side: the best side in blue, the textbook on its best engine in black.

    Parameters
    ----------
    summaries
        Of the groups, in the same order: they say which sides those are.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        columns = min(2 if len(groups) == 4 else 3, max(1, len(groups)))
        lines = max(1, math.ceil(len(groups) / columns))
        wide, tall = 4.4 * columns + 0.5, 3.7 * lines + 0.85
        figure = Figure(figsize=(wide, tall), dpi=100)
        _titles(
            figure,
            0.62 / wide,
            "Best against textbook",
            "Performance profiles by CPU time; other sides grey",
        )
        for number, (group, summary) in enumerate(zip(groups, summaries, strict=True)):
            left = 0.62 + 4.4 * (number % columns)
            bottom = tall - 0.85 - 3.7 * (number // columns + 1) + 0.6
            axes = figure.add_axes((left / wide, bottom / tall, 3.65 / wide, 2.3 / tall))
            _panel(axes, group, summary)
            if number % columns:
                axes.set_ylabel("")
        return figure


def _panel(axes: Axes, group: GroupRows, summary: GroupSummary) -> None:
    profiles = {profile.side: profile for profile in profiles_of(group)}
    axes.text(
        0.0, 1.21, group.title, fontsize=10, weight="bold", transform=axes.transAxes,
    )  # fmt: skip
    widest = _widest(list(profiles.values()))
    _ratio_axis(axes, widest, "CPU time as a multiple of the best side's")
    _share_axis(axes, "share of cases solved")
    for profile in profiles.values():
        _draw_profile(axes, profile, LineStyle("#d0d0d0", (), 1.0), widest, 2)
    best, base = summary.best, summary.baseline
    chosen: list[tuple[str, Side, LineStyle]] = []
    if best is not None:
        what = "best, textbook" if best.textbook else "best"
        chosen.append((what, best.side, LineStyle("#0072b2", (), 2.0)))
    if base is not None and base is not best:
        chosen.append(("textbook", base.side, LineStyle("#111111", (4.5, 2.0), 2.0)))
    for line, (what, side, style) in enumerate(chosen):
        _draw_profile(axes, profiles[side], style, widest, 4)
        axes.annotate(
            f"{what}: {side.label}", (0, 1), (0, 17 - 13 * line), color=style.colour,
            xycoords="axes fraction", textcoords="offset points", fontsize=8.5,
        )  # fmt: skip


def render_profile(
    group: GroupRows,
    format: PlotFormat,
    *,
    textbook: str = "",
    measure: Measure = "cpu_s",
    sides: Sequence[Side] | None = None,
) -> bytes:
    """``profile_figure`` as a file."""
    return _file(
        lambda: profile_figure(group, textbook=textbook, measure=measure, sides=sides),
        format, f"{group.title}: performance profile",
    )  # fmt: skip


def render_gaps(group: GroupRows, format: PlotFormat, *, textbook: str = "") -> bytes:
    """``gap_figure`` as a file."""
    return _file(
        lambda: gap_figure(group, textbook=textbook), format, f"{group.title}: time to gap"
    )


def render_overview(
    groups: Sequence[GroupRows], summaries: Sequence[GroupSummary], format: PlotFormat
) -> bytes:
    """``overview_figure`` as a file."""
    return _file(lambda: overview_figure(groups, summaries), format, "Performance profiles")


def _file(draw: Callable[[], Figure], format: PlotFormat, title: str) -> bytes:
    return figure_bytes(draw, format, title=title, style=_STYLE)


def profiles_csv(groups: Sequence[GroupRows], *, measure: Measure = "cpu_s") -> str:
    """What the profile figures draw: one line a step."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", "formulation", "engine", "measure", "ratio", "share"])
    for group in groups:
        for profile in profiles_of(group, measure=measure):
            writer.writerows(
                [group.group, *profile.side, measure, repr(ratio), repr(share)]
                for ratio, share in zip(profile.ratios, profile.shares, strict=True)
            )
    return out.getvalue()


def gaps_csv(groups: Sequence[GroupRows]) -> str:
    """What the time-to-gap figures draw: one line a step; gap 0 is proved and right."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", "formulation", "engine", "gap", "wall_s", "share"])
    for group in groups:
        for curve in gap_curves(group):
            writer.writerows(
                [group.group, *curve.side, repr(curve.gap), repr(seconds), repr(share)]
                for seconds, share in zip(curve.seconds, curve.shares, strict=True)
            )
    return out.getvalue()
