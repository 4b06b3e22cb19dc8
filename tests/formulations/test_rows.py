"""Row blocks become the matrix they say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from formulations.milp import INFINITY, Milp
from formulations.rows import SparseRows


def built(rows: SparseRows, n: int) -> Milp:
    zero, one = np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64)
    return rows.to_milp("rows", lower=zero, upper=one, objectives={"f": one.copy()})


def dense(milp: Milp) -> npt.NDArray[np.int64]:
    matrix = np.zeros((milp.n_rows, milp.n_columns), dtype=np.int64)
    for row in range(milp.n_rows):
        entries = slice(milp.row_start[row], milp.row_start[row + 1])
        matrix[row, milp.column_index[entries]] = milp.value[entries]
    return matrix


def test_entries_put_in_any_order_land_in_their_place() -> None:
    rows = SparseRows()
    first = rows.add_block(1, lower=1, upper=1)
    second = rows.add_block(2, upper=[4, 5])
    rows.put(second, [1, 0], [0, 2], [7, 8])
    rows.put(first, 0, [2, 0], 3)
    np.testing.assert_array_equal(dense(built(rows, 3)), [[3, 0, 3], [0, 0, 8], [7, 0, 0]])


def test_bounds_left_out_mean_no_bound() -> None:
    rows = SparseRows()
    rows.add_block(2, upper=[4, 5])
    milp = built(rows, 1)
    assert milp.row_lower.tolist() == [-INFINITY, -INFINITY]
    assert milp.row_upper.tolist() == [4, 5]


def test_zeros_are_not_stored() -> None:
    rows = SparseRows()
    rows.put(rows.add_block(1), 0, [0, 1], [0, 2])
    assert built(rows, 2).value.tolist() == [2]


def test_a_place_used_twice_is_refused() -> None:
    rows = SparseRows()
    block = rows.add_block(1)
    rows.put(block, 0, 0, 1)
    rows.put(block, 0, 0, 1)
    with pytest.raises(ValueError, match="two entries in one place"):
        built(rows, 1)


def test_an_entry_outside_the_matrix_is_refused() -> None:
    rows = SparseRows()
    rows.put(rows.add_block(1), 0, 5, 1)
    with pytest.raises(ValueError, match="outside the matrix"):
        built(rows, 2)
