"""The first sheet: what was asked, whether the answer is whole, which points to read first."""

from __future__ import annotations

from solver.report.model_error import error_sentence
from solver.report.numbers import clean
from solver.report.workbook.sheet import Book
from solver.report.workbook.values import Cell, Column
from solver.report.workbook.view import View

__all__ = ["write_summary"]

_MEANS = {
    "complete": "no point of the frontier is missing; that is proved of the question as stated, "
    "under the model and the figures of the sheets Assumptions and Inputs",
    "partial": "a limit of time or work was reached; see the sheet Open regions",
    "infeasible": "nothing meets all limits; that is proved of the question as stated, under the "
    "model and the figures of the sheets Assumptions and Inputs; see the sheet Conflict",
}


def write_summary(book: Book, view: View) -> None:
    """Question, status, points worth a look, provenance, and how to check it all."""
    document = view.document
    sheet = book.sheet("Summary")
    sheet.heading(view.title, large=True)
    status, error = document["status"], error_sentence(document.get("model_error"))
    sheet.pairs(
        [
            ("question", clean(document["instance"]["name"])),
            ("kind", clean(document["instance"]["kind"])),
            ("status", f"{status}: {_MEANS[status]}"),
            ("what it means", view.status_sentence),
            ("points", len(view.points)),
            ("model error", error.removeprefix("model error: ") or "not stated in the result"),
        ]
    )  # fmt: skip
    if view.notes:
        sheet.heading("Notes")
        for kind, text in view.notes:
            sheet.line(f"{kind}: {text}")
    if view.points:
        sheet.heading("Points to look at first")
        if document["status"] == "partial":
            sheet.line("Names such as fastest compare the points found; others may be better.")
        columns, rows = _recommended(view)
        sheet.table(columns, rows)
    sheet.heading("Where this comes from")
    provenance = document.get("provenance", {})
    engines = provenance.get("engines") or {}
    sheet.pairs(
        [
            ("fleetfront", clean(provenance.get("fleetfront", "not stated"))),
            ("engines", clean(", ".join(f"{k} {v}" for k, v in engines.items())) or None),
            ("formulation", clean(provenance.get("formulation", "not stated"))),
            ("seed", provenance.get("seed")),
            ("SHA-256 of the instance", clean(document["instance"].get("sha256", ""))),
            ("digest of the result", clean(document.get("digest", ""))),
            ("to check it", "fleetfront verify RESULT.json --reprove"),
        ]
    )
    sheet.line(
        "Decimals are for reading. What was compared and proved are the exact values beside them, "
        "as fractions in text."
    )


def _recommended(view: View) -> tuple[list[Column], list[list[Cell]]]:
    columns = [Column("point"), Column("worth a look", form="text")]
    columns += [Column(goal.name, goal.unit) for goal in view.goals]
    columns += [Column("design", form="text")]
    rows: list[list[Cell]] = []
    for index, names in sorted(view.marks.items()):
        point = view.points[index]
        rows.append(
            [
                index + 1,
                ", ".join(names),
                *(float(point["objectives"][goal.name]) for goal in view.goals),
                view.design_in_short(point["design"]),
            ]
        )
    return columns, rows
