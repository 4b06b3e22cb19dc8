from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.errors import FleetError
from solver.performance.validation.measured.rows import (
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    read_measured_rows,
)

WriteRows = Callable[..., Path]
Row = dict[str, Any]


def faults_of(path: Path) -> str:
    with pytest.raises(FleetError) as caught:
        read_measured_rows(path)
    return str(caught.value)


def test_a_row_keeps_what_the_file_states(write_rows: WriteRows, dense: Row) -> None:
    (row,) = read_measured_rows(write_rows({**dense, "tp_size": "4.0", "tpot_s": "0.0123456"}))
    assert (row.id, row.aggregated.tp_size, row.tpot_s) == ("row0", 4, 0.0123456)


def test_an_empty_cell_is_no_value(write_rows: WriteRows, dense: Row) -> None:
    (row,) = read_measured_rows(write_rows({**dense, "concurrency": "", "version": ""}))
    assert row.concurrency is None
    assert row.version is None


def test_pools_have_columns_of_their_own(write_rows: WriteRows, pools: Row) -> None:
    (row,) = read_measured_rows(write_rows(pools))
    assert (row.prefill.num_workers, row.decode.moe_ep_size) == (2, 8)


def test_optional_columns_may_be_left_out(write_rows: WriteRows, dense: Row) -> None:
    (row,) = read_measured_rows(write_rows(dense, columns=REQUIRED_COLUMNS))
    assert row.source is None


def test_columns_of_others_are_passed_over(write_rows: WriteRows, dense: Row) -> None:
    columns = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, "remark")
    assert len(read_measured_rows(write_rows({**dense, "remark": "?"}, columns=columns))) == 1


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("tpot_s", "fast"),
        ("tpot_s", "-0.01"),
        ("tpot_s", "nan"),
        ("ttft_s", "inf"),
        ("isl", "1000.5"),
        ("tp_size", "-4"),
        ("tp_size", "4x"),
        ("mode", "static"),
        ("concurrency", "0"),
        ("system", ""),
    ],
)
def test_a_wrong_cell_is_told_with_file_row_and_column(
    write_rows: WriteRows, dense: Row, column: str, cell: str
) -> None:
    told = faults_of(write_rows(dense, {**dense, column: cell}))
    assert "serving_points.csv: line 3 (row1)" in told
    assert f": {column}: " in told


def test_every_wrong_cell_is_told_at_once(write_rows: WriteRows, dense: Row) -> None:
    told = faults_of(write_rows({**dense, "isl": "x"}, {**dense, "osl": "y"}))
    assert "row0" in told
    assert "row1" in told


def test_many_wrong_cells_are_counted(write_rows: WriteRows, dense: Row) -> None:
    told = faults_of(write_rows(*[{**dense, "isl": "x"}] * 30))
    assert "10 more faults" in told
    assert told.count("\n") == 20


def test_a_missing_column_is_named(write_rows: WriteRows, dense: Row) -> None:
    columns = [name for name in REQUIRED_COLUMNS if name != "tpot_s"]
    assert "lacks the columns tpot_s" in faults_of(write_rows(dense, columns=columns))
