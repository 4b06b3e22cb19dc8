"""A cell of a kernel table that is no sound number is told by column and row, never a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from solver.errors import FleetError
from solver.performance.validation.measured.kernel_cells import check_cells

pd = pytest.importorskip("pandas")
PATH = Path("comm.parquet")
COLUMNS = ("system", "window_size", "bytes", "latency_s")


def frame(**changes: list[Any]) -> Any:
    sound = {
        "system": ["h100_sxm", "l4"],
        "window_size": [0, 128],
        "bytes": [256, 512],
        "latency_s": [1e-5, 2e-5],
    }
    return pd.DataFrame({**sound, **changes})


def test_sound_cells_pass() -> None:
    check_cells(frame(), COLUMNS, PATH)


@pytest.mark.parametrize(
    ("column", "cells", "place"),
    [
        ("latency_s", ["x", "y"], "comm.parquet: latency_s"),
        ("bytes", [None, "512"], "comm.parquet: bytes"),
        ("bytes", [True, False], "comm.parquet: bytes"),
        ("latency_s", [1e-5, float("nan")], "row 2: latency_s"),
        ("latency_s", [1e-5, float("inf")], "row 2: latency_s"),
        ("latency_s", [-1.0, 1e-5], "row 1: latency_s"),
        ("bytes", [256, 0], "row 2: bytes"),
        ("window_size", [0, -1], "row 2: window_size"),
    ],
)
def test_a_cell_that_is_no_sound_number_is_told(column: str, cells: list[Any], place: str) -> None:
    with pytest.raises(FleetError) as caught:
        check_cells(frame(**{column: cells}), COLUMNS, PATH)
    assert place in str(caught.value)


def test_every_faulty_column_is_told_at_once() -> None:
    with pytest.raises(FleetError) as caught:
        check_cells(frame(bytes=["a", "b"], latency_s=[0.0, 0.0]), COLUMNS, PATH)
    assert len(caught.value.faults) == 2


def test_a_column_that_nothing_reads_may_hold_anything() -> None:
    check_cells(frame(note=["?", None]), COLUMNS, PATH)
