"""What a topology accepts, what it refuses, and how it names it."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import networkx as nx
import pytest

from solver.errors import InstanceError
from solver.topology import Host, Link, Switch, Topology

A = Host("a", "H100 SXM", 8, 80)
B = Host("b", "L4", 1, 24, usd_per_hour=Fraction(1, 3))
LEAF = Switch("leaf", "leaf")
A_LEAF = Link("a-up", "leaf", "a", 5, 1)
B_LEAF = Link("b-up", "b", "leaf", 7, 2)


def faults(
    hosts: Sequence[Host] = (A, B),
    switches: Sequence[Switch] = (LEAF,),
    links: Sequence[Link] = (A_LEAF, B_LEAF),
) -> list[str]:
    """Faults of a topology, as a user reads them."""
    with pytest.raises(InstanceError) as caught:
        Topology("net", tuple(hosts), tuple(switches), tuple(links), where="net.json")
    return [str(fault) for fault in caught.value.faults]


def whole() -> Topology:
    return Topology("net", (B, A), (LEAF,), (B_LEAF, A_LEAF))


def test_parts_in_another_order_and_direction_make_an_equal_topology() -> None:
    turned = Link("a-up", "a", "leaf", 5, 1)
    assert whole() == Topology("net", (A, B), (LEAF,), (turned, B_LEAF), where="elsewhere")


def test_a_graph_carries_kind_machine_and_wire() -> None:
    graph = whole().graph
    assert graph.nodes["a"] == {
        "kind": "host",
        "accelerator": "H100 SXM",
        "devices": 8,
        "hbm_bytes": 80,
    }
    assert graph.nodes["b"]["usd_per_hour"] == Fraction(1, 3)
    assert graph.nodes["leaf"] == {"kind": "leaf"}
    assert graph.edges["a", "leaf"] == {"name": "a-up", "bytes_per_s": 5, "latency_ps": 1}


def test_the_graph_cannot_be_changed() -> None:
    with pytest.raises(nx.NetworkXError):
        whole().graph.add_edge("a", "b")


def test_a_topology_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(whole()))
    assert copy == whole()
    assert nx.is_frozen(copy.graph)


def test_equal_topologies_have_equal_hashes() -> None:
    assert hash(whole()) == hash(Topology("net", (A, B), (LEAF,), (A_LEAF, B_LEAF)))


def test_a_disconnected_graph_is_named_with_its_pieces_and_the_cure() -> None:
    assert faults(links=(A_LEAF,)) == [
        "net.json: links: the graph is disconnected: 2 pieces, and no link leads from a, leaf to b."
        " Join the pieces with a link, or give each of them as a topology of its own."
    ]


@pytest.mark.parametrize("bandwidth", [0, -5, 2.5, True])
def test_a_link_without_positive_whole_bandwidth_is_named(bandwidth: Any) -> None:
    (fault,) = faults(links=(Link("a-up", "a", "leaf", bandwidth, 0), B_LEAF))
    assert fault.startswith(f"net.json: links.a-up: its bandwidth is {bandwidth!r} bytes/s.")
    assert "Write a whole number of at least 1" in fault


def test_a_negative_latency_is_named() -> None:
    (fault,) = faults(links=(Link("a-up", "a", "leaf", 1, -1), B_LEAF))
    assert "its latency is -1 ps" in fault


def test_duplicate_hosts_are_named() -> None:
    (fault,) = faults(hosts=(A, A, B))
    assert fault == (
        "net.json: nodes.a: there are 2 nodes of this name. Give every host its own name."
    )


def test_a_switch_may_not_have_the_name_of_a_host() -> None:
    (fault,) = faults(switches=(LEAF, Switch("a", "leaf")))
    assert fault.startswith("net.json: nodes.a: there are 2 nodes of this name")


def test_an_unknown_kind_is_named() -> None:
    kind: Any = "hub"
    (fault,) = faults(switches=(Switch("leaf", kind),))
    assert fault.startswith("net.json: nodes.leaf: 'hub' is not a kind of node. Write one of: host")


def test_a_self_loop_is_named() -> None:
    (fault,) = faults(links=(A_LEAF, B_LEAF, Link("loop", "a", "a", 1, 0)))
    assert fault == "net.json: links.loop: it joins 'a' with itself. Remove it."


def test_parallel_links_are_named() -> None:
    (fault,) = faults(links=(A_LEAF, B_LEAF, Link("second", "a", "leaf", 1, 0)))
    assert "it joins 'a' and 'leaf', as a-up does" in fault


def test_two_links_of_one_name_are_named() -> None:
    (fault,) = faults(links=(A_LEAF, Link("a-up", "b", "leaf", 1, 0)))
    assert fault.startswith("net.json: links.a-up: there are 2 links of this name")


def test_an_end_that_is_no_node_is_named() -> None:
    (fault,) = faults(links=(A_LEAF, B_LEAF, Link("lost", "a", "nowhere", 1, 0)))
    assert fault.startswith("net.json: links.lost: its end 'nowhere' is no node")


def test_a_topology_without_hosts_is_refused() -> None:
    assert faults(hosts=(), links=()) == [
        "net.json: nodes: there is no host. Add a node of kind 'host'."
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("devices", 0), ("hbm_bytes", 0), ("device_bytes_per_s", 0), ("device_latency_ps", -1)],
)
def test_a_figure_of_a_host_below_its_least_is_named(key: str, value: int) -> None:
    figures: dict[str, Any] = {"devices": 8, "hbm_bytes": 80, key: value}
    (fault,) = faults(hosts=(Host("a", "H100 SXM", **figures), B))
    assert fault.startswith(f"net.json: nodes.a: {key} is {value}.")


def test_every_fault_is_reported_at_once() -> None:
    found = faults(hosts=(A, A, B), links=(Link("a-up", "a", "leaf", 0, 0),))
    assert [fault.split(": ")[1] for fault in found] == ["nodes.a", "links.a-up", "links"]


def test_asking_for_a_host_that_is_not_there_offers_those_that_are() -> None:
    with pytest.raises(InstanceError, match=r"'leaf' is no host\. Choose from a, b"):
        whole().host("leaf")


def test_asking_for_a_link_that_is_not_there_is_refused() -> None:
    with pytest.raises(InstanceError, match="no link joins 'a' and 'b'"):
        whole().link("a", "b")


def test_a_prefix_renames_every_part() -> None:
    renamed = whole().prefixed("eu/")
    assert renamed.host_names == ("eu/a", "eu/b")
    assert renamed.link("eu/leaf", "eu/a").name == "eu/a-up"


def test_parts_that_are_added_are_checked_again() -> None:
    with pytest.raises(InstanceError, match="disconnected"):
        whole().with_parts(hosts=(A.named("c"),))
