"""The key beside an exported program: the question whole, and how the file was made of it.

``read-back`` builds the program again from the key and looks at nothing else, so a file that was
changed on its way cannot pass for the question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solver.errors import ResultError
from solver.result import canonical_digest

__all__ = ["SCHEMA", "Key", "key_text", "read_key"]

SCHEMA = 1
_FORMAT = "fleetfront-program-key"
_MOST_BYTES = 200_000_000
_MEND = "Give the .key.json file that 'fleetfront export' wrote, unchanged"


@dataclass(frozen=True, slots=True)
class Key:
    """What leads from a program file back to its question.

    Parameters
    ----------
    file
        Name of the program file.
    sha256
        Of the question, as results record it.
    resolved
        The question.
    setting
        Position among the settings of the question.
    minimise, at_most
        The objective of the file, and inclusive bounds on others.
    model_sha256
        Of the statement.
    columns
        Names in the file, in order.
    meanings
        Names of the first columns in the words of the question.
    """

    file: str
    kind: str
    name: str
    sha256: str
    resolved: Mapping[str, Any]
    formulation: str
    setting: int
    minimise: str
    at_most: Mapping[str, int]
    model_sha256: str
    columns: tuple[str, ...]
    meanings: tuple[str, ...]


def key_text(key: Key, *, notes: tuple[str, ...]) -> str:
    """The file; the same key gives the same bytes."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "format": _FORMAT,
        "file": key.file,
        "formulation": key.formulation,
        "setting": key.setting,
        "minimise": key.minimise,
        "at_most": dict(key.at_most),
        "model_sha256": key.model_sha256,
        "notes": list(notes),
        "columns": list(key.columns),
        "meanings": list(key.meanings),
        "instance": {
            "kind": key.kind,
            "name": key.name,
            "sha256": key.sha256,
            "resolved": dict(key.resolved),
        },
    }
    document["digest"] = canonical_digest(document)
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def read_key(path: Path) -> Key:
    """Read a key.

    Raises
    ------
    ResultError
        If it is none, or was changed.
    """
    where = str(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ResultError.one(f"holds more than {_MOST_BYTES} bytes", where=where, mend=_MEND)
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultError.one(
            f"cannot be read ({error.strerror})", where=where, mend="Check the path"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ResultError.one(f"is not JSON ({error})", where=where, mend=_MEND) from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise ResultError.one("is no key of an exported program", where=where, mend=_MEND)
    if document.get("schema") != SCHEMA:
        raise ResultError.one(
            f"has schema {document.get('schema')!r:.40}, and only {SCHEMA} is known",
            where=where,
            mend="Export the program again",
        )
    if document.get("digest") != canonical_digest(document):
        raise ResultError.one("was changed: its digest does not fit", where=where, mend=_MEND)
    try:
        return _key(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ResultError.one(f"is damaged ({error!r:.120})", where=where, mend=_MEND) from error


def _key(document: Mapping[str, Any]) -> Key:
    instance = document["instance"]
    return Key(
        file=str(document["file"]),
        kind=str(instance["kind"]),
        name=str(instance["name"]),
        sha256=str(instance["sha256"]),
        resolved=dict(instance["resolved"]),
        formulation=str(document["formulation"]),
        setting=int(document["setting"]),
        minimise=str(document["minimise"]),
        at_most={str(name): int(bound) for name, bound in document["at_most"].items()},
        model_sha256=str(document["model_sha256"]),
        columns=tuple(str(name) for name in document["columns"]),
        meanings=tuple(str(name) for name in document["meanings"]),
    )
