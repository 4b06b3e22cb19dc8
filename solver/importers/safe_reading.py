"""Foreign files, read with care: plain files of a sensible size, in text, once.

What is read here comes from anybody: a listing of a cluster, a model from a hub, a colleague's
table. A file is judged by its size and its first bytes before the rest is read, and nothing of it
is unpacked, followed or run. A link that the user names is followed, for that is what whoever names
it expects; names that stand *inside* a file are never opened by this module.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from solver.errors import InstanceError
from solver.importers.visible import visible
from solver.plain_files import archive_named

__all__ = ["MAX_JSON_DEPTH", "parse_json", "read_data", "read_json", "read_text"]

MAX_JSON_DEPTH = 100
"""Listings of clusters nest about 10 deep; what is deeper is built to exhaust a reader."""

_MAX_EXPONENT = 400
"""Powers of ten that a number may have: those of a float, so that exact fractions stay small."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SPECIAL = (
    (stat.S_ISDIR, "a directory", "Name the file inside it"),
    (stat.S_ISFIFO, "a pipe", "Save its output as a file first, and name that"),
    (stat.S_ISSOCK, "a socket", "Name a plain file"),
    (stat.S_ISCHR, "a device", "Name a plain file"),
    (stat.S_ISBLK, "a device", "Name a plain file"),
)


def read_data(path: Path, *, what: str, max_bytes: int) -> bytes:
    """The bytes of a plain file that is no archive.

    Parameters
    ----------
    path
        Symbolic links are followed.
    what
        What the file should be, for the faults: ``a model's config.json``.
    max_bytes
        A larger file is refused without being read.

    Raises
    ------
    InstanceError
        If it is not there, no plain file, too large, empty, or an archive.
    """
    where = visible(str(path), 200)
    try:
        # Opening a pipe would wait for whoever writes to it, and opening a device may do something.
        _check_plain(path.stat(), where, what)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as stream:
            # What was opened may not be what was looked at before.
            status = os.fstat(stream.fileno())
            _check_plain(status, where, what)
            if status.st_size > max_bytes:
                raise _too_large(f"{status.st_size} bytes", max_bytes, where, what)
            data = stream.read(max_bytes + 1)
    except OSError as error:
        reason = error.strerror or "no reason given"
        raise InstanceError.one(
            f"cannot be read ({reason})", where=where, mend=f"Name {what}"
        ) from error
    except ValueError as error:
        raise InstanceError.one(
            f"is no path ({error})", where=where, mend=f"Name {what}"
        ) from error
    if len(data) > max_bytes:
        raise _too_large(f"more than {max_bytes} bytes", max_bytes, where, what)
    if not data.strip():
        raise InstanceError.one("is empty", where=where, mend=f"Name {what}")
    archive = archive_named(data)
    if archive is not None:
        raise InstanceError.one(
            f"is {archive}", where=where, mend=f"Unpack it and name {what} from inside"
        )
    return data


def _check_plain(status: os.stat_result, where: str, what: str) -> None:
    for is_kind, name, mend in _SPECIAL:
        if is_kind(status.st_mode):
            raise InstanceError.one(f"is {name}", where=where, mend=f"{mend}; wanted is {what}")
    if not stat.S_ISREG(status.st_mode):
        raise InstanceError.one("is no plain file", where=where, mend=f"Name {what}")


def _too_large(size: str, max_bytes: int, where: str, what: str) -> InstanceError:
    return InstanceError.one(
        f"holds {size}, where {max_bytes} are the most that is read",
        where=where,
        mend=f"Name {what}; cut a longer one into parts",
    )


def read_text(path: Path, *, what: str, max_bytes: int) -> str:
    """The text of a plain file in UTF-8, or in UTF-16 with a byte-order mark.

    PowerShell writes the latter where output is redirected with ``>``. Ends of lines are as they
    stand in the file.

    Raises
    ------
    InstanceError
        As ``read_data``; if it is not such text, or holds a null character.
    """
    data = read_data(path, what=what, max_bytes=max_bytes)
    utf_16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = "utf-16" if utf_16 else "utf-8-sig"
    where = visible(str(path), 200)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InstanceError.one(
            f"is not {'UTF-16' if utf_16 else 'UTF-8'} text (byte {error.start})",
            where=where,
            mend=f"Name {what}, saved as UTF-8",
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InstanceError.one(
            f"holds a null character (line {line})",
            where=where,
            mend=f"Name {what}; this is a file of another kind, or a damaged one",
        )
    return text


def read_json(path: Path, *, what: str, max_bytes: int) -> Any:
    """What a JSON file holds; numbers with a point or an exponent are exact ``Decimal``.

    Raises
    ------
    InstanceError
        As ``read_text``; if it is not JSON, names a key twice in one object, holds NaN or infinity,
        or nests deeper than ``MAX_JSON_DEPTH``.
    """
    text = read_text(path, what=what, max_bytes=max_bytes)
    return parse_json(text, where=visible(str(path), 200), what=what)


def parse_json(
    text: str, *, where: str, what: str, constant: Callable[[str], object] | None = None
) -> Any:
    """What a text of JSON holds, as ``read_json`` does; a file may hold one such text a line.

    Parameters
    ----------
    where
        Of the text, for the faults.
    constant
        Stands in for ``NaN``, ``Infinity`` and ``-Infinity``, which Python's own writer produces;
        without it they are refused.
    """
    try:
        document = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=constant or _refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise InstanceError.one(
            f"is not JSON ({error.msg}, line {error.lineno} column {error.colno})",
            where=where,
            mend=f"Name {what}",
        ) from error
    except ValueError as error:
        raise InstanceError.one(str(error), where=where, mend=f"Name {what}") from error
    except RecursionError as error:
        raise _too_deep(where, what) from error
    if _is_deep(document):
        raise _too_deep(where, what)
    # A file may spell half of a character as an escape; no text that is written can hold it.
    if _SURROGATE.search(text) and not _is_encodable(document):
        raise InstanceError.one(
            "spells half a character (a lone surrogate)", where=where, mend=f"Name {what}"
        )
    return document


def _too_deep(where: str, what: str) -> InstanceError:
    return InstanceError.one(
        f"nests deeper than {MAX_JSON_DEPTH} levels", where=where, mend=f"Name {what}"
    )


def _is_deep(document: Any) -> bool:
    """Whether lists and objects nest deeper than allowed, looked at level by level."""
    level = [document]
    for _ in range(MAX_JSON_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _is_encodable(document: Any) -> bool:
    """Whether every text in a document can be written as UTF-8."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((*value, *value.values()))
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                return False
    return True


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise _out_of_range(text) from error
    # An exact fraction of 1e999999999 would fill the memory. A zero may carry any exponent.
    if value and abs(value.adjusted()) > _MAX_EXPONENT:
        raise _out_of_range(text)
    return value if value else Decimal(0)


def _integer(text: str) -> int:
    if len(text) > _MAX_EXPONENT:
        raise _out_of_range(text)
    return int(text)


def _out_of_range(text: str) -> ValueError:
    return ValueError(f"holds a number out of range ({visible(text, 24)})")


def _refuse_constant(name: str) -> object:
    raise ValueError(f"holds {name}, which is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values; which of two equal keys counts is nobody's to guess."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"names the key '{visible(twice)}' twice in one object")
    return found
