"""A result document as files to take away: the ones that ``fleetfront solve`` writes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from solver.explore.damage import told_damage
from solver.explore.kinds import is_economic, plain_result
from solver.result import document_text, kind_of

__all__ = ["csv_bytes", "html_bytes", "json_bytes", "png_bytes", "xlsx_bytes"]

Document = Mapping[str, Any]


def json_bytes(document: Document) -> bytes:
    """The result file, as ``solve --out`` writes it."""
    return document_text(document).encode()


@told_damage
def csv_bytes(document: Document) -> bytes:
    """All points as a table, as ``solve --csv`` writes it.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    if kind_of(document) == "fleet":
        from solver.report.fleet_csv import fleet_csv

        return fleet_csv(document).encode()
    if kind_of(document) == "placement":
        from solver.report.placement_csv import placement_csv

        return placement_csv(document).encode()
    if is_economic(document):
        from solver.report.economy_csv import economy_csv

        return economy_csv(document).encode()
    from solver.report.rows import write_csv

    stream = io.StringIO(newline="")
    write_csv(plain_result(document), stream)
    return stream.getvalue().encode()


@told_damage
def png_bytes(document: Document) -> bytes:
    """The frontier drawn, as ``solve --plot`` draws it.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    if kind_of(document) == "fleet":
        from solver.report.fleet_plot import render_fleet_plot

        return render_fleet_plot(document, "png")
    if kind_of(document) == "placement":
        from solver.report.placement_plot import render_placement_plot

        return render_placement_plot(document, "png")
    if is_economic(document):
        from solver.report.economy_plot import render_economy_plot

        return render_economy_plot(document, "png")
    from solver.report.plots import render_plot

    return render_plot(plain_result(document), "png")


@told_damage
def html_bytes(document: Document) -> bytes:
    """The self-contained page, as ``solve --report`` writes it.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    where_all, digest = "the CSV file and the result file", str(document["digest"])
    if kind_of(document) == "fleet":
        from solver.report.fleet_page import render_fleet_page

        return render_fleet_page(document, where_all, digest).encode()
    if kind_of(document) == "placement":
        from solver.report.placement_page import render_placement_page

        return render_placement_page(document, where_all, digest).encode()
    if is_economic(document):
        from solver.report.economy_page import render_economy_page

        return render_economy_page(document, where_all, digest).encode()
    from solver.report.page import render_page

    return render_page(plain_result(document), where_all=where_all, digest=digest).encode()


@told_damage
def xlsx_bytes(document: Document) -> bytes:
    """The workbook of procurement: bill, frontier, sensitivities, assumptions.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    from solver.report.workbook import render_workbook

    return render_workbook(document)
