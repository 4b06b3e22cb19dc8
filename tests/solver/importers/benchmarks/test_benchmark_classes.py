"""Measured points and the instance that is there: workloads, models, classes, machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.catalog import shipped_catalog
from solver.importers.benchmarks.model_ids import _IDS, catalog_model, same_model
from solver.importers.findings import Findings
from tests.solver.importers.benchmarks.tables import rows_of, workload_of

Read = Callable[..., Findings]
Faults = Callable[..., str]
Run = dict[str, Any]


def fleet(**workload: Any) -> dict[str, Any]:
    return {"workloads": [{"name": "chat"} | workload], "machines": [{"name": "h100"}]}


def test_what_the_instance_states_is_not_said_again(read: Read, vllm_run: Run) -> None:
    there = fleet(
        model="Llama-3.1-8B", input_tokens=1024, output_tokens=256, requests_per_s=40,
        points="points-chat.csv",
    )  # fmt: skip
    found = read("vllm", vllm_run, existing_tables=there)
    assert workload_of(found) == {"name": "chat"}
    assert found.missing == ()
    assert rows_of(found)[0]["machine"] == "h100"


def test_the_first_points_of_a_workload_are_said_to_replace_its_layouts(
    read: Read, vllm_run: Run
) -> None:
    first = read("vllm", vllm_run, existing_tables=fleet())
    later = read("vllm", vllm_run, existing_tables=fleet(points="points-chat.csv"))
    said = [
        any("measured designs alone" in note for note in found.notes) for found in (first, later)
    ]
    assert said == [True, False]


def test_a_run_of_other_lengths_is_refused(faults: Faults, vllm_run: Run) -> None:
    there = fleet(input_tokens=1500, output_tokens=300)
    said = faults("vllm", vllm_run, existing_tables=there)
    assert "1024 and 256 tokens in and out, where 1500 and 300 are asked for" in said


def test_a_run_of_nearly_the_lengths_counts_and_is_noted(read: Read, vllm_run: Run) -> None:
    run = vllm_run | {"total_input_tokens": 102333}
    found = read("vllm", run, existing_tables=fleet(input_tokens=1024, output_tokens=256))
    assert rows_of(found)[0]["input_tokens"] == "1024"
    assert any("1023.33 and 256" in note for note in found.notes)


def test_of_several_classes_the_one_that_was_measured_is_taken(read: Read, vllm_run: Run) -> None:
    sizes = [
        {"input_tokens": 4096, "output_tokens": 256, "share": "0.5"},
        {"input_tokens": 1024, "output_tokens": 256, "share": "0.5"},
    ]
    found = read("vllm", vllm_run, existing_tables=fleet(sizes=sizes))
    assert rows_of(found)[0]["input_tokens"] == "1024"


def test_a_model_that_the_workload_does_not_ask_for_is_refused(
    faults: Faults, vllm_run: Run
) -> None:
    said = faults("vllm", vllm_run, existing_tables=fleet(model="Qwen3-8B"))
    assert "is of the model 'Llama-3.1-8B'" in said
    assert "asks for Qwen3-8B" in said


def test_a_model_is_called_what_the_workload_calls_it(read: Read, vllm_run: Run) -> None:
    there = fleet(model="Llama-3.1-8B-Instruct")
    assert rows_of(read("vllm", vllm_run, existing_tables=there))[0]["model"] == (
        "Llama-3.1-8B-Instruct"
    )


def test_an_unknown_id_needs_a_word_where_the_workload_has_a_model(
    read: Read, faults: Faults, vllm_run: Run
) -> None:
    run = vllm_run | {"model_id": "prod-llama"}
    there = fleet(model="Llama-3.1-8B")
    assert "--model 'Llama-3.1-8B'" in faults("vllm", run, existing_tables=there)
    found = read("vllm", run, existing_tables=there, model="Llama-3.1-8B")
    assert rows_of(found)[0]["model"] == "Llama-3.1-8B"


def test_a_table_that_no_workload_names_is_left_alone(
    faults: Faults, vllm_run: Run, tmp_path: Path
) -> None:
    (tmp_path / "points-chat.csv").write_text("devices,requests_per_s\n1,2\n")
    said = faults("vllm", vllm_run, existing_tables=fleet(), existing_folder=tmp_path)
    assert "no workload of the instance names it" in said


def test_a_table_in_another_folder_is_not_written(
    faults: Faults, vllm_run: Run, tmp_path: Path
) -> None:
    there = fleet(points="../points.csv")
    said = faults("vllm", vllm_run, existing_tables=there, existing_folder=tmp_path)
    assert "not beside the instance" in said


@pytest.mark.parametrize("workload", ["Chat / day (1)", "a b", "été"])
def test_the_name_of_the_file_is_plain_whatever_the_workload_is_called(
    read: Read, vllm_run: Run, workload: str
) -> None:
    (name,) = read("vllm", vllm_run, workload=workload).files
    assert name.isascii()
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_every_known_id_is_of_a_model_of_the_catalog() -> None:
    assert set(_IDS) <= set(shipped_catalog().models)


def test_an_id_is_known_whole_or_not_at_all() -> None:
    assert catalog_model("META-LLAMA/Llama-3.1-8B-Instruct") == "Llama-3.1-8B"
    assert catalog_model("Llama-3.1-8B-Instruct") == "Llama-3.1-8B"
    assert catalog_model("someone/Llama-3.1-8B-Instruct") is None
    assert catalog_model("Llama-3.1-8B-Instruct-AWQ") is None
    assert not same_model("Llama-3.1-8B", "Llama-3.1-70B")
