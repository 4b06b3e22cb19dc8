"""Typed reading of a JSON document: what is missing, misshapen or no number is noted by its key.

Every method returns ``None`` for what it had to note, so that the rest can still be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from solver.instance.moip.faults import FaultList, shown
from solver.instance.moip.numerals import Number, Unusable, as_number
from solver.instance.moip.stated import check_names

__all__ = ["Document"]

_HELP = "See instances/moip/README.md for the layout"
_ABSENT = object()


class Document:
    """One object of a document.

    Parameters
    ----------
    raw
        As parsed.
    faults
        Where to note what is wrong.
    path
        Keys that lead here, each with a dot after it.
    """

    def __init__(self, raw: Mapping[str, Any], faults: FaultList, path: str = "") -> None:
        self.raw = raw
        self.faults = faults
        self.path = path

    def _get(self, key: str) -> object:
        if key not in self.raw:
            self.faults.add(self.path + key, "is missing", f"Add it. {_HELP}")
            return _ABSENT
        return self.raw[key]

    def _list(self, key: str, length: int | None) -> Sequence[Any] | None:
        return self._as_list(self._get(key), self.path + key, length)

    def _as_list(self, value: object, place: str, length: int | None) -> Sequence[Any] | None:
        if value is _ABSENT:
            return None
        if not isinstance(value, list | tuple):
            self.faults.add(place, f"must be a list (got {_found(value)})", _HELP)
            return None
        if length is not None and len(value) != length:
            self.faults.add(
                place,
                f"has {len(value)} elements, not {length}",
                "Correct the list or the sizes objectives, n and m",
            )
            return None
        return value

    def part(self, key: str) -> Document | None:
        """An object inside this one."""
        value = self._get(key)
        if value is _ABSENT:
            return None
        if not isinstance(value, Mapping):
            self.faults.add(self.path + key, f"must be an object (got {_found(value)})", _HELP)
            return None
        return Document(value, self.faults, f"{self.path}{key}.")

    def optional_text(self, key: str) -> str | None:
        """A text that may be left out or ``null``."""
        value = self.raw.get(key)
        if value is None or (isinstance(value, str) and value.isprintable()):
            return value
        self.faults.add(
            self.path + key, f"must be a plain text (got {_found(value)})", "Correct it"
        )
        return None

    def count(self, key: str, *, least: int) -> int | None:
        """A whole number of at least ``least``."""
        value = self._get(key)
        if value is _ABSENT:
            return None
        number = as_number(value)
        if not isinstance(number, int) or number < least:
            self.faults.add(
                self.path + key,
                f"must be a whole number of at least {least} (got {_found(value)})",
                "Correct it",
            )
            return None
        return number

    @overload
    def numbers(
        self, key: str, length: int | None, *, null: Literal[False] = False
    ) -> list[Number] | None: ...
    @overload
    def numbers(
        self, key: str, length: int | None, *, null: Literal[True]
    ) -> list[Number | None] | None: ...
    def numbers(self, key: str, length: int | None, *, null: bool = False) -> Any:
        """Exact numbers; ``None`` among them where ``null`` is allowed and stands there."""
        values = self._list(key, length)
        return None if values is None else self._numbers(values, self.path + key, null=null)

    def _numbers(
        self, values: Sequence[Any], place: str, *, null: bool = False
    ) -> list[Number | None] | None:
        before = self.faults.count
        numbers: list[Number | None] = []
        for at, value in enumerate(values):
            if null and value is None:
                numbers.append(None)
                continue
            number = as_number(value)
            if isinstance(number, Unusable):
                mend = "Write null for an infinite bound" if null else "Write a finite number"
                self.faults.add(f"{place}.{at}", f"{_found(value)} {number.reason}", mend)
            else:
                numbers.append(number)
        return numbers if self.faults.count == before else None

    def integers(self, key: str, length: int | None) -> list[int] | None:
        """Whole numbers."""
        numbers = self.numbers(key, length)
        if numbers is None:
            return None
        whole = []
        for at, number in enumerate(numbers):
            if isinstance(number, int):
                whole.append(number)
            else:
                self.faults.add(
                    f"{self.path}{key}.{at}", f"{shown(number)} is not whole", "Correct it"
                )
        return whole if len(whole) == len(numbers) else None

    def matrix(self, key: str, n_rows: int | None, n_columns: int | None) -> list[Any] | None:
        """Lists of exact numbers, ``n_rows`` of ``n_columns`` each."""
        values = self._list(key, n_rows)
        if values is None:
            return None
        rows = []
        for at, value in enumerate(values):
            row = self._as_list(value, f"{self.path}{key}.{at}", n_columns)
            if row is not None:
                rows.append(self._numbers(row, f"{self.path}{key}.{at}"))
        return None if len(rows) != len(values) or None in rows else rows

    def words(
        self, key: str, length: int | None, allowed: tuple[str, ...], *, one_text: bool = False
    ) -> tuple[str, ...] | None:
        """Words out of ``allowed``; with ``one_text``, characters of a single text."""
        values: object = self._get(key)
        if one_text and values is not _ABSENT:
            if not isinstance(values, str):
                self.faults.add(self.path + key, f"must be a text (got {_found(values)})", _HELP)
                return None
            values = list(values)
        words = self._as_list(values, self.path + key, length)
        if words is None:
            return None
        before = self.faults.count
        for at, word in enumerate(words):
            if not isinstance(word, str) or word not in allowed:
                self.faults.add(
                    f"{self.path}{key}.{at}",
                    f"{_found(word)} is not known",
                    f"Write one of: {', '.join(allowed)}",
                )
        return tuple(words) if self.faults.count == before else None

    def names(
        self, key: str, length: int | None, *, letter: str, named: Sequence[Any] | None
    ) -> tuple[str, ...] | None:
        """Names, all different; ``letter`` and a number from 1 where none are given.

        ``named`` is a list of what is named: a mere size in a file is not worth filling memory for.
        """
        if self.raw.get(key) is None:
            if named is None:
                return None
            return tuple(f"{letter}{number + 1}" for number in range(len(named)))
        values = self._list(key, length)
        if values is None:
            return None
        before = self.faults.count
        for at, value in enumerate(values):
            if not isinstance(value, str):
                self.faults.add(
                    f"{self.path}{key}.{at}", f"must be a text (got {_found(value)})", "Correct it"
                )
        if self.faults.count == before:
            check_names(values, place=self.path + key, faults=self.faults)
        return tuple(values) if self.faults.count == before else None


def _found(value: object) -> str:
    if isinstance(value, Unusable):
        return value.text[:60]
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return shown(value)
