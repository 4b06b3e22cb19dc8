"""A sparse matrix of integers, by rows: what covering and limit rows are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["SparseInts"]


@dataclass(frozen=True, slots=True, eq=False)
class SparseInts:
    """CSR without repeated places.

    Parameters
    ----------
    start : (m + 1,) int64
    index, value : (nonzeros,) int64
    n_columns
    """

    start: IntArray
    index: IntArray
    value: IntArray
    n_columns: int

    def __post_init__(self) -> None:
        if not len(self.start) or self.start[0] != 0 or (np.diff(self.start) < 0).any():
            raise ValueError("row starts must begin at 0 and never fall")
        if self.start[-1] != len(self.index) or len(self.index) != len(self.value):
            raise ValueError("index and value differ in length from what the starts say")
        if len(self.index) and (self.index.min() < 0 or self.index.max() >= self.n_columns):
            raise ValueError("an entry lies outside the matrix")
        for array in (self.start, self.index, self.value):
            array.setflags(write=False)

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[tuple[int, int]]], n_columns: int) -> SparseInts:
        """From rows of (column, value); zeros are dropped.

        Raises
        ------
        ValueError
            If a column stands twice in a row.
        """
        start: list[int] = [0]
        index: list[int] = []
        value: list[int] = []
        for row in rows:
            entries = sorted((column, entry) for column, entry in row if entry)
            columns = [column for column, _ in entries]
            if len(set(columns)) != len(columns):
                raise ValueError("a column stands twice in a row")
            index.extend(columns)
            value.extend(entry for _, entry in entries)
            start.append(len(index))
        return cls(
            np.array(start, dtype=np.int64),
            np.array(index, dtype=np.int64),
            np.array(value, dtype=np.int64),
            n_columns,
        )

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.start) - 1

    def row(self, i: int) -> tuple[IntArray, IntArray]:
        """Columns and values of row ``i``."""
        part = slice(int(self.start[i]), int(self.start[i + 1]))
        return self.index[part], self.value[part]

    def dot(self, x: Sequence[int] | IntArray) -> list[int]:
        """``A x`` in Python integers, which do not overflow."""
        values = [int(entry) for entry in x]
        found = []
        for i in range(self.n_rows):
            columns, entries = self.row(i)
            found.append(
                sum(
                    entry * values[column]
                    for column, entry in zip(columns.tolist(), entries.tolist(), strict=True)
                )
            )
        return found

    def take_columns(self, kept: npt.NDArray[np.intp]) -> SparseInts:
        """The same rows over the columns ``kept``, which must rise."""
        position = np.full(self.n_columns, -1, dtype=np.int64)
        position[kept] = np.arange(len(kept))
        new = position[self.index]
        alive = new >= 0
        counts = np.concatenate([[0], np.cumsum(alive)]).astype(np.int64)
        return SparseInts(counts[self.start], new[alive], self.value[alive], len(kept))
