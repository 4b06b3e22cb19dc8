"""The text of an instance file as tables, and what-ifs laid over them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from solver.errors import InstanceError

__all__ = ["HELP", "apply_settings", "load_tables", "parse_setting"]

MAX_BYTES = 10_000_000
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

    Raises
    ------
    InstanceError
        If a key leads through something that is no table.
    """
    for key, value in settings.items():
        *path, last = key.split(".")
        table: Any = raw
        for depth, part in enumerate(path):
            if not isinstance(table, dict):
                where = ".".join(path[:depth])
                raise InstanceError.one(
                    f"{where} is not a table",
                    where=f"--set {key}",
                    mend="Name a key as the file does, such as limits.max_devices",
                )
            table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise InstanceError.one(
                f"{'.'.join(path)} is not a table",
                where=f"--set {key}",
                mend="Name a key as the file does, such as limits.max_devices",
            )
        table[last] = value


def load_tables(path: Path) -> tuple[dict[str, Any], bytes]:
    """Tables of a TOML file, decimals kept exactly, and its bytes.

    Raises
    ------
    InstanceError
        If it is a directory, cannot be read, is too large or is not TOML.
    """
    where = str(path)
    if path.is_dir():
        raise InstanceError.one("is a directory", where=where, mend="Name a .toml file inside it")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InstanceError.one(
            f"cannot be read ({error.strerror})", where=where, mend="Check the path"
        ) from error
    if len(data) > MAX_BYTES:
        raise InstanceError.one(
            f"holds {len(data)} bytes, more than {MAX_BYTES}",
            where=where,
            mend="Give an instance file",
        )
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=Decimal), data
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InstanceError.one(f"is not a TOML file ({error})", where=where, mend=HELP) from error
