"""Results of AIPerf and of GenAI-Perf before it: ``profile_export_*.json`` of one run.

Metrics are objects of statistics with their unit beside them, which is read and not assumed. Keys
are those of AIPerf 0.13.0 (``aiperf/common/models/export_models.py``, schema 1.4) and GenAI-Perf
0.0.16 (``genai_perf/export_data/json_exporter.py``); early AIPerf put them under ``records``.

Both take the inter-token latency per request, as (latency - TTFT) / (output tokens - 1), and the
mean of that over requests: what this project calls TPOT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.importers.benchmarks.reading import read_runs
from solver.importers.benchmarks.run import Fields, ServingRun
from solver.importers.benchmarks.run_checks import (
    check_failures,
    check_order,
    check_rate,
)
from solver.importers.benchmarks.shared_keys import FIRST_TOKEN_STATISTICS
from solver.importers.findings import Answers, Findings
from solver.importers.visible import visible

__all__ = ["read_aiperf"]

_WHAT = "profile_export_aiperf.json of AIPerf, or profile_export_genai_perf.json of GenAI-Perf"
_MS = {"ns": -6, "us": -3, "ms": 0, "sec": 3, "s": 3}
"""Units of time -> the power of ten that makes milliseconds of them."""
_PER_S = {"requests/sec": 0, "requests/s": 0, "req/sec": 0, "req/s": 0}
_TOKENS_PER_S = {"tokens/sec": 0, "tokens/s": 0, "tok/s": 0}
_TOKENS = {"tokens": 0}
_COUNTS = {"requests": 0, "count": 0}


def read_aiperf(path: Path, answers: Answers) -> Findings:
    """Measured operating points from a run of AIPerf or GenAI-Perf.

    Raises
    ------
    InstanceError
        With every fault: what is missing or in another unit, contradicts itself, was cut short, or
        does not fit the answers.
    """
    return read_runs(path, answers, _run, what=_WHAT, smaller="the summary, not the records")


def _run(document: Fields, limit: Fraction) -> ServingRun | None:
    before = len(document.faults)
    metrics = document.inside("records") or document
    if metrics.inside("request_throughput") is None:
        document.fault("request_throughput", f"is missing: this is not {_WHAT}", f"Name {_WHAT}")
        return None
    for key, cut, what in (
        ("was_cancelled", True, "was cancelled before its end"),
        ("is_complete", False, "did not reach its end"),
    ):
        if document.record.get(key) is cut:
            reason = visible(document.text("incomplete_reason"), 80)
            document.fault(key, f"{what}{f' ({reason})' if reason else ''}", "Run it again")
    rate = _figure(metrics, "request_throughput", "avg", _PER_S, needed=True)
    completed = _figure(metrics, "request_count", "avg", _COUNTS)
    output_rate = _figure(metrics, "output_token_throughput", "avg", _TOKENS_PER_S)
    inputs = _figure(metrics, "input_sequence_length", "avg", _TOKENS, needed=True)
    outputs = _figure(metrics, "output_sequence_length", "avg", _TOKENS, needed=True)
    tpot_ms = _figure(metrics, "inter_token_latency", "avg", _MS)
    ttft_ms, statistic = _first_token(metrics)
    duration_ms = _figure(metrics, "benchmark_duration", "avg", _MS)
    total_out = _figure(metrics, "total_osl", "avg", _TOKENS)
    failed = _failed(document, metrics)
    if len(document.faults) > before or rate is None or inputs is None or outputs is None:
        return None
    if duration_ms is not None:
        duration = duration_ms.scaleb(-3)
        if completed is not None:
            check_rate(document, completed, duration, rate, "request_throughput.avg")
        if output_rate is not None and total_out is not None:
            check_rate(document, total_out, duration, output_rate, "output_token_throughput.avg")
    elif output_rate is not None:
        check_rate(document, output_rate, rate, outputs, "output_sequence_length.avg")
    if completed is not None and failed:
        check_failures(document, int(completed), failed, limit)
    load, offered = _load(document)
    return ServingRun(
        where=document.where,
        tool="AIPerf"
        if document.has("aiperf_version") or metrics is not document
        else _tool(document),
        model_id=_model_id(document),
        requests_per_s=rate,
        tpot_ms=tpot_ms,
        ttft_ms=ttft_ms,
        ttft_statistic=statistic,
        input_tokens=Fraction(inputs),
        output_tokens=Fraction(outputs),
        completed=int(completed or 0),
        failed=failed,
        load=load,
        offered_per_s=offered,
        device_hint=_devices_seen(document),
    )


def _tool(document: Fields) -> str:
    config = document.inside("input_config")
    stated = config is not None and config.inside("perf_analyzer") is not None
    return "GenAI-Perf" if stated else "AIPerf or GenAI-Perf"


def _figure(
    metrics: Fields, key: str, statistic: str, units: Mapping[str, int], *, needed: bool = False
) -> Decimal | None:
    """One statistic of a metric, in the unit that ``units`` convert to by powers of ten."""
    metric = metrics.inside(key)
    if metric is None:
        if needed or metrics.has(key):
            metrics.fault(key, "is missing", f"Name {_WHAT}")
        return None
    value = metric.number(statistic, needed=needed)
    unit = metric.text("unit")
    if unit not in units:
        metric.fault(
            "unit",
            f"is '{visible(unit)}', not {' or '.join(units)}",
            "Name the file as it was written",
        )
        return None
    return None if value is None else value.scaleb(units[unit])


def _first_token(metrics: Fields) -> tuple[Decimal | None, str]:
    metric = metrics.inside("time_to_first_token")
    if metric is None:
        return None, ""
    check_order(metric, "min", "p50", "p90", "p95", "p99", "max")
    for word in FIRST_TOKEN_STATISTICS:
        value = _figure(metrics, "time_to_first_token", word, _MS)
        if value is not None:
            return value, word
    return None, ""


def _failed(document: Fields, metrics: Fields) -> int | None:
    count = metrics.inside("error_request_count")
    if count is not None:
        return count.count("avg", zero=True)
    listed: Any = document.record.get("error_summary")
    if not isinstance(listed, list):
        return None
    counts = [
        Fields(entry, document.where, document.faults, f"error_summary[{number}].").count("count")
        for number, entry in enumerate(listed)
        if isinstance(entry, dict)
    ]
    return sum(count or 0 for count in counts)


def _model_id(document: Fields) -> str:
    """The only model of the run, wherever the version of the tool states it."""
    config = document.inside("input_config")
    if config is None:
        return ""
    endpoint = config.inside("endpoint")
    places = (
        config.record.get("models"),
        config.record.get("model_names"),
        config.record.get("model"),
        endpoint.record.get("model_names") if endpoint is not None else None,
    )
    for place in places:
        names = list(dict.fromkeys(_names(place)))
        if len(names) > 1:
            config.fault(
                "models",
                f"are several: {', '.join(visible(name) for name in names[:5])}",
                "Run the benchmark on one model at a time",
            )
        if names:
            return names[0]
    return ""


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _names(entry)
    elif isinstance(value, dict):
        yield from _names(value.get("items") or value.get("name"))


def _load(document: Fields) -> tuple[str, Decimal | None]:
    """Concurrency and rate that were asked for, wherever the version of the tool states them."""
    config = document.inside("input_config")
    if config is None:
        return "", None
    places = [config]
    for key in ("loadgen", "perf_analyzer"):
        inner = config.inside(key)
        if inner is not None:
            places.append(inner)
            stimulus = inner.inside("stimulus")
            places += [stimulus] if stimulus is not None else []
    listed: Any = config.record.get("phases")
    for number, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, dict) and entry.get("name") != "warmup":
            places.append(
                Fields(entry, config.where, config.faults, f"input_config.phases[{number}].")
            )
    rate = concurrency = None
    for place in places:
        for key in ("request_rate", "rate"):
            if isinstance(place.record.get(key), int | Decimal):
                rate = rate or place.number(key)
        if isinstance(place.record.get("concurrency"), int):
            concurrency = concurrency or place.count("concurrency")
    words = [f"rate {rate.normalize():f}"] if rate is not None else []
    words += [f"concurrency {concurrency}"] if concurrency is not None else []
    return " ".join(words), rate


def _devices_seen(document: Fields) -> str:
    """The devices that telemetry saw, for a question: a host may have others than the server's."""
    telemetry = document.inside("telemetry_data")
    endpoints = telemetry.inside("endpoints") if telemetry is not None else None
    names = []
    for endpoint in endpoints.record.values() if endpoints is not None else ():
        seen = endpoint.get("gpus") if isinstance(endpoint, dict) else None
        for device in seen.values() if isinstance(seen, dict) else ():
            name = device.get("gpu_name") if isinstance(device, dict) else None
            names.append(visible(name) if isinstance(name, str) else "device")
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    return ", ".join(f"{count} {name}" for name, count in counts.items())
