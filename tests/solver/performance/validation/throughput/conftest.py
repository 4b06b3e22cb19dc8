"""Rows of tables of published throughput, made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.performance.validation.throughput.rows import ThroughputRow

MakeRow = Callable[..., ThroughputRow]


@pytest.fixture
def page_row() -> MakeRow:
    """A row of TensorRT-LLM's page, with what a test changes."""

    def make(**changes: Any) -> ThroughputRow:
        fields: dict[str, Any] = {
            "place": "line 2",
            "source": "TensorRT-LLM perf-overview v1.0",
            "model": "llama-3.1-8b",
            "gpu": "h100",
            "mode": "offline_max_throughput",
            "precision": "fp8",
            "kind": "measured",
            "n_gpus": 1,
            "tp": 1,
            "pp": 1,
            "ep": 1,
            "dp": 1,
            "isl": 1000,
            "osl": 1000,
            "output_tok_s_per_gpu": 15220,
        }
        return ThroughputRow(**(fields | changes))

    return make


@pytest.fixture
def mlperf_row() -> MakeRow:
    """A row of MLPerf's results, with what a test changes."""

    def make(**changes: Any) -> ThroughputRow:
        fields: dict[str, Any] = {
            "place": "line 2",
            "source": "MLPerf Inference v5.1",
            "model": "llama-2-70b",
            "gpu": "h200",
            "mode": "Offline",
            "precision": "fp8",
            "kind": "measured",
            "n_gpus": 8,
            "osl": 293,
            "output_tok_s_per_gpu": 4358,
            "notes": "NVIDIA closed llama2-70b-99 nodes=1",
        }
        return ThroughputRow(**(fields | changes))

    return make
