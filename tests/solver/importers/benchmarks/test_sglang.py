"""Results of SGLang's benchmark: the layout is what the server says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from solver.deploy.measured_layouts import measured_layout
from solver.importers.findings import Findings
from tests.solver.importers.benchmarks.tables import rows_of

Read = Callable[..., Findings]
Faults = Callable[..., str]
Run = dict[str, Any]


@pytest.mark.parametrize(
    ("server", "devices", "layout"),
    [
        ({}, "4", "TP4"),
        ({"pp_size": 2}, "8", "TP4 PP2"),
        ({"dp_size": 2}, "8", "2x TP4"),
        # Attention's data parallelism and the experts run inside the tensor-parallel group.
        ({"attn_dp_size": 4, "enable_dp_attention": True}, "4", "TP1 DP4"),
        (
            {"ep_size": 4, "quantization": "fp8", "kv_cache_dtype": "fp8_e4m3"},
            "4",
            "TP4 EP4 fp8 KV8",
        ),
        # A server of before attn_dp_size counts the groups of attention with dp_size.
        ({"attn_dp_size": None, "dp_size": 2, "enable_dp_attention": True}, "4", "TP2 DP2"),
        ({"attn_dp_size": None, "dp_size": 2, "enable_dp_attention": False}, "8", "2x TP4"),
    ],
)
def test_devices_and_layout_are_those_of_the_server(
    read: Read, sglang_run: Run, server: Run, devices: str, layout: str
) -> None:
    sglang_run["server_info"] |= server
    (row,) = rows_of(read("sglang", sglang_run))
    assert (row["devices"], row["layout"]) == (devices, f"{layout} rate 12.5")


def test_servers_behind_a_router_are_one_row_of_all_their_devices(
    read: Read, sglang_run: Run
) -> None:
    server = sglang_run["server_info"]
    sglang_run["server_info"] = {
        "prefill": [server | {"tp_size": 2}],
        "decode": [server, server],
    }
    found = read("sglang", sglang_run)
    (row,) = rows_of(found)
    assert row["devices"] == "10"
    assert row["layout"] == "1 prefill TP2 + 2 decode TP4 rate 12.5"
    assert any("not to be split" in note for note in found.notes)


def test_the_unlimited_rate_that_python_writes_is_read(read: Read, sglang_run: Run) -> None:
    text = json.dumps(sglang_run | {"request_rate": float("inf"), "max_concurrency": 8})
    assert "Infinity" in text
    assert rows_of(read("sglang", text))[0]["layout"] == "TP4 batch 8"


def test_another_figure_that_is_infinite_is_refused(faults: Faults, sglang_run: Run) -> None:
    text = json.dumps(sglang_run | {"duration": float("inf")})
    assert "duration: is not a number (Infinity)" in faults("sglang", text)


def test_a_server_that_said_nothing_leaves_devices_and_model_to_be_asked(
    read: Read, sglang_run: Run
) -> None:
    found = read("sglang", sglang_run | {"server_info": None})
    flags = [one.flag for one in found.missing]
    assert flags == ["--devices", "--machine", "--model", "--requests-per-s"]


def test_a_model_served_from_a_folder_is_known_by_its_served_name(
    read: Read, sglang_run: Run
) -> None:
    sglang_run["server_info"]["model_path"] = "/models/l31"
    assert rows_of(read("sglang", sglang_run))[0]["model"] == "Llama-3.1-8B"


def test_a_run_of_several_turns_is_refused(faults: Faults, sglang_run: Run) -> None:
    assert "several turns" in faults("sglang", sglang_run | {"total_input_tokens": 0})


def test_errors_that_are_listed_count_as_failures(faults: Faults, sglang_run: Run) -> None:
    errors = ["", "timed out", "timed out"] + [""] * 99
    assert "2 of 102 requests failed" in faults("sglang", sglang_run | {"errors": errors})


def test_devices_answered_against_the_server_are_taken_and_noted(
    read: Read, sglang_run: Run
) -> None:
    found = read("sglang", sglang_run, devices="8")
    assert rows_of(found)[0]["devices"] == "8"
    assert any("--devices 8 is taken" in note for note in found.notes)


def test_groups_that_do_not_share_the_devices_are_refused(faults: Faults, sglang_run: Run) -> None:
    sglang_run["server_info"] |= {"attn_dp_size": 3}
    assert "is not shared by 3 groups" in faults("sglang", sglang_run)


@pytest.mark.parametrize(
    "server", [{}, {"pp_size": 2}, {"attn_dp_size": 4, "ep_size": 4, "quantization": "fp8"}]
)
def test_a_layout_can_be_deployed_from_its_name(read: Read, sglang_run: Run, server: Run) -> None:
    sglang_run["server_info"] |= server
    run = sglang_run | {"request_rate": "inf", "max_concurrency": 64}
    (row,) = rows_of(read("sglang", run))
    layout = measured_layout(row["layout"], devices=int(row["devices"]), where="points.csv")
    assert layout.batch == 64
