"""What a deadline is worth, as a table and as CSV: the bill before and after."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from solver.economics.valleys import DeadlineCost, Valleys
from solver.report.fleet_facts import dollars
from solver.report.numbers import clean, percent, short
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = ["print_valleys", "valleys_csv", "valleys_line"]


def print_valleys(found: Sequence[Valleys], console: Console) -> None:
    """One table for each batch: as a flat rate, then along its deadline."""
    parts: list[RenderableType] = []
    for entry in found:
        if parts:
            parts.append(Text(""))
        title = f"What time is worth to {clean(entry.workload)}"
        parts.append(Text(title, style="bold"))
        parts.append(_table(entry, width=console.width, ascii_only=console.options.ascii_only))
        parts.append(Text(valleys_line(entry)))
    show(console, Group(*parts))


def _lines(found: Valleys) -> list[DeadlineCost]:
    """Flat, then every deadline; the stated one where the curve has none of its hours."""
    hours = {entry.deadline_hours for entry in found.curve}
    more = () if found.stated.deadline_hours in hours else (found.stated,)
    return [
        found.flat,
        *sorted((*found.curve, *more), key=lambda entry: entry.deadline_hours or 0),
    ]


def _asked(entry: DeadlineCost) -> str:
    if entry.deadline_hours is None:
        return "flat rate"
    return f"done within {float(entry.deadline_hours):g} h"


def _table(found: Valleys, *, width: int, ascii_only: bool) -> RenderableType:
    lines = _lines(found)
    rows = [
        [
            _asked(entry),
            ", ".join(clean(name) for name in entry.periods) or "all day",
            _cost(entry),
            _change(entry, found.flat),
            ", ".join(f"{short(count)} {clean(name)}" for name, count in entry.devices),
        ]
        for entry in lines
    ]
    stated = found.stated.deadline_hours
    bold = {k for k, entry in enumerate(lines) if k and entry.deadline_hours == stated}
    return fitted_table(
        ["batch", "worked off in", "fleet\nUS$/h", "to flat", "devices, mean"],
        rows,
        width=width,
        give_up=[0, 2, 0, 0, 1],
        numeric=[False, False, True, True, False],
        bold=frozenset(bold),
        folds=frozenset({1, 4}),
        ascii_only=ascii_only,
    )


def _cost(entry: DeadlineCost) -> str:
    if entry.usd_per_hour is None:
        return entry.unproved or "no plan"
    text = dollars(float(entry.usd_per_hour))
    return f"{text} at most ({entry.unproved})" if entry.unproved else text


def _change(entry: DeadlineCost, flat: DeadlineCost) -> str:
    if entry is flat or entry.usd_per_hour is None or not flat.usd_per_hour:
        return ""
    return f"{float(100 * (entry.usd_per_hour / flat.usd_per_hour - 1)):+.1f} %"


def valleys_line(found: Valleys) -> str:
    """What the stated deadline saves, in a sentence."""
    saved, share, hours = found.saved_usd_per_hour, found.saved_share, found.stated.deadline_hours
    name = clean(found.workload)
    if saved is None or share is None or hours is None:
        return f"{name}: no bill to compare, since a plan is missing."
    within = f"done within {float(hours):g} h"
    if saved == 0:
        return f"{name} {within} costs as much as a flat rate."
    verb = "saves" if saved > 0 else "costs"
    told = f"US${dollars(abs(float(saved)))}/h, {percent(abs(float(share)))} of the fleet"
    return f"{name} {within} {verb} {told}{'' if saved > 0 else ' more'} against a flat rate."


_HEADER = (
    "workload",
    "deadline in h",
    "worked off in",
    "cost in US$/h",
    "cost exact",
    "devices",
    "unproved because",
)


def valleys_csv(found: Sequence[Valleys]) -> str:
    """Every line of every table as CSV (RFC 4180, but lines end in a plain newline).

    A flat rate has no deadline; a cost that no plan has is an empty cell.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADER)
    for valleys in found:
        for entry in _lines(valleys):
            usd = entry.usd_per_hour
            writer.writerow(
                [
                    clean(valleys.workload),
                    "" if entry.deadline_hours is None else str(entry.deadline_hours),
                    "; ".join(clean(name) for name in entry.periods),
                    "" if usd is None else float(usd),
                    "" if usd is None else str(usd),
                    "; ".join(f"{count} x {clean(name)}" for name, count in entry.devices),
                    entry.unproved,
                ]
            )
    return stream.getvalue()
