"""Paths of hand-overs, the same for all hosts of an orbit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from solver.errors import InstanceError
from solver.lowering.placement.routes import Routes, orbits_of, steps
from solver.topology import GATEWAY, Host, Link, PathTable, Switch, Topology
from tests.oracles.small_topologies import patient, small_topologies


def routes_of(topology: Topology, *, through_hosts: bool = False) -> Routes:
    orbits = orbits_of(topology, through_hosts=through_hosts)
    return Routes(topology, orbits, through_hosts=through_hosts)


@patient
@given(small_topologies())
def test_a_route_is_as_good_as_the_best_path(topology: Topology) -> None:
    for through_hosts in (False, True):
        routes = routes_of(topology, through_hosts=through_hosts)
        table = PathTable(topology, through_hosts=through_hosts)
        for a, b in itertools.permutations(topology.host_names, 2):
            mine, best = routes.between(a, b), table.between(a, b)
            assert (mine is None) == (best is None)
            if mine is not None and best is not None:
                assert (mine.nodes[0], mine.nodes[-1]) == (a, b)
                assert (mine.latency_ps, mine.bytes_per_s) == (best.latency_ps, best.bytes_per_s)


@patient
@given(small_topologies())
def test_hosts_of_an_orbit_are_reached_over_the_same_switches(topology: Topology) -> None:
    routes = routes_of(topology)
    for a, b in itertools.permutations(topology.host_names, 2):
        route = routes.between(a, b)
        speaker = routes.by_orbit(routes.orbit(a), routes.orbit(b))
        assert (route is None) == (speaker is None)
        if route is not None and speaker is not None:
            assert route.nodes[1:-1] == speaker.nodes[1:-1]


@patient
@given(small_topologies())
def test_the_way_back_is_the_same_way(topology: Topology) -> None:
    routes = routes_of(topology)
    for a, b in itertools.combinations(topology.host_names, 2):
        there, back = routes.between(a, b), routes.between(b, a)
        assert there == (None if back is None else back.reversed())


@pytest.fixture
def gated() -> Topology:
    """Two hosts on a switch, and a gateway on it."""
    hosts = tuple(Host(name, "x", 1, 1) for name in "ab")
    links = tuple(Link(name, name, "leaf", 10, 1) for name in ("a", "b", "gate"))
    return Topology("gated", hosts, (Switch("leaf", "leaf"), Switch("gate", GATEWAY)), links)


def test_the_number_of_orbits_stands_for_the_gateways(gated: Topology) -> None:
    routes = Routes(gated, (("a", "b"),), entry="gate", exit="gate")
    way_in, way_out = routes.by_orbit(1, 0), routes.by_orbit(0, 1)
    assert way_in is not None
    assert way_out is not None
    assert (way_in.nodes, way_out.nodes) == (("gate", "leaf", "a"), ("a", "leaf", "gate"))


def test_without_a_gateway_the_way_in_is_free(gated: Topology) -> None:
    routes = Routes(gated, (("a", "b"),))
    assert routes.by_orbit(1, 0) is None
    assert routes.is_linked(1, 0)


def test_nothing_goes_from_the_entry_to_the_exit(gated: Topology) -> None:
    assert not Routes(gated, (("a", "b"),), entry="gate", exit="gate").is_linked(1, 1)


def test_one_host_hands_nothing_over_to_its_own_orbit(gated: Topology) -> None:
    routes = Routes(gated, (("a",), ("b",)))
    assert not routes.is_linked(0, 0)
    with pytest.raises(ValueError, match="to itself"):
        routes.between("a", "a")


def test_an_unknown_host_is_named(gated: Topology) -> None:
    with pytest.raises(InstanceError, match="'c' is no host"):
        Routes(gated, (("a", "b"),)).between("a", "c")


def test_orbits_that_are_none_are_noticed() -> None:
    hosts = tuple(Host(name, "x", 1, 1) for name in "abc")
    links = (
        Link("a", "a", "leaf", 10, 1),
        Link("b", "b", "leaf", 20, 1),
        Link("c", "c", "leaf", 20, 1),
    )
    topology = Topology("odd", hosts, (Switch("leaf", "leaf"),), links)
    with pytest.raises(ValueError, match="differ from their orbits"):
        Routes(topology, (("a", "b"), ("c",))).between("b", "c")


def test_forwarding_hosts_form_no_orbit(gated: Topology) -> None:
    with pytest.raises(ValueError, match="no orbit"):
        Routes(gated, (("a", "b"),), through_hosts=True)


def test_steps_tell_the_direction_of_every_link(gated: Topology) -> None:
    path = Routes(gated, (("a", "b"),)).between("b", "a")
    assert path is not None
    assert [step.name for step in steps(path)] == ["b: b to leaf", "a: leaf to a"]
