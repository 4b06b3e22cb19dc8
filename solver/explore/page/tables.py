"""Tables and lists of the page, made of text alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from dash import html

from solver.explore.page.attributes import label

__all__ = ["fact_list", "table"]

_FIGURE = re.compile(r"[-+−]?[\d.,]+( ?%|e[-+]?\d+)?")


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    row_classes: Sequence[str] = (),
    first_is_name: bool = True,
) -> Any:
    """A table that scrolls by itself; a column that holds figures alone is set to the right.

    Parameters
    ----------
    rows
        Cells are texts, or elements.
    first_is_name
        Whether the first cell names its row.
    """
    rows = [list(row) for row in rows]
    figures = [
        bool(rows) and all(_is_figure(row[at]) for row in rows if row[at] != "")
        for at in range(len(header))
    ]
    names = ["number" if is_figure else "" for is_figure in figures]
    head = html.Tr(
        [
            html.Th(text, scope="col", className=name)
            for text, name in zip(header, names, strict=True)
        ]
    )
    body = [
        html.Tr(
            [
                html.Th(cell, scope="row", className=name)
                if first_is_name and at == 0
                else html.Td(cell, className=name)
                for at, (cell, name) in enumerate(zip(row, names, strict=True))
            ],
            className=row_classes[number] if row_classes else "",
        )
        for number, row in enumerate(rows)
    ]
    parts = [html.Caption(caption)] if caption else []
    return html.Div(
        html.Table([*parts, html.Thead(head), html.Tbody(body)]),
        className="scroll",
        tabIndex=0,
        role="region",
        **label(caption or "Table"),
    )


def fact_list(facts: Iterable[tuple[str, str]]) -> Any:
    """Names and values beside each other."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts])


def _is_figure(cell: Any) -> bool:
    return isinstance(cell, int | float) or (
        isinstance(cell, str) and _FIGURE.fullmatch(cell) is not None
    )
