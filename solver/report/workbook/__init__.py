"""A result as an ``.xlsx`` workbook: bill of materials, frontier, sensitivities, assumptions.

Figures are numbers with units in the headers; exact fractions stand beside them as text. Text is
always text, whatever it begins with. Equal results make equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.workbook.assumptions import write_assumptions
from solver.report.workbook.bills import write_bills
from solver.report.workbook.frontier import write_frontier
from solver.report.workbook.plans import write_plans
from solver.report.workbook.regions import write_conflict, write_open_regions
from solver.report.workbook.sensitivities import write_sensitivities
from solver.report.workbook.sheet import Book
from solver.report.workbook.summary import write_summary
from solver.report.workbook.view import view_of

__all__ = ["render_workbook"]


def render_workbook(document: Mapping[str, Any]) -> bytes:
    """The workbook of a result document of any kind, as the bytes of a file.

    Parameters
    ----------
    document
        What ``fleetfront solve --out`` writes, read back.

    Raises
    ------
    ValueError
        If the document is of no kind that reports know.
    """
    view = view_of(document)
    instance = document["instance"]
    book = Book(view.title, f"fleetfront {instance['kind']} result, {document['status']}")
    write_summary(book, view)
    write_conflict(book, view)
    write_bills(book, view)
    write_frontier(book, view)
    write_sensitivities(book, view)
    write_plans(book, view)
    write_assumptions(book, view)
    write_open_regions(book, view)
    return book.content()
