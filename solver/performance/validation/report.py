"""What a comparison found: reference files, measurements, and what was left out and why.

Reference outputs must be equal, and decide whether a report passed. Measurements cannot be: their
errors are reported, not judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = [
    "RELATIVE_TOLERANCE",
    "FileComparison",
    "IgnoredFile",
    "Measurements",
    "ValidationReport",
    "WorstRow",
]

RELATIVE_TOLERANCE = 1e-9
"""Largest relative error with which a file passes. The formulas are evaluated in another order than
the published code does, which moves the last bits of a float64; a wrong term moves far more."""

_SCHEMA = 1


def _json_number(value: float | str) -> float | str:
    """JSON has no infinity: it is written as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class WorstRow:
    """The row of a file with the largest relative error.

    Parameters
    ----------
    place
        ``"line 12"`` of a table, ``"entry 3"`` of a list; both count from 1.
    keys
        The arguments of the row, as the file writes them.
    column, stated, computed
        The output that is furthest off, what the file says, and what the model says.
    """

    place: str
    keys: Mapping[str, str]
    column: str
    stated: float | str
    computed: float | str

    def as_dict(self) -> dict[str, Any]:
        """The row as plain JSON; infinity is the text ``"inf"``."""
        return {
            "place": self.place,
            "keys": dict(self.keys),
            "column": self.column,
            "stated": _json_number(self.stated),
            "computed": _json_number(self.computed),
        }


@dataclass(frozen=True, slots=True)
class FileComparison:
    """One file compared: every row, every output column.

    Parameters
    ----------
    file
        Path below the folder that was asked for.
    kind
        What the file is, in words.
    rows
        Rows compared, at least one.
    columns
        Output columns compared, in each row.
    worst_relative_error
        Infinite where a finite value meets an infinite one, or a text differs; absolute where the
        file states zero.
    """

    file: str
    kind: str
    rows: int
    columns: tuple[str, ...]
    worst_relative_error: float
    worst: WorstRow

    @property
    def passed(self) -> bool:
        """Whether every value agrees within the tolerance."""
        return self.worst_relative_error <= RELATIVE_TOLERANCE

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON; infinity is the text ``"inf"``."""
        return {
            "file": self.file,
            "kind": self.kind,
            "rows": self.rows,
            "columns": list(self.columns),
            "worst_relative_error": _json_number(self.worst_relative_error),
            "passed": self.passed,
            "worst": self.worst.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class IgnoredFile:
    """A file that was not compared, and why."""

    file: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """The file and the reason."""
        return {"file": self.file, "reason": self.reason}


class Measurements(Protocol):
    """One file of measurements compared with the model, whatever was measured."""

    @property
    def file(self) -> str:
        """Path below the folder that was asked for."""
        ...

    @property
    def rows(self) -> int:
        """Rows of the file."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        ...


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """All files of a folder, or a single one; of ``files`` and ``measured`` one is never empty.

    Parameters
    ----------
    performance_model
        The model that the reference ``files`` are compared with.
    measured
        Files of measurements; they are compared with the model ``calibrated`` and its operators.
    """

    path: str
    performance_model: str
    files: tuple[FileComparison, ...]
    ignored: tuple[IgnoredFile, ...] = ()
    measured: tuple[Measurements, ...] = ()

    def __post_init__(self) -> None:
        if not self.files and not self.measured:
            raise ValueError("a report needs a file that was compared")

    @property
    def passed(self) -> bool:
        """Whether every reference file agrees within the tolerance."""
        return all(comparison.passed for comparison in self.files)

    @property
    def tolerance(self) -> float:
        """Largest relative error with which a file passes."""
        return RELATIVE_TOLERANCE

    @property
    def rows(self) -> int:
        """Rows compared in all reference files."""
        return sum(comparison.rows for comparison in self.files)

    @property
    def worst_relative_error(self) -> float:
        """Largest relative error in all reference files; 0 without one."""
        return max((comparison.worst_relative_error for comparison in self.files), default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON; infinity is the text ``"inf"``."""
        return {
            "schema": _SCHEMA,
            "path": self.path,
            "performance_model": self.performance_model,
            "relative_tolerance": self.tolerance,
            "passed": self.passed,
            "rows": self.rows,
            "worst_relative_error": _json_number(self.worst_relative_error),
            "files": [comparison.as_dict() for comparison in self.files],
            "measured": [measurements.as_dict() for measurements in self.measured],
            "ignored": [ignored.as_dict() for ignored in self.ignored],
        }
