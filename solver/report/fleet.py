"""A fleet result on the terminal: status, points along the frontier, and one bill of materials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from solver.report.findings import count_of
from solver.report.fleet_bill import bill_of
from solver.report.fleet_choose import marks_of, recommended_of, representatives
from solver.report.fleet_facts import (
    Limit,
    column_of,
    goals_of,
    limits_of,
    machines_in_short,
    tightest,
)
from solver.report.fleet_findings import (
    answer_groups,
    conflict_heading,
    conflict_lines,
    fleet_status,
    fleet_title,
    neighbours,
    notes_of,
    open_lines,
)
from solver.report.fleet_survey import fleet_survey, print_fleet_survey
from solver.report.model_error import error_sentence
from solver.report.numbers import aligned, clean, short
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = ["bill_table", "fleet_survey", "print_fleet", "print_fleet_survey"]

_MAX_BOXES = 8
_MAX_BILL = 30
_MAX_STEPS = 12
_BAR = 12
_NAME = 36
_COLOURS = {"complete": "green", "partial": "yellow", "infeasible": "red"}
_NUMBERS = frozenset({"replicas", "devices", "share", "load", "nodes", "US$/h"})


def print_fleet(document: Mapping[str, Any], console: Console, where_all: str = "") -> None:
    """Print the result ``document`` of a fleet question for people.

    Parameters
    ----------
    console
        Where to; its width decides how many columns the tables have.
    where_all
        Where all points are, for the line under the table.
    """
    width, ascii_only = console.width, console.options.ascii_only
    parts: list[RenderableType] = [
        Text(fleet_title(document), style="bold"),
        Text(fleet_status(document), style=_COLOURS[document["status"]]),
    ]
    error = error_sentence(document.get("model_error"))
    if error:
        parts.append(Text(error, style="dim"))
    parts += _effort(document)
    parts += _frontier(document, where_all, width=width, ascii_only=ascii_only)
    parts += _open(document)
    found = recommended_of(document)
    if found is not None:
        parts += _point(document, *found, width=width, ascii_only=ascii_only)
    if document.get("conflict"):
        parts += [Text(""), Text(conflict_heading(document), style="bold")]
        parts += [_item(line) for line in conflict_lines(document)]
    for heading, lines in answer_groups(document):
        parts += [Text(""), Text(heading, style="bold"), *(_item(line) for line in lines)]
    parts += [Text(f"{kind}: {text}", style="yellow") for kind, text in notes_of(document)]
    show(console, Group(*parts))


def _item(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)


def _effort(document: Mapping[str, Any]) -> list[RenderableType]:
    provenance = document.get("provenance", {})
    columns = provenance.get("columns", {})
    parts = []
    if "stated" in columns:
        parts.append(
            f"{count_of(columns['stated'], 'option')} stated, "
            f"{count_of(columns['kept'], 'column')} kept"
        )
    if "solves" in provenance:
        engines = ", ".join(clean(name, limit=30) for name in provenance.get("engines", ()))
        by = f" by {engines}" if engines else ""
        parts.append(f"{count_of(provenance['solves'], 'solve')}{by}")
    if "wall_s" in provenance:
        parts.append(f"{provenance['wall_s']:,.2f} s")
    return [Text("; ".join(parts), style="dim")] if parts else []


def _frontier(
    document: Mapping[str, Any], where_all: str, *, width: int, ascii_only: bool
) -> list[RenderableType]:
    points, goals = document["points"], goals_of(document)
    if not points:
        return []
    chosen = representatives(document)
    shown = [points[index] for index in chosen]
    marks = marks_of(document)
    star = "*" if ascii_only else "★"
    columns = [[f"{star} {', '.join(marks[i])}" if i in marks else "" for i in chosen]]
    columns += [column_of(shown, goal) for goal in goals]
    columns.append([short(point["design"]["devices"]) for point in shown])
    columns.append([machines_in_short(document, point["design"]) for point in shown])
    limits = [tightest(point["design"]) for point in shown]
    columns.append([_fullness(limit) for limit in limits])
    rates = [point["design"].get("tok_per_s_per_gpu") for point in shown]
    columns.append(aligned(rates))
    headers = ["", *(goal.header for goal in goals), "devices\n", "machines\n"]
    headers += ["tightest\nlimit", "tok/s\nper GPU"]
    numbers = len(goals)
    told = count_of(len(points), "point")
    if len(chosen) < len(points):
        told = f"{len(chosen)} of {told}"
    if where_all:
        told += f"; exact values: {clean(where_all)}"
    return [
        Text(""),
        fitted_table(
            headers,
            [list(row) for row in zip(*columns, strict=True)],
            width=width,
            give_up=[0, *[0] * numbers, 2, 0, 0, 1],
            numeric=[False, *[True] * numbers, True, False, False, True],
            bold=frozenset(k for k, cell in enumerate(columns[0]) if cell),
            folds=frozenset({0, numbers + 2, numbers + 3}),
            ascii_only=ascii_only,
        ),
        Text(""),
        Text(told, style="dim"),
    ]


def _fullness(limit: Limit | None) -> str:
    # Without its space a share never goes on in a line of its own.
    return "" if limit is None else f"{limit.title} {limit.percent.replace(' ', '')}"


def _open(document: Mapping[str, Any]) -> list[RenderableType]:
    lines = open_lines(document)
    if not lines:
        return []
    parts: list[RenderableType] = [Text("Better fleets may hide where", style="yellow")]
    parts += [_item(line) for line in lines[:_MAX_BOXES]]
    if len(lines) > _MAX_BOXES:
        rest = count_of(len(lines) - _MAX_BOXES, "more region")
        parts.append(_item(f"and {rest}, all in the result file"))
    return parts


def bill_table(
    headers: tuple[str, ...], rows: tuple[tuple[str, ...], ...], *, width: int, ascii_only: bool
) -> RenderableType:
    """A table of a bill; names fold where it is too wide, counts never."""
    numeric = [name in _NUMBERS for name in headers]
    return fitted_table(
        headers,
        rows,
        width=width,
        give_up=[0] * len(headers),
        numeric=numeric,
        folds=frozenset(k for k, number in enumerate(numeric) if not number),
        ascii_only=ascii_only,
    )


def _point(
    document: Mapping[str, Any], index: int, why: str, *, width: int, ascii_only: bool
) -> list[RenderableType]:
    point = document["points"][index]
    bill = bill_of(document, index)
    goals = goals_of(document)
    values = ", ".join(goal.told(float(point["objectives"][goal.name])) for goal in goals)
    parts: list[RenderableType] = [
        Text(""),
        Text(f"Bill of materials of {why}: {values}", style="bold"),
        Text(bill.totals),
    ]
    if bill.everywhere:
        parts.append(Text(bill.everywhere))
    for headers, rows in ((bill.replica_headers, bill.replicas), (bill.node_headers, bill.nodes)):
        if not rows:
            continue
        table = bill_table(headers, rows[:_MAX_BILL], width=width, ascii_only=ascii_only)
        parts += [Text(""), table]
        if len(rows) > _MAX_BILL:
            rest = count_of(len(rows) - _MAX_BILL, "more line")
            parts.append(Text(f"and {rest}, all in the result file", style="dim"))
    parts += _limits(point["design"], ascii_only=ascii_only)
    for heading, lines in neighbours(document, index):
        parts += [Text(""), Text(heading, style="bold"), *(_item(t) for t in lines[:_MAX_STEPS])]
        if len(lines) > _MAX_STEPS:
            parts.append(_item(f"and {count_of(len(lines) - _MAX_STEPS, 'more change')}"))
    return parts


def _limits(design: Mapping[str, Any], *, ascii_only: bool) -> list[RenderableType]:
    limits = limits_of(design)
    if not limits:
        return []
    wide = min(max(cell_len(limit.title) for limit in limits), _NAME)
    lines: list[RenderableType] = [Text(""), Text("How full the limits are", style="bold")]
    for limit in limits:
        bar = _bar(limit.share or 0.0, ascii_only=ascii_only)
        name = limit.title if cell_len(limit.title) <= wide else limit.title[: wide - 1] + "…"
        name += " " * max(0, wide - cell_len(name))
        lines.append(Text(f"  {name}  {bar} {limit.percent:>8}  {limit.told}"))
    return lines


def _bar(share: float, *, ascii_only: bool) -> str:
    """Full cells in proportion, at least one of what is used and one left of what is not full."""
    full = round(min(share, 1.0) * _BAR)
    if share > 0:
        full = max(full, 1)
    if share < 1:
        full = min(full, _BAR - 1)
    on, off = ("#", ".") if ascii_only else ("█", "░")
    return on * full + off * (_BAR - full)
