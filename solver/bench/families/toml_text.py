"""Questions as TOML text: tables in the order given, one key a line, the same bytes every time.

No library of this project writes TOML; what questions need of it is small: numbers, strings,
booleans, lists, and tables of these. A mapping at the top is written ``[name]``, a list of mappings
``[[name]]``, at the end of the table it stands in; any other mapping is written inline.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

__all__ = ["toml_text"]


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)


def _inline(value: object) -> str:
    """A value on one line.

    Raises
    ------
    TypeError
        If TOML has no such value, or this module does not write it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # repr is the shortest text that reads back as the same float; TOML reads exponents too.
        return repr(value)
    if isinstance(value, str):
        # Basic strings of TOML have the escapes of JSON.
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_inline, value)) + "]"
    raise TypeError(f"no TOML for {value!r}")


def _tables_of(value: object) -> list[Mapping[str, object]] | None:
    """The value as a list of tables, ``None`` if it is none; a tuple is an inline list."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return value
    return None


def _table(path: str, header: str, table: Mapping[str, object]) -> list[str]:
    """One table; tables within it come at the end, as TOML wants them."""
    lines = ["", header] if header else []
    inner: list[str] = []
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        tables = _tables_of(value)
        if tables is not None:
            for item in tables:
                inner.extend(_table(name, f"[[{name}]]", item))
        elif isinstance(value, Mapping) and not path:
            inner.extend(_table(name, f"[{name}]", value))
        else:
            lines.append(f"{_key(key)} = {_inline(value)}")
    return lines + inner


def toml_text(comment: str, document: Mapping[str, object]) -> str:
    """A file: the comment line by line, then the tables of ``document``.

    Parameters
    ----------
    comment
        Text for people; each line gets a ``#``.
    document
        Keys in the order they are to be written, see the module's text.

    Raises
    ------
    TypeError
        If a value has no TOML.
    """
    head = [f"# {line}".rstrip() for line in comment.strip().splitlines()]
    return "\n".join([*head, *_table("", "", document)]) + "\n"
