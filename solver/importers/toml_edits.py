"""Figures and remarks put into the text of an instance; the rest of the text stays as it is.

The text is edited through *tomlkit*, which keeps comments and order, and read back with *tomllib*:
what comes out is written only if it says exactly what was meant.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, InlineTable, Item, Table
from tomlkit.toml_document import TOMLDocument

from solver.errors import InstanceError
from solver.importers.comment_column import align_comments
from solver.importers.findings import Figure, Missing
from solver.importers.merging import Merged, Place
from solver.importers.missing_lines import (
    is_answered,
    is_line,
    missing_lines,
    place_of,
)
from solver.importers.remarks import body_of, remarks_in
from solver.importers.visible import visible

__all__ = ["missing_in", "parse_tables", "titled", "write_into"]

_SOURCE_SHOWN = 160


def parse_tables(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text, decimals exact.

    Raises
    ------
    InstanceError
        If it is not TOML.
    """
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        reason = visible(str(error), 120) or "nests too deep"
        raise InstanceError.one(
            f"is not a TOML file ({reason})",
            where=where,
            mend="Name an instance, or leave out --add to write a new one",
        ) from error


def write_into(
    text: str,
    merged: Merged,
    missing: Sequence[Missing],
    *,
    where: str,
    answered: Collection[str] = (),
) -> str:
    """``text`` with every addition and a remark on everything that is missing.

    Remarks on what is answered by now are taken out; ``answered`` are keys of what stands
    elsewhere.

    Raises
    ------
    InstanceError
        If a figure belongs into a table that is written inline, or if the tables of the text stand
        in an order in which they cannot be added to.
    """
    document = _document(text, where)
    for remark in remarks_in(document, merged.tables):
        if remark.asked.key in answered or is_answered(remark.asked, merged.tables):
            remark.blank()
    added: dict[Place, list[tuple[str, Item]]] = {}
    for addition in merged.additions:
        item = _add(document, addition.place, addition.figure, where)
        added.setdefault(addition.place[:-1], []).append((str(addition.place[-1]), item))
    for place, items in added.items():
        align_comments(body_of(_at(document, place)), items)
    there = {remark.asked.key for remark in remarks_in(document, merged.tables)}
    for one in missing:
        if one.key not in there and is_line(one) and not is_answered(one, merged.tables):
            _add_missing(document, one, merged.tables)
    written = tomlkit.dumps(document)
    try:
        written.encode()
    except UnicodeEncodeError as error:
        raise InstanceError.one(
            f"a found text holds half a character ({visible(error.object[error.start])})",
            where=where,
            mend="Correct the file that is imported",
        ) from error
    # An editor of text that keeps comments has more ways to go wrong than one that does not.
    if parse_tables(written, where) != merged.tables:
        raise InstanceError.one(
            "its tables stand in an order that figures cannot be added to",
            where=where,
            mend="Put tables of one kind next to each other, or import into a new file",
        )
    return written


def missing_in(text: str, where: str) -> tuple[Missing, ...]:
    """What the remarks of a draft say is missing, in their order."""
    tables = parse_tables(text, where)
    return tuple(
        remark.asked for remark in remarks_in(_document(text, where), tables) if remark.open
    )


def titled(text: str, title: str, where: str) -> str:
    """``text`` with this title, in the place of the one that it has or below the name."""
    document = _document(text, where)
    if "title" in document:
        document["title"] = title
    else:
        _append(document, "title", tomlkit.item(title))
    return tomlkit.dumps(document)


def _document(text: str, where: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise InstanceError.one(
            f"is not a TOML file ({visible(str(error), 120) or 'nests too deep'})",
            where=where,
            mend="Correct the syntax at that place",
        ) from error


def _at(document: TOMLDocument, place: Place) -> Any:
    table: Any = document
    for part in place:
        table = table[part]
    return table


def _add(document: TOMLDocument, place: Place, figure: Figure, where: str) -> Item:
    table: Any = document
    for depth, part in enumerate(place[:-1]):
        if isinstance(part, int):
            if part == len(table):
                table.append(_new_table())
        elif part not in table:
            lists = isinstance(place[depth + 1], int)
            _append(table, part, tomlkit.aot() if lists else _new_table())
        table = table[part]
    if not isinstance(table, Container | Table) or isinstance(table, InlineTable):
        raise InstanceError.one(
            f"is written inline, and {place[-1]} has to be added to it",
            where=f"{where}: {visible('.'.join(map(str, place[:-1])), 120)}",
            mend="Write it as a table with a header of its own, a key on each line",
        )
    value = tomlkit.item(figure.value)
    if figure.source:
        value.comment(visible(figure.source, _SOURCE_SHOWN))
    _append(table, str(place[-1]), value)
    return value


def _new_table() -> Table:
    table = tomlkit.table()
    # A header stands apart from what comes before it.
    table.trivia.indent = "\n"
    return table


def _append(table: Container | Table, key: str, value: Any) -> None:
    """Add a key behind the last one, before what is remarked about the next table."""
    body = body_of(table)
    behind: list[tuple[Any, Item]] = []
    while body and body[-1][0] is None:
        behind.insert(0, body.pop())
    table.append(key, value)
    body.extend(behind)


def _add_missing(document: TOMLDocument, missing: Missing, tables: Mapping[str, Any]) -> None:
    """Put the line of what is missing behind the last key of its table, or at the end."""
    found = place_of(missing, tables)
    lines = "".join(f"{line}\n" for line in missing_lines(missing, found.key))
    # A key of a table that is not there can only be filled in above all tables.
    body = body_of(_at(document, found.table or ()))
    plain = [item for key, item in body if key is not None and not isinstance(item, Table | AoT)]
    if not plain:
        for line in lines.splitlines():
            document.add(tomlkit.comment(line[2:]))
        return
    trivia = plain[-1].trivia
    trivia.trail = f"{trivia.trail or chr(10)}{lines}"
