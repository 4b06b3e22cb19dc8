"""What a point is, read from results of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.deploy.designs import replica_designs
from solver.errors import ResultError

Solved = Callable[[str], dict[str, Any]]


def test_a_replica_point_is_one_replica_with_its_degrees(solved: Solved) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    for point, entry in enumerate(document["points"]):
        [design] = replica_designs(document, point)
        told = entry["design"]
        assert design.count == 1
        assert design.devices == told["devices"]
        assert design.expert_parallel == told["expert_parallel"]
        assert design.max_sequences == told["batch"]
        assert (
            design.tensor_parallel * design.attention_data_parallel * design.pipeline_parallel
            == design.devices
        )


def test_context_is_prompt_and_output_where_the_question_states_them(solved: Solved) -> None:
    [design] = replica_designs(solved("replica/deepseek-r1-fp8-h200"), 0)
    assert design.context_tokens == 1000 + 4000


def test_a_fleet_counts_every_replica_of_the_point(solved: Solved) -> None:
    document = solved("fleet/one-or-two-pools")
    for point, entry in enumerate(document["points"]):
        designs = replica_designs(document, point)
        told = sum(each["count"] for each in entry["design"]["replicas"])
        assert sum(design.count for design in designs) == told


def test_prefill_and_decode_name_each_other(solved: Solved) -> None:
    prefill, decode = replica_designs(solved("fleet/one-or-two-pools"), 0)
    assert (prefill.phase, decode.phase) == ("prefill", "decode")
    assert prefill.paired_with == (decode.name,)
    assert decode.paired_with == (prefill.name,)
    assert prefill.max_sequences is None


def test_replicas_that_differ_in_the_hour_alone_are_one_design_at_its_peak(solved: Solved) -> None:
    document = solved("fleet/one-model-one-pool")
    [entry] = document["points"][0]["design"]["replicas"]
    day = dict(entry, period="day", count=5)
    night = dict(entry, period="night", count=2)
    document["points"][0]["design"]["replicas"] = [day, night]
    [design] = replica_designs(document, 0)
    assert design.count == 5


def test_names_are_unique_and_plain(solved: Solved) -> None:
    document = solved("fleet/clock-and-quality")
    names = [design.name for design in replica_designs(document, 0)]
    assert len(set(names)) == len(names) == 2


def test_a_name_of_a_measurement_is_refused(solved: Solved) -> None:
    with pytest.raises(ResultError, match=r"EP32 FP8.*is a name from a measurement"):
        replica_designs(solved("fleet/deepseek-disaggregated"), 0)


def test_a_measured_layout_in_our_notation_gives_its_degrees(solved: Solved) -> None:
    document = solved("fleet/deepseek-disaggregated")
    for entry in document["points"][0]["design"]["replicas"]:
        entry["layout"] = f"TP1 DP{entry['devices']} EP{entry['devices']} nvfp4 KV8, batch 64"
    designs = replica_designs(document, 0)
    prefill = next(design for design in designs if design.phase == "prefill")
    decode = next(design for design in designs if design.phase == "decode")
    assert decode.attention_data_parallel == decode.expert_parallel == decode.devices
    assert (decode.weight_format, decode.weight_bits, decode.kv_bits) == ("nvfp4", 4, 8)
    assert (prefill.max_sequences, decode.max_sequences) == (None, 64)


def test_a_measured_layout_of_other_devices_is_refused(solved: Solved) -> None:
    document = solved("fleet/deepseek-disaggregated")
    document["points"][0]["design"]["replicas"][0]["layout"] = "TP8"
    with pytest.raises(ResultError, match="is of 8 devices"):
        replica_designs(document, 0)


def test_unequal_stages_keep_their_layers(solved: Solved) -> None:
    document = solved("placement/workstation-pcie")
    last = len(document["points"]) - 1
    [design] = replica_designs(document, last)
    stages = document["points"][last]["design"]["stages"]
    assert design.layers_by_stage == tuple(stage["layers"] for stage in stages)


def test_gpus_of_one_machine_are_devices_in_the_order_of_the_stages(solved: Solved) -> None:
    document = solved("placement/workstation-pcie")
    [design] = replica_designs(document, 0)
    stages = document["points"][0]["design"]["stages"]
    assert design.hosts == ()
    assert [f"GPU{number}" for number in design.visible_devices] == [s["host"] for s in stages]


def test_stages_of_unequal_degree_are_refused(solved: Solved) -> None:
    document = solved("placement/workstation-pcie")
    stage = document["points"][0]["design"]["stages"][0]
    stage["tensor_parallel"] = stage["devices"] = 2
    with pytest.raises(ResultError, match="unequal degree"):
        replica_designs(document, 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("devices",), -1),
        (("devices",), "8"),
        (("devices",), True),
        (("tensor_parallel",), None),
        (("tensor_parallel",), 10**30),
        (("batch",), 1.5),
        (("accelerator",), "no such device"),
        (("hbm_used_bytes",), "much"),
        (("model",), ["a", "list"]),
    ],
)
def test_a_damaged_design_is_a_result_error(
    solved: Solved, path: tuple[str], value: object
) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    document["points"][0]["design"][path[0]] = value
    with pytest.raises(ResultError, match=r"points|machines|model"):
        replica_designs(document, 0)


@pytest.mark.parametrize("document", [{}, {"instance": 3}, {"instance": {"resolved": {}}}])
def test_what_is_no_result_is_a_result_error(document: dict[str, Any]) -> None:
    with pytest.raises(ResultError):
        replica_designs(document, 0)


@pytest.mark.parametrize("point", [-1, 10**6])
def test_a_point_that_is_not_there_is_refused(solved: Solved, point: int) -> None:
    with pytest.raises(ResultError, match="has no point"):
        replica_designs(solved("fleet/one-model-one-pool"), point)
