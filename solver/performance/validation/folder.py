"""Find reference files and measurements in a folder, compare each, say why others were left out.

What a reference file is, is told by its name and its columns together: a familiar name over other
columns is as foreign as familiar columns under another name. Measurements may have any name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from solver.errors import Fault, FleetError
from solver.performance.validation.compare import compare_table
from solver.performance.validation.constants import ReferenceConstants, reference_constants
from solver.performance.validation.kinds import KNOWN_COLUMNS, columns_of, kind_of
from solver.performance.validation.measured.kinds import MEASURED_KINDS, measured_kind_of
from solver.performance.validation.report import (
    FileComparison,
    IgnoredFile,
    Measurements,
    ValidationReport,
)
from solver.performance.validation.rows import column_mismatch, read_csv, read_header, read_json

__all__ = ["validate_file", "validate_folder", "validate_path"]

_PERFORMANCE_MODEL = "epoch2025"
_KNOWN_FILES = ", ".join((*KNOWN_COLUMNS, *(kind.example for kind in MEASURED_KINDS)))
_TOLD_REASONS = 5


def validate_path(path: Path) -> ValidationReport:
    """Compare a folder or a single file with the performance models.

    Raises
    ------
    FleetError
        If nothing is there, nothing there can be compared, or a file cannot be read.
    """
    return validate_folder(path) if path.is_dir() else validate_file(path)


def validate_file(path: Path) -> ValidationReport:
    """Compare one file of reference outputs or measurements with its performance model.

    Raises
    ------
    FleetError
        If there is no such file, it is none that is known, or a cell of it cannot be read.
    """
    if not path.is_file():
        raise FleetError.one("is not a file", where=str(path), mend=f"Give {_KNOWN_FILES}")
    found = _compare(path, path.name, reference_constants())
    if isinstance(found, IgnoredFile):
        raise FleetError.one(
            f"cannot be compared: {found.reason}",
            where=str(path),
            mend=f"Give {_KNOWN_FILES}",
        )
    return _report(str(path), [found], [])


def validate_folder(path: Path) -> ValidationReport:
    """Compare every file of a folder that is known, and of the folders in it, with its model.

    Files that are none of the known ones are listed with the reason, in ``ignored``.

    Raises
    ------
    FleetError
        If there is no such folder, nothing in it can be compared, or files cannot be read; then
        with the faults of all of them.
    """
    if not path.is_dir():
        raise FleetError.one("is not a folder", where=str(path), mend="Check the path")
    constants = reference_constants()
    compared: list[FileComparison | Measurements] = []
    ignored: list[IgnoredFile] = []
    faults: list[Fault] = []
    for entry in _entries(path):
        name = entry.relative_to(path).as_posix()
        if entry.is_dir():
            ignored.append(IgnoredFile(f"{name}/", "only one level of folders is searched"))
            continue
        try:
            found = _compare(entry, name, constants)
        except FleetError as error:
            faults.extend(error.faults)
            continue
        if isinstance(found, IgnoredFile):
            ignored.append(found)
        else:
            compared.append(found)
    if faults:
        raise FleetError.all_of(faults)
    if not compared:
        raise FleetError.one(
            _nothing_to_compare(ignored), where=str(path), mend=f"Put there {_KNOWN_FILES}"
        )
    return _report(str(path), compared, ignored)


def _report(
    path: str, compared: list[FileComparison | Measurements], ignored: list[IgnoredFile]
) -> ValidationReport:
    return ValidationReport(
        path=path,
        performance_model=_PERFORMANCE_MODEL,
        files=tuple(found for found in compared if isinstance(found, FileComparison)),
        ignored=tuple(ignored),
        measured=tuple(found for found in compared if not isinstance(found, FileComparison)),
    )


def _entries(path: Path) -> Iterator[Path]:
    """Files of the folder, then what is in each folder of it; sorted."""
    try:
        entries = sorted(path.iterdir())
        folders = [entry for entry in entries if entry.is_dir()]
        yield from (entry for entry in entries if not entry.is_dir())
        for folder in folders:
            yield from sorted(folder.iterdir())
    except OSError as error:
        raise FleetError.one(
            f"cannot be listed ({error.strerror})",
            where=str(error.filename or path),
            mend="Check who may read it",
        ) from error


def _nothing_to_compare(ignored: list[IgnoredFile]) -> str:
    if not ignored:
        return "holds no files"
    told = "; ".join(f"{entry.file}: {entry.reason}" for entry in ignored[:_TOLD_REASONS])
    more = len(ignored) - _TOLD_REASONS
    return f"holds nothing to compare ({told}" + (f"; and {more} more)" if more > 0 else ")")


def _compare(
    path: Path, name: str, constants: ReferenceConstants
) -> FileComparison | Measurements | IgnoredFile:
    """Compare the file, or say why not."""
    if not path.is_file():
        return IgnoredFile(name, "it is not a plain file")
    columns = columns_of(path.name)
    if not columns:
        measured = measured_kind_of(path)
        if measured is None or isinstance(measured, str):
            return IgnoredFile(name, measured or _foreign_name(path))
        return measured.compare(path, name)
    table = read_json(path) if path.suffix == ".json" else None
    header = read_header(path) if table is None else table.header
    mismatch = column_mismatch(header, columns)
    if mismatch and (header or table is None):
        return IgnoredFile(name, f"its columns are not those of its name: {mismatch}")
    # Only now the rows: those of a foreign file are not ours to judge.
    table = read_csv(path) if table is None else table
    if not table.cells:
        return IgnoredFile(name, "it holds no rows")
    where = str(path)
    kind = kind_of(path.name, constants, where=where)
    return compare_table(table, kind, constants, file=name, where=where)


def _foreign_name(path: Path) -> str:
    """Why a name is none of ours; columns that are, under another name, are worth telling."""
    if path.suffix == ".csv":
        try:
            header = read_header(path)
        except FleetError:
            header = ()
        for known, columns in KNOWN_COLUMNS.items():
            if header and not column_mismatch(header, columns):
                return f"its columns are those of {known}, but its name is not"
    return "its name is none of those known"
