"""Comments at the ends of lines in one column, as far as lines are short enough for that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tomlkit.items import Item

__all__ = ["align_comments"]

_GAP = 2
_LONGEST = 32
"""A longer line keeps its comment beside it, for all others would be pushed out of sight."""


def align_comments(body: Iterable[tuple[Any, Item]], added: Sequence[tuple[str, Item]]) -> None:
    """Put the comments of keys just added into one column; those there before stay as they are.

    Parameters
    ----------
    body
        Keys and items of the table, those added among them.
    added
        Keys and items to align.
    """
    new = {id(item) for _, item in added}
    columns = [
        _width(key.key, item) + len(item.trivia.comment_ws)
        for key, item in body
        if key is not None and item.trivia.comment and id(item) not in new
    ]
    widths = [_width(key, item) for key, item in added if item.trivia.comment]
    columns += [width + _GAP for width in widths if width <= _LONGEST]
    for key, item in added:
        if item.trivia.comment:
            room = max((one for one in columns if one <= _LONGEST + _GAP), default=0)
            item.trivia.comment_ws = " " * max(_GAP, room - _width(key, item))


def _width(key: str, item: Item) -> int:
    """Of the line up to the end of its value."""
    return len(f"{key} = {item.as_string()}")
