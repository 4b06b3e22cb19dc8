"""Remarks on what is missing, found again in the text of a draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tomlkit.container import Container
from tomlkit.items import AoT, Comment, Item, Table

from solver.importers.findings import Missing
from solver.importers.merging import Place
from solver.importers.missing_lines import ASKED, BEGIN, GO_ON, LINE

__all__ = ["Remark", "body_of", "remarks_in"]


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on something missing; ``open`` while the line below is still a comment."""

    asked: Missing
    comments: tuple[Comment, ...]
    open: bool

    def blank(self) -> None:
        """Take it out of the text; its place in the document stays, for others count by it."""
        for comment in self.comments:
            comment.trivia.indent = comment.trivia.comment = comment.trivia.trail = ""


def remarks_in(table: Any, tables: Mapping[str, Any], place: Place = ()) -> Iterator[Remark]:
    """Every remark of the kind, with the table that it stands in."""
    body = body_of(table)
    for position, (key, item) in enumerate(body):
        if isinstance(item, Comment):
            if item.trivia.comment.startswith(BEGIN):
                remark = _remark(body[position:], tables, place)
                if remark is not None:
                    yield remark
        elif isinstance(item, AoT):
            for number, entry in enumerate(item.body):
                yield from remarks_in(entry, tables, (*place, key.key, number))
        elif isinstance(item, Table):
            yield from remarks_in(item, tables, (*place, key.key))


def _remark(
    body: Sequence[tuple[Any, Item]], tables: Mapping[str, Any], place: Place
) -> Remark | None:
    """The remark that begins a body; None where a person wrote what only looks like one."""
    comments: list[Comment] = []
    words: list[str] = []
    for _, item in body:
        if not isinstance(item, Comment):
            break
        text = item.trivia.comment
        if comments and not text.startswith(GO_ON):
            break
        comments.append(item)
        words.append(text.removeprefix(GO_ON if words else BEGIN).strip())
    asked = ASKED.match(" ".join(words))
    key, below = body[len(comments)] if len(comments) < len(body) else (None, None)
    line = LINE.match(below.trivia.comment) if isinstance(below, Comment) else None
    if asked is None:
        return None
    example = ""
    if line is not None and isinstance(below, Comment):
        comments.append(below)
        name, example = line["key"], line["example"].strip('"')
        name = f"{line['file']}.{name}" if line["file"] else name
    elif key is not None:
        # The line has been filled in, so that only the question is left of the remark.
        name = key.key
    else:
        return None
    if "." not in name and (place or line is None):
        name = ".".join((*_named(place, tables), name))
    missing = Missing(key=name, question=asked["question"], flag=asked["flag"], example=example)
    return Remark(missing, tuple(comments), open=line is not None)


def _named(place: Place, tables: Mapping[str, Any]) -> Iterator[str]:
    """A place with names in place of numbers, as keys of missing things are spelled."""
    node: Any = tables
    for part in place:
        node = node[part]
        if isinstance(part, int) and isinstance(node, dict):
            yield str(node.get("name") or node.get("kind") or part)
        else:
            yield str(part)


def body_of(table: Container | Table) -> list[tuple[Any, Item]]:
    """Keys and items of a table in the order of its text, comments among them."""
    return (table.value if isinstance(table, Table) else table).body
