"""What is not answered, or why nothing can be: open regions of a partial result, conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.economy_findings import open_lines as economy_lines
from solver.report.findings import box_range, box_sentence, nearest_lines
from solver.report.fleet_findings import open_lines as fleet_lines
from solver.report.numbers import clean
from solver.report.placement_findings import open_regions
from solver.report.placement_regions import open_ranges
from solver.report.workbook.sheet import Book
from solver.report.workbook.values import Cell, Column, as_cell
from solver.report.workbook.view import View

__all__ = ["write_conflict", "write_open_regions"]

_MOST_ROWS = 100_000


def write_conflict(book: Book, view: View) -> None:
    """Sheet ``Conflict`` of an infeasible result; else none."""
    if view.document["status"] == "infeasible":
        _write_conflict(book, view)


def write_open_regions(book: Book, view: View) -> None:
    """Sheet ``Open regions`` of a result with parts that no proof closes; else none.

    Bounds are figures where the regions are ranges of two goals; coordinates that only the search
    understands stay in the result file.
    """
    boxes = view.document.get("open_boxes") or []
    if not boxes:
        return
    sheet = book.sheet("Open regions")
    columns = [Column("in words", form="text", width=46)]
    cells: list[list[Cell]] = [_sentences(view)]
    for column, values in zip(_bounds(view), zip(*_ranges(view), strict=True), strict=False):
        if any(value is not None for value in values):
            columns.append(column)
            cells.append(list(values))
    columns.append(Column("reason", form="text"))
    cells.append([clean(box.get("reason", "not told"), limit=400) for box in boxes])
    if len(boxes) > _MOST_ROWS:
        sheet.line(f"The first {_MOST_ROWS:,} of {len(boxes):,} regions; all are in the result.")
    rows = [list(row) for row in zip(*cells, strict=True)]
    sheet.table(columns, rows[:_MOST_ROWS], main=True)


def _bounds(view: View) -> tuple[Column, ...]:
    """Headers of the bounds, in the units of the goals."""
    second = view.goals[1] if len(view.goals) > 1 else view.goals[0]
    return (
        Column("slowest", "tok/s/user"), Column("fastest", "tok/s/user"),
        Column(f"{second.name} from", second.unit), Column(f"{second.name} below", second.unit),
    )  # fmt: skip


def _ranges(view: View) -> list[tuple[float | None, ...]]:
    """Slowest and fastest speed, least and greatest other goal of every region; empty if none."""
    if view.result is not None:
        return [box_range(box) for box in view.result.open_boxes]
    if view.kind == "placement" and len(view.goals) > 1:
        return [
            (each.slowest, each.fastest, each.low, each.high) for each in open_ranges(view.document)
        ]
    return []


def _sentences(view: View) -> list[Cell]:
    """One sentence for each open region, in the order of the result."""
    if view.result is not None:
        return [box_sentence(box) for box in view.result.open_boxes]
    if view.kind == "economy":
        return list(economy_lines(view.document))
    if view.kind == "fleet":
        return list(fleet_lines(view.document))
    _, lines = open_regions(view.document)
    # Open parts of a bracketed placement are not told one by one: the columns beside tell them.
    count = len(view.document["open_boxes"])
    return list(lines) if len(lines) == count else [None] * count


def _write_conflict(book: Book, view: View) -> None:
    sheet = book.sheet("Conflict")
    sheet.heading("Conflict", large=True)
    sheet.line(view.status_sentence)
    if view.conflict_heading:
        sheet.line(view.conflict_heading)
    sheet.row += 1
    for text in view.conflict:
        sheet.line(text)
    entries = _entries(view.document.get("conflict"))
    if entries:
        sheet.heading("Limits that conflict")
        columns = (
            Column("limit", form="text"), Column("stated"), Column("needed, the others unchanged"),
            Column("exactly", form="text"), Column("unit", form="text"),
        )  # fmt: skip
        sheet.table(
            columns,
            [
                [
                    clean(entry.get("limit", ""), limit=120),
                    as_cell(entry.get("stated", entry.get("value"))),
                    as_cell(entry.get("needed")),
                    as_cell(entry.get("needed_exact")),
                    clean(entry.get("unit", ""), limit=60) or None,
                ]
                for entry in entries
            ],
        )
    if view.result is not None and view.result.conflict and view.result.conflict.nearest:
        sheet.heading("The candidate that came closest")
        sheet.pairs(list(nearest_lines(view.result.conflict.nearest)))


def _entries(conflict: Any) -> list[Mapping[str, Any]]:
    """The limits of a conflict, in either form that results have."""
    limits = conflict.get("limits") if isinstance(conflict, Mapping) else conflict
    return [entry for entry in limits or () if isinstance(entry, Mapping)]
