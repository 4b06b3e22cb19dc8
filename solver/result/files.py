"""Result files, schema 1: to and from JSON, and the digest that makes a changed number visible."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solver.errors import ResultError
from solver.plain_files import special_file
from solver.result.document import (
    Conflict,
    ConflictingLimit,
    Objective,
    OpenBox,
    Point,
    Result,
)

__all__ = [
    "canonical_digest",
    "document_text",
    "kind_of",
    "read_document",
    "read_result",
    "result_from_dict",
    "result_to_dict",
]

SCHEMA = 1
_KEYS = {
    "schema", "status", "instance", "objectives", "points", "open_boxes", "conflict", "ideal",
    "nadir", "provenance", "digest",
}  # fmt: skip
_OPTIONAL = {"near", "model_error"}
"""Absent where they were not asked for, or the file is older than they are."""
_TYPES: dict[str, type] = {
    "status": str,
    "instance": Mapping,
    "objectives": list,
    "points": list,
    "open_boxes": list,
    "conflict": list,
    "ideal": Mapping,
    "nadir": Mapping,
    "near": Mapping,
    "model_error": Mapping,
    "provenance": Mapping,
    "digest": str,
}
_STATUSES = ("complete", "partial", "infeasible")


def canonical_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of everything in ``document`` but its ``digest``."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """``value`` with dataclasses and mappings turned into plain dictionaries, tuples into lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def result_to_dict(result: Result) -> dict[str, Any]:
    """The JSON document of a result, digest included."""
    document: dict[str, Any] = {"schema": SCHEMA}
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if field.name == "points":
            # Points hold plain JSON already; thousands of them are not walked leaf by leaf.
            document["points"] = [
                {
                    "objectives": point.objectives,
                    "exact": point.exact,
                    "design": point.design,
                    "proof": point.proof,
                }
                for point in value
            ]
        elif field.name == "conflict":
            document["conflict"] = [] if value is None else [_plain(value)]
        elif value is None and field.name in _OPTIONAL:
            continue
        else:
            document[field.name] = _plain(value)
    document["digest"] = canonical_digest(document)
    return document


def document_text(document: Mapping[str, Any]) -> str:
    """The text of a result file: one line a key, and one a point or open box."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            items = ",\n".join("  " + json.dumps(item, ensure_ascii=True) for item in value)
            lines.append(f" {json.dumps(key)}: [\n{items}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=True)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def result_from_dict(document: Mapping[str, Any], *, where: str = "result") -> Result:
    """Read a document; the digest is not checked here (``verify`` reports it).

    Raises
    ------
    ResultError
        If the document is not a result of schema 1.
    """
    mend = "Give a file written by 'fleetfront solve --out', unchanged"
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if type(schema) is not int or schema != SCHEMA:
        raise ResultError.one("not a fleetfront result of schema 1", where=where, mend=mend)
    if kind_of(document) == "moip":
        raise ResultError.one(
            "is a nondominated set (kind moip), not a frontier of speed against cost",
            where=where,
            mend="Check it with 'fleetfront verify', or give a file of 'fleetfront solve --out'",
        )
    if kind_of(document) == "replica" and "claims" in document:
        raise ResultError.one(
            "weighs or limits more than speed and cost of one model: it has claims in place of "
            "the boxes of a curve",
            where=where,
            mend="In Python read it as solver.EconomyFrontier(solver.result.read_document(path)); "
            "check it with 'fleetfront verify'",
        )
    if set(document) - _OPTIONAL != _KEYS:
        odd = ", ".join(sorted((set(document) - _OPTIONAL) ^ _KEYS))
        raise ResultError.one(f"keys missing or unknown: {odd}", where=where, mend=mend)
    told = {key: kind for key, kind in _TYPES.items() if key in document}
    wrong = [key for key, kind in told.items() if not isinstance(document[key], kind)]
    wrong += [
        f"{key}.{index}"
        for key in ("objectives", "points", "open_boxes", "conflict")
        if key not in wrong
        for index, entry in enumerate(document[key])
        if not isinstance(entry, Mapping)
    ]
    if not wrong:
        wrong = [
            f"points.{index}.{key}"
            for index, point in enumerate(document["points"])
            for key in ("objectives", "exact", "design", "proof")
            if not isinstance(point.get(key), Mapping)
        ]
    if not wrong and len(document["conflict"]) > 1:
        wrong = ["conflict (more than one)"]
    if wrong:
        raise ResultError.one(f"of the wrong type: {', '.join(wrong[:5])}", where=where, mend=mend)
    if document["status"] not in _STATUSES:
        raise ResultError.one(f"unknown status {document['status']!r}", where=where, mend=mend)
    try:
        conflicts = [
            Conflict(
                limits=tuple(ConflictingLimit(**limit) for limit in entry["limits"]),
                is_minimum=entry["is_minimum"],
                nearest=entry["nearest"],
            )
            for entry in document["conflict"]
        ]
        return Result(
            status=document["status"],
            instance=document["instance"],
            objectives=tuple(Objective(**entry) for entry in document["objectives"]),
            points=tuple(Point(**entry) for entry in document["points"]),
            open_boxes=tuple(OpenBox(**entry) for entry in document["open_boxes"]),
            conflict=conflicts[0] if conflicts else None,
            ideal=document["ideal"],
            nadir=document["nadir"],
            near=document.get("near"),
            model_error=document.get("model_error"),
            provenance=document["provenance"],
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ResultError.one(f"damaged: {error}", where=where, mend=mend) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a file; a key that stands twice would hide what it says first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def kind_of(document: Any) -> str | None:
    """The kind of question that a document says it answers; ``None`` where it says nothing."""
    instance = document.get("instance") if isinstance(document, Mapping) else None
    kind = instance.get("kind") if isinstance(instance, Mapping) else None
    return kind if isinstance(kind, str) else None


def read_document(path: Path) -> Any:
    """Read the JSON of a result file of any kind, as it stands.

    Raises
    ------
    ResultError
        If the file cannot be read, is not JSON, says a key twice, or holds NaN or infinity.
    """
    mend = "Give a file written by 'fleetfront solve --out' or 'fleetfront moip --out'"
    special = special_file(path, where=str(path))
    if special is not None:
        raise ResultError(special)
    try:
        return json.loads(
            path.read_text(encoding="utf-8"), parse_constant=_refuse, object_pairs_hook=_unique
        )
    except OSError as error:
        raise ResultError.one(
            f"cannot be read: {error.strerror}", where=str(path), mend=mend
        ) from error
    except (ValueError, RecursionError) as error:
        raise ResultError.one(f"not JSON: {error}", where=str(path), mend=mend) from error


def read_result(path: Path) -> tuple[Result, dict[str, Any]]:
    """Read a result file; returns the result and the raw document.

    Raises
    ------
    ResultError
        If the file cannot be read or is not a result.
    """
    document = read_document(path)
    return result_from_dict(document, where=str(path)), document
