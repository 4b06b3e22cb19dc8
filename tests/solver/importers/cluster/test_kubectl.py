"""Machines from a listing of nodes: what is counted, what is left out, what is refused."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.importers.cluster.kubectl import read_nodes
from solver.importers.findings import Answers, Figure, Findings

SAMPLE = Path(__file__).parents[4] / "instances/import/cluster/two-pools.nodes.json"
GPU = "nvidia.com/gpu"


def node(
    pool: str = "a", devices: object = "8", healthy: object = None, **labels: str
) -> dict[str, Any]:
    named = {
        "eks.amazonaws.com/nodegroup": pool,
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        "nvidia.com/gpu.memory": "81559",
    }
    named |= {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return {
        "kind": "Node",
        "metadata": {"name": f"{pool}-1", "labels": named},
        "spec": {},
        "status": {
            "capacity": {GPU: devices, "cpu": "96"},
            "allocatable": {GPU: devices if healthy is None else healthy, "cpu": "95"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def read(tmp_path: Path, *nodes: dict[str, Any], **answers: Any) -> Findings:
    path = tmp_path / "nodes.json"
    path.write_text(json.dumps({"kind": "List", "items": nodes}))
    return read_nodes(path, Answers(**answers))


def faults(tmp_path: Path, *nodes: dict[str, Any], **answers: Any) -> str:
    with pytest.raises(InstanceError) as caught:
        read(tmp_path, *nodes, **answers)
    return str(caught.value)


def machines(found: Findings) -> dict[str, dict[str, Any]]:
    tables = found.tables["machines"]
    assert isinstance(tables, list)
    plain = [
        {key: part.value for key, part in table.items() if isinstance(part, Figure)}
        for table in tables
    ]
    return {table["name"]: table for table in plain}


def test_the_sample_gives_a_machine_for_each_pool_with_its_usable_devices() -> None:
    assert machines(read_nodes(SAMPLE, Answers())) == {
        "h100-pool": {
            "name": "h100-pool",
            "accelerator": "H100 SXM",
            "node_devices": 8,
            "stock_devices": 24,
        },
        "l40s-pool": {
            "name": "l40s-pool",
            "accelerator": "L40S",
            "node_devices": 4,
            "stock_devices": 20,
        },
    }


def test_nodes_left_out_are_counted_with_the_reason() -> None:
    notes = "\n".join(read_nodes(SAMPLE, Answers()).notes)
    assert "2 nodes without devices (CPU only)" in notes
    assert "1 node cordoned" in notes
    assert "1 node not ready" in notes


def test_the_label_that_finds_the_nodes_again_stands_beside_the_name() -> None:
    tables = read_nodes(SAMPLE, Answers()).tables["machines"]
    assert isinstance(tables, list)
    name = tables[0]["name"]
    assert isinstance(name, Figure)
    assert name.source.endswith("node selector eks.amazonaws.com/nodegroup=h100-pool")


def test_a_price_is_asked_for_and_the_catalogs_is_only_offered() -> None:
    missing = read_nodes(SAMPLE, Answers()).missing
    assert [one.key for one in missing] == [
        "machines.h100-pool.usd_per_hour",
        "machines.l40s-pool.usd_per_hour",
    ]
    assert (
        "The catalog says 2.95 (on-demand, 2026-05), which is taken if nothing else is said."
        in missing[0].question
    )


def test_one_price_for_two_pools_is_refused() -> None:
    with pytest.raises(InstanceError, match="one price for 2 machines: h100-pool, l40s-pool"):
        read_nodes(SAMPLE, Answers(usd_per_hour="2.95"))


def test_a_pool_can_be_chosen_and_priced() -> None:
    answers = Answers(machine="l40s-pool", usd_per_hour="1.10", as_of="2026-11")
    found = read_nodes(SAMPLE, answers)
    assert machines(found)["l40s-pool"]["usd_per_hour"] == "1.10"
    assert machines(found)["l40s-pool"]["as_of"] == "2026-11"
    assert found.missing == ()


def test_an_unknown_pool_is_refused_with_those_there_are() -> None:
    with pytest.raises(InstanceError, match="Close names: 'l40s-pool'"):
        read_nodes(SAMPLE, Answers(machine="l40s"))


def test_taints_beside_those_of_devices_are_told() -> None:
    notes = "\n".join(read_nodes(SAMPLE, Answers()).notes)
    assert "toleration for dedicated=inference:NoSchedule" in notes
    assert "nvidia.com/gpu=present" not in notes


def test_nodes_with_unhealthy_devices_are_a_machine_of_their_own(tmp_path: Path) -> None:
    found = read(tmp_path, node(), node(), node(healthy="7"))
    counts = {
        name: (table["node_devices"], table["stock_devices"])
        for name, table in machines(found).items()
    }
    assert counts == {"a": (8, 16), "a-7-devices": (7, 7)}
    assert any("7 of 8 devices" in note for note in found.notes)


def test_two_products_in_one_pool_are_two_machines(tmp_path: Path) -> None:
    other = node(nvidia_com__gpu_product="NVIDIA-H200", nvidia_com__gpu_memory="143771")
    found = machines(read(tmp_path, node(), node(), other))
    assert {name: table["accelerator"] for name, table in found.items()} == {
        "a": "H100 SXM",
        "a-nvidia-h200": "H200 SXM",
    }


def test_a_single_node_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    path.write_text(json.dumps(node()))
    assert machines(read_nodes(path, Answers()))["a"]["stock_devices"] == 8


def test_an_instance_type_tells_the_device_where_no_label_does(tmp_path: Path) -> None:
    bare = node()
    bare["metadata"]["labels"] = {"node.kubernetes.io/instance-type": "p5.48xlarge"}
    assert machines(read(tmp_path, bare))["p5-48xlarge"]["accelerator"] == "H100 SXM"


def test_amds_labels_are_read(tmp_path: Path) -> None:
    bare = node()
    bare["metadata"]["labels"] = {
        "kubernetes.azure.com/agentpool": "mi",
        "amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM",
        "amd.com/gpu.vram": "192G",
    }
    for part in ("capacity", "allocatable"):
        bare["status"][part] = {"amd.com/gpu": "8"}
    assert machines(read(tmp_path, bare))["mi"]["accelerator"] == "MI300X"


def test_an_unknown_product_is_asked_for_and_not_guessed(tmp_path: Path) -> None:
    t4 = node(nvidia_com__gpu_product="Tesla-T4", nvidia_com__gpu_memory="15360")
    found = read(tmp_path, t4)
    assert found.missing[0].key == "machines.a.accelerator"
    assert "Tesla-T4" in found.missing[0].question
    assert "accelerator" not in machines(found)["a"]


def test_the_answer_for_an_unknown_product_is_checked_by_memory(tmp_path: Path) -> None:
    t4 = node(nvidia_com__gpu_product="Tesla-T4", nvidia_com__gpu_memory="15360")
    message = faults(tmp_path, t4, accelerator="L4")
    assert "15360 MiB" in message
    assert "24 GB of 'L4'" in message


def test_an_answer_against_the_label_is_refused(tmp_path: Path) -> None:
    assert "say H100 SXM" in faults(tmp_path, node(), accelerator="H200 SXM")


def test_memory_that_is_not_the_products_is_refused(tmp_path: Path) -> None:
    message = faults(tmp_path, node(nvidia_com__gpu_memory="40960"))
    assert "40960 MiB" in message
    assert "80 GB of 'H100 SXM'" in message


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ({"nvidia_com__gpu_product": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"}, "MIG"),
        ({"cloud_google_com__gke-gpu-partition-size": "1g.10gb"}, "MIG"),
        ({"nvidia_com__gpu_replicas": "4"}, "shared between pods"),
        ({"nvidia_com__gpu_product": "NVIDIA-H100-80GB-HBM3-SHARED"}, "shared between pods"),
        ({"nvidia_com__gpu_count": "2"}, "nvidia.com/gpu.count says 2"),
    ],
)
def test_devices_in_parts_or_shared_are_refused_with_a_cure(
    tmp_path: Path, labels: dict[str, str], wanted: str
) -> None:
    message = faults(tmp_path, node(**labels))
    assert wanted in message
    assert "kubectl get nodes -l POOL_LABEL=NAME -o json" in message


def test_mig_resources_of_the_mixed_strategy_are_refused(tmp_path: Path) -> None:
    mixed = node(devices="0")
    mixed["status"]["capacity"]["nvidia.com/mig-1g.10gb"] = "7"
    assert "cut into parts (MIG: nvidia.com/mig-1g.10gb)" in faults(tmp_path, mixed)


def test_one_fault_of_many_nodes_is_told_once_with_their_number(tmp_path: Path) -> None:
    message = faults(tmp_path, *(node(nvidia_com__gpu_replicas="4") for _ in range(30)))
    assert message.count("\n") == 0
    assert "and 29 more" in message


@pytest.mark.parametrize("count", ["-8", "1e9", "99999999", "8.5", "eight", "8k", 2**70])
def test_counts_that_no_host_has_are_refused(tmp_path: Path, count: object) -> None:
    assert "whole number from 0 to 1024" in faults(tmp_path, node(devices=count))


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a\nb", "\x1b[31mred", "=cmd()", "../../etc", "x" * 64]
)
def test_pool_names_that_are_no_label_are_refused_and_shown_harmless(
    tmp_path: Path, name: str
) -> None:
    message = faults(tmp_path, node(pool=name))
    assert "no value of a label in Kubernetes" in message
    assert "\x1b" not in message


def test_node_names_cannot_steer_a_terminal(tmp_path: Path) -> None:
    evil = node(devices="-1")
    evil["metadata"]["name"] = "\x1b]0;owned\x07\n"
    message = faults(tmp_path, evil)
    assert "\x1b" not in message
    assert "\x07" not in message


def test_a_cluster_without_devices_is_refused_with_what_there_is(tmp_path: Path) -> None:
    cpu = node()
    cpu["metadata"]["labels"] = {}
    cpu["status"]["capacity"] = {"cpu": "96"}
    message = faults(tmp_path, cpu)
    assert "none of 1 nodes" in message
    assert "1 without devices (CPU only)" in message


def test_devices_of_another_maker_are_left_out_by_name(tmp_path: Path) -> None:
    tpu = node()
    tpu["metadata"]["labels"] = {}
    tpu["status"]["capacity"] = {"google.com/tpu": "4"}
    found = read(tmp_path, node(), tpu)
    assert any("1 node with devices other than" in note for note in found.notes)


@pytest.mark.parametrize(
    "taint", ["node.kubernetes.io/not-ready", "ToBeDeletedByClusterAutoscaler"]
)
def test_nodes_on_their_way_out_are_left_out(tmp_path: Path, taint: str) -> None:
    leaving = node()
    leaving["spec"]["taints"] = [{"key": taint, "effect": "NoSchedule"}]
    assert machines(read(tmp_path, node(), leaving))["a"]["stock_devices"] == 8


@pytest.mark.parametrize(
    "document",
    [[], {}, {"kind": "PodList", "items": []}, {"kind": "List"}, {"kind": "List", "items": {}}],
)
def test_other_documents_are_refused(tmp_path: Path, document: object) -> None:
    path = tmp_path / "nodes.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InstanceError, match="is no list of nodes"):
        read_nodes(path, Answers())


def test_pods_in_a_list_are_refused(tmp_path: Path) -> None:
    assert "1 of kind Pod" in faults(tmp_path, node(), {"kind": "Pod", "metadata": {}})


def test_keys_of_the_wrong_kind_are_named_with_their_place(tmp_path: Path) -> None:
    broken = node()
    broken["spec"]["taints"] = 7
    assert "items[1].spec.taints" in faults(tmp_path, node(), broken)


def test_null_tables_are_empty_ones(tmp_path: Path) -> None:
    bare = node()
    bare["spec"] = {"taints": None, "unschedulable": None}
    assert machines(read(tmp_path, bare))["a"]["stock_devices"] == 8


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nodes.json"
    path.write_text("[" * 200_000)
    with pytest.raises(InstanceError, match="nests deeper"):
        read_nodes(path, Answers())


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "nodes.json"
    os.mkfifo(path)
    with pytest.raises(InstanceError, match="is a pipe"):
        read_nodes(path, Answers())


def test_a_replica_takes_no_listing_of_nodes() -> None:
    with pytest.raises(InstanceError, match="describes the machines of a fleet"):
        read_nodes(SAMPLE, Answers(question="replica"))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 8), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_the_stock_is_the_sum_over_usable_nodes(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[tuple[str, int, bool]]
) -> None:
    made = []
    for pool, devices, cordoned in nodes:
        one = deepcopy(node(pool=pool, devices=str(devices)))
        one["spec"]["unschedulable"] = cordoned
        made.append(one)
    usable = sum(devices for _, devices, cordoned in nodes if not cordoned)
    folder = tmp_path_factory.mktemp("nodes")
    if not usable:
        assert "can be used" in faults(folder, *made)
        return
    tables = machines(read(folder, *made))
    assert sum(table["stock_devices"] for table in tables.values()) == usable
    assert all(table["stock_devices"] % table["node_devices"] == 0 for table in tables.values())
