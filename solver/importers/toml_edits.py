"""Figures and remarks put into the text of an instance; the rest of the text stays as it is.

The text is edited through *tomlkit*, which keeps comments and order, and read back with *tomllib*:
what comes out is written only if it says exactly what was meant.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Comment, InlineTable, Item, Table
from tomlkit.toml_document import TOMLDocument

from solver.errors import InstanceError
from solver.importers.findings import Figure, Missing
from solver.importers.merging import Merged, Place
from solver.importers.missing_lines import (
    MISSING_LINE,
    is_answered,
    is_line,
    missing_line,
    place_of,
)
from solver.importers.visible import visible

__all__ = ["missing_in", "parse_tables", "write_into"]

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
    """``text`` with every addition and a line for everything that is missing.

    Lines for what is answered by now are taken out; ``answered`` are keys of what stands elsewhere.

    Raises
    ------
    InstanceError
        If a figure belongs into a table that is written inline, or if the tables of the text stand
        in an order in which they cannot be added to.
    """
    document = _document(text, where)
    for place, comment in _missing_comments(document):
        asked = _asked(place, comment, merged.tables)
        if asked.key in answered or is_answered(asked, merged.tables):
            _blank(comment)
    for addition in merged.additions:
        _add(document, addition.place, addition.figure, where)
    there = {
        _asked(place, comment, merged.tables).key for place, comment in _missing_comments(document)
    }
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
    """What the lines of a draft say is missing, in their order."""
    tables = parse_tables(text, where)
    return tuple(
        _asked(place, comment, tables)
        for place, comment in _missing_comments(_document(text, where))
    )


def _document(text: str, where: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise InstanceError.one(
            f"is not a TOML file ({visible(str(error), 120) or 'nests too deep'})",
            where=where,
            mend="Correct the syntax at that place",
        ) from error


def _body(table: Container | Table) -> list[tuple[Any, Item]]:
    return (table.value if isinstance(table, Table) else table).body


def _add(document: TOMLDocument, place: Place, figure: Figure, where: str) -> None:
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
        value.trivia.comment_ws = "   "
    _append(table, str(place[-1]), value)


def _new_table() -> Table:
    table = tomlkit.table()
    # A header stands apart from what comes before it.
    table.trivia.indent = "\n"
    return table


def _append(table: Container | Table, key: str, value: Any) -> None:
    """Add a key behind the last one, before what is remarked about the next table."""
    body = _body(table)
    behind: list[tuple[Any, Item]] = []
    while body and body[-1][0] is None:
        behind.insert(0, body.pop())
    table.append(key, value)
    body.extend(behind)


def _add_missing(document: TOMLDocument, missing: Missing, tables: Mapping[str, Any]) -> None:
    """Put the line of what is missing behind the last key of its table, or at the end."""
    found = place_of(missing, tables)
    table: Any = document
    for part in found.table or ():
        table = table[part]
    line = "# " + missing_line(missing, found.key)
    body = _body(table) if isinstance(table, Container | Table) else []
    plain = [item for key, item in body if key is not None and not isinstance(item, Table | AoT)]
    if found.table is None or not plain:
        document.add(tomlkit.comment(line[2:]))
        return
    trivia = plain[-1].trivia
    trivia.trail = f"{trivia.trail or chr(10)}{line}\n"


def _missing_comments(table: Any, place: Place = ()) -> Iterator[tuple[Place, Comment]]:
    """Every line of the kind, with the table that it stands in."""
    for key, item in _body(table):
        if isinstance(item, Comment):
            if MISSING_LINE.match(item.trivia.comment):
                yield place, item
        elif isinstance(item, AoT):
            for position, entry in enumerate(item.body):
                yield from _missing_comments(entry, (*place, key.key, position))
        elif isinstance(item, Table):
            yield from _missing_comments(item, (*place, key.key))


def _asked(place: Place, comment: Comment, tables: Mapping[str, Any]) -> Missing:
    """The missing thing that a line names."""
    match = MISSING_LINE.match(comment.trivia.comment)
    if match is None:
        raise ValueError(f"no line of a missing key: {comment.trivia.comment!r}")
    key = match["key"]
    if "." not in key:
        key = ".".join((*_named(place, tables), key))
    return Missing(
        key=key, question=match["question"], flag=match["flag"], example=match["example"].strip('"')
    )


def _named(place: Place, tables: Mapping[str, Any]) -> Iterator[str]:
    """A place with names in place of numbers, as keys of missing things are spelled."""
    node: Any = tables
    for part in place:
        node = node[part]
        if isinstance(part, int) and isinstance(node, dict):
            yield str(node.get("name") or node.get("kind") or part)
        else:
            yield str(part)


def _blank(comment: Comment) -> None:
    """Take a comment out of the text; its place in the document stays, for others count by it."""
    comment.trivia.indent = comment.trivia.comment = comment.trivia.trail = ""
