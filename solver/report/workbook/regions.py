"""What is not answered, or why nothing can be: open regions of a partial result, conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.economy_findings import open_lines as economy_lines
from solver.report.findings import box_sentence, nearest_lines
from solver.report.fleet_findings import open_lines as fleet_lines
from solver.report.numbers import clean
from solver.report.placement_findings import open_regions
from solver.report.workbook.sheet import Book
from solver.report.workbook.values import Cell, Column, as_cell, flat, name_of, unit_of
from solver.report.workbook.view import View

__all__ = ["write_regions"]

_MOST_ROWS = 100_000


def write_regions(book: Book, view: View) -> None:
    """Sheet ``Open regions`` of a partial result, ``Conflict`` of an infeasible one; else none."""
    boxes = view.document.get("open_boxes") or []
    if boxes:
        _write_open(book, view, boxes)
    if view.document["status"] == "infeasible":
        _write_conflict(book, view)


def _write_open(book: Book, view: View, boxes: Sequence[Mapping[str, Any]]) -> None:
    sheet = book.sheet("Open regions")
    flattened = [dict(flat(box)) for box in boxes[:_MOST_ROWS]]
    keys = list(dict.fromkeys(key for box in flattened for key in box))
    columns = [Column("in words", form="text", width=58)]
    cells: list[list[Cell]] = [_sentences(view)[:_MOST_ROWS]]
    for key in keys:
        values = [as_cell(box.get(key)) for box in flattened]
        if all(value is None for value in values):
            continue
        numeric = all(
            value is None or (isinstance(value, int | float) and not isinstance(value, bool))
            for value in values
        )
        told = name_of(key)
        columns.append(Column(told, unit_of(key), "number" if numeric else "text"))
        cells.append(values)
    if len(boxes) > _MOST_ROWS:
        sheet.line(f"The first {_MOST_ROWS:,} of {len(boxes):,} regions; all are in the result.")
    sheet.table(columns, [list(row) for row in zip(*cells, strict=True)], main=True)


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
