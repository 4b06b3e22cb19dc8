"""Stated against computed: relative errors, and the row that is furthest off."""

from __future__ import annotations

import numpy as np

from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.report import FileComparison, WorstRow
from solver.performance.validation.rows import FloatArray, Kind, Rows, Table, parse_rows

__all__ = ["compare_table", "relative_errors"]


def relative_errors(stated: FloatArray, computed: FloatArray) -> FloatArray:
    """|computed - stated| / |stated|, element by element.

    Equal values have no error, infinities included; a finite value against an infinite one, or
    against no number at all, is infinitely far off; against zero the error is absolute.
    """
    with np.errstate(all="ignore"):
        scale = np.where(stated == 0, 1.0, np.abs(stated))
        errors = np.abs(computed - stated) / scale
    errors[~(np.isfinite(stated) & np.isfinite(computed))] = np.inf
    errors[stated == computed] = 0.0
    return errors


def compare_table(
    table: Table, kind: Kind, constants: ReferenceConstants, *, file: str, where: str
) -> FileComparison:
    """Compute every output of ``table`` again and compare.

    Parameters
    ----------
    table
        At least one row, under the columns of ``kind``.
    file, where
        The file's name in the report, and in faults.

    Raises
    ------
    FleetError
        If a cell cannot be read.
    """
    rows = parse_rows(table, kind, constants, where=where)
    # A huge argument may overflow to inf or to no number: that is then an infinite error.
    with np.errstate(all="ignore"):
        computed = kind.evaluate(rows, constants)
    columns = tuple(kind.outputs)
    errors = np.stack([_column_errors(rows, column, computed[column]) for column in columns])
    at, row = np.unravel_index(int(np.argmax(errors)), errors.shape)
    return FileComparison(
        file=file,
        kind=kind.title,
        rows=len(rows),
        columns=columns,
        worst_relative_error=float(errors[at, row]),
        worst=_worst_row(rows, columns[int(at)], computed[columns[int(at)]], int(row)),
    )


def _column_errors(rows: Rows, column: str, computed: FloatArray | list[str]) -> FloatArray:
    if isinstance(computed, list):
        stated = rows.names[column]
        return np.array([0.0 if a == b else np.inf for a, b in zip(stated, computed, strict=True)])
    return relative_errors(rows.numbers[column], computed)


def _worst_row(rows: Rows, column: str, computed: FloatArray | list[str], row: int) -> WorstRow:
    stated: float | str
    value: float | str
    if isinstance(computed, list):
        stated, value = rows.names[column][row], computed[row]
    else:
        stated, value = float(rows.numbers[column][row]), float(computed[row])
    return WorstRow(
        place=rows.places[row],
        keys={name: cells[row] for name, cells in rows.text.items()},
        column=column,
        stated=stated,
        computed=value,
    )
