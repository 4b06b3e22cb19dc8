"""Bills of materials: what to buy or rent at each point worth a look, with live sums.

Line totals and sums are formulas of ours over the prices in the sheet, so that procurement can put
in another price; each carries its value for viewers that do not compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from solver.report.fleet_facts import amount
from solver.report.workbook.bill import BillLine, PointBill, bill_of_point
from solver.report.workbook.owning import owned_of, write_owned
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
_PLACES: Mapping[str, Callable[[BillLine], object]] = {
    "contract": lambda line: line.contract,
    "period": lambda line: line.period,
    "region or rack": lambda line: line.place,
    "nodes": lambda line: line.nodes,
}
"""Columns that are left out where no line of the sheet has anything in them."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What the tables of the sheet share: their columns, and cells at the top that they refer to.

    Parameters
    ----------
    kept
        Indices of the columns in use.
    month, year, horizon
        Cells of the hours in a month, in a year, and of those that the question looks ahead.
    owned
        Cells of purchase and hourly price by machine and contract.
    """

    kept: tuple[int, ...]
    month: str
    year: str
    horizon: str
    owned: Mapping[tuple[str, str], tuple[str, str]]

    def letter(self, place: int) -> str:
        """What the spreadsheet calls column ``place`` of the full table."""
        return chr(ord("A") + self.kept.index(place))


_COUNT, _PRICE, _HELD, _HOUR, _MONTH, _YEAR = 5, 7, 9, 10, 11, 12


def write_bills(book: Book, view: View) -> None:
    """Sheet ``Bill of materials``; none where there is no point."""
    if not view.points:
        return
    sheet = book.sheet("Bill of materials")
    sheet.keep_together()
    sheet.heading("Bill of materials", large=True)
    bills = {index: bill_of_point(view.document, index) for index in sorted(view.marks)}
    if not any(bill.lines for bill in bills.values()):
        sheet.line("The question states no prices, so that there is nothing to sum up.")
        sheet.line("Add usd_per_hour to its machines or hosts, and solve it again.")
        return
    sheet.line(
        "Prices in these tables may be changed: the sums follow. The plan does not follow, nor do "
        "exact prices and figures of the result: solve again with the new prices."
    )
    sheet.line("A line held for part of the day counts that part; sums are means over the day.")
    row = sheet.row + 1
    horizon = next(iter(bills.values())).horizon_hours
    sheet.pairs(
        [
            ("hours a month [h]", _HOURS_A_MONTH),
            ("hours a year [h]", _HOURS_A_YEAR),
            ("hours the question looks ahead [h]", horizon),
        ]
    )
    lines = [line for bill in bills.values() for line in bill.lines]
    empty = {name for name, told in _PLACES.items() if not any(told(line) for line in lines)}
    given = _Given(
        kept=tuple(k for k, column in enumerate(_COLUMNS) if column.name not in empty),
        month=f"$B${row}", year=f"$B${row + 1}", horizon=f"$B${row + 2}",
        owned=write_owned(sheet, owned_of(view.resolved), year=f"$B${row + 1}"),
    )  # fmt: skip
    for index, bill in bills.items():
        _write_bill(sheet, view, index, bill, given)


def _write_bill(sheet: Sheet, view: View, index: int, bill: PointBill, given: _Given) -> None:
    point = view.points[index]
    told = ", ".join(amount(float(point["objectives"][g.name]), g.unit) for g in view.goals)
    sheet.heading(f"Point {index + 1}, {', '.join(view.marks[index])}: {told}")
    if not bill.lines:
        sheet.line("The question states no price for what this point uses.")
        return
    first = sheet.row + 2
    rows = [_row(line, first + k, given) for k, line in enumerate(bill.lines)]
    last = first + len(rows) - 1
    hourly = bill.usd_per_hour
    total: list[Cell | Formula] = ["total", *[None] * (len(_COLUMNS) - 1)]
    for place, hours in (
        (_HOUR, Fraction(1)),
        (_MONTH, _HOURS_A_MONTH),
        (_YEAR, Fraction(_HOURS_A_YEAR)),
    ):
        letter = given.letter(place)
        total[place] = Formula(f"=SUM({letter}{first}:{letter}{last})", hourly * hours)
    sheet.table(
        [_COLUMNS[k] for k in given.kept],
        [[row[k] for k in given.kept] for row in [*rows, total]],
        marked=frozenset({len(rows)}),
    )
    _write_purchase(sheet, bill, first, given)
    _write_checks(sheet, bill, f"{given.letter(_HOUR)}{last + 1}", given)


def _row(line: BillLine, number: int, given: _Given) -> list[Cell | Formula]:
    """One line; ``number`` is its row as the spreadsheet counts."""
    hourly = line.usd_per_hour
    price: Cell | Formula = line.usd_per_unit_hour
    if line.owned is not None:
        price = Formula(f"={given.owned[line.owned][1]}", line.usd_per_unit_hour)
    count, unit_price, held, hour = (
        f"{given.letter(place)}{number}" for place in (_COUNT, _PRICE, _HELD, _HOUR)
    )
    counted = f"{count}*" if line.unit else ""
    return [
        line.machine,
        line.contract or None,
        line.period or None,
        line.place or None,
        line.unit or None,
        line.count if line.unit else None,
        line.nodes,
        price,
        str(line.usd_per_unit_hour) if line.exact else None,
        line.hours_a_day,
        Formula(f"={counted}{unit_price}*{held}/24", hourly),
        Formula(f"={hour}*{given.month}", hourly * _HOURS_A_MONTH),
        Formula(f"={hour}*{given.year}", hourly * _HOURS_A_YEAR),
        line.source or "not stated",
    ]


def _write_purchase(sheet: Sheet, bill: PointBill, first: int, given: _Given) -> None:
    """What has to be paid at once for machines that are owned; nothing where none is."""
    owned = [(first + k, line) for k, line in enumerate(bill.lines) if line.owned is not None]
    if not owned:
        return
    count = given.letter(_COUNT)
    parts = [f"{count}{row}*{given.owned[line.owned][0]}" for row, line in owned if line.owned]
    paid = sum((line.count * line.purchase_usd for _, line in owned), Fraction(0))
    sheet.pairs([("to buy what is owned, at once [US$]", Formula(f"={'+'.join(parts)}", paid))])


def _write_checks(sheet: Sheet, bill: PointBill, total: str, given: _Given) -> None:
    """What the result itself says, and what a token costs at these prices."""
    rows: list[tuple[str, Cell | Formula]] = []
    if bill.stated_usd_per_hour is not None:
        rows.append(("cost in the result [US$/h]", bill.stated_usd_per_hour))
    for exact, unit in (
        (bill.exact_usd_per_hour, "US$/h"),
        (bill.exact_usd_per_mtok, "US$/Mtok"),
        (bill.exact_usd, "US$ in all hours ahead"),
    ):
        if exact is not None:
            if unit != "US$/h":
                rows.append((f"cost in the result [{unit}]", Fraction(exact)))
            rows.append((f"the same, exactly [{unit}]", exact))
    if bill.exact_usd is not None and bill.horizon_hours is not None:
        ahead = Formula(f"={total}*{given.horizon}", bill.usd_per_hour * bill.horizon_hours)
        rows.append(("cost at these prices [US$ in all hours ahead]", ahead))
    if bill.tok_per_s:
        row = sheet.row + len(rows) + 1
        per_mtok = bill.usd_per_hour * _MTOK_S / bill.tok_per_s
        rows.append(("output [tok/s]", bill.tok_per_s))
        formula = f"={total}/B{row}/3600*1000000"
        rows.append(("cost at these prices [US$/Mtok]", Formula(formula, per_mtok)))
    sheet.pairs(rows)
