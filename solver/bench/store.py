"""Rows on disk, one JSON line each, appended as they come: what an interrupted run goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from solver.bench.kinds.level import Level, level_from_dict
from solver.bench.row import SCHEMA, Row, RowKey, row_from_json
from solver.errors import OutputError, ResultError

__all__ = ["Store", "read_rows"]

WHAT = "fleetfront bench"


class Store:
    """The file of one benchmark: a header, levels of instances, rows.

    Use as a context manager. A last line that was cut off in the middle of writing is dropped.

    Attributes
    ----------
    header
        Of the run that the file belongs to.
    levels
        (group, SHA-256 of the instance) -> its levels.
    rows
        By ``Row.key``.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        self.header = dict(header)
        self.levels: dict[tuple[str, str], list[Level]] = {}
        self.rows: dict[RowKey, Row] = {}
        self._stream: TextIO | None = None
        if path.exists():
            self._read()

    def _read(self) -> None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ResultError.one(
                f"cannot be read ({error})",
                where=str(self.path),
                mend="Name another --out folder",
            ) from error
        whole = text[: text.rfind("\n") + 1]
        # Not splitlines: messages may hold line separators that JSON leaves as they are.
        for number, line in enumerate(whole.split("\n")[:-1], start=1):
            self._take(line, number)
        if whole != text:
            self.path.write_text(whole, encoding="utf-8")

    def _take(self, line: str, number: int) -> None:
        try:
            told = json.loads(line)
            if number == 1:
                self._check_header(told)
            elif "levels" in told:
                part = told["levels"]
                key = part["group"], part["instance_sha256"]
                self.levels[key] = [level_from_dict(one) for one in part["levels"]]
            else:
                row = row_from_json(told)
                self.rows[row.key] = row
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultError.one(
                f"is no line of a benchmark ({error})",
                where=f"{self.path}: line {number}",
                mend="Remove the line, or name another --out folder",
            ) from error

    def _check_header(self, told: Mapping[str, Any]) -> None:
        """Rows of other limits, code, libraries or machines must not be mixed with this run's."""
        if told.get("what") != WHAT or told.get("schema") != SCHEMA:
            raise ValueError("no header of a benchmark")
        asked = self.header
        for key in ("time_limit_s", "levels_asked", "code_sha256", "versions", "processor"):
            if told.get(key) != asked.get(key):
                raise ResultError.one(
                    f"was begun with {key} = {told.get(key)}, now it is {asked.get(key)}",
                    where=str(self.path),
                    mend="Ask for the same, or name another --out folder",
                )
        self.header["started"] = told.get("started", asked.get("started"))

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self.path.exists() or not self.path.stat().st_size
            self._stream = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError.one(
                f"cannot be written ({error.strerror})",
                where=str(self.path),
                mend="Name another --out folder",
            ) from error
        if fresh:
            self._write({"schema": SCHEMA, "what": WHAT, **self.header})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _write(self, document: Mapping[str, Any]) -> None:
        if self._stream is None:
            raise ValueError(f"{self.path}: not open for writing")
        self._stream.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._stream.flush()

    def keep_levels(self, group: str, sha256: str, levels: Sequence[Level]) -> None:
        """Append the levels of an instance."""
        self.levels[group, sha256] = list(levels)
        told = [asdict(level) for level in levels]
        self._write({"levels": {"group": group, "instance_sha256": sha256, "levels": told}})

    def keep(self, row: Row) -> None:
        """Append a row; one of the same key counts no longer."""
        self.rows[row.key] = row
        self._write({"row": row.to_dict()})

    def finish(self, rows: Iterable[Row]) -> None:
        """Write the file anew: header, levels, and these rows in their order."""
        lines = [{"schema": SCHEMA, "what": WHAT, **self.header}]
        for (group, sha256), levels in sorted(self.levels.items()):
            told = [asdict(level) for level in levels]
            lines.append({"levels": {"group": group, "instance_sha256": sha256, "levels": told}})
        lines += [{"row": row.to_dict()} for row in rows]
        text = "".join(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
        )
        beside = self.path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.path)


def read_rows(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Header and rows of a file.

    Raises
    ------
    ResultError
        If it cannot be read, or a line is none of a benchmark.
    """
    try:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        header = json.loads(first)
    except (OSError, ValueError) as error:
        raise ResultError.one(
            f"is no file of a benchmark ({error})", where=str(path), mend="Name rows.jsonl"
        ) from error
    store = Store(path, header)
    return store.header, list(store.rows.values())
