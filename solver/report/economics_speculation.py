"""Where drafting stops paying, as a table, as CSV and as a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.text import Text

from solver.economics.speculation import DraftsAtBatch, Speculation
from solver.report.figure_style import SOFT, PlotFormat, figure_bytes
from solver.report.numbers import aligned, clean, percent, short
from solver.report.table import fitted_table
from solver.report.terminal import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "print_speculation",
    "render_speculation",
    "speculation_csv",
    "speculation_figure",
    "speculation_lines",
]

_MOST_ROWS = 20
_COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7")
"""After Okabe and Ito (2008), told apart by most colour-blind readers."""
_MARKS = ("o", "s", "^", "D", "v", "P")


def print_speculation(found: Sequence[Speculation], console: Console) -> None:
    """One table for each machine: the best lengths and what they bring, along the batch."""
    parts: list[RenderableType] = []
    for entry in found:
        if parts:
            parts.append(Text(""))
        title = (
            f"Drafting with {clean(entry.draft)} on {clean(entry.machine)}, "
            f"{percent(float(entry.acceptance))} of drafted tokens accepted"
        )
        parts.append(Text(title, style="bold"))
        parts.append(_table(entry, width=console.width, ascii_only=console.options.ascii_only))
        parts.extend(Text(line) for line in speculation_lines(entry))
    show(console, Group(*parts))


def _shown(batches: Sequence[DraftsAtBatch]) -> list[DraftsAtBatch]:
    """All, or powers of two and the greatest where there are too many to read."""
    if len(batches) <= _MOST_ROWS:
        return list(batches)
    return [at for at in batches if at.batch & (at.batch - 1) == 0 or at is batches[-1]]


def _table(found: Speculation, *, width: int, ascii_only: bool) -> RenderableType:
    batches = _shown(found.batches)
    columns: list[tuple[str, list[str], int]] = [
        ("batch\n", [f"{at.batch:,}" for at in batches], 0),
        ("no draft\nUS$/Mtok", aligned([_plain(at) for at in batches]), 0),
        ("cheapest\nUS$/Mtok", aligned([_cheapest(at) for at in batches]), 0),
        ("drafted\n", [_length(at.best_by_cost()) for at in batches], 0),
        ("cost with\nbest draft", [_change(at.cost_ratio()) for at in batches], 0),
    ]
    if found.knows_energy:
        columns += [
            ("no draft\nJ/token", aligned([_plain(at, energy=True) for at in batches]), 3),
            ("least\nJ/token", aligned([_cheapest(at, energy=True) for at in batches]), 2),
            ("drafted\nfor it", [_length(at.best_by_energy()) for at in batches], 1),
            ("energy with\nbest draft", [_change(at.energy_ratio()) for at in batches], 0),
        ]
    return fitted_table(
        [header for header, _, _ in columns],
        [list(row) for row in zip(*(cells for _, cells, _ in columns), strict=True)],
        width=width,
        give_up=[give_up for _, _, give_up in columns],
        numeric=[True] * len(columns),
        ascii_only=ascii_only,
    )


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _plain(at: DraftsAtBatch, *, energy: bool = False) -> float | None:
    entry = next(entry for entry in at.lengths if entry.tokens == 0)
    return _float(entry.j_per_token if energy else entry.usd_per_mtok)


def _cheapest(at: DraftsAtBatch, *, energy: bool = False) -> float | None:
    values = [entry.j_per_token if energy else entry.usd_per_mtok for entry in at.lengths]
    return _float(min((value for value in values if value is not None), default=None))


def _length(tokens: int | None) -> str:
    return "" if tokens is None else str(tokens) if tokens else "none"


def _change(ratio: Fraction | None) -> str:
    return "" if ratio is None else f"{float(100 * (ratio - 1)):+.1f} %"


def speculation_lines(found: Speculation) -> list[str]:
    """From which batch on drafts pay no more, in cost and in energy, in words."""
    told = [("in cost", found.stops_paying_in_cost)]
    if found.knows_energy:
        told.append(("in energy", found.stops_paying_in_energy))
    lines = []
    batches = [at.batch for at in found.batches]
    for what, stops in told:
        if stops is None:
            lines.append(f"A draft pays {what} up to batch {batches[-1]:,}, the largest compared.")
        elif stops == batches[0]:
            lines.append(f"A draft pays {what} at no batch.")
        else:
            lines.append(f"A draft pays {what} no more from batch {stops:,} on.")
    if not found.knows_energy:
        lines.append("Energy is not told: the power of the accelerator is not known.")
    return lines


_HEADER = (
    "machine",
    "draft",
    "acceptance",
    "batch",
    "drafted tokens",
    "cost in US$/Mtok",
    "speed in tok/s/user",
    "energy in J/token",
    "cost to that without a draft",
    "energy to that without a draft",
)


def speculation_csv(found: Sequence[Speculation]) -> str:
    """Every draft length at every batch as CSV (RFC 4180, but lines end in a plain newline).

    Ratios below 1 pay; unknown values are empty cells.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADER)
    for machine in found:
        for at in machine.batches:
            for entry in at.lengths:
                ratios = (at.cost_ratio(entry.tokens), at.energy_ratio(entry.tokens))
                told = (
                    _float(entry.usd_per_mtok),
                    None if entry.latency_ps is None else 10**12 / entry.latency_ps,
                    _float(entry.j_per_token),
                    *(map(_float, ratios) if entry.tokens else (None, None)),
                )
                writer.writerow(
                    [
                        clean(machine.machine),
                        clean(machine.draft),
                        str(machine.acceptance),
                        at.batch,
                        entry.tokens,
                        *("" if value is None else value for value in told),
                    ]
                )
    return stream.getvalue()


