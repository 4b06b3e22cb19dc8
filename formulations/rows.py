"""Rows of a sparse program, collected in blocks and laid out once as CSR."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from formulations.milp import INFINITY, IntArray, Milp

__all__ = ["SparseRows"]

_Ints = npt.ArrayLike


class SparseRows:
    """Collects coefficients by row block; rows are numbered in the order of the blocks.

    Examples
    --------
    >>> rows = SparseRows()
    >>> block = rows.add_block(1, lower=1, upper=1)
    >>> rows.put(block, [0, 0], [0, 1], 1)
    """

    def __init__(self) -> None:
        self._n_rows = 0
        self._lower: list[IntArray] = []
        self._upper: list[IntArray] = []
        self._row: list[IntArray] = []
        self._column: list[IntArray] = []
        self._value: list[IntArray] = []

    def add_block(self, n_rows: int, *, lower: _Ints = -INFINITY, upper: _Ints = INFINITY) -> int:
        """Add ``n_rows`` empty rows with these bounds (scalars or (n_rows,)); returns the first."""
        first = self._n_rows
        self._n_rows += n_rows
        for store, bound in ((self._lower, lower), (self._upper, upper)):
            store.append(np.array(np.broadcast_to(bound, (n_rows,)), dtype=np.int64))
        return first

    def put(self, first: int, row: _Ints, column: _Ints, value: _Ints) -> None:
        """Place ``value`` at (``first + row``, ``column``); the three broadcast, zeros are dropped.

        A place must be used once: entries are not summed.
        """
        rows, columns, values = np.broadcast_arrays(
            np.asarray(row, dtype=np.int64) + first,
            np.asarray(column, dtype=np.int64),
            np.asarray(value, dtype=np.int64),
        )
        kept = values != 0
        self._row.append(rows[kept])
        self._column.append(columns[kept])
        self._value.append(values[kept])

    def to_milp(
        self, name: str, *, lower: IntArray, upper: IntArray, objectives: Mapping[str, IntArray]
    ) -> Milp:
        """The program with these (n,) column bounds, every column integer.

        Raises
        ------
        ValueError
            If an entry lies outside the matrix or a place was used twice.
        """
        row, column, value = (
            np.concatenate([np.empty(0, dtype=np.int64), *parts])
            for parts in (self._row, self._column, self._value)
        )
        if len(row) and (row.max() >= self._n_rows or column.max() >= len(lower)):
            raise ValueError(f"{name}: an entry lies outside the matrix")
        order = np.lexsort((column, row))
        row, column, value = row[order], column[order], value[order]
        if ((np.diff(row) == 0) & (np.diff(column) == 0)).any():
            raise ValueError(f"{name}: two entries in one place")
        counts = np.bincount(row, minlength=self._n_rows)
        empty = np.empty(0, dtype=np.int64)
        return Milp(
            name=name,
            lower=lower,
            upper=upper,
            is_integer=np.ones(len(lower), dtype=np.bool_),
            row_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            column_index=column,
            value=value,
            row_lower=np.concatenate([empty, *self._lower]),
            row_upper=np.concatenate([empty, *self._upper]),
            objectives=objectives,
        )
