"""Node-link JSON: round trips, units, and faults."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.topology import Topology
from solver.topology.node_link import node_link_data, read_node_link, topology_from_node_link
from tests.oracles.small_topologies import patient, small_topologies


def data(**changes: Any) -> dict[str, Any]:
    """Two hosts on a leaf, as a file would have them."""
    host = {"kind": "host", "accelerator": "L4", "devices": 1, "hbm_gb": 24}
    whole = {
        "nodes": [{"id": "a", **host}, {"id": "b", **host}, {"id": "leaf", "kind": "leaf"}],
        "edges": [
            {"source": "a", "target": "leaf", "gbit_per_s": 100, "latency_us": 1.5},
            {"source": "b", "target": "leaf", "gb_per_s": 10, "latency_ms": 2},
        ],
    }
    return {**whole, **changes}


def faults(changed: Any) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        topology_from_node_link(changed, name="net", where="net.json")
    return [str(fault) for fault in caught.value.faults]


def with_node(**attributes: Any) -> dict[str, Any]:
    changed = data()
    changed["nodes"][0] |= attributes
    return changed


def with_edge(**attributes: Any) -> dict[str, Any]:
    changed = data()
    changed["edges"][0] |= attributes
    return changed


@patient
@given(small_topologies(), st.none() | st.fractions(min_value=Fraction(1, 99), max_value=99))
def test_what_is_written_is_read_back(topology: Topology, price: Fraction | None) -> None:
    priced = replace(
        topology, hosts=tuple(replace(host, usd_per_hour=price) for host in topology.hosts)
    )
    text = json.dumps(node_link_data(priced))
    assert topology_from_node_link(json.loads(text), name="") == priced


@patient
@given(small_topologies())
def test_networkx_reads_what_is_written(topology: Topology) -> None:
    graph = nx.node_link_graph(node_link_data(topology), edges="edges")
    assert nx.utils.graphs_equal(graph, nx.Graph(topology.graph))


def test_units_end_in_bytes_and_picoseconds() -> None:
    found = topology_from_node_link(data(), name="net")
    assert found.host("a").hbm_bytes == 24 * 10**9
    first, second = found.link("a", "leaf"), found.link("b", "leaf")
    assert (first.bytes_per_s, first.latency_ps) == (12_500_000_000, 1_500_000)
    assert (second.bytes_per_s, second.latency_ps) == (10**10, 2 * 10**9)


def test_edges_may_be_called_links() -> None:
    old = data()
    old["links"] = old.pop("edges")
    assert topology_from_node_link(old, name="net") == topology_from_node_link(data(), name="net")


def test_decimals_of_a_file_stay_exact(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(data()).replace('"devices": 1', '"devices": 1, "usd_per_hour": 0.1'))
    assert read_node_link(path).host("a").usd_per_hour == Fraction(1, 10)


def test_a_float_in_memory_stands_for_its_decimal() -> None:
    found = topology_from_node_link(with_node(usd_per_hour=0.1), name="net")
    assert found.host("a").usd_per_hour == Fraction(1, 10)


def test_a_link_without_bandwidth_is_named() -> None:
    changed = data()
    del changed["edges"][0]["gbit_per_s"]
    assert faults(changed) == [
        "net.json: links.a--leaf: the link has no bandwidth. "
        "Add bytes_per_s or gb_per_s or gbit_per_s."
    ]


@pytest.mark.parametrize("value", [0, -1, "fast", True, None, float("inf"), "1/0", "nan"])
def test_a_bandwidth_that_is_no_positive_number_is_named(value: Any) -> None:
    (fault,) = faults(with_edge(gbit_per_s=value))
    assert fault.startswith(f"net.json: links.a--leaf: gbit_per_s is {value}")


def test_a_figure_that_is_no_whole_number_in_its_unit_is_not_rounded() -> None:
    (fault,) = faults(with_edge(latency_us="0.0000001"))
    assert "makes a whole latency_ps" in fault


def test_a_figure_out_of_all_scale_is_refused_at_once() -> None:
    (fault,) = faults(with_edge(gbit_per_s="1e999999999"))
    assert "gbit_per_s is 1e999999999" in fault


def test_a_price_may_be_a_fraction() -> None:
    found = topology_from_node_link(with_node(usd_per_hour="1/3"), name="net")
    assert found.host("a").usd_per_hour == Fraction(1, 3)


def test_a_link_without_latency_is_named() -> None:
    changed = data()
    del changed["edges"][1]["latency_ms"]
    assert faults(changed)[0].startswith("net.json: links.b--leaf: latency_ps is missing")


def test_one_figure_in_two_units_is_named() -> None:
    (fault,) = faults(with_edge(bytes_per_s=5))
    assert "bytes_per_s and gbit_per_s state the same figure" in fault


def test_an_unknown_attribute_is_named() -> None:
    (fault,) = faults(with_node(memory=3))
    assert fault.startswith("net.json: nodes.a: 'memory' is not a known attribute")


def test_what_a_drawing_program_leaves_behind_is_passed_over() -> None:
    changed = with_node(label="A", x=1.0, color="red")
    assert topology_from_node_link(changed, name="n") == topology_from_node_link(data(), name="n")


@pytest.mark.parametrize(
    ("kind", "words"), [("hub", "'hub' is not a kind of node"), (None, "kind is missing")]
)
def test_an_unknown_kind_is_named(kind: str | None, words: str) -> None:
    changed = data()
    changed["nodes"][2]["kind"] = kind
    (fault,) = faults(changed)
    assert fault.startswith(f"net.json: nodes.leaf: {words}. Write one of: host, ")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("accelerator", "names no accelerator"),
        ("devices", "devices is missing"),
        ("hbm_gb", "hbm_bytes is missing"),
    ],
)
def test_a_host_without_a_needed_figure_is_named(key: str, words: str) -> None:
    changed = data()
    del changed["nodes"][0][key]
    (fault,) = faults(changed)
    assert fault.startswith("net.json: nodes.a: ")
    assert words in fault


def test_a_price_of_zero_is_named() -> None:
    (fault,) = faults(with_node(usd_per_hour=0))
    assert "usd_per_hour is 0" in fault


def test_duplicate_hosts_are_named() -> None:
    changed = data()
    changed["nodes"].append(changed["nodes"][0])
    (fault,) = faults(changed)
    assert fault.startswith("net.json: nodes.a: there are 2 nodes of this name")


def test_a_directed_graph_is_refused() -> None:
    (fault,) = faults(data(directed=True))
    assert "the graph is directed" in fault


def test_entries_without_names_are_counted_out() -> None:
    changed = data()
    changed["nodes"].append({"kind": "leaf"})
    changed["edges"].append({"source": "a"})
    assert [fault.split(": ")[1] for fault in faults(changed)] == ["nodes.3", "edges.2"]


@pytest.mark.parametrize("changed", [{}, [], {"nodes": 3}, None])
def test_data_without_nodes_is_refused(changed: Any) -> None:
    assert faults(changed)[0].startswith("net.json: nodes: there is no list of nodes")


def test_data_without_edges_is_named() -> None:
    assert "there is no list of edges" in faults(data(edges=None))[0]


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text("{")
    with pytest.raises(InstanceError, match="is not JSON"):
        read_node_link(path)
