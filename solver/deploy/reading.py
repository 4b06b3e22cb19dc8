"""Values of a result document by type; a damaged document is a ``ResultError`` with the place.

A result is JSON that anybody may have edited, so nothing is taken for granted: not the type of a
number, not that a list is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.errors import ResultError
from solver.report.numbers import clean

__all__ = ["Place", "damaged", "point_of"]

_MEND = "Give a file written by 'fleetfront solve --out', unchanged"
_MOST = 10**9
"""No degree, count, batch or length of a plan is larger."""


def damaged(where: str, what: str) -> ResultError:
    """The error for a document that does not hold what its kind promises."""
    return ResultError.one(what, where=where, mend=_MEND)


@dataclass(frozen=True, slots=True)
class Place:
    """A table of the document and where it stands: ``points[3].design``."""

    where: str
    table: Mapping[str, Any]

    @classmethod
    def of(cls, value: Any, where: str) -> Place:
        """``value`` as a table, or ``ResultError``."""
        if not isinstance(value, Mapping):
            raise damaged(where, "is no table")
        return cls(where, value)

    def at(self, key: str) -> str:
        """The dotted place of ``key``, for messages."""
        return f"{self.where}.{key}"

    def inner(self, key: str) -> Place:
        """The table under ``key``."""
        return Place.of(self.table.get(key), self.at(key))

    def inner_or_none(self, key: str) -> Place | None:
        """The table under ``key``; ``None`` where it is null or absent."""
        return None if self.table.get(key) is None else self.inner(key)

    def tables(self, key: str, *, fewest: int = 0) -> tuple[Place, ...]:
        """The list of tables under ``key``."""
        value = self.table.get(key)
        if not isinstance(value, list) or len(value) < fewest:
            raise damaged(self.at(key), "is no list of tables")
        return tuple(Place.of(entry, f"{self.at(key)}[{i}]") for i, entry in enumerate(value))

    def text(self, key: str, default: str | None = None) -> str:
        """The text under ``key``; ``default`` where it is null or absent."""
        value = self.table.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise damaged(self.at(key), "is no text")
        return value

    def whole(self, key: str, *, least: int = 1, default: int | None = None) -> int:
        """The whole number under ``key``, at least ``least``; ``default`` where null or absent."""
        value = self.table.get(key)
        if value is None and default is not None:
            return default
        if type(value) is not int or not least <= value <= _MOST:
            raise damaged(
                self.at(key), f"{clean(value, limit=40)!r} is no whole number from {least}"
            )
        return value

    def whole_or_none(self, key: str, *, least: int = 1) -> int | None:
        """The whole number under ``key``; ``None`` where it is null or absent."""
        return None if self.table.get(key) is None else self.whole(key, least=least)

    def share(self, key: str, default: str) -> Fraction:
        """The exact share from 0 to 1 under ``key``, which is written as text (``1/10``)."""
        text = self.text(key, default)
        try:
            value = Fraction(text)
        except (ValueError, ZeroDivisionError) as error:
            raise damaged(self.at(key), f"{clean(text, limit=40)!r} is no share") from error
        if not 0 <= value <= 1:
            raise damaged(self.at(key), f"{clean(text, limit=40)!r} is not from 0 to 1")
        return value


def point_of(document: Mapping[str, Any], point: int) -> tuple[Place, Place]:
    """The question as it was resolved, and the design of point ``point``, counted from 0.

    People count points from 1, and so do messages.

    Raises
    ------
    ResultError
        For a document that is no result, and for a point that it does not have.
    """
    whole = Place.of(document, "result")
    question = whole.inner("instance").inner("resolved")
    points = whole.tables("points")
    if not points:
        raise ResultError.one(
            "has no points, so there is nothing to deploy",
            where="result",
            mend="Relax the limits that conflict; 'fleetfront solve' names them",
        )
    if not 0 <= point < len(points):
        raise ResultError.one(
            f"has no point {point + 1}; it has {len(points)}",
            where="result",
            mend=f"Give --point with a number from 1 to {len(points)}",
        )
    return question, points[point].inner("design")
