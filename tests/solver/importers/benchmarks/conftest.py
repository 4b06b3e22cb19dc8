"""Results of benchmarks in the shape of the tools; their figures are ours and agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.importers.findings import Answers, Findings
from solver.importers.kinds import KINDS, reader_of

Read = Callable[..., Findings]
Faults = Callable[..., str]


@pytest.fixture
def vllm_run() -> dict[str, Any]:
    """One run of ``vllm bench serve``: 100 requests in 8 s."""
    return {
        "date": "20261012-141507",
        "backend": "vllm",
        "model_id": "meta-llama/Llama-3.1-8B-Instruct",
        "num_prompts": 100,
        "tp": "2",
        "request_rate": "inf",
        "burstiness": 1.0,
        "max_concurrency": 32,
        "duration": 8.0,
        "completed": 100,
        "failed": 0,
        "total_input_tokens": 102400,
        "total_output_tokens": 25600,
        "request_throughput": 12.5,
        "request_goodput": None,
        "output_throughput": 3200.0,
        "mean_ttft_ms": 80.5,
        "median_ttft_ms": 70.25,
        "p99_ttft_ms": 310.125,
        "mean_tpot_ms": 9.0625,
        "median_tpot_ms": 9.0,
        "p99_tpot_ms": 10.5,
        "mean_e2el_ms": 2390.0,
    }


@pytest.fixture
def sglang_run(vllm_run: dict[str, Any]) -> dict[str, Any]:
    """One run of ``sglang.bench_serving`` against a server that says how it is laid out."""
    kept = {
        key: value for key, value in vllm_run.items() if key not in ("tp", "model_id", "failed")
    }
    return kept | {
        "backend": "sglang",
        "request_rate": 12.5,
        "max_concurrency": None,
        "server_info": {
            "model_path": "meta-llama/Llama-3.1-8B-Instruct",
            "served_model_name": "meta-llama/Llama-3.1-8B-Instruct",
            "tp_size": 4,
            "pp_size": 1,
            "dp_size": 1,
            "attn_dp_size": 1,
            "ep_size": 1,
            "quantization": None,
        },
    }


@pytest.fixture
def aiperf_run() -> dict[str, Any]:
    """One run of AIPerf 0.13."""
    return {
        "schema_version": "1.4",
        "aiperf_version": "0.13.0",
        "request_throughput": {"unit": "requests/sec", "avg": 12.5},
        "request_count": {"unit": "requests", "avg": 100.0},
        "time_to_first_token": {
            "unit": "ms", "avg": 80.5, "p50": 70.25, "p90": 150.0, "p95": 200.0, "p99": 310.125
        },
        "inter_token_latency": {"unit": "ms", "avg": 9.0625, "p50": 9.0},
        "output_token_throughput": {"unit": "tokens/sec", "avg": 3200.0},
        "output_sequence_length": {"unit": "tokens", "avg": 256.0},
        "input_sequence_length": {"unit": "tokens", "avg": 1024.0},
        "total_osl": {"unit": "tokens", "avg": 25600.0},
        "benchmark_duration": {"unit": "sec", "avg": 8.0},
        "input_config": {
            "models": {"items": [{"name": "meta-llama/Llama-3.1-8B-Instruct"}]},
            "phases": [
                {"name": "warmup", "concurrency": 2},
                {"name": "profiling", "type": "concurrency", "concurrency": 32},
            ],
        },
        "was_cancelled": False,
        "is_complete": True,
    }  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read one document, a list of them as one a line, or a text, with answers."""

    def reading(kind: str, document: Any, **answers: Any) -> Findings:
        if isinstance(document, str):
            text = document
        elif isinstance(document, list):
            text = "\n".join(map(json.dumps, document))
        else:
            text = json.dumps(document)
        path = tmp_path / "bench.json"
        path.write_text(text, encoding="utf-8")
        return reader_of(KINDS[kind])(path, Answers(**answers))

    return reading


@pytest.fixture
def faults(read: Read) -> Faults:
    """What is said of a document that is refused."""

    def refused(kind: str, document: Any, **answers: Any) -> str:
        with pytest.raises(InstanceError) as caught:
            read(kind, document, **answers)
        return str(caught.value)

    return refused
