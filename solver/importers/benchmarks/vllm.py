"""Results of ``vllm bench serve``: one JSON file a run, one line a run, or the list of a sweep.

Keys are those of vLLM 0.33.0 (``vllm/benchmarks/serve.py`` and ``sweep/serve.py`` beside it). Older
results lack ``failed``, which is then the prompts that were sent less those that were completed.

The file does not say on what the server ran. What ``--metadata tp=2`` or the overrides of a sweep
noted of its layout is taken; the rest is asked for.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.importers.benchmarks.model_ids import weights_word
from solver.importers.benchmarks.reading import read_runs
from solver.importers.benchmarks.run import Fields, ServerLayout, ServingRun
from solver.importers.benchmarks.run_checks import (
    check_concurrency,
    check_failures,
)
from solver.importers.benchmarks.shared_keys import first_token, load_of, measured
from solver.importers.findings import Answers, Findings

__all__ = ["read_vllm"]

_TOOL = "vllm bench serve"
_WHAT = "the JSON result of 'vllm bench serve --save-result'"
_DEGREES = {
    "TP": ("tp", "tensor_parallel_size", "tensor_parallel"),
    "DP": ("dp", "data_parallel_size", "data_parallel"),
    "PP": ("pp", "pipeline_parallel_size", "pipeline_parallel"),
}
"""Degrees whose product is the devices of a vLLM server, and the keys people note them under. Their
order is that in which results of this project name a layout, so that its name can be deployed."""
_MOST = 4096


def read_vllm(path: Path, answers: Answers) -> Findings:
    """Measured operating points from runs of ``vllm bench serve``.

    Parameters
    ----------
    path
        Written with ``--save-result``, ``--append-result`` or by ``vllm bench sweep serve``.

    Raises
    ------
    InstanceError
        With every fault: what is missing, contradicts itself, or does not fit the answers.
    """
    return read_runs(path, answers, _run, what=_WHAT, smaller="without --save-detailed")


def _run(fields: Fields, limit: Fraction) -> ServingRun | None:
    if not fields.has("request_throughput") and not fields.has("completed"):
        if any(fields.has(key) for key in ("elapsed_time", "avg_latency")):
            what = "is a result of 'vllm bench throughput' or 'latency', which serve no requests"
        else:
            what = f"is not {_WHAT}"
        fields.fault("request_throughput", what, f"Name {_WHAT}")
        return None
    figures = measured(fields, input_hint="Run it on prompts of text")
    ttft_ms, statistic = first_token(fields)
    load, offered = load_of(fields)
    layout = _layout(fields)
    failed = _failed(fields)
    if figures is None:
        return None
    if failed is not None:
        check_failures(fields, figures.completed, failed, limit)
    latency_ms = fields.number("mean_e2el_ms")
    most = fields.count("max_concurrency")
    if latency_ms is not None and most is not None:
        check_concurrency(
            fields,
            completed=figures.completed,
            mean_s=Fraction(latency_ms) / 1000,
            duration=figures.duration,
            most=most,
            key="mean_e2el_ms",
        )
    notes = []
    if fields.has("ramp_up_strategy"):
        notes.append("the rate rose during the run, so that the latencies mix several loads")
    return ServingRun(
        where=fields.where,
        tool=_TOOL,
        model_id=fields.text("model_id"),
        requests_per_s=figures.rate,
        tpot_ms=figures.tpot_ms,
        ttft_ms=ttft_ms,
        ttft_statistic=statistic,
        input_tokens=figures.input_tokens,
        output_tokens=figures.output_tokens,
        completed=figures.completed,
        failed=failed,
        load=load,
        offered_per_s=offered,
        layout=layout,
        notes=tuple(notes),
    )


def _failed(fields: Fields) -> int | None:
    if fields.has("failed"):
        return fields.count("failed", zero=True)
    sent, completed = fields.count("num_prompts"), fields.count("completed", zero=True)
    if sent is None or completed is None or sent < completed:
        return None
    return sent - completed


def _layout(fields: Fields) -> ServerLayout | None:
    """The layout as the person who ran it noted it, with ``--metadata`` or a sweep."""
    noted = {key.replace("-", "_").casefold(): key for key in fields.record}
    degrees: dict[str, int] = {}
    keys = []
    for word, names in _DEGREES.items():
        key = next((noted[name] for name in names if name in noted), None)
        if key is None:
            continue
        degree = _degree(fields.record[key])
        if degree is None:
            fields.fault(
                key, "is no number of devices", f"Note a whole number from 1 to {_MOST}, as in tp=2"
            )
            return None
        degrees[word] = degree
        keys.append(key)
    if "TP" not in degrees:
        return None
    devices = 1
    for degree in degrees.values():
        devices *= degree
    words = [f"{word}{degree}" for word, degree in degrees.items() if word == "TP" or degree > 1]
    weights = weights_word(fields.text("model_id"))
    return ServerLayout(
        " ".join([*words, *([weights] if weights else [])]), devices, ", ".join(keys)
    )


def _degree(value: Any) -> int | None:
    """A degree noted as a number or as text, from 1 on."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 4:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(value) if 1 <= value <= _MOST and value == int(value) else None
