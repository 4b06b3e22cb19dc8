"""The file of measured points that an import writes: new, or the instance's own with rows added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from solver.errors import Fault, InstanceError
from solver.importers.benchmarks.existing import Existing
from solver.importers.benchmarks.points_table import (
    COLUMNS,
    PointsTable,
    new_points_table,
    read_points_table,
)
from solver.importers.safe_reading import read_text
from solver.importers.visible import visible
from solver.instance.fleet.csv_table import MAX_BYTES

__all__ = ["points_file"]

_REMARKS = (
    "Measured operating points - one row for each run of a benchmark.",
    "requests_per_s: completed requests over the duration. A run at a limited rate shows what was "
    "asked of the server: a lower bound of what it can carry.",
    "tpot_ms: mean over requests. ttft_ms: 99th percentile - else the 95th or 90th - as the column "
    "source says. Never a mean or median.",
    "input_tokens and output_tokens: means of the run - rounded or those of the workload's class.",
)


def points_file(
    name: str,
    rows: Sequence[tuple[Mapping[str, str], str]],
    existing: Existing,
    notes: list[str],
    *,
    runs: bool = True,
    columns: Sequence[str] = COLUMNS,
    remarks: Sequence[str] = _REMARKS,
    imported: Path | None = None,
) -> PointsTable:
    """The table ``name`` with ``rows`` in it, each with where it is from.

    Parameters
    ----------
    runs
        Rows are runs of a benchmark, which their figures tell apart.
    columns
        Of a new table.
    imported
        The file that the rows come from; it may be the table itself.

    Raises
    ------
    InstanceError
        If the instance's own table cannot be read, lies elsewhere, or contradicts a row.
    """
    table = _table(name, existing, imported) or new_points_table(remarks, columns)
    faults: list[Fault] = []
    for row, where in rows:
        table.lay(row, where=where, faults=faults, runs=runs)
    if faults:
        raise InstanceError.all_of(faults)
    notes.extend(table.notes)
    return table


def _table(name: str, existing: Existing, imported: Path | None) -> PointsTable | None:
    """The table as it is there, beside the instance; None where there is none yet."""
    plain = PurePosixPath(name).name == name == PureWindowsPath(name).name
    if not plain or name.startswith("."):
        raise InstanceError.one(
            f"the table of points is '{visible(name)}', which is not beside the instance",
            where="points",
            mend="Move it beside the instance and name it without a folder",
        )
    if existing.folder is None:
        return None
    path = existing.folder / name
    if not path.exists():
        return None
    if not existing.names_points(name) and not (imported and path.samefile(imported)):
        raise InstanceError.one(
            "is there already, and no workload of the instance names it",
            where=visible(str(path), 200),
            mend=f"Move it away, or name it in the workload: points = '{name}'",
        )
    text = read_text(path, what="a CSV of measured points", max_bytes=MAX_BYTES)
    return read_points_table(text, visible(str(path), 200))
