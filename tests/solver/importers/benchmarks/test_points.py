"""Plain tables of points: usual names of columns, sources, and the fleet's own reader as judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.importers.findings import Findings
from tests.solver.importers.benchmarks.tables import SAMPLES, rows_of, workload_of

Read = Callable[..., Findings]
Faults = Callable[..., str]
TABLE = "gpus,qps,tpot_ms,p99_ttft_ms,isl,osl\n1,12.4,9.1,190,1024,256\n2,33.8,7.2,140,1024,256\n"
FLEET: dict[str, Any] = {
    "workloads": [{"name": "chat", "model": "Llama-3.1-8B"}, {"name": "code", "model": "Qwen3-8B"}],
    "machines": [{"name": "h100"}],
}


def test_usual_names_of_columns_are_taken(read: Read) -> None:
    first, second = rows_of(read("points", TABLE, workload="chat", machine="h100"))
    assert first == {
        "workload": "chat",
        "model": "",
        "machine": "h100",
        "devices": "1",
        "requests_per_s": "12.4",
        "tpot_ms": "9.1",
        "ttft_ms": "190",
        "input_tokens": "1024",
        "output_tokens": "256",
        "source": "bench.json:2",
    }
    assert second["devices"] == "2"


def test_a_row_keeps_its_own_source(read: Read) -> None:
    text = (SAMPLES / "points.csv").read_text(encoding="utf-8")
    sources = [row["source"] for row in rows_of(read("points", text, workload="chat"))]
    assert sources == ["notebook page 12", "notebook page 14"]


def test_lengths_of_one_class_become_those_of_the_workload(read: Read) -> None:
    found = workload_of(read("points", TABLE, workload="chat", model="Llama-3.1-8B"))
    assert (found["input_tokens"], found["output_tokens"]) == (1024, 256)
    assert found["model"] == "Llama-3.1-8B"


def test_several_classes_leave_their_shares_to_be_asked(read: Read) -> None:
    found = read("points", TABLE.replace("2,33.8,7.2,140,1024", "2,33.8,7.2,140,512"))
    keys = [one.key for one in found.missing]
    assert "workloads.benchmark.sizes" in keys
    assert "workloads.benchmark.input_tokens" not in keys


def test_lengths_that_no_row_states_are_asked_for(read: Read) -> None:
    found = read("points", "devices,requests_per_s\n1,2.5\n", workload="chat")
    flags = [one.flag for one in found.missing]
    assert flags == [
        "--machine", "--input-tokens", "--output-tokens", "--requests-per-s", "--model"
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["tpot", "throughput", "itl", "power", "price"])
def test_a_column_whose_unit_is_in_doubt_is_asked_about(faults: Faults, column: str) -> None:
    text = f"devices,requests_per_s,{column}\n1,2.5,3\n"
    assert f"{column}: is not a known column" in faults("points", text, workload="chat")


def test_a_fault_names_the_line_of_the_file(faults: Faults) -> None:
    text = "# remark\n\ngpus,qps\n1,2.5\n# another\n2,minus\n"
    said = faults("points", text, workload="chat")
    assert "bench.json:6: requests_per_s ('minus'): is not a number" in said
    assert "fleetfront-points" not in said


def test_columns_nobody_reads_are_left_out_and_named(read: Read) -> None:
    found = read("points", "devices,qps,comment\n1,2.5,=cmd()\n", workload="chat")
    assert "comment" not in rows_of(found)[0]
    assert any("columns that are not read: comment" in note for note in found.notes)


def test_rows_go_to_the_workloads_that_they_name(read: Read) -> None:
    text = "workload,devices,qps\nchat,1,2.5\ncode,1,0.5\n"
    found = read("points", text, existing_tables=FLEET)
    assert list(found.files) == ["points-chat.csv", "points-code.csv"]


def test_a_workload_that_the_instance_does_not_have_is_refused(faults: Faults) -> None:
    text = "workload,devices,qps\nchatt,1,2.5\n"
    assert "is no workload of the instance" in faults("points", text, existing_tables=FLEET)


def test_a_machine_that_the_instance_does_not_have_is_refused(faults: Faults) -> None:
    text = "workload,machine,devices,qps\nchat,h200,1,2.5\n"
    assert "is no machine of the instance" in faults("points", text, existing_tables=FLEET)


def test_rows_without_a_workload_need_one_where_there_are_several(faults: Faults) -> None:
    said = faults("points", "devices,qps\n1,2.5\n", existing_tables=FLEET)
    assert "--workload 'chat'" in said


def test_the_model_tells_the_workload_where_it_serves_one_alone(read: Read) -> None:
    text = "model,devices,qps\nQwen/Qwen3-8B,1,2.5\n"
    assert rows_of(read("points", text, existing_tables=FLEET))[0]["workload"] == "code"


def test_prices_of_machines_that_rows_name_are_asked_for(read: Read, faults: Faults) -> None:
    text = "machine,devices,qps\na,1,2.5\nb,1,3.5\n"
    keys = [one.key for one in read("points", text, workload="chat").missing]
    assert [key for key in keys if key.startswith("machines")] == [
        "machines.a.usd_per_hour", "machines.b.usd_per_hour"
    ]  # fmt: skip
    assert "for 2 machines: a, b" in faults("points", text, workload="chat", usd_per_hour="2.5")


@pytest.mark.parametrize("text", ["", "#\n", "devices,qps\n", "devices,devices,qps\n1,1,2\n"])
def test_a_table_without_rows_is_refused(faults: Faults, text: str) -> None:
    assert "bench.json" in faults("points", text, workload="chat")
