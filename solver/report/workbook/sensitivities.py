"""What the answer hangs on: worth of limits, prices at which it changes, what binds, next steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.report.design import binding_of, hbm_share
from solver.report.fleet_choose import next_better
from solver.report.fleet_facts import Goal, amount, limits_of, value_of
from solver.report.near import near_view
from solver.report.numbers import clean
from solver.report.regions import pace_shares
from solver.report.workbook.sheet import Book, Sheet
from solver.report.workbook.values import Cell, Column, as_cell, flat, name_of, number_of, unit_of
from solver.report.workbook.view import View
from solver.result import Point

__all__ = ["write_sensitivities"]

_TERMS = ("arithmetic_s", "hbm_s", "network_s", "launch_s")
_ANSWERS = (
    ("limits", "What one more or less of each limit is worth", "limits = true"),
    ("break_even", "At which price the plan changes", "break_even = true"),
    ("preferences", "What preferences cost", "preferences = [...]"),
)
"""Key of ``answers``, heading, and what to write under [answers] in the instance to ask for it."""


def write_sensitivities(book: Book, view: View) -> None:
    """Sheet ``Sensitivities``; what the result does not hold is named with what would give it.

    None where there is no point, or nothing to tell of the only one.
    """
    alone = len(view.goals) < 2 or len(view.points) < 2
    if not view.points or (view.kind == "placement" and alone):
        return
    sheet = book.sheet("Sensitivities")
    sheet.heading("Sensitivities", large=True)
    if view.kind == "fleet":
        _answers(sheet, view)
        _limits(sheet, view)
    elif view.kind in ("replica", "economy"):
        _pace(sheet, view)
    _steps(sheet, view)
    if view.result is not None:
        _near(sheet, view)
    if view.kind in ("replica", "fleet", "economy"):
        sheet.heading("More than this file holds")
        sheet.line(
            "Break-even prices, owning against renting and cost at real load: "
            "fleetfront economics INSTANCE"
        )


def _answers(sheet: Sheet, view: View) -> None:
    answers = view.document.get("answers") or {}
    reference = answers.get("reference")
    if isinstance(reference, Mapping) and reference.get("text"):
        sheet.line(clean(reference["text"], limit=600))
    for key, heading, ask in _ANSWERS:
        sheet.heading(heading)
        entries = answers.get(key)
        if not entries:
            sheet.line(
                "Nothing to tell: the question asked, and no limit or price is there to vary."
                if key in answers
                else f"Not asked. Write {ask} under [answers] in the instance, and solve again."
            )
            continue
        columns, rows = _entries(entries)
        sheet.table(columns, rows)


def _entries(entries: Sequence[Mapping[str, Any]]) -> tuple[list[Column], list[list[Cell]]]:
    """A column for every key of the entries, the sentence that tells them last."""
    flattened = [dict(flat(entry)) for entry in entries]
    keys = list(dict.fromkeys(key for entry in flattened for key in entry if key != "text"))
    columns, cells = [], []
    for key in keys:
        values = [entry.get(key) for entry in flattened]
        if all(value is None for value in values):
            continue
        numeric = all(
            value is None or (isinstance(value, int | float) and not isinstance(value, bool))
            for value in values
        )
        told = name_of(key)
        columns.append(
            Column(told, unit_of(key) if numeric else "", "number" if numeric else "text")
        )
        cells.append([as_cell(value) for value in values])
    columns.append(Column("in words", form="text", width=46))
    cells.append([as_cell(entry.get("text")) for entry in flattened])
    return columns, [list(row) for row in zip(*cells, strict=True)]


def _limits(sheet: Sheet, view: View) -> None:
    """How full the limits are at the points worth a look."""
    rows: list[list[Cell]] = [
        [index + 1, limit.title, limit.used, limit.limit, limit.unit, limit.share]
        for index in sorted(view.marks)
        for limit in limits_of(view.points[index]["design"])
        if not limit.supply
    ]
    sheet.heading("How full the limits are")
    if not rows:
        sheet.line("The question states no limit on the whole fleet.")
        return
    columns = (
        Column("point"), Column("limit", form="text"), Column("used"), Column("limit"),
        Column("unit", form="text"), Column("used", "share of the limit", form="share"),
    )  # fmt: skip
    sheet.table(columns, rows)


def _pace(sheet: Sheet, view: View) -> None:
    """What binds at the points worth a look, and how far ahead of the next term it is."""
    sheet.heading("What sets the pace, and by how much")
    sheet.line(
        "Parts of one decode step; under the model epoch2025 arithmetic and HBM overlap, so that "
        "the longer of the two counts."
    )
    columns = [Column("point"), Column("worth a look", form="text"), Column("binds", form="text")]
    columns += [
        Column(name, "ms") for name in ("step", "arithmetic", "HBM", "network", "kernel launches")
    ]
    columns += [Column("HBM in use", "share of capacity", form="share")]
    rows: list[list[Cell]] = []
    points = _typed_points(view)
    for index, names in sorted(view.marks.items()):
        design = view.points[index]["design"]
        terms = design.get("terms") or {}
        rows.append(
            [
                index + 1,
                ", ".join(names),
                binding_of(points[index]).title,
                _milliseconds(design.get("step_latency_s")),
                *(_milliseconds(terms.get(key)) for key in _TERMS),
                hbm_share(design),
            ]
        )
    sheet.table(columns, rows)
    if view.kind == "replica":
        shares = pace_shares(points)
        sheet.heading("Over the whole frontier")
        sheet.table(
            (
                Column("binds", form="text"), Column("points"),
                Column("share", "share of points", form="share"),
                Column("slowest", "tok/s/user"), Column("fastest", "tok/s/user"),
                Column("what it means", form="text"),
            ),
            [
                [s.binding.title, s.points, s.share, s.slowest, s.fastest, s.binding.meaning]
                for s in shares
            ],
        )  # fmt: skip


def _typed_points(view: View) -> Sequence[Point]:
    if view.result is not None:
        return view.result.points
    return [
        Point(p["objectives"], p.get("exact", {}), p["design"], p.get("proof", {}))
        for p in view.points
    ]


def _milliseconds(value: Any) -> Cell:
    number = number_of(value)
    return None if number is None else 1000 * float(number)


def _steps(sheet: Sheet, view: View) -> None:
    """From each point worth a look to the next that is better in one goal: what is given up."""
    if len(view.goals) < 2 or len(view.points) < 2:
        return
    columns = [Column("from point"), Column("better in", form="text"), Column("to point")]
    columns += [Column(f"change of {goal.name}", goal.unit) for goal in view.goals]
    columns += [Column("exactly", form="text"), Column("in words", form="text")]
    rows: list[list[Cell]] = []
    for index in sorted(view.marks):
        for goal in view.goals:
            other = next_better(view.document, index, goal)
            if other is None:
                continue
            changes = [_change(view, index, other, each) for each in view.goals]
            moved = [
                (each, change) for each, change in zip(view.goals, changes, strict=True) if change
            ]
            told = [
                f"{each.name} {'+' if change > 0 else '−'}{amount(abs(float(change)), each.unit)}"
                for each, change in moved
            ]
            exact = [
                f"{each.name} {change}"
                for each, change in moved
                if view.exact_of(index, each) and view.exact_of(other, each)
            ]
            rows.append(
                [
                    index + 1, goal.name, other + 1, *changes,
                    "; ".join(exact) or None, ", ".join(told),
                ]
            )  # fmt: skip
    sheet.heading("The next point on the frontier, from each point worth a look")
    sheet.line("What one step more of one goal takes from the others: the slope of the frontier.")
    sheet.table(columns, rows)


def _change(view: View, before: int, after: int, goal: Goal) -> Fraction:
    """The change of a goal between two points, exact where the document states both exactly."""
    old, new = (view.exact_of(index, goal) for index in (before, after))
    if old is not None and new is not None:
        return Fraction(new) - Fraction(old)
    return value_of(view.points[after], goal) - value_of(view.points[before], goal)


def _near(sheet: Sheet, view: View) -> None:
    """Designs within a tolerance, where they were asked for."""
    assert view.result is not None  # the caller has looked
    sheet.heading("Designs near the frontier")
    near = near_view(view.result)
    if near is None:
        sheet.line("Not asked. Solve with --tolerance 10% to list designs that are nearly as good.")
        return
    sheet.line(near.heading)
    for sentence in near.sentences:
        sheet.line(sentence)
    for columns, rows in (
        (near.alternative_columns, near.alternatives),
        (near.layout_columns, near.layouts),
    ):
        if rows:
            sheet.row += 1
            sheet.table(
                [Column(column.name, column.unit, form="text") for column in columns],
                [list(row) for row in rows],
            )
