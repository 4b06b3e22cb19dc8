"""Hand-over paths against a search of all simple paths."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.topology import (
    Host,
    Link,
    Path,
    PathTable,
    Switch,
    Topology,
    busiest_link,
    shared_links,
)
from solver.topology.paths import transfer_ps
from tests.oracles.small_topologies import best_by_trying, patient, small_topologies


def star(n: int) -> Topology:
    """``n`` hosts on one leaf, each by a link of 10 bytes/s and 3 ps."""
    return Topology(
        "star",
        tuple(Host(f"h{i}", "L4", 1, 24) for i in range(n)),
        (Switch("leaf", "leaf"),),
        tuple(Link(f"l{i}", f"h{i}", "leaf", 10, 3) for i in range(n)),
    )


@patient
@given(small_topologies(), st.booleans())
def test_every_path_is_the_best_of_all_simple_paths(
    topology: Topology, through_hosts: bool
) -> None:
    table = PathTable(topology, through_hosts=through_hosts)
    for a, b in itertools.combinations(topology.host_names, 2):
        path, best = (
            table.between(a, b),
            best_by_trying(topology, a, b, through_hosts=through_hosts),
        )
        found = path and (path.latency_ps, -path.bytes_per_s, len(path.links), path.nodes)
        assert found == best


@patient
@given(small_topologies())
def test_the_way_back_is_the_way_there_reversed(topology: Topology) -> None:
    table = PathTable(topology)
    for a, b, path in table.pairs():
        assert table.between(b, a) == path.reversed()


@patient
@given(small_topologies())
def test_latency_and_bandwidth_are_those_of_the_links(topology: Topology) -> None:
    for _, _, path in PathTable(topology).pairs():
        assert path.links == tuple(topology.link(*ends) for ends in itertools.pairwise(path.nodes))
        assert path.latency_ps == sum(link.latency_ps for link in path.links)
        assert path.bytes_per_s == min(link.bytes_per_s for link in path.links)


def test_a_wider_path_that_a_narrow_link_levels_does_not_hide_an_earlier_name() -> None:
    hosts = (Host("a", "L4", 1, 24), Host("z", "L4", 1, 24))
    switches = tuple(Switch(name, "leaf") for name in ("b", "c", "d"))
    links = (
        Link("1", "a", "b", 5, 1),
        Link("2", "b", "d", 5, 1),
        Link("3", "a", "c", 9, 1),
        Link("4", "c", "d", 9, 1),
        Link("5", "d", "z", 5, 1),
    )
    path = PathTable(Topology("net", hosts, switches, links)).between("a", "z")
    assert path is not None
    assert path.nodes == ("a", "b", "d", "z")


def test_hosts_that_only_hosts_join_have_no_path_unless_hosts_forward() -> None:
    hosts = tuple(Host(name, "L4", 1, 24) for name in "abc")
    line = Topology("line", hosts, (), (Link("1", "a", "b", 1, 1), Link("2", "b", "c", 1, 1)))
    assert PathTable(line).between("a", "c") is None
    assert [pair[:2] for pair in PathTable(line).pairs()] == [("a", "b"), ("b", "c")]
    forwarded = PathTable(line, through_hosts=True).between("a", "c")
    assert forwarded is not None
    assert forwarded.nodes == ("a", "b", "c")


def test_a_hand_over_takes_latency_and_then_the_bottleneck_rounded_up() -> None:
    path = PathTable(star(2)).between("h0", "h1")
    assert path is not None
    assert path.hand_over_ps(0) == 6
    assert path.hand_over_ps(25) == 6 + 2_500_000_000_000


def test_a_transfer_is_rounded_up() -> None:
    assert transfer_ps(1, 3) == 333_333_333_334


def test_a_host_hands_nothing_to_itself() -> None:
    with pytest.raises(ValueError, match="hands nothing over to itself"):
        PathTable(star(2)).between("h0", "h0")


def test_a_path_to_a_switch_is_refused() -> None:
    with pytest.raises(InstanceError, match="'leaf' is no host"):
        PathTable(star(2)).between("h0", "leaf")


def chain() -> list[Path]:
    table = PathTable(star(3))
    paths = [table.between("h0", "h1"), table.between("h1", "h2")]
    return [path for path in paths if path is not None]


def test_links_that_two_paths_use_are_shared() -> None:
    paths = chain()
    assert shared_links(paths) == {"l1": tuple(paths)}


def test_the_busiest_link_carries_every_path_over_it() -> None:
    found = busiest_link(chain(), 5)
    assert found is not None
    assert (found[0].name, found[1]) == ("l1", 10**12)


def test_without_paths_no_link_is_busiest() -> None:
    assert busiest_link([], 5) is None