def render_speculation(found: Sequence[Speculation], format: PlotFormat) -> bytes:
    """The figure as a file.

    Raises
    ------
    ValueError
        If there is no machine to draw.
    """
    if not found:
        raise ValueError("no machine to draw")
    title = f"Drafting along the batch: {', '.join(clean(entry.machine) for entry in found)}"
    return figure_bytes(partial(speculation_figure, found), format, title=title)


def speculation_figure(found: Sequence[Speculation]) -> Figure:
    """A row of panels for each machine: cost, and energy where it is known, over those without."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.6 * len(found) + 0.4), layout="constrained")
    panels = figure.subplots(len(found), 2, squeeze=False, sharex=True)
    for row, entry in zip(panels, found, strict=True):
        _panel(row[0], entry, energy=False)
        if entry.knows_energy:
            _panel(row[1], entry, energy=True)
        else:
            row[1].set_axis_off()
            row[1].text(0.5, 0.5, "Power is not known", ha="center", color=SOFT)
    return figure


def _panel(axes: Axes, found: Speculation, *, energy: bool) -> None:
    lengths = [entry.tokens for entry in found.batches[0].lengths if entry.tokens]
    values: list[float] = []
    for place, tokens in enumerate(lengths):
        points = [
            (at.batch, float(ratio))
            for at in found.batches
            if (ratio := at.energy_ratio(tokens) if energy else at.cost_ratio(tokens)) is not None
        ]
        if not points:
            continue
        values.extend(ratio for _, ratio in points)
        axes.plot(
            *zip(*points, strict=True),
            color=_COLOURS[place % len(_COLOURS)],
            marker=_MARKS[place % len(_MARKS)] if len(points) <= _MOST_ROWS else "",
            markersize=4,
            linewidth=1.5,
            label=f"{tokens} drafted",
        )
    axes.axhline(1.0, color=SOFT, linewidth=1.0, linestyle="--")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda batch, _: short(batch))
    axes.set_ylim(0, max([1.15, *(1.05 * value for value in values)]))
    axes.set_xlabel("batch")
    axes.set_ylabel("energy a token" if energy else "cost a token")
    stops = found.stops_paying_in_energy if energy else found.stops_paying_in_cost
    what = "Energy" if energy else "Cost"
    told = "a draft pays throughout" if stops is None else f"no draft pays from batch {stops:,} on"
    axes.set_title(
        f"{what} over that without a draft, {clean(found.machine)}:\n{told}",
        fontsize=10,
        loc="left",
    )
    axes.annotate(
        "no draft", (1.0, 1.0), xycoords=("axes fraction", "data"), xytext=(-2, 3),
        textcoords="offset points", ha="right", color=SOFT, fontsize=8,
    )  # fmt: skip
    if not energy:
        axes.legend(frameon=False, fontsize=8, loc="lower right", ncols=2)
