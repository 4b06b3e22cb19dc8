"""How wide, how high and how printed: what a sheet looks like once its cells are known.

Heights are written out, because not every program makes room for wrapped text when it opens a
file: rows would lie over each other.
"""

from __future__ import annotations

import math

from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

__all__ = ["Layout"]

_NARROWEST, _WIDEST = 9, 46
_ROW_POINTS = 15.0
_MOST_POINTS = 409.0
"""The greatest height of a row that the format knows."""
_PAGE_CHARACTERS = 260
"""Up to this many characters abreast a landscape page can be read: at about 60 % of full size."""
_SCALE = 65
"""Size in per cent of sheets that need several pages abreast."""


class Layout:
    """Widths of columns and heights of rows of one sheet, found as its cells are written."""

    def __init__(self, page: Worksheet) -> None:
        self._page = page
        self._widths: dict[int, int] = {}
        self._wrapped: list[tuple[int, int, int, str]] = []
        self._heights: dict[int, float] = {}
        self._kept = 0
        self._together = False
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        page.set_footer("&L&A&RPage &P of &N")
        page.hide_gridlines(2)

    def widen(self, column: int, width: int) -> None:
        """Make room for ``width`` characters, within reason."""
        self._widths[column] = max(self._widths.get(column, _NARROWEST), min(width, _WIDEST))

    def wrap(self, row: int, first: int, last: int, text: str) -> None:
        """``text`` runs over columns ``first`` to ``last``: its row must hold all its lines."""
        self._wrapped.append((row, first, last, text))

    def raise_row(self, row: int, points: float) -> None:
        """Make a row at least ``points`` high."""
        self._heights[row] = max(self._heights.get(row, _ROW_POINTS), points)

    def keep_columns(self, count: int) -> None:
        """Repeat the first ``count`` columns where a sheet takes several pages abreast."""
        self._kept = count

    def keep_together(self) -> None:
        """Print one page wide however small that is: lines that are read across belong together."""
        self._together = True

    def finish(self) -> None:
        """Write widths, heights and how the sheet prints."""
        for row, first, last, text in self._wrapped:
            width = sum(self._widths.get(k, _NARROWEST) for k in range(first, last + 1))
            # Two characters go to the margins of the cell.
            lines = math.ceil(max(len(text), 1) / max(width - 2, 1))
            self.raise_row(row, min(_ROW_POINTS * lines, _MOST_POINTS))
        for column, width in self._widths.items():
            self._page.set_column(column, column, width)
        for row, points in self._heights.items():
            if points > _ROW_POINTS:
                self._page.set_row(row, points)
        if self._together or sum(self._widths.values()) <= _PAGE_CHARACTERS:
            self._page.fit_to_pages(1, 0)
            return
        self._page.set_print_scale(_SCALE)
        self._page.print_across()
        if self._kept:
            self._page.repeat_columns(0, self._kept - 1)
