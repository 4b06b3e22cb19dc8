"""Which part of its workload every line of a bill carries, and how busy that keeps its replicas."""

from __future__ import annotations

from typing import Any

import pytest

from solver.report.fleet_traffic import Traffic, traffic_of
from tests.oracles import fleet_documents as made


def asked(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The only workload of the question, changed."""
    workload: dict[str, Any] = document["instance"]["resolved"]["workloads"][0]
    workload.update(changes)
    return workload


def test_the_share_follows_what_replicas_can_serve() -> None:
    document = made.document()
    found = traffic_of(document, document["points"][1]["design"])
    assert [traffic.share for traffic in found] == [16 / 24, 8 / 24]


def test_six_replicas_of_one_request_a_second_are_half_loaded_by_three() -> None:
    document = made.document()
    asked(document, requests_per_s="3")
    design = {"replicas": [made.replicas("TP1", "h100", 6, 1)]}
    assert traffic_of(document, design) == [Traffic(1.0, 0.5)]


def test_all_replicas_of_a_workload_are_equally_loaded() -> None:
    document = made.document()
    asked(document, requests_per_s="6")
    found = traffic_of(document, document["points"][1]["design"])
    assert [traffic.load for traffic in found] == [0.25, 0.25]


def test_the_load_is_that_of_the_period() -> None:
    document = made.document()
    document["instance"]["resolved"]["periods"] = [
        {"name": "day", "hours": "18"},
        {"name": "night", "hours": "6"},
    ]
    asked(document, requests_per_s="4", by_period=["1", "1/4"])
    entries = [
        made.replicas("TP1", "h100", 5, 1, period="day"),
        made.replicas("TP1", "h100", 2, 1, period="night"),
    ]
    assert [t.load for t in traffic_of(document, {"replicas": entries})] == [0.8, 0.5]


def test_pools_of_two_phases_are_loaded_each_by_its_own_part() -> None:
    document = made.document()
    asked(document, requests_per_s="6")
    entries = [
        made.replicas("P", "h100", 8, 1, phase="prefill", tok_per_s=None),
        made.replicas("D", "h100", 12, 1, phase="decode"),
    ]
    found = traffic_of(document, {"replicas": entries})
    assert found == [Traffic(1.0, 0.75), Traffic(1.0, 0.5)]


def test_whole_replicas_share_with_as_much_as_both_pools_can_serve() -> None:
    document = made.document()
    asked(document, requests_per_s="6")
    entries = [
        made.replicas("A", "h100", 4, 1),
        made.replicas("P", "h100", 4, 1, phase="prefill", tok_per_s=None),
        made.replicas("D", "h100", 8, 1, phase="decode"),
    ]
    found = traffic_of(document, {"replicas": entries})
    assert found == [Traffic(0.5, 0.75), Traffic(0.5, 0.75), Traffic(0.5, 0.375)]


def test_pools_of_several_models_carry_what_each_pair_can_serve() -> None:
    document = made.document()
    asked(document, requests_per_s="4")
    entries = [
        made.replicas(f"{phase} {model}", "h100", count, 1, phase=phase, model=model)
        for model, counts in (("m", (6, 2)), ("n", (2, 8)))
        for phase, count in zip(("prefill", "decode"), counts, strict=True)
    ]
    found = traffic_of(document, {"replicas": entries})
    assert [traffic.share for traffic in found] == [0.5] * 4
    assert [traffic.load for traffic in found] == [2 / 6, 1.0, 1.0, 2 / 8]


def test_pools_of_several_kv_widths_carry_what_each_pair_can_serve() -> None:
    document = made.document()
    entries = [
        made.replicas(f"{phase} {bits}", "h100", count, 1, phase=phase, kv_bits=bits)
        for bits, counts in ((8, (9, 3)), (16, (1, 9)))
        for phase, count in zip(("prefill", "decode"), counts, strict=True)
    ]
    found = traffic_of(document, {"replicas": entries})
    assert [traffic.share for traffic in found] == [0.75, 0.75, 0.25, 0.25]


def test_a_throughput_that_is_maximised_is_what_is_asked() -> None:
    document = made.single()
    document["instance"]["resolved"]["trade_off"] = ["throughput"]
    asked(document, requests_per_s="1", by_period=["1"])
    design = {**document["points"][0]["design"], "tok_per_s": 180.0}
    # 18 requests/s of 10 tokens on three replicas of 8.
    assert traffic_of(document, design) == [Traffic(1.0, 0.75)]


def test_bare_columns_are_loaded_in_tokens() -> None:
    document = made.document()
    document["instance"]["resolved"] = {"demand_milli_tok_per_s": [1000, 30_000]}
    entry = made.replicas("column 3", "type 0", 2, 4, workload="workload 1", requests_per_s=None)
    assert traffic_of(document, {"replicas": [entry]}) == [Traffic(1.0, 0.375)]


def test_routed_shares_and_loads_are_those_of_the_result() -> None:
    document = made.document()
    asked(
        document,
        sizes=[
            {"input_tokens": 100, "output_tokens": 10, "share": "3/4"},
            {"input_tokens": 500, "output_tokens": 40, "share": "1/4"},
        ],
    )
    design = document["points"][1]["design"]
    for entry in design["replicas"]:
        entry.update(requests_per_s=None, tok_per_s=None)
    first, second = (entry["option"] for entry in design["replicas"])
    told = [(first, "100 in, 10 out", 1.0, 0.5), (first, "500 in, 40 out", 0.5, 0.25)]
    told.append((second, "500 in, 40 out", 0.5, 0.875))
    design["shares"] = [
        {"workload": "chat", "option": option, "size": size, "share": share, "busy": busy}
        for option, size, share, busy in told
    ]
    assert traffic_of(document, design) == [Traffic(0.875, 0.75), Traffic(0.125, 0.875)]


@pytest.mark.parametrize("asks", ["24", None])
def test_nothing_is_said_where_the_result_says_nothing(asks: str | None) -> None:
    document = made.document()
    if asks is None:
        document["instance"]["resolved"]["workloads"] = []
    design = document["points"][0]["design"]
    design["replicas"][0].update(requests_per_s=None, tok_per_s=None)
    assert traffic_of(document, design) == [Traffic(None, None)]


def batch_document() -> dict[str, Any]:
    """A batch of 72,000 requests over a night of 8 h and a morning of 4 h, by replicas of 1/s."""
    document = made.document()
    document["instance"]["resolved"]["periods"] = [
        {"name": "night", "hours": "8"},
        {"name": "morning", "hours": "4"},
        {"name": "day", "hours": "12"},
    ]
    job = {"requests_per_day": "72000", "arrives": "night", "deadline_hours": "12"}
    asked(document, requests_per_s="5/6", by_period=["1", "1", "1"], batch=job)
    return document


def test_the_shares_of_a_batch_say_when_it_is_worked_off() -> None:
    entries = [
        made.replicas("TP1", "h100", 2, 1, period="night"),
        made.replicas("TP1", "h100", 2, 1, period="morning"),
    ]
    found = traffic_of(batch_document(), {"replicas": entries})
    assert [traffic.share for traffic in found] == pytest.approx([2 / 3, 1 / 3])


def test_the_load_of_a_batch_is_of_what_all_its_periods_could_do() -> None:
    entries = [
        made.replicas("TP1", "h100", 2, 1, period="night"),
        made.replicas("TP1", "h100", 2, 1, period="morning"),
    ]
    # 2 replicas for 12 h could do 86,400.
    found = traffic_of(batch_document(), {"replicas": entries})
    assert [traffic.load for traffic in found] == pytest.approx([72_000 / 86_400] * 2)
