"""Results of ``vllm bench serve`` become rows, whose figures are those of the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from solver.importers.findings import Figure, Findings
from tests.solver.importers.benchmarks.tables import rows_of, workload_of

Read = Callable[..., Findings]
Faults = Callable[..., str]
Run = dict[str, Any]


def missing_flags(findings: Findings) -> list[str]:
    return [one.flag for one in findings.missing]


def test_a_row_holds_the_figures_in_the_digits_of_the_file(read: Read, vllm_run: Run) -> None:
    (row,) = rows_of(read("vllm", vllm_run, workload="chat", machine="h100"))
    assert row == {
        "workload": "chat",
        "model": "Llama-3.1-8B",
        "machine": "h100",
        "layout": "TP2 batch 32",
        "phase": "aggregated",
        "devices": "2",
        "requests_per_s": "12.5",
        "tpot_ms": "9.0625",
        "ttft_ms": "310.125",
        "input_tokens": "1024",
        "output_tokens": "256",
        "source": "bench.json (vllm bench serve): 100 requests at concurrency 32: "
        "TPOT mean and TTFT p99",
    }


def test_the_workload_has_the_mean_lengths_and_names_its_table(read: Read, vllm_run: Run) -> None:
    found = workload_of(read("vllm", vllm_run, workload="chat", requests_per_s="40.5"))
    assert found == {
        "name": "chat",
        "model": "Llama-3.1-8B",
        "input_tokens": 1024,
        "output_tokens": 256,
        "requests_per_s": "40.5",
        "points": "points-chat.csv",
    }


def test_every_figure_of_the_workload_names_its_source(read: Read, vllm_run: Run) -> None:
    (entry,) = read("vllm", vllm_run, workload="chat").tables["workloads"]  # type: ignore[misc]
    assert isinstance(entry, dict)
    assert isinstance(entry["input_tokens"], Figure)
    assert "bench.json: mean of 100 requests" in entry["input_tokens"].source


def test_demand_machine_and_price_are_asked_for(read: Read, vllm_run: Run) -> None:
    assert missing_flags(read("vllm", vllm_run)) == ["--machine", "--requests-per-s"]
    asked = missing_flags(read("vllm", vllm_run, machine="h100", requests_per_s="40"))
    assert asked == ["--usd-per-hour"]


def test_devices_are_asked_for_where_nothing_says_them(read: Read, vllm_run: Run) -> None:
    del vllm_run["tp"]
    found = read("vllm", vllm_run)
    assert "--devices" in missing_flags(found)
    assert rows_of(found)[0]["devices"] == ""
    assert rows_of(read("vllm", vllm_run, devices="4"))[0]["devices"] == "4"


@pytest.mark.parametrize(
    ("noted", "devices", "layout"),
    [
        ({"tp": "4", "pp": "2"}, "8", "TP4 PP2 batch 32"),
        ({"tensor-parallel-size": 2, "data_parallel_size": "4"}, "8", "TP2 DP4 batch 32"),
        ({"tp": 1}, "1", "TP1 batch 32"),
    ],
)
def test_degrees_noted_with_the_run_give_devices_and_layout(
    read: Read, vllm_run: Run, noted: Run, devices: str, layout: str
) -> None:
    del vllm_run["tp"]
    (row,) = rows_of(read("vllm", vllm_run | noted))
    assert (row["devices"], row["layout"]) == (devices, layout)


def test_degrees_that_are_none_are_refused(faults: Faults, vllm_run: Run) -> None:
    assert "tp: is no number of devices" in faults("vllm", vllm_run | {"tp": "two"})


def test_a_run_at_a_limited_rate_is_said_to_be_a_lower_bound(read: Read, vllm_run: Run) -> None:
    found = read("vllm", vllm_run | {"request_rate": 12.5, "max_concurrency": None})
    assert rows_of(found)[0]["layout"] == "TP2 rate 12.5"
    assert any("lower bound" in note for note in found.notes)


def test_a_run_that_did_not_keep_up_is_said_to_be_one(read: Read, vllm_run: Run) -> None:
    found = read("vllm", vllm_run | {"request_rate": 50.0, "max_concurrency": None})
    assert any("completed 25% of the 50 requests/s" in note for note in found.notes)


def test_a_burst_of_all_requests_is_said_to_be_one(read: Read, vllm_run: Run) -> None:
    found = read("vllm", vllm_run | {"max_concurrency": None, "mean_e2el_ms": None})
    assert any("sent at once" in note for note in found.notes)


def test_a_mean_or_median_of_the_first_token_is_never_taken(read: Read, vllm_run: Run) -> None:
    del vllm_run["p99_ttft_ms"]
    found = read("vllm", vllm_run)
    assert rows_of(found)[0]["ttft_ms"] == ""
    assert any("no percentile of the time to the first token" in note for note in found.notes)


def test_the_next_lower_percentile_stands_in_and_is_named(read: Read, vllm_run: Run) -> None:
    del vllm_run["p99_ttft_ms"]
    (row,) = rows_of(read("vllm", vllm_run | {"p95_ttft_ms": 250.5, "p90_ttft_ms": 200}))
    assert row["ttft_ms"] == "250.5"
    assert "TTFT p95" in row["source"]


def test_appended_runs_are_one_row_each(read: Read, vllm_run: Run) -> None:
    second = vllm_run | {
        "max_concurrency": 64,
        "duration": 5.0,
        "request_throughput": 20.0,
        "output_throughput": 5120.0,
        "mean_e2el_ms": 3000.0,
    }
    found = rows_of(read("vllm", [vllm_run, second]))
    assert [row["requests_per_s"] for row in found] == ["12.5", "20.0"]
    assert [row["layout"] for row in found] == ["TP2 batch 32", "TP2 batch 64"]
    assert found[1]["source"].startswith("bench.json:2 ")


def test_the_summary_of_a_sweep_is_read_as_runs(read: Read, vllm_run: Run) -> None:
    again = vllm_run | {"run_number": 1, "duration": 10.0, "request_throughput": 10.0}
    document = json.dumps([vllm_run, again | {"output_throughput": 2560.0}], indent=4)
    found = read("vllm", document)
    assert [row["layout"] for row in rows_of(found)] == [
        "TP2 batch 32",
        "TP2 batch 32 (2)",
    ]
    assert any("measured more than once" in note for note in found.notes)


def test_runs_of_several_models_are_refused(faults: Faults, vllm_run: Run) -> None:
    other = vllm_run | {"model_id": "Qwen/Qwen3-8B"}
    assert "runs of several models" in faults("vllm", [vllm_run, other])


def test_runs_of_several_lengths_are_refused_until_one_is_chosen(
    read: Read, faults: Faults, vllm_run: Run
) -> None:
    other = vllm_run | {"total_input_tokens": 204800, "max_concurrency": 31}
    assert "--input-tokens 1024 --output-tokens 256" in faults("vllm", [vllm_run, other])
    found = read("vllm", [vllm_run, other], input_tokens="2048", output_tokens="256")
    assert [row["input_tokens"] for row in rows_of(found)] == ["2048"]
    assert any("left out, it has 1024 and 256" in note for note in found.notes)


def test_an_unknown_model_is_asked_for(read: Read, vllm_run: Run) -> None:
    found = read("vllm", vllm_run | {"model_id": "someone/Llama-3.1-8B-mine"})
    assert missing_flags(found)[1] == "--model"
    assert rows_of(found)[0]["model"] == ""
    named = read("vllm", vllm_run | {"model_id": "mine"}, model="Llama-3.1-8B")
    assert rows_of(named)[0]["model"] == "Llama-3.1-8B"


def test_an_answer_that_contradicts_the_model_of_the_file_is_refused(
    faults: Faults, vllm_run: Run
) -> None:
    assert "contradicts" in faults("vllm", vllm_run, model="Qwen3-8B")


def test_more_than_one_failure_in_a_hundred_is_refused_unless_accepted(
    read: Read, faults: Faults, vllm_run: Run
) -> None:
    run = vllm_run | {"failed": 3}
    assert "3 of 103 requests failed" in faults("vllm", run)
    assert "--max-failed-share" in faults("vllm", run)
    found = read("vllm", run, max_failed_share="0.05")
    assert any("3 of 103 requests failed" in note for note in found.notes)


def test_an_older_result_counts_prompts_that_never_came_back(faults: Faults, vllm_run: Run) -> None:
    del vllm_run["failed"]
    assert "20 of 120 requests failed" in faults("vllm", vllm_run | {"num_prompts": 120})


@pytest.mark.parametrize("share", ["1", "-0.1", "all", "1e999"])
def test_a_share_of_failures_that_is_none_is_refused(
    faults: Faults, vllm_run: Run, share: str
) -> None:
    assert "is no share" in faults("vllm", vllm_run, max_failed_share=share)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"request_throughput": 13.5}, "100 over 8.0 is 12.5, and not 13.5"),
        ({"output_throughput": 3300.0}, "25600 over 8.0 is 3200, and not 3300.0"),
        ({"completed": 95}, "request_throughput: contradicts"),
        ({"p99_ttft_ms": 60.0}, "less than median_ttft_ms, which is 70.25"),
        ({"request_goodput": 13}, "more than the request_throughput"),
        ({"mean_e2el_ms": 4000.0}, "50 requests were under way on average, and not at most 32"),
        ({"max_concurrency": 16}, "and not at most 16"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(
    faults: Faults, vllm_run: Run, change: Run, said: str
) -> None:
    assert said in faults("vllm", vllm_run | change)


def test_rounded_figures_are_no_contradiction(read: Read, vllm_run: Run) -> None:
    run = vllm_run | {
        "duration": 7.97,
        "request_throughput": 12.55,
        "output_throughput": 3212.0,
    }
    assert rows_of(read("vllm", run))[0]["requests_per_s"] == "12.55"


def test_results_of_other_commands_are_told_apart(faults: Faults) -> None:
    said = faults("vllm", {"elapsed_time": 3.2, "num_requests": 10, "tokens_per_second": 900.1})
    assert "'vllm bench throughput'" in said


@pytest.mark.parametrize("text", ["[]", "7", '"text"', "[1, 2]", "not json", '{"a": '])
def test_a_file_without_runs_is_refused(faults: Faults, text: str) -> None:
    assert "bench.json" in faults("vllm", text)
