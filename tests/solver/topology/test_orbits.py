"""Orbits against isomorphisms that networkx finds."""

from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.topology import Host, Link, Switch, Topology, host_orbits
from solver.topology.orbits import colour_classes, is_interchangeable
from tests.oracles.small_topologies import patient, small_topologies


def automorphism_exists(topology: Topology, marks: dict[str, str], images: dict[str, str]) -> bool:
    """Whether an automorphism takes nodes with these marks to nodes with the same in ``images``."""

    def labelled(own: dict[str, str]) -> nx.Graph[str]:
        graph: nx.Graph[str] = nx.Graph()
        for name, attributes in topology.graph.nodes(data=True):
            graph.add_node(name, label=(sorted(attributes.items(), key=str), own.get(name)))
        for a, b, attributes in topology.graph.edges(data=True):
            graph.add_edge(a, b, wire=(attributes["bytes_per_s"], attributes["latency_ps"]))
        return graph

    return nx.vf2pp_is_isomorphic(
        *(_hashable(labelled(own)) for own in (marks, images)), node_label="label"
    )


def _hashable(graph: nx.Graph[str]) -> nx.Graph[str]:
    # vf2pp knows labels of nodes only, so a wire becomes a node between its ends.
    split: nx.Graph[str] = nx.Graph()
    for name, label in graph.nodes(data="label"):
        split.add_node(name, label=str(label))
    for a, b, wire in graph.edges(data="wire"):
        split.add_node(f"{a}|{b}", label=str(wire))
        split.add_edges_from([(a, f"{a}|{b}"), (f"{a}|{b}", b)])
    return split


def swap_is_automorphism(topology: Topology, a: str, b: str) -> bool:
    fixed = {name: name for name in topology.graph if name not in (a, b)}
    return automorphism_exists(
        topology, {**fixed, a: "<1>", b: "<2>"}, {**fixed, a: "<2>", b: "<1>"}
    )


@patient
@given(small_topologies())
def test_two_hosts_share_an_orbit_exactly_if_swapping_them_is_an_automorphism(
    topology: Topology,
) -> None:
    orbit_of = {host: orbit for orbit in host_orbits(topology) for host in orbit}
    for a, b in itertools.combinations(topology.host_names, 2):
        assert (orbit_of[a] == orbit_of[b]) == swap_is_automorphism(topology, a, b)


@patient
@given(small_topologies())
def test_orbits_partition_the_hosts(topology: Topology) -> None:
    assert sorted(itertools.chain(*host_orbits(topology))) == list(topology.host_names)


@patient
@given(small_topologies(max_hosts=6), st.data())
def test_every_permutation_within_orbits_keeps_the_graph(
    topology: Topology, data: st.DataObject
) -> None:
    image = {name: name for name in topology.graph}
    for orbit in host_orbits(topology):
        image.update(zip(orbit, data.draw(st.permutations(orbit)), strict=True))
    for host in topology.hosts:
        assert topology.host(image[host.name]).profile == host.profile
    for link in topology.links:
        moved = topology.link(image[link.a], image[link.b])
        assert (moved.bytes_per_s, moved.latency_ps) == (link.bytes_per_s, link.latency_ps)


@patient
@given(small_topologies(max_hosts=4, max_switches=2))
def test_nodes_that_any_automorphism_exchanges_have_one_colour(topology: Topology) -> None:
    colour = {node: members for members in colour_classes(topology) for node in members}
    for a, b in itertools.combinations(sorted(topology.graph), 2):
        if automorphism_exists(topology, {a: "<1>"}, {b: "<1>"}):
            assert colour[a] == colour[b]


@patient
@given(small_topologies())
def test_the_pairwise_question_agrees_with_the_partition(topology: Topology) -> None:
    orbit_of = {host: orbit for orbit in host_orbits(topology) for host in orbit}
    for a, b in itertools.combinations(topology.host_names, 2):
        assert is_interchangeable(topology, a, b) == (orbit_of[a] == orbit_of[b])


def ring(n: int) -> Topology:
    """A ring of hosts: every host looks alike, and no two of five or more can be swapped alone."""
    return Topology(
        "ring",
        tuple(Host(f"h{i}", "L4", 1, 24) for i in range(n)),
        (),
        tuple(Link(f"l{i}", f"h{i}", f"h{(i + 1) % n}", 1, 1) for i in range(n)),
    )


def test_one_colour_does_not_make_an_orbit() -> None:
    assert len(colour_classes(ring(6))) == 1
    assert len(host_orbits(ring(6))) == 6


def test_opposite_hosts_of_a_square_are_interchangeable() -> None:
    assert host_orbits(ring(4)) == (("h0", "h2"), ("h1", "h3"))


def leaf_of(first: Host, second: Host) -> Topology:
    return Topology(
        "leaf",
        (first, second),
        (Switch("leaf", "leaf"),),
        (Link("1", first.name, "leaf", 1, 1), Link("2", second.name, "leaf", 1, 1)),
    )


def test_machines_of_one_kind_on_one_leaf_are_interchangeable() -> None:
    found = leaf_of(Host("a", "L4", 1, 24), Host("b", "L4", 1, 24))
    assert host_orbits(found) == (("a", "b"),)


def test_memory_alone_tells_two_machines_apart() -> None:
    found = leaf_of(Host("a", "L4", 1, 24), Host("b", "L4", 1, 25))
    assert host_orbits(found) == (("a",), ("b",))


def test_a_switch_has_no_place_in_the_question() -> None:
    with pytest.raises(InstanceError, match="'leaf' is no host"):
        is_interchangeable(leaf_of(Host("a", "L4", 1, 24), Host("b", "L4", 1, 24)), "a", "leaf")
