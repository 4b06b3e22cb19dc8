"""A question with changes as a file of its own: comments kept, files it names found from anywhere.

A browser saves where it likes, so names of files cannot stay relative to the folder of the
instance: they are written from the root, and a comment on top says so.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from solver.errors import InstanceError
from solver.instance.files_named import NAMING_KEYS
from solver.instance.loading import HELP, apply_settings
from solver.report.numbers import clean

__all__ = ["changed_text", "tables_in"]

_OTHER_POINTS = ("penalties",)
"""Tables whose ``points`` are numbers, which may be texts, and no name of a file."""


def tables_in(path: Path, data: bytes) -> dict[str, Any]:
    """The tables of an instance file that was read already, decimals exact.

    Raises
    ------
    InstanceError
        If they are no tables.
    """
    try:
        text = data.decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            tables = json.loads(text, parse_float=Decimal)
        else:
            tables = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InstanceError.one(f"cannot be read ({error})", where=path.name, mend=HELP) from error
    if not isinstance(tables, dict):
        raise InstanceError.one("holds no tables", where=path.name, mend=HELP)
    return tables


def changed_text(path: Path, data: bytes, settings: Mapping[str, Any]) -> str:
    """The text of the instance at ``path`` (``data`` are its bytes) with ``settings`` over it.

    Raises
    ------
    InstanceError
        If a setting leads nowhere, or the text cannot be written with its comments.
    """
    if path.suffix.lower() == ".json":
        tables = tables_in(path, data)
        apply_settings(tables, settings)
        # Latency levels may be texts, which keeps their decimals.
        return json.dumps(tables, indent=1, default=str) + "\n"
    try:
        document = tomlkit.parse(data.decode("utf-8-sig"))
        apply_settings(document, {key: _item(value) for key, value in settings.items()})
        moved = _name_from_root(document, path.resolve().parent, is_file=True)
        text = tomlkit.dumps(document)
    except (TOMLKitError, RecursionError) as error:
        raise InstanceError.one(
            f"cannot be written with its comments ({error})",
            where=path.name,
            mend="Lay the changes over it with 'fleetfront solve --set'",
        ) from error
    head = f"# From {clean(path.name, limit=80)}, as changed in 'fleetfront explore'."
    if moved:
        head += " Files it names are written from the root."
    return f"{head}\n{text}"


def _name_from_root(tables: MutableMapping[str, Any], folder: Path, *, is_file: bool) -> bool:
    """Write the names of files from the root; whether there were any."""
    moved = False
    for key, value in list(tables.items()):
        if key in NAMING_KEYS and isinstance(value, str):
            tables[key] = str(folder / value)
            moved = True
        elif is_file and key == "catalog" and isinstance(value, list):
            for place, name in enumerate(value):
                if isinstance(name, str):
                    value[place] = str(folder / name)
                    moved = True
        elif key not in _OTHER_POINTS:
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, MutableMapping):
                    moved |= _name_from_root(entry, folder, is_file=False)
    return moved


def _item(value: Any) -> Item | None:
    """The value as TOML writes it, all digits of a decimal kept."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        number: Item = tomlkit.value(_decimal(value))
        return number
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, entry in value.items():
            table.append(key, _item(entry))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for entry in value:
            array.append(_item(entry))
        return array
    written: Item = tomlkit.item(value)
    return written


def _decimal(value: Decimal) -> str:
    text = format(value, "f") if -10 < value.adjusted() < 20 else str(value)
    return text if "." in text or "E" in text else f"{text}.0"
