"""Every figure that the answer rests on, with its unit, its exact value and its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from solver.report.model_error import error_details
from solver.report.numbers import clean
from solver.report.question import value_text
from solver.report.workbook.sheet import Book
from solver.report.workbook.values import (
    Cell,
    Column,
    as_cell,
    exact_text,
    number_of,
    unit_of,
)
from solver.report.workbook.view import View

__all__ = ["write_assumptions"]

_MOST_ROWS = 20_000
_ABOUT = frozenset({"source", "as_of", "note", "confidence", "quality_source"})
"""Keys that tell of figures beside them, not figures themselves."""
_WORDS = frozenset({"name", "title", "id", "kind", "family", "vendor", "tier", "model", "source"})
"""Keys whose values are names even where they look like numbers."""
_MISSING = "not stated"
"""Of a price whose source or date the question leaves out: an empty cell would hide it."""
_LABELS = ("name", "id", "accelerator", "model", "tier")


@dataclass(frozen=True, slots=True)
class _Origin:
    """The nearest source above a figure."""

    source: str = ""
    as_of: str = ""
    confidence: str = ""

    def of(self, tree: Mapping[str, Any]) -> _Origin:
        """That of ``tree`` where it names one, else the one above."""
        source = tree.get("source")
        if not isinstance(source, str) or not source:
            return self
        return _Origin(
            clean(source, limit=600),
            clean(tree.get("as_of") or "", limit=40),
            clean(tree.get("confidence") or "", limit=40),
        )


def write_assumptions(book: Book, view: View) -> None:
    """Sheets ``Assumptions``, what the models take for granted, and ``Inputs``, every figure."""
    sheet = book.sheet("Assumptions")
    sheet.heading("Assumptions", large=True)
    for text in view.assumptions:
        sheet.line(text)
    details = error_details(view.document.get("model_error"))
    if details:
        sheet.heading("How far the performance model was off")
        sheet.pairs(details)
    prices = list(_prices(view.resolved))
    sheet.heading("Prices")
    if prices:
        sheet.table(_PRICE_COLUMNS, prices)
    else:
        sheet.line("The question states no price of a device or host.")
    _write_inputs(book, view)


_PRICE_COLUMNS = (
    Column("of", form="text"),
    Column("contract", form="text"),
    Column("price", "US$/h"),
    Column("exact", "US$/h", form="text"),
    Column("as of", form="text"),
    Column("source", form="text", width=50),
    Column("note", form="text"),
)


def _prices(resolved: Mapping[str, Any]) -> Iterator[list[Cell]]:
    """Prices of devices by the hour, each with where it is from."""
    for machine in resolved.get("machines") or ():
        accelerator = machine.get("accelerator")
        of = machine.get("name") or (
            accelerator.get("name") if isinstance(accelerator, Mapping) else accelerator
        )
        offers = list(machine.get("contracts") or ())
        if isinstance(machine.get("price"), Mapping):
            offers.append(machine["price"])
        for offer in offers:
            price = offer.get("usd_per_hour")
            note = clean(offer.get("note") or "", limit=400)
            if price is None and offer.get("ownership"):
                note = "owned; its cost is worked out from the figures of ownership in Inputs"
            yield [
                as_cell(of), as_cell(offer.get("name") or offer.get("tier")), number_of(price),
                exact_text(price), as_cell(offer.get("as_of")) or _MISSING,
                clean(offer.get("source") or "", limit=600) or _MISSING, note or None,
            ]  # fmt: skip
    hosts: dict[tuple[Any, Any], int] = {}
    for node in (resolved.get("topology") or {}).get("nodes") or ():
        if node.get("usd_per_hour") is not None:
            key = (node.get("accelerator"), node["usd_per_hour"])
            hosts[key] = hosts.get(key, 0) + 1
    for (name, price), count in hosts.items():
        note = f"of one host, as the question states it for {count:,}"
        yield [as_cell(name), None, number_of(price), exact_text(price), _MISSING, _MISSING, note]


def _write_inputs(book: Book, view: View) -> None:
    sheet = book.sheet("Inputs")
    rows: list[list[Cell]] = []
    left = 0
    for path, key, value, origin in _figures(view.resolved, "", _Origin()):
        if len(rows) == _MOST_ROWS:
            left += 1
            continue
        number = None if key in _WORDS else number_of(value)
        rows.append(
            [
                clean(path, limit=300),
                number if number is None else as_cell(number),
                None if number is not None else clean(value_text(value), limit=2000),
                unit_of(key) or None,
                exact_text(value) if isinstance(value, str) and number is not None else None,
                origin.source or None, origin.as_of or None, origin.confidence or None,
            ]
        )  # fmt: skip
    if left:
        sheet.line(f"The first {_MOST_ROWS:,} inputs; {left:,} more are in the result file.")
    if not rows:
        sheet.line("The result does not hold the question that it answers.")
        return
    sheet.table(_INPUT_COLUMNS, rows, main=True)


_INPUT_COLUMNS = (
    Column("input", form="text", width=46),
    Column("value", form="mixed"),
    Column("in words", form="text"),
    Column("unit", form="text"),
    Column("exact", form="text"),
    Column("source", form="text", width=50),
    Column("as of", form="text"),
    Column("confidence", form="text"),
)


def _figures(
    tree: Any, path: str, origin: _Origin, key: str = ""
) -> Iterator[tuple[str, str, Any, _Origin]]:
    """Every leaf with its path, its key and the nearest source above it; empty ones left out."""
    if isinstance(tree, Mapping):
        here = origin.of(tree)
        for name, item in tree.items():
            if name not in _ABOUT:
                yield from _figures(item, f"{path}.{name}" if path else str(name), here, str(name))
    elif isinstance(tree, list | tuple) and any(isinstance(item, Mapping) for item in tree):
        for place, item in enumerate(tree):
            yield from _figures(item, f"{path}[{_label(item) or place}]", origin, key)
    elif tree is not None and tree not in ("", [], ()):
        yield path, key, tree, origin


def _label(item: Any) -> str:
    if not isinstance(item, Mapping):
        return ""
    for key in _LABELS:
        value = item.get(key)
        if isinstance(value, Mapping):
            value = value.get("name")
        if isinstance(value, str) and value:
            return clean(value, limit=60)
    return ""
