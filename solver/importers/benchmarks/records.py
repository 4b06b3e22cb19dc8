"""Result files of benchmarks: one JSON object, a list of them, or one on every line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from solver.errors import InstanceError
from solver.importers.safe_reading import parse_json, read_text
from solver.importers.visible import visible

__all__ = ["read_records"]

MAX_BYTES = 32_000_000
"""A summary has a few kB; with the times of every token of a thousand requests, some 10 MB."""
MAX_RUNS = 1000


def read_records(path: Path, *, what: str, smaller: str) -> list[tuple[str, dict[str, Any]]]:
    """Every object of the file, with where it stands for messages.

    Numbers beyond JSON (``Infinity`` is what Python writes for an unlimited rate) come as texts.

    Parameters
    ----------
    what
        What the file should be.
    smaller
        How to get a smaller file from the tool, for the message about one that is too large.

    Raises
    ------
    InstanceError
        If it cannot be read as such objects, or holds more than ``MAX_RUNS``.
    """
    where = visible(str(path), 200)
    text = read_text(path, what=f"{what} ({smaller})", max_bytes=MAX_BYTES)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and all(_is_object(line) for _, line in lines):
        if len(lines) > MAX_RUNS:
            raise _too_many(where, len(lines))
        found = [
            (f"{where}:{number}", _parse(line, f"{where}:{number}", what)) for number, line in lines
        ]
    else:
        document = _parse(text, where, what)
        if isinstance(document, list):
            if len(document) > MAX_RUNS:
                raise _too_many(where, len(document))
            found = [(f"{where}: [{number}]", entry) for number, entry in enumerate(document)]
        else:
            found = [(where, document)]
    for place, entry in found:
        if not isinstance(entry, dict):
            raise InstanceError.one(
                f"holds {type(entry).__name__} where an object should be",
                where=place,
                mend=f"Name {what}",
            )
    if not found:
        raise InstanceError.one("holds no run", where=where, mend=f"Name {what}")
    return found


def _is_object(line: str) -> bool:
    stripped = line.strip()
    return stripped.startswith("{") and stripped.endswith("}")


def _parse(text: str, where: str, what: str) -> Any:
    return parse_json(text, where=where, what=what, constant=str)


def _too_many(where: str, count: int) -> InstanceError:
    return InstanceError.one(
        f"holds {count} runs, more than {MAX_RUNS}", where=where, mend="Cut it into parts"
    )
