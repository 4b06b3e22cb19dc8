"""The text of an instance file as tables, and what-ifs laid over them."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from solver.errors import InstanceError
from solver.plain_files import archive_named, special_file

__all__ = ["HELP", "apply_settings", "digest_of", "load_tables", "parse_setting", "read_bytes"]

MAX_BYTES = 10_000_000
_MOST_PARTS = 100
# Parts are matched as a whole, so that long words without a dot do not make the search slow.
_DEEP_KEY = re.compile(
    rb"""(?:(?>"[^"\n]*"|'[^'\n]*'|[\w-]+)[ \t]*\.[ \t]*){%d}""" % _MOST_PARTS, re.ASCII
)
"""A dotted key that no question has; the parser's time grows with the square of its parts."""
HELP = "See 'fleetfront init' for a commented file"


def parse_setting(text: str) -> tuple[str, Any]:
    """Split ``KEY=VALUE`` of a what-if; the value is TOML where it can be read so, else plain text.

    Raises
    ------
    InstanceError
        If there is no ``=`` or no key.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not re.fullmatch(r"[\w-]+(\.[\w -]+)*", key):
        raise InstanceError.one(
            f"{text!r} is not KEY=VALUE",
            where="--set",
            mend="Write for example --set workload.context_tokens=8192",
        )
    try:
        text.encode()
        tables = tomllib.loads(f"value = {value}", parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        tables = {"value": value.strip()}
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InstanceError.one(
            f"the value cannot be read ({error})", where=f"--set {key}", mend="Correct the value"
        ) from error
    if set(tables) != {"value"}:
        raise InstanceError.one(
            "the value holds more than one line", where=f"--set {key}", mend="Give --set twice"
        )
    return key, tables["value"]


def apply_settings(raw: dict[str, Any], settings: Mapping[str, Any]) -> None:
    """Lay dotted keys over the tables of a file.

    A part that meets a list of tables steps into one entry, by its ``name`` or its number from 0:
    ``machines.h100.contracts.0.usd_per_hour``. A name may hold dots itself. ``None`` takes the key
    out of the file.

    Raises
    ------
    InstanceError
        If a key leads through something that is no table, or names an entry that is not there.
    """
    for key, value in settings.items():
        *path, last = key.split(".")
        table: Any = raw
        depth = 0
        while depth < len(path):
            if _lists_tables(table):
                table, depth = _entry(table, path, depth, key)
                continue
            if not isinstance(table, dict):
                raise _no_table(path[:depth], key)
            if value is None and path[depth] not in table:
                break
            table = table.setdefault(path[depth], {})
            depth += 1
        if depth < len(path):
            # The table is not there, and what is taken out of it is not either.
            continue
        if _lists_tables(table):
            raise InstanceError.one(
                f"{'.'.join(path)} is a list of tables",
                where=f"--set {key}",
                mend=f"Name an entry and a key of it; entries are {_choices(table)}",
            )
        if not isinstance(table, dict):
            raise _no_table(path, key)
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value


def _no_table(path: list[str], key: str) -> InstanceError:
    return InstanceError.one(
        f"{'.'.join(path)} is not a table",
        where=f"--set {key}",
        mend="Name a key as the file does, such as limits.max_devices",
    )


def _lists_tables(value: object) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)
    )


def _entry(
    tables: list[dict[str, Any]], path: list[str], depth: int, key: str
) -> tuple[dict[str, Any], int]:
    """The entry that the path names from ``depth`` on, and the depth behind its name."""
    for end in range(len(path), depth, -1):
        for table in tables:
            if table.get("name") == ".".join(path[depth:end]):
                return table, end
    word = path[depth]
    if word.isdecimal() and int(word) < len(tables):
        return tables[int(word)], depth + 1
    raise InstanceError.one(
        f"{'.'.join(path[:depth])} has no entry {word!r}",
        where=f"--set {key}",
        mend=f"Choose from {_choices(tables)}",
    )


def _choices(tables: list[dict[str, Any]]) -> str:
    return ", ".join(str(table.get("name", place)) for place, table in enumerate(tables))


def digest_of(data: bytes, settings: Mapping[str, Any] | None, *further: bytes) -> str:
    """SHA-256 of a file, of the changes made to it, and of further files that it reads."""
    digest = hashlib.sha256(data)
    if settings:
        digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    for content in further:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def read_bytes(path: Path) -> bytes:
    """The bytes of an instance file.

    Raises
    ------
    InstanceError
        If it is a directory, cannot be read or is too large.
    """
    where = str(path)
    if path.is_dir():
        raise InstanceError.one("is a directory", where=where, mend="Name a .toml file inside it")
    special = special_file(path, where=where)
    if special is not None:
        raise InstanceError(special)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InstanceError.one(
                f"holds {size} bytes, more than {MAX_BYTES}",
                where=where,
                mend="Give an instance file",
            )
        return path.read_bytes()
    except OSError as error:
        raise InstanceError.one(
            f"cannot be read ({error.strerror})", where=where, mend="Check the path"
        ) from error


def load_tables(path: Path) -> tuple[dict[str, Any], bytes]:
    """Tables of a TOML file, with or without a byte-order mark, decimals exact, and its bytes.

    Raises
    ------
    InstanceError
        If it is a directory, cannot be read, is too large or is not TOML.
    """
    data = read_bytes(path)
    archive = archive_named(data)
    if archive is not None:
        raise InstanceError.one(
            f"is {archive}", where=str(path), mend="Unpack it, and name the file inside"
        )
    deep = _DEEP_KEY.search(data)
    if deep is not None:
        line = data.count(b"\n", 0, deep.start()) + 1
        raise InstanceError.one(
            f"has a key of more than {_MOST_PARTS} parts (line {line})", where=str(path), mend=HELP
        )
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal), data
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InstanceError.one(
            f"is not a TOML file ({error})", where=str(path), mend=HELP
        ) from error
