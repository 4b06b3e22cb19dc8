"""Small made-up files in the layout of the measured serving points."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from solver.performance.calibrated.point import ServingPoint
from solver.performance.validation.measured.points import MeasuredPoints, measured_points
from solver.performance.validation.measured.rows import (
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    read_measured_rows,
)

COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
SHARED = Path(__file__).resolve().parents[5].parent / "shared" / "data" / "serving"

DENSE: dict[str, Any] = {
    "system": "h100_sxm", "backend": "vllm", "version": "1.0", "op": "e2e", "dtype": "fp8",
    "model_path": "meta-llama/Llama-3.1-70B", "mode": "agg", "isl": 1000, "osl": 500,
    "concurrency": 8, "gemm_quant_mode": "fp8", "moe_quant_mode": "fp8", "batch_size": 8,
    "tp_size": 4, "pp_size": 1, "attention_dp_size": 1, "moe_tp_size": 4, "moe_ep_size": 1,
    "ttft_s": 0.1, "tpot_s": 0.02, "source": "own/bench.csv",
}  # fmt: skip
EXPERTS: dict[str, Any] = {
    **DENSE, "system": "b200_sxm", "backend": "trtllm", "model_path": "deepseek-ai/DeepSeek-R1",
    "tp_size": 8, "moe_tp_size": 8, "moe_ep_size": 1,
}  # fmt: skip
POOLS: dict[str, Any] = {
    **EXPERTS, "mode": "disagg", "concurrency": 64,
    **dict.fromkeys(
        ("batch_size", "tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size"), ""
    ),
    **{
        f"prefill_{name}": value
        for name, value in {
            "num_workers": 2, "tp_size": 1, "pp_size": 1, "attention_dp_size": 4, "moe_tp_size": 1,
            "moe_ep_size": 4,
        }.items()
    },
    **{
        f"decode_{name}": value
        for name, value in {
            "num_workers": 1, "tp_size": 8, "pp_size": 1, "attention_dp_size": 1, "moe_tp_size": 1,
            "moe_ep_size": 8,
        }.items()
    },
}  # fmt: skip

Row = dict[str, Any]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Times:
    """What a predictor answers."""

    ttft_s: FloatArray
    tpot_s: FloatArray
    refused: tuple[str | None, ...]


def write(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({"id": f"row{number}", **row} for number, row in enumerate(rows))
    return path


@pytest.fixture
def dense() -> Row:
    """Cells of a sound row: a dense model on four devices."""
    return dict(DENSE)


@pytest.fixture
def experts() -> Row:
    """Cells of a sound row: a mixture model on eight devices, experts split as attention is."""
    return dict(EXPERTS)


@pytest.fixture
def pools() -> Row:
    """Cells of a sound row: a mixture model with two prefill workers and one decode worker."""
    return dict(POOLS)


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows as ``serving_points.csv``; columns may be left out or added."""

    def build(*rows: Row, columns: Sequence[str] = COLUMNS) -> Path:
        return write(tmp_path / "serving_points.csv", rows, columns)

    return build


@pytest.fixture
def scaled() -> Callable[..., Callable[[Sequence[ServingPoint]], Times]]:
    """Builds a predictor that knows the measured times and is off by factors, one a row."""

    def build(points: MeasuredPoints, *, ttft: Any = 1.0, tpot: Any = 1.0) -> Any:
        asked = np.array([point is not None for point in points.points])
        first = np.nan_to_num(np.asarray(ttft) * points.ttft_s, nan=1.0)[asked]
        between = np.nan_to_num(np.asarray(tpot) * points.tpot_s, nan=1.0)[asked]

        def predict(given: Sequence[ServingPoint]) -> Times:
            assert len(given) == len(first)
            return Times(first, between, (None,) * len(given))

        return predict

    return build


@pytest.fixture
def points_of(write_rows: Callable[..., Path]) -> Callable[..., MeasuredPoints]:
    """Writes rows, reads them back and asks about each."""

    def build(*rows: Row) -> MeasuredPoints:
        return measured_points(read_measured_rows(write_rows(*rows)))

    return build


@pytest.fixture(scope="session")
def shared_points() -> MeasuredPoints:
    """All measured serving points of the shared data; skips without them."""
    path = SHARED / "serving_points.csv"
    if not path.is_file():
        pytest.skip("the measured serving points are not at hand")
    return measured_points(read_measured_rows(path))
