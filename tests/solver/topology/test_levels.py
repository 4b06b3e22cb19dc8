"""Levels of a group, read off graphs whose answer is known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from solver.errors import InstanceError
from solver.topology import Host, Link, PathTable, Switch, Topology
from solver.topology.builders import dgx_pod, fat_tree, nvl72_racks
from solver.topology.levels import Level, collective_levels, spanned_links
from tests.oracles.small_topologies import patient, small_topologies

HOST = Host("h", "H100 SXM", 8, 80, device_bytes_per_s=450, device_latency_ps=7)


def group(topology: Topology) -> dict[str, int]:
    return {host.name: host.devices for host in topology.hosts}


def levels(topology: Topology) -> Level:
    found = collective_levels(topology, group(topology))
    assert found is not None
    return found


def dumbbell(n: int, *, middle: int) -> Topology:
    """``n`` hosts on each of two leaves, 10 bytes/s each, the leaves joined by ``middle``."""
    hosts = [HOST.named(f"{side}{i}") for side in "lr" for i in range(n)]
    return Topology(
        "dumbbell",
        tuple(hosts),
        (Switch("left", "leaf"), Switch("right", "leaf")),
        (
            *(
                Link(host.name, host.name, "left" if host.name[0] == "l" else "right", 10, 5)
                for host in hosts
            ),
            Link("middle", "left", "right", middle, 50),
        ),
    )


def test_one_device_forms_no_level() -> None:
    assert collective_levels(dumbbell(1, middle=1), {"l0": 1}) is None


def test_devices_of_one_host_form_one_level() -> None:
    found = collective_levels(dumbbell(1, middle=1), {"l0": 4})
    assert found == Level(4, 7, 450, ("l0",))


def test_a_dumbbell_has_levels_of_devices_hosts_and_sides() -> None:
    found = levels(dumbbell(3, middle=12))
    assert (found.members, found.latency_ps, found.depth) == (2, 60, 3)
    assert [(part.members, part.latency_ps, part.bytes_per_s) for part in found.parts] == [
        (3, 10, 10),
        (3, 10, 10),
    ]


@pytest.mark.parametrize(("middle", "expected"), [(12, 12), (100, 30)])
def test_sides_share_the_middle_and_are_held_to_their_own_links(middle: int, expected: int) -> None:
    assert levels(dumbbell(3, middle=middle)).bytes_per_s == expected


def test_the_narrowest_step_of_the_ring_counts() -> None:
    widths = {"a": 10, "b": 20, "c": 5}
    star = Topology(
        "star",
        tuple(Host(name, "L4", 1, 24) for name in widths),
        (Switch("leaf", "leaf"),),
        tuple(Link(name, name, "leaf", width, 1) for name, width in widths.items()),
    )
    assert levels(star).bytes_per_s == 5


def test_hosts_on_rails_reach_each_other_over_all_of_them() -> None:
    found = levels(dgx_pod(4))
    assert (found.members, found.bytes_per_s) == (4, 8 * 50 * 10**9)


def test_a_fat_tree_has_full_bandwidth_between_its_pods() -> None:
    found = levels(fat_tree(HOST, 4))
    assert (found.members, found.bytes_per_s, found.depth) == (4, 4 * 50 * 10**9, 4)


def test_trays_of_a_rack_meet_on_nvlink_and_racks_on_the_network() -> None:
    found = levels(nvl72_racks(2))
    assert [part.bytes_per_s for part in found.parts] == [3600 * 10**9] * 2
    assert (found.members, found.bytes_per_s) == (2, 18 * 200 * 10**9)


def test_the_links_that_a_group_spans_are_those_between_its_hosts() -> None:
    found = spanned_links(dumbbell(2, middle=12), ["l0", "l1"])
    assert [link.name for link in found] == ["l0", "l1"]


def test_a_group_across_the_middle_spans_it() -> None:
    found = spanned_links(dumbbell(2, middle=12), ["l0", "r1"])
    assert [link.name for link in found] == ["l0", "middle", "r1"]


def test_more_devices_than_the_host_has_are_named() -> None:
    with pytest.raises(InstanceError, match=r"nodes\.l0: the group takes 9 devices of a host"):
        collective_levels(dumbbell(1, middle=1), {"l0": 9})


def test_a_host_that_does_not_say_how_its_devices_are_joined_is_named() -> None:
    bare = Topology("one", (Host("a", "L4", 2, 24),), (), ())
    with pytest.raises(InstanceError, match=r"nodes\.a: its 2 devices .* Add device_bytes_per_s"):
        collective_levels(bare, {"a": 2})


def test_hosts_that_only_hosts_join_cannot_form_a_group() -> None:
    hosts = tuple(Host(name, "L4", 1, 24) for name in "abc")
    line = Topology("line", hosts, (), (Link("1", "a", "b", 1, 1), Link("2", "b", "c", 1, 1)))
    with pytest.raises(InstanceError, match="'a' reaches 'c' only through other hosts"):
        collective_levels(line, {"a": 1, "c": 1})


@pytest.mark.parametrize("chosen", [{}, {"l0": 0}])
def test_an_empty_group_is_refused(chosen: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one device"):
        collective_levels(dumbbell(1, middle=1), chosen)


@patient
@given(small_topologies())
def test_levels_hold_every_host_and_their_parts_are_disjoint(topology: Topology) -> None:
    reached = {pair[:2] for pair in PathTable(topology).pairs()}
    if len(reached) < math.comb(len(topology.hosts), 2):
        with pytest.raises(InstanceError, match="only through other hosts"):
            collective_levels(topology, group(topology))
        return
    found = collective_levels(topology, group(topology))
    if found is None:
        assert [host.devices for host in topology.hosts] == [1]
        return
    assert found.hosts == topology.host_names
    waiting = [found]
    while waiting:
        level = waiting.pop()
        inside = [host for part in level.parts for host in part.hosts]
        assert len(inside) == len(set(inside))
        assert set(inside) <= set(level.hosts)
        waiting += level.parts
