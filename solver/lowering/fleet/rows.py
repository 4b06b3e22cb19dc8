"""Rows of a fleet problem, collected in blocks of entries and laid out once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray

__all__ = ["NamedRows"]


class NamedRows:
    """Rows with a name and a right-hand side each.

    Examples
    --------
    >>> rows = NamedRows()
    >>> rows.add("power", 3000)
    0
    >>> rows.put(0, [0, 1], [700, 400])
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sides: list[int] = []
        self._row: list[IntArray] = []
        self._column: list[IntArray] = []
        self._value: list[IntArray] = []

    def add(self, name: str, side: int) -> int:
        """Add an empty row; returns its number."""
        self.names.append(name)
        self.sides.append(side)
        return len(self.names) - 1

    def put(self, row: npt.ArrayLike, column: npt.ArrayLike, value: npt.ArrayLike) -> None:
        """Place entries; the three broadcast, zeros are dropped. A place is used once."""
        rows, columns, values = np.broadcast_arrays(
            *(np.asarray(part, dtype=np.int64) for part in (row, column, value))
        )
        kept = values != 0
        self._row.append(rows[kept].ravel())
        self._column.append(columns[kept].ravel())
        self._value.append(values[kept].ravel())

    def matrix(self, n_columns: int) -> SparseInts:
        """All rows over ``n_columns`` columns.

        Raises
        ------
        ValueError
            If an entry lies outside, or a place was used twice.
        """
        row, column, value = (
            np.concatenate([np.empty(0, dtype=np.int64), *parts])
            for parts in (self._row, self._column, self._value)
        )
        order = np.lexsort((column, row))
        row, column, value = row[order], column[order], value[order]
        if ((np.diff(row) == 0) & (np.diff(column) == 0)).any():
            raise ValueError("two entries in one place")
        if len(row) and (row[0] < 0 or row[-1] >= len(self.names)):
            raise ValueError("an entry lies outside the rows")
        counts = np.bincount(row, minlength=len(self.names))
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return SparseInts(start, column, value, n_columns)

    def side_array(self) -> IntArray:
        """Right-hand sides, (m,)."""
        return np.array(self.sides, dtype=np.int64)
