"""A workbook under construction: sheets of titles, pairs and tables, safe for any text in a file.

Text is always written as text: nothing that a file brings becomes a formula, a link or a number.
Text that a spreadsheet would read as a formula when somebody edits its cell carries the quote
prefix besides. The only formulas are those that ``formula`` is given by this package.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from solver.report.numbers import clean
from solver.report.workbook.layout import Layout
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

_TEMPTING = ("=", "+", "-", "@", "\t", "\r")
_SPAN = 7
"""Sentences run over the columns up to this one, so that they print with the tables."""
_UNPAIRED = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON may hold and no other file."""
_PAIR_WIDEST = 32
"""Longer names of pairs wrap: the first column is that of the tables too."""
_TITLE_POINTS, _HEADING_POINTS = 24.0, 18.0
_LONGEST = 32_767
"""Characters that a cell can hold."""
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
        self._layout = Layout(page)
        self._long: list[tuple[int, int, str]] = []

    def heading(self, text: str, *, large: bool = False) -> None:
        """A title on a row of its own; with room above it unless it is the first."""
        if self.row:
            self.row += 1
        style = self._book.style(bold=True, font_size=16 if large else 12, font_color=_INK)
        self.put(self.row, 0, text, style=style, measured=False)
        self._layout.raise_row(self.row, _TITLE_POINTS if large else _HEADING_POINTS)
        self.row += 1

    def keep_together(self) -> None:
        """Print the sheet one page wide, however wide it is."""
        self._layout.keep_together()

    def line(self, text: str) -> None:
        """A sentence on a row of its own, over the cells to its right, wrapped where it must."""
        self._long.append((self.row, 0, text))
        self.row += 1

    def pairs(self, rows: Sequence[tuple[str, Cell | Formula]]) -> None:
        """What and value, a row each; one without a value is left out."""
        for name, value in rows:
            if value is None:
                continue
            soft = self._book.style(font_color=_SOFT, text_wrap=True)
            self.put(self.row, 0, name, style=soft, measured=False)
            self._layout.widen(0, min(len(name) + 2, _PAIR_WIDEST))
            self._layout.wrap(self.row, 0, 0, name)
            if isinstance(value, str):
                self._long.append((self.row, 1, value))
            else:
                form = {"num_format": _number_form(Column(name), [value]), "align": "left"}
                self.put(self.row, 1, value, style=self._book.style(**form))
            self.row += 1

    def finish(self) -> None:
        """Lay out the sentences, now that the columns have their widths."""
        for row, column, text in self._long:
            style = {"text_wrap": True, "align": "left"}
            self._page.merge_range(row, column, row, _SPAN, "", self._book.style(**style))
            self.put(
                row, column, text, style=self._book.style(**style), extra=style, measured=False
            )
            self._layout.wrap(row, column, _SPAN, text)
        self._layout.finish()

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
        forms = [_number_form(column, [row[k] for row in rows]) for k, column in enumerate(columns)]
        for k, column in enumerate(columns):
            # Long headers wrap: they need the width of their longest half.
            self._layout.widen(k, max(column.width, min(len(column.header), 14) + 2))
            style = {"bold": True, "bg_color": _FILL, "bottom": 1, **_aligned(column, k)}
            self.put(top, k, column.header, style=self._book.style(**style), measured=False)
            self._layout.wrap(top, k, k, column.header)
        for place, row in enumerate(rows, 1):
            more = {"bg_color": _MARKED, "bold": True} if place - 1 in marked else {}
            for k, value in enumerate(row):
                column = columns[k]
                form = _number_form(column, [value]) if column.form == "mixed" else forms[k]
                extra = {**more, **_aligned(column, k)}
                if column.form != "text":
                    extra["num_format"] = form
                self.put(top + place, k, value, style=self._book.style(**extra), extra=extra)
                if isinstance(value, str):
                    self._layout.wrap(top + place, k, k, value)
        self.row = top + len(rows) + 1
        if main:
            self._page.freeze_panes(top + 1, 0)
            self._page.repeat_rows(top)
            self._layout.keep_columns(1)
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
            page.write_string(row, column, _fitting(value), style)
            told = value
        else:
            page.write_number(row, column, float(value), style)
            told = f"{float(value):,.2f}"
        if measured:
            self._layout.widen(column, len(told) + 2)


def _aligned(column: Column, place: int) -> dict[str, Any]:
    """Words to the left, off the figures before them; figures to the right."""
    if column.form != "text":
        return {"text_wrap": True, "align": "right"}
    return {"text_wrap": True, "align": "left", **({"indent": 1} if place else {})}


def _fitting(text: str) -> str:
    """``text`` as a file can hold it: the library would leave a longer one out without a word."""
    whole = _UNPAIRED.sub("\ufffd", text)
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 1] + "…"


def _plain(text: str) -> str:
    """A name for a chart that is no reference to a cell, as any text with ``!A1`` in it would be.

    The word joiner behind the mark is not seen.
    """
    return _fitting(text).replace("!", "!\u2060")


def _number_form(column: Column, values: Sequence[Cell | Formula]) -> str:
    """The number format of a column: as many decimals as its smallest value needs.

    Money keeps its cents even where all is whole: a price that is put in later may have some.
    """
    if column.form == "money":
        return "#,##0.00"
    if column.form == "share":
        return "0.0%"
    numbers = [
        value.value if isinstance(value, Formula) else float(value)
        for value in values
        if isinstance(value, int | float | Fraction | Formula) and not isinstance(value, bool)
    ]
    money = column.unit.startswith("US$") or any(isinstance(value, Formula) for value in values)
    if all(number.is_integer() for number in numbers):
        whole = "#,##0.00" if money else "#,##0"
        return whole if all(abs(number) < 1e15 for number in numbers) else "0.000E+00"
    if column.form == "mixed":
        return "General"
    smallest = min(abs(number) for number in numbers if number)
    greatest = max(abs(number) for number in numbers)
    if smallest < 1e-5 or greatest >= 1e12:
        return "0.000E+00"
    decimals = min(max(3 - math.floor(math.log10(smallest)), 2), 8)
    return f"#,##0.{'0' * decimals}"
