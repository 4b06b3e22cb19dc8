"""Results of AIPerf and GenAI-Perf: units are read, runs that broke off are refused."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from solver.importers.findings import Findings
from tests.solver.importers.benchmarks.tables import rows_of

Read = Callable[..., Findings]
Faults = Callable[..., str]
Run = dict[str, Any]


def genai(run: Run) -> Run:
    """The same run as GenAI-Perf 0.0.16 writes it."""
    kept = deepcopy(run)
    for key in ("schema_version", "aiperf_version", "total_osl", "benchmark_duration"):
        del kept[key]
    kept["request_count"] = {"unit": "count", "avg": 100.0}
    kept["input_config"] = {
        "model_names": ["meta-llama/Llama-3.1-8B-Instruct"],
        "perf_analyzer": {"stimulus": {"concurrency": 32}},
    }
    return kept


def test_a_row_holds_the_figures_of_the_run(read: Read, aiperf_run: Run) -> None:
    (row,) = rows_of(read("aiperf", aiperf_run, devices="2", layout="TP2 FP8"))
    assert row["layout"] == "TP2 FP8 batch 32"
    assert (row["requests_per_s"], row["tpot_ms"], row["ttft_ms"]) == ("12.5", "9.0625", "310.125")
    assert (row["input_tokens"], row["output_tokens"]) == ("1024", "256")
    assert "(AIPerf)" in row["source"]


def test_genai_perf_says_the_same_in_its_own_words(read: Read, aiperf_run: Run) -> None:
    (one,), (other,) = (rows_of(read("aiperf", run)) for run in (aiperf_run, genai(aiperf_run)))
    assert "(GenAI-Perf)" in other["source"]
    assert {**one, "source": ""} == {**other, "source": ""}


def test_early_results_with_records_are_read(read: Read, aiperf_run: Run) -> None:
    metrics = {
        key: aiperf_run.pop(key) for key in list(aiperf_run) if "unit" in str(aiperf_run[key])
    }
    assert rows_of(read("aiperf", aiperf_run | {"records": metrics}))[0]["requests_per_s"] == "12.5"


@pytest.mark.parametrize(
    ("unit", "avg", "cell"),
    [("us", 9062.5, "9.0625"), ("ns", 9062500, "9.062500"), ("sec", 0.0090625, "9.0625000")],
)
def test_times_are_converted_by_their_unit(
    read: Read, aiperf_run: Run, unit: str, avg: float, cell: str
) -> None:
    aiperf_run["inter_token_latency"] = {"unit": unit, "avg": avg}
    assert float(rows_of(read("aiperf", aiperf_run))[0]["tpot_ms"]) == float(cell)


@pytest.mark.parametrize("metric", ["request_throughput", "inter_token_latency"])
def test_a_unit_that_is_not_known_is_refused(faults: Faults, aiperf_run: Run, metric: str) -> None:
    aiperf_run[metric]["unit"] = "furlongs"
    assert f"{metric}.unit: is 'furlongs'" in faults("aiperf", aiperf_run)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"was_cancelled": True}, "was cancelled"),
        ({"is_complete": False, "incomplete_reason": "stalled"}, "did not reach its end (stalled)"),
        ({"error_request_count": {"unit": "requests", "avg": 5}}, "5 of 105 requests failed"),
        ({"error_summary": [{"count": 2}, {"count": 3}]}, "5 of 105 requests failed"),
        ({"request_count": {"unit": "requests", "avg": 90}}, "is 11.25, and not 12.5"),
        ({"total_osl": {"unit": "tokens", "avg": 9.0}}, "output_token_throughput.avg: contradicts"),
        ({"request_throughput": None}, "is missing"),
    ],
)
def test_what_broke_off_failed_or_contradicts_itself_is_refused(
    faults: Faults, aiperf_run: Run, change: Run, said: str
) -> None:
    assert said in faults("aiperf", aiperf_run | change)


def test_genai_perf_contradictions_show_in_the_mean_length(faults: Faults, aiperf_run: Run) -> None:
    run = genai(aiperf_run)
    run["output_sequence_length"]["avg"] = 128.0
    assert "output_sequence_length.avg: contradicts" in faults("aiperf", run)


def test_devices_that_telemetry_saw_are_a_hint_and_no_figure(read: Read, aiperf_run: Run) -> None:
    seen = {"0": {"gpu_name": "NVIDIA H200"}, "1": {"gpu_name": "NVIDIA H200"}}
    telemetry = {"endpoints": {"localhost": {"gpus": seen}}}
    found = read("aiperf", aiperf_run | {"telemetry_data": telemetry})
    assert rows_of(found)[0]["devices"] == ""
    assert any("2 NVIDIA H200" in one.question for one in found.missing)


def test_a_run_against_several_models_is_refused(faults: Faults, aiperf_run: Run) -> None:
    aiperf_run["input_config"]["models"] = ["a", "b"]
    assert "are several: a, b" in faults("aiperf", aiperf_run)
