"""A workbook under construction: sheets of titles, pairs and tables, safe for any text in a file.

Text is always written as text: nothing that a file brings becomes a formula, a link or a number.
Text that a spreadsheet would read as a formula when somebody edits its cell carries the quote
prefix besides. The only formulas are those that ``formula`` is given by this package.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from solver.report.numbers import clean
from solver.report.workbook.values import Cell, Column

__all__ = ["Book", "Formula", "Sheet"]

_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
_CREATED = datetime(1980, 1, 1)
"""The same for every workbook: equal results make equal files. It is the first day that the
archive around the sheets can state."""

_NARROWEST, _WIDEST = 9, 58
_TEMPTING = ("=", "+", "-", "@", "\t", "\r")
_SPAN = 7
"""Sentences run over the columns up to this one, so that they print with the tables."""
_ROW_POINTS = 15.0
_PAIR = {"num_format": "#,##0.####", "align": "left"}
_FILL, _INK, _SOFT, _MARKED = "#e8ecf1", "#1c1f24", "#59606b", "#fff2bf"


class Formula:
    """A formula of ours, and its value for viewers that do not compute."""

    __slots__ = ("text", "value")

    def __init__(self, text: str, value: Fraction | float) -> None:
        self.text = text
        self.value = float(value)


class Book:
    """An ``.xlsx`` file in memory; equal content makes equal bytes.

    Parameters
    ----------
    title, subject
        Of the document's properties.
    """

    def __init__(self, title: str, subject: str) -> None:
        self._stream = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._stream, _OPTIONS)
        self._book.set_properties(
            {
                "title": clean(title, limit=200),
                "subject": clean(subject, limit=200),
                "author": "fleetfront",
                "created": _CREATED,
            }
        )
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self._sheets: list[Sheet] = []

    def sheet(self, name: str) -> Sheet:
        """A new sheet; ``name`` is ours, at most 31 characters."""
        sheet = Sheet(self, self._book.add_worksheet(name), name)
        self._sheets.append(sheet)
        return sheet

    def chart(self, name: str, options: Mapping[str, Any]) -> None:
        """A sheet that holds one scatter chart.

        ``options``: ``title``, ``x`` and ``y`` (options of the axes), ``series``.
        """
        page = self._book.add_chartsheet(name)
        chart = self._book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        for series in options["series"]:
            chart.add_series({**series, "name": _plain(series["name"])})
        chart.set_title({"name": _plain(options["title"]), "name_font": {"size": 14}})
        for axis, put in (("x", chart.set_x_axis), ("y", chart.set_y_axis)):
            put({**options[axis], "name": _plain(options[axis]["name"])})
        chart.set_legend({"position": "bottom"} if len(options["series"]) > 1 else {"none": True})
        page.set_chart(chart)
        page.set_landscape()
        page.set_paper(9)

    def style(self, **wanted: Any) -> Format:
        """A format, made once for every set of properties."""
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"valign": "top", **wanted})
        return self._formats[key]

    def content(self) -> bytes:
        """The file."""
        for sheet in self._sheets:
            sheet.finish()
        self._book.close()
        return self._stream.getvalue()


class Sheet:
    """One sheet, written from top to bottom."""

    def __init__(self, book: Book, page: Worksheet, name: str) -> None:
        self._book, self._page, self.name = book, page, name
        self.row = 0
        self._widths: dict[int, int] = {}
        self._long: list[tuple[int, int, str]] = []
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        page.set_footer("&L&A&RPage &P of &N")
        page.hide_gridlines(2)

    def heading(self, text: str, *, large: bool = False) -> None:
        """A title on a row of its own; with room above it unless it is the first."""
        if self.row:
            self.row += 1
        style = self._book.style(bold=True, font_size=16 if large else 12, font_color=_INK)
        self.put(self.row, 0, text, style=style, measured=False)
        self.row += 1

    def line(self, text: str) -> None:
        """A sentence on a row of its own, over the cells to its right, wrapped where it must."""
        self._long.append((self.row, 0, text))
        self.row += 1

    def pairs(self, rows: Sequence[tuple[str, Cell | Formula]]) -> None:
        """What and value, a row each."""
        for name, value in rows:
            self.put(self.row, 0, name, style=self._book.style(font_color=_SOFT))
            if isinstance(value, str):
                self._long.append((self.row, 1, value))
            else:
                self.put(self.row, 1, value, style=self._book.style(**_PAIR))
            self.row += 1

    def finish(self) -> None:
        """Lay out the sentences, now that the columns have their widths."""
        for row, column, text in self._long:
            width = sum(self._widths.get(k, _NARROWEST) for k in range(column, _SPAN + 1))
            style = {"text_wrap": True, "align": "left"}
            self._page.merge_range(row, column, row, _SPAN, "", self._book.style(**style))
            self.put(
                row, column, text, style=self._book.style(**style), extra=style, measured=False
            )
            self._page.set_row(row, _ROW_POINTS * math.ceil(max(len(text), 1) / width))

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Cell | Formula]],
        *,
        main: bool = False,
        marked: frozenset[int] = frozenset(),
    ) -> int:
        """A table with its header; returns the row of the header.

        Parameters
        ----------
        main
            Whether it is the sheet's own: the header stays in view, repeats on paper, and filters.
        marked
            Rows, counted from 0, to set off.
        """
        top = self.row
        header = {"bold": True, "bg_color": _FILL, "text_wrap": True, "bottom": 1}
        for k, column in enumerate(columns):
            words = column.form == "text"
            style = self._book.style(**header, align="left" if words else "right")
            # Long headers wrap: they need the width of their longest half.
            self.put(top, k, column.header, style=style, measured=False)
            self._measure(k, max(column.width, min(len(column.header), 14) + 2))
        forms = [_number_form(column, [row[k] for row in rows]) for k, column in enumerate(columns)]
        for place, row in enumerate(rows, 1):
            more = {"bg_color": _MARKED, "bold": True} if place - 1 in marked else {}
            for k, value in enumerate(row):
                words = columns[k].form == "text"
                wrap = {"text_wrap": True} if words else {"num_format": forms[k]}
                self.put(
                    top + place,
                    k,
                    value,
                    style=self._book.style(**wrap, **more),
                    extra={**wrap, **more},
                )
        self.row = top + len(rows) + 1
        if main:
            self._page.freeze_panes(top + 1, 0)
            self._page.repeat_rows(top)
            if rows:
                self._page.autofilter(top, 0, top + len(rows), len(columns) - 1)
        return top

    def put(
        self,
        row: int,
        column: int,
        value: Cell | Formula,
        *,
        style: Format | None = None,
        extra: Mapping[str, Any] | None = None,
        measured: bool = True,
    ) -> None:
        """One cell; text is text whatever it begins with."""
        page = self._page
        if value is None:
            page.write_blank(row, column, None, style)
            return
        if isinstance(value, Formula):
            page.write_formula(row, column, value.text, style, value.value)
            told = f"{value.value:,.2f}"
        elif isinstance(value, bool):
            page.write_string(row, column, "yes" if value else "no", style)
            told = "yes"
        elif isinstance(value, str):
            if value.startswith(_TEMPTING):
                style = self._book.style(**(extra or {}), quote_prefix=True)
            page.write_string(row, column, value, style)
            told = value
        else:
            page.write_number(row, column, float(value), style)
            told = f"{float(value):,.2f}"
        if measured:
            self._measure(column, len(told) + 2)

    def _measure(self, column: int, width: int) -> None:
        widest = max(self._widths.get(column, _NARROWEST), min(width, _WIDEST))
        self._widths[column] = widest
        self._page.set_column(column, column, widest)


def _plain(text: str) -> str:
    """A name for a chart that is no reference to a cell, as any text with ``!A1`` in it would be.

    The word joiner behind the mark is not seen.
    """
    return text.replace("!", "!\u2060")


def _number_form(column: Column, values: Sequence[Cell | Formula]) -> str:
    """The number format of a column: as many decimals as its smallest value needs."""
    if column.form == "money":
        return "#,##0.00"
    if column.form == "share":
        return "0.0%"
    numbers = [
        value.value if isinstance(value, Formula) else float(value)
        for value in values
        if isinstance(value, int | float | Fraction | Formula) and not isinstance(value, bool)
    ]
    if all(number.is_integer() for number in numbers):
        return "#,##0" if all(abs(number) < 1e15 for number in numbers) else "0.000E+00"
    smallest = min(abs(number) for number in numbers if number)
    greatest = max(abs(number) for number in numbers)
    if smallest < 1e-5 or greatest >= 1e12:
        return "0.000E+00"
    decimals = min(max(3 - math.floor(math.log10(smallest)), 2), 8)
    return f"#,##0.{'0' * decimals}"
