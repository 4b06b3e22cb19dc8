"""Rows laid out once."""

from __future__ import annotations

import pytest

from solver.lowering.fleet.rows import NamedRows


def test_entries_are_sorted_by_row_and_column() -> None:
    rows = NamedRows()
    first, second = rows.add("a", 3), rows.add("b", 4)
    rows.put(second, [2, 0], [5, 6])
    rows.put(first, 1, 7)
    matrix = rows.matrix(3)
    assert [part.tolist() for part in matrix.row(0)] == [[1], [7]]
    assert [part.tolist() for part in matrix.row(1)] == [[0, 2], [6, 5]]
    assert (rows.names, rows.side_array().tolist()) == (["a", "b"], [3, 4])


def test_zeros_are_dropped() -> None:
    rows = NamedRows()
    rows.put(rows.add("a", 0), [0, 1], [0, 2])
    assert rows.matrix(2).index.tolist() == [1]


def test_no_rows_are_an_empty_matrix() -> None:
    matrix = NamedRows().matrix(4)
    assert (matrix.n_rows, matrix.n_columns) == (0, 4)


def test_a_place_is_used_once() -> None:
    rows = NamedRows()
    rows.put(rows.add("a", 0), [1, 1], [2, 3])
    with pytest.raises(ValueError, match="two entries in one place"):
        rows.matrix(2)


def test_an_entry_lies_in_a_row_that_was_added() -> None:
    rows = NamedRows()
    rows.put(rows.add("a", 0) + 1, 0, 1)
    with pytest.raises(ValueError, match="outside the rows"):
        rows.matrix(2)
