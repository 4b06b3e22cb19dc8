"""Every fault names file, key, value and cure, and no fault brings a misleading second one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.solver.instance.placement.questions import (
    INLINE,
    MEASURED,
    SAMPLES,
    SOURCES,
    WIRE,
    built,
)

Faults = Callable[..., list[str]]
LINKS = INLINE["links"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # keys and names
        ({"machines.0.acelerator": "x"}, ["machines.a100.acelerator", "not a known key", "'x'"]),
        ({"machines.0.accelerator": "H1000"}, ["machines.a100.accelerator", "'H1000'"]),
        ({"machines.0.accelerator": None}, ["machines.a100.accelerator", "missing", "[measured]"]),
        ({"machines.0.hbm_gb": 40}, ["machines.a100.hbm_gb", "[[accelerators]]"]),
        ({"machines.1.name": "a100"}, ["machines", "'a100'", "twice"]),
        ({"workload.model": "Llama-9"}, ["workload.model", "'Llama-9'", "Close names"]),
        ({"workload.context_tokens": 200_000}, ["workload.context_tokens", "200000", "131072"]),
        ({"trade_off": ["cost", "speed"]}, ["trade_off", "['cost', 'speed']", '["speed", "cost"]']),
        ({"trade_off": ["speed"]}, ["trade_off", "['speed']", '["throughput"]']),
        # hosts and machines
        ({"hosts.1.machine": "l44"}, ["hosts.1.machine", "'l44'", "'l4'"]),
        ({"hosts.1.machine": None}, ["hosts.1.machine", "missing", "Add it"]),
        ({"hosts.1.names": "l4-0,a1"}, ["hosts.1.names", "'a1'", "twice", "hosts.0.names"]),
        ({"hosts.0.names": "a[0-1],a0"}, ["hosts.0.names", "'a0'", "twice"]),
        ({"hosts.0.names": "a[1-0]"}, ["hosts.0.names", "'1-0'", "backwards", "n[01-16,20]"]),
        ({"switches.0.names": "a0"}, ["switches.0.names", "'a0'", "hosts.0.names"]),
        ({"switches.0.kind": "leef"}, ["switches.0.kind", "'leef'", "leaf"]),
        # links
        ({"links.0.gbit_per_s": None}, ["links.0", "no bandwidth", "gbit_per_s or gb_per_s"]),
        ({"links.0.latency_us": None}, ["links.0", "no latency", "latency_us"]),
        ({"links.0.gb_per_s": 3}, ["links.0", "gbit_per_s and gb_per_s", "Keep one"]),
        ({"links.0.gbit_per_s": 0}, ["links.0.gbit_per_s", "greater than 0", "got 0"]),
        ({"links.0.gbit_per_s": 10**12}, ["links.0.gbit_per_s", "bytes/s", "unit"]),
        ({"links.0.latency_us": 10**8}, ["links.0.latency_us", "100000000000000 ps", "unit"]),
        ({"links.1.b": "leef"}, ["links.1.b", "'leef'", "no node", "'leaf'"]),
        ({"links.1.b": "gw"}, ["links.1", "'gw'", "with itself", "Remove"]),
        (
            {"links": [*LINKS, {"a": "leaf", "b": "a1,l4-1", **WIRE}]},
            ["links.2", "'a1' and 'leaf'", "as links.0 does", "1 more", "added"],
        ),
        ({"links.0.a": "a[0-1],l4-[0-1]"}, ["topology: links", "disconnected", "l4-2", "Join"]),
        # gateways
        ({"topology.entry": "gate"}, ["topology.entry", "'gate'", "gw"]),
        ({"topology.entry": "leaf"}, ["topology.entry", "'leaf' is a leaf", "gateway"]),
        ({"topology.exit": "a0"}, ["topology.exit", "'a0' is a host", "gateway"]),
        # keys of another source
        ({"topology.wires": [WIRE]}, ["topology.wires", "inline network", ".conf"]),
        ({"topology.rows": []}, ["topology.rows", "inline network", "heterogeneous_rows"]),
        ({"topology.rounding": {}}, ["topology.rounding", "no level", "gbit_per_s"]),
        (
            {"topology.rounding": {"gbit_per_s": ["1/10000000"]}},
            ["topology.rounding.gbit_per_s", "12 bytes/s", "unit"],
        ),
        # the design
        ({"design.microbatch": 0}, ["design.microbatch", "0 is below 1"]),
        ({"design.microbatch": "1..20000"}, ["design.microbatch", "20000", "10000 settings"]),
        (
            {"machines.1.accelerator": "V100-32GB SXM", "design.weight_bits": 8},
            ["design.weight_bits", "l4 (V100-32GB SXM)", "8-bit", "16"],
        ),
        ({"design.tensor_parallel": [8, 16]}, ["design.tensor_parallel", "8", "4 devices"]),
        (
            {"design.replicas": "several"},
            ["design.replicas", "speed against cost", '["speed", "throughput"]'],
        ),
        (
            {"trade_off": ["throughput"]},
            ["design.in_flight", "2 values", "a flow needs one", "Give the one"],
        ),
        # the performance model
        (
            {"performance": {"flop_efficiency": "0.7"}},
            ["performance.flop_efficiency", "efficiencies of its own", "epoch2025"],
        ),
        (
            {"performance": {"model": "calibrated", "hbm_efficiency": 1}},
            ["performance.hbm_efficiency", "efficiencies of its own", "Leave it out"],
        ),
        (
            {"design.weight_format": "fp8"},
            ["design.weight_format", "epoch2025", "Write weight_bits", "calibrated"],
        ),
        (
            {"performance": None, "design.weight_format": "int8", "design.weight_bits": 8},
            ["design.weight_format", "same in other words", "Keep one"],
        ),
        ({"performance": None, "design.weight_format": "fp9"}, ["design.weight_format", "fp9"]),
        (
            {"performance": None, "workload.context_tokens": 200_000},
            ["workload.context_tokens", "200000", "131072"],
        ),
        (
            {"performance": None, "design.expert_parallel": 2},
            ["design.expert_parallel", "not a known key"],
        ),
        # prices
        (
            {"machines.1.accelerator": "Gaudi 3"},
            ["machines.l4.usd_per_hour", "missing", "Write usd_per_hour"],
        ),
        (
            {"machines.1.accelerator": "GB200 NVL72"},
            ["machines.l4.usd_per_hour", "missing", "tco-neocloud"],
        ),
        ({"machines.0.tier": "spot"}, ["machines.a100.usd_per_hour", "stated twice", "tier"]),
        ({"machines.1.tier": "cheap"}, ["machines.l4.tier", "'cheap'", "on-demand"]),
        ({"machines.0.usd_per_hour": 30_000}, ["machines.a100.usd_per_hour", "30000", "purchase"]),
        # limits
        (
            {"trade_off": ["speed", "throughput"], "limits.max_cost_usd_per_mtok": "2.5"},
            ["limits.max_cost_usd_per_mtok", "2.5", "not traded off", "Remove it"],
        ),
        (
            {"trade_off": ["throughput"], "design.in_flight": 1, "limits.max_hosts": 2},
            ["limits.max_hosts", "2", "a flow uses every host", "Remove it"],
        ),
        (
            {"trade_off": ["throughput"], "design.in_flight": 1, "limits.min_speed_tok_per_s": 2},
            ["limits.min_speed_tok_per_s", "2 limits speed", "Remove it"],
        ),
        ({"limits.max_hosts": 0}, ["limits.max_hosts", "greater than 0", "got 0"]),
        # model or shape
        (
            {"workload.shape": {"layers": 2, "activation_bytes": 8, "token_bytes": 2}},
            ["workload", "both a model and a shape", "Keep"],
        ),
        ({"workload.model": None}, ["workload", "neither", "shape"]),
        ({"measured": {}}, ["measured", "beside a model", "Leave it out"]),
        # nothing at all
        (
            {"hosts": None, "switches": None, "links": None, "topology": None},
            ["topology", "no network", "[[hosts]]", "topology.builder"],
        ),
    ],
)
def test_a_fault_of_an_inline_question_is_named(
    changes: dict[str, Any], words: list[str], faults_of: Faults
) -> None:
    (fault,) = faults_of(INLINE, changes)
    assert fault.startswith(f"bad.toml: {words[0]}")
    for word in words[1:]:
        assert word in fault


@pytest.mark.parametrize(
    ("changes", "files", "words"),
    [
        ({"measured.rates": None}, {}, ["measured.rates", "missing", "throughput"]),
        ({"measured.layer_times": None}, {}, ["measured.layer_times", "missing", "speed"]),
        ({"measured.rates": "x.csv"}, {}, ["measured.rates", "x.csv", "cannot be read"]),
        ({"measured": None}, {}, ["measured", "missing", "tables"]),
        ({"machines.0.hbm_gb": None}, {}, ["machines.A100.hbm_gb", "missing", "memory"]),
        (
            {"machines.0.accelerator": "L4"},
            {},
            ["machines.A100.accelerator", "'L4'", "workload.model"],
        ),
        (
            {"machines.0.max_layers": 4},
            {},
            ["machines.A100.max_layers", "4 layers", "up to 3", "at most 3"],
        ),
        ({"design.microbatch": None}, {}, ["design.microbatch", "missing", "layer_times"]),
        ({"design.microbatch": [8, 30]}, {}, ["design.microbatch", "8, 30", "one microbatch"]),
        ({"design.in_flight": 2}, {}, ["design.in_flight", "2", "Leave it out"]),
        ({"design.weight_bits": 8}, {}, ["design.weight_bits", "measured", "Leave it out"]),
        ({"performance.model": "x"}, {}, ["performance.model", "measured", "Leave it out"]),
        ({"design.weight_format": "fp8"}, {}, ["design.weight_format", "measured", "Leave it"]),
        ({"workload.context_tokens": 5}, {}, ["workload.context_tokens", "measured"]),
        (
            {},
            {"rates.csv": "machine,layers_held,tok_per_s\nA100,1,5\nA100,3,2\nL4,1,9\n"},
            ["measured.rates: rates.csv: A100", "3 layers and none for 2"],
        ),
        (
            {"machines.0.max_layers": None},
            {"rates.csv": "machine,layers_held,tok_per_s\nA100,1,5\n"},
            ["measured.rates", "no row of 'L4'", "Add"],
        ),
        (
            {},
            {"rates.csv": "machine,layers_held,tok_per_s\nA10,1,5\nA10,2,5\nL4,1,9\n"},
            ["measured.rates: rates.csv:2: machine", "'A10'", "'A100'"],
        ),
        (
            {},
            {"rates.csv": "machine,layers,tok_per_s\nA100,1,5\n"},
            ["measured.rates: rates.csv:1: layers", "like layers_held", "Rename"],
        ),
        (
            {},
            {"rates.csv": "machine,layers_held\nA100,1\n"},
            ["measured.rates: rates.csv:1: tok_per_s", "missing", "Add it"],
        ),
        (
            {},
            {"rates.csv": "machine,layers_held,tok_per_s,colour\nA100,1,5,red\n"},
            ["measured.rates: rates.csv: colour", "not a known column", "Remove it"],
        ),
        (
            {"machines.0.max_layers": None},
            {"rates.csv": "machine,layers_held,tok_per_s\nA100,1,fast\nL4,1,2\n"},
            ["measured.rates: rates.csv:2: tok_per_s ('fast')", "not a number"],
        ),
        (
            {"machines.0.max_layers": None},
            {"rates.csv": "machine,layers_held,tok_per_s\nA100,1,2\nA100,1,3\nL4,1,2\n"},
            ["measured.rates: rates.csv:3: layers_held ('1')", "twice", "Keep one"],
        ),
        (
            {},
            {"times.csv": "machine,microbatch,ms_per_layer\nA100,30,1\nL4,8,4\n"},
            ["measured.layer_times", "'L4' at a microbatch of 30", "8"],
        ),
        (
            {},
            {"times.csv": "machine,microbatch,ms_per_layer\nA100,30,0\nL4,30,4\n"},
            ["measured.layer_times: times.csv:2: ms_per_layer ('0')", "more than 0"],
        ),
        (
            {},
            {"links.csv": "a,b,latency_ms\na100-0,l4-0,3\n"},
            ["topology.links_file: links.csv", "no column states the bandwidth", "gbit_per_s"],
        ),
        (
            {},
            {"links.csv": "a,b,mb_per_s,latency_ms\na100-0,l4-9,100,3\n"},
            ["topology.links_file: links.csv:2: b ('l4-9')", "no node", "'l4-0'"],
        ),
        (
            {},
            {"links.csv": "a,b,mb_per_s,latency_ms\na100-0,l4-0,1,3\nl4-0,a100-0,1,3\n"},
            ["topology.links_file: links.csv:3: b ('a100-0')", "line 2 joins it", "added"],
        ),
        (
            {},
            {"links.csv": "a,b,mb_per_s,latency_ms\na100-0,l4-0,,3\n"},
            ["topology.links_file: links.csv:2: mb_per_s ('')", "empty"],
        ),
        (
            {},
            {"links.csv": "a,b,mb_per_s,latency_ms\na100-0,l4-0,1,3\n"},
            ["topology: links", "disconnected", "a100-1", "Join"],
        ),
    ],
)
def test_a_fault_of_a_measured_question_is_named(
    changes: dict[str, Any], files: dict[str, str], words: list[str], faults_of: Faults
) -> None:
    (fault,) = faults_of(MEASURED, changes, files)
    assert fault.startswith(f"bad.toml: {words[0]}")
    for word in words[1:]:
        assert word in fault


@pytest.mark.parametrize(
    ("source", "changes", "words"),
    [
        (
            "graphml",
            {"topology.file": "cluster.vsdx"},
            ["topology.file", "'cluster.vsdx'", ".json"],
        ),
        ("graphml", {"topology.machine": "l4"}, ["topology.machine", "a .graphml file", "Remove"]),
        ("graphml", {"topology.builder": "dgx_pod"}, ["topology", "both the file", "Keep one"]),
        ("graphml", {"machines.0.devices": 8}, ["topology.file", "nodes.big", "4 devices", "8"]),
        ("node-link", {"machines": None}, ["topology.file", "nodes.big", "'a100x4'", "catalog"]),
        ("slurm", {"topology.wires": None}, ["topology.wires", "missing", "leaves"]),
        ("slurm", {"topology.machine": None}, ["topology.machine", "missing", "topology.conf"]),
        (
            "slurm",
            {"topology.machine": {"a[01-02]": "a100", "l[01-02]": "l4"}},
            ["topology.file: topology.conf: nodes.l03", "Add the node"],
        ),
        ("nvidia-smi", {"topology.pcie": {"PIX": WIRE}}, ["topology.file: topo.txt: SYS", "wire"]),
        ("nvlinks", {"topology.nvlink": None}, ["topology.file", "NVLinks", "topology.nvlink"]),
        ("nvidia-smi", {"topology.machine": {"x": "l4"}}, ["topology.machine", "is a table"]),
        ("dgx_pod", {"topology.count": None}, ["topology.count", "missing", "dgx_pod needs it"]),
        ("dgx_pod", {"topology.machine": "b"}, ["topology.machine", "'b'", "machines"]),
        ("dgx_pod", {"topology.racks": 2}, ["topology.racks", "dgx_pod", "nvl72_racks"]),
        ("dgx_pod", {"topology.radix": 7}, ["topology", "radix is 7", "even"]),
        ("fat_tree", {"topology.count": 99}, ["topology", "99", "room for 1 to 16"]),
        ("nvl72_racks", {"topology.racks": 9999}, ["topology", "29997 hosts", "10000"]),
        ("heterogeneous_rows", {"topology.trunk": None}, ["topology.trunk", "missing", "spine"]),
        (
            "heterogeneous_rows",
            {"topology.rows.1.name": "r1"},
            ["topology.rows", "'r1'", "twice", "own name"],
        ),
        (
            "heterogeneous_rows",
            {"topology.rows.0.machines": {"l5": 2}},
            ["topology.rows.r1.machines", "'l5'", "a100, l4"],
        ),
        (
            "heterogeneous_rows",
            {"topology.rows.0.wire": {"latency_us": 1}},
            ["topology.rows.r1.wire", "no bandwidth"],
        ),
        ("regions_over_wan", {"topology.wan.0.b": "north"}, ["topology.wan.0", "'north'", "west"]),
        ("regions_over_wan", {"topology.wan": None}, ["topology", "disconnected", "Join"]),
        ("regions_over_wan", {"topology.wan.0.km": None}, ["topology.wan.0", "no latency", "km"]),
        (
            "regions_over_wan",
            {"topology.regions.0.rows": None},
            ["topology.regions.east", "nothing stands", "rows"],
        ),
        (
            "regions_over_wan",
            {"topology.regions.1.trunk": WIRE},
            ["topology.regions.west.trunk", "does not go with dgx_pod"],
        ),
        (
            "regions_over_wan",
            {"topology.regions.1.name": "east"},
            ["topology.regions", "'east'", "twice"],
        ),
    ],
)
def test_a_fault_of_a_file_or_builder_is_named(
    source: str, changes: dict[str, Any], words: list[str], faults_of: Faults
) -> None:
    faults = faults_of(SOURCES[source], changes)
    assert faults[0].startswith(f"bad.toml: {words[0]}")
    for word in words[1:]:
        assert word in faults[0]


def test_an_unknown_column_of_nvidia_smi_is_named(faults_of: Faults) -> None:
    text = "\tGPU0\tGPU1\tFPGA0\nGPU0\tX\tPIX\tSYS\nGPU1\tPIX\tX\tSYS\nFPGA0\tSYS\tSYS\tX\n"
    faults = faults_of(SOURCES["nvidia-smi"], {}, {"topo.txt": text})
    assert faults[0].startswith("bad.toml: topology.file: topo.txt: column FPGA0: 'FPGA0' is not")


def test_a_host_of_a_graph_without_a_machine_is_named(faults_of: Faults) -> None:
    text = '{"nodes": [{"id": "a", "kind": "host", "devices": 1, "hbm_gb": 24}], "edges": []}'
    (fault,) = faults_of(SOURCES["node-link"], {"topology.entry": None}, {"cluster.json": text})
    assert fault.startswith("bad.toml: topology.file: cluster.json: nodes.a: the host names no")


def test_a_graph_file_that_is_no_json_is_named(faults_of: Faults) -> None:
    (fault,) = faults_of(SOURCES["node-link"], {}, {"cluster.json": "{"})
    assert fault.startswith("bad.toml: topology.file: cluster.json: is not JSON")


def test_a_missing_graph_file_is_named(faults_of: Faults) -> None:
    (fault,) = faults_of(built(file="none.graphml"))
    assert fault.startswith("bad.toml: topology.file: none.graphml: cannot be read")


def test_a_host_may_not_be_called_as_an_end_of_a_flow(faults_of: Faults) -> None:
    changes = {"hosts.0.names": "entry", "links.0.a": "entry,l4-[0-2]"}
    (fault,) = faults_of(INLINE, changes)
    assert fault.startswith("bad.toml: topology: nodes.entry: 'entry' is what results call")


def test_all_faults_are_reported_at_once(faults_of: Faults) -> None:
    changes = {
        "workload.model": "Llama-9",
        "machines.0.usd_per_hour": -1,
        "links.0.gbit_per_s": None,
        "topology.entry": "gate",
        "limits.max_hosts": 0,
    }
    places = [fault.split(": ")[1] for fault in faults_of(INLINE, changes)]
    assert sorted(places) == [
        "limits.max_hosts",
        "links.0",
        "machines.a100.usd_per_hour",
        "topology.entry",
        "workload.model",
    ]


def test_the_many_pairs_of_one_record_are_one_fault(faults_of: Faults) -> None:
    assert len(faults_of(INLINE, {"links": [*LINKS, LINKS[0]]})) == 1


def test_more_links_than_can_be_computed_with_are_refused(faults_of: Faults) -> None:
    many = {"hosts.0.names": "a[0-999]", "links.0.a": "a[0-999]", "links.0.b": "a[0-999]"}
    faults = faults_of(INLINE, {**many, "links.0.b": "a[0-999],leaf"})
    assert any("too many links" in fault for fault in faults)


def test_every_machine_without_measurements_is_named(faults_of: Faults) -> None:
    text = "machine,microbatch,ms_per_layer\nA100,1,2\nL4,1,3\n"
    places = [fault.split(" at a ")[0] for fault in faults_of(MEASURED, {}, {"times.csv": text})]
    assert places == [
        "bad.toml: measured.layer_times: has no time of 'A100'",
        "bad.toml: measured.layer_times: has no time of 'L4'",
    ]


def test_degrees_that_divide_no_heads_are_refused_at_the_door(faults_of: Faults) -> None:
    (fault,) = faults_of(INLINE, {"design.tensor_parallel": [3]})
    assert "design.tensor_parallel" in fault
    assert "(3) divides the 32 heads of Llama-3.1-8B" in fault


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("25000000000", "250", "250 bytes/s for one link is less than 1000"),
        (">48000000000<", ">48<", "48 bytes of HBM for one device is less than"),
        (">1000000000<", ">1000000000000000<", "ps for one link is more than"),
    ],
)
def test_a_slip_of_unit_in_a_graph_file_is_told(
    faults_of: Faults, old: str, new: str, words: str
) -> None:
    text = (SAMPLES / "cluster.graphml").read_text()
    assert old in text
    found = faults_of(SOURCES["graphml"], {}, {"cluster.graphml": text.replace(old, new)})
    assert found
    assert all("topology.file" in fault for fault in found)
    assert any(words in fault for fault in found)
