"""Bills of materials: what to buy or rent at each point worth a look, with live sums.

Line totals and sums are formulas of ours over the prices in the sheet, so that procurement can put
in another price; each carries its value for viewers that do not compute.
"""

from __future__ import annotations

from fractions import Fraction

from solver.report.fleet_facts import amount
from solver.report.workbook.bill import BillLine, PointBill, bill_of_point
from solver.report.workbook.sheet import Book, Formula, Sheet
from solver.report.workbook.values import Cell, Column
from solver.report.workbook.view import View

__all__ = ["write_bills"]

_HOURS_A_YEAR = 8760
_HOURS_A_MONTH = Fraction(_HOURS_A_YEAR, 12)
_MTOK_S = Fraction(10**6, 3600)
"""Tokens a second that make a million an hour."""

_COLUMNS = (
    Column("machine", form="text"),
    Column("contract", form="text"),
    Column("period", form="text"),
    Column("region or rack", form="text"),
    Column("counted in", form="text"),
    Column("count"),
    Column("nodes"),
    Column("unit price", "US$/h", width=12),
    Column("unit price exact", "US$/h", form="text"),
    Column("held", "h/day"),
    Column("cost", "US$/h", width=13),
    Column("cost", "US$/month", form="money", width=15),
    Column("cost", "US$/year", form="money", width=15),
    Column("source of the price", form="text", width=40),
)
_LINE = {"count": "F", "price": "H", "held": "J", "hour": "K", "month": "L", "year": "M"}
_HOUR, _MONTH, _YEAR = 10, 11, 12


def write_bills(book: Book, view: View) -> None:
    """Sheet ``Bill of materials``."""
    sheet = book.sheet("Bill of materials")
    sheet.heading("Bill of materials", large=True)
    if not view.points:
        sheet.line(view.status_sentence)
        return
    bills = {index: bill_of_point(view.document, index) for index in sorted(view.marks)}
    if not any(bill.lines for bill in bills.values()):
        sheet.line("The question states no prices, so that there is nothing to sum up.")
        sheet.line("Add usd_per_hour to its machines or hosts, and solve it again.")
        return
    sheet.line(
        "Prices in these tables may be changed: the sums follow. The plan does not, it is the best "
        "for the prices of the question; solve again to see whether it stays."
    )
    hours = sheet.row
    sheet.pairs([("hours a month [h]", _HOURS_A_MONTH), ("hours a year [h]", _HOURS_A_YEAR)])
    sheet.line("A line held for part of the day counts that part; sums are means over the day.")
    for index, bill in bills.items():
        _write_bill(sheet, view, index, bill, month=f"$B${hours + 1}", year=f"$B${hours + 2}")


def _write_bill(
    sheet: Sheet, view: View, index: int, bill: PointBill, *, month: str, year: str
) -> None:
    point = view.points[index]
    told = ", ".join(amount(float(point["objectives"][g.name]), g.unit) for g in view.goals)
    sheet.heading(f"Point {index + 1}, {', '.join(view.marks[index])}: {told}")
    if not bill.lines:
        sheet.line("The question states no price for what this point uses.")
        return
    first = sheet.row + 2
    rows = [_row(line, first + k, month=month, year=year) for k, line in enumerate(bill.lines)]
    last = first + len(rows) - 1
    hourly = bill.usd_per_hour
    total: list[Cell | Formula] = [None] * len(_COLUMNS)
    total[0] = "total"
    for column, letter, hours in (
        (_HOUR, "K", Fraction(1)),
        (_MONTH, "L", _HOURS_A_MONTH),
        (_YEAR, "M", Fraction(_HOURS_A_YEAR)),
    ):
        total[column] = Formula(f"=SUM({letter}{first}:{letter}{last})", hourly * hours)
    sheet.table(_COLUMNS, [*rows, total], marked=frozenset({len(rows)}))
    _write_checks(sheet, bill, f"K{last + 1}")


def _row(line: BillLine, number: int, *, month: str, year: str) -> list[Cell | Formula]:
    """One line; ``number`` is its row as the spreadsheet counts."""
    cells = {name: f"{letter}{number}" for name, letter in _LINE.items()}
    hourly = line.usd_per_hour
    if line.unit:
        cost = f"={cells['count']}*{cells['price']}*{cells['held']}/24"
    else:
        cost = f"={cells['price']}*{cells['held']}/24"
    return [
        line.machine,
        line.contract or None,
        line.period or None,
        line.place or None,
        line.unit or None,
        line.count if line.unit else None,
        line.nodes,
        line.usd_per_unit_hour,
        str(line.usd_per_unit_hour) if line.exact else None,
        line.hours_a_day,
        Formula(cost, hourly),
        Formula(f"={cells['hour']}*{month}", hourly * _HOURS_A_MONTH),
        Formula(f"={cells['hour']}*{year}", hourly * _HOURS_A_YEAR),
        line.source or None,
    ]


def _write_checks(sheet: Sheet, bill: PointBill, total: str) -> None:
    """What the result itself says, and what a token costs at these prices."""
    rows: list[tuple[str, Cell | Formula]] = []
    if bill.stated_usd_per_hour is not None:
        rows.append(("cost in the result [US$/h]", bill.stated_usd_per_hour))
    if bill.exact_usd_per_hour is not None:
        rows.append(("the same, exactly [US$/h]", bill.exact_usd_per_hour))
    if bill.exact_usd_per_mtok is not None:
        rows.append(("cost in the result [US$/Mtok]", Fraction(bill.exact_usd_per_mtok)))
        rows.append(("the same, exactly [US$/Mtok]", bill.exact_usd_per_mtok))
    if bill.tok_per_s:
        row = sheet.row + len(rows) + 1
        per_mtok = bill.usd_per_hour * _MTOK_S / bill.tok_per_s
        rows.append(("output [tok/s]", bill.tok_per_s))
        formula = f"={total}/B{row}/3600*1000000"
        rows.append(("cost at these prices [US$/Mtok]", Formula(formula, per_mtok)))
    sheet.pairs(rows)
