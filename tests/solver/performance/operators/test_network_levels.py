"""Collectives over the levels that a topology graph gives a group of devices."""

from __future__ import annotations

import pytest

from solver.catalog.shipped import shipped_catalog
from solver.performance.operators.hierarchical import (
    Network,
    network_collective_s,
    network_of,
)
from solver.performance.operators.network_levels import network_on
from solver.performance.operators.scale_out import LINK_SHARE
from solver.topology.builders.racks import nvl72_racks
from solver.topology.builders.rails import dgx_pod
from solver.topology.levels import Level, collective_levels

CATALOG = shipped_catalog().accelerators
H100 = network_of(CATALOG["H100 SXM"])
RACK = network_of(CATALOG["GB200 NVL72"])


def two_hosts(*, bytes_per_s: int = 400 * 10**9, latency_ps: int = 2_000_000) -> Level:
    inner = tuple(Level(8, 1_000_000, 450 * 10**9, (host,)) for host in ("a", "b"))
    return Level(2, latency_ps, bytes_per_s, ("a", "b"), inner)


def test_a_near_topology_as_wide_as_the_cards_changes_nothing() -> None:
    # 400 GB/s out of a host of eight is 50 GB/s each, as in the catalog.
    found = network_on(H100, two_hosts())
    assert found.scale_out.bytes_per_s == pytest.approx(50e9)
    for size in (64.0, 1e9):
        there, catalog = (
            float(network_collective_s(network, kind="all_reduce", world=16, message_bytes=size))
            for network in (found, H100)
        )
        assert there == pytest.approx(catalog)


def test_a_long_way_is_waited_for_in_both_directions() -> None:
    found = network_on(H100, two_hosts(latency_ps=10**10))
    seconds = network_collective_s(found, kind="all_reduce", world=16, message_bytes=64.0)
    # 10 ms there and back, and what NCCL takes for its base and inside a node.
    assert float(seconds) == pytest.approx(2 * 0.01 + 6.8e-6 + 2 * 7 * 0.6e-6, abs=1e-6)


def test_a_narrow_uplink_paces_large_messages() -> None:
    found = network_on(H100, two_hosts(bytes_per_s=40 * 10**9, latency_ps=0))
    seconds = network_collective_s(found, kind="alltoall", world=16, message_bytes=1e9)
    assert float(seconds) == pytest.approx(36e-6 + 0.5 * 1e9 / (LINK_SHARE * 5e9))


def test_of_nested_levels_the_narrowest_and_the_farthest_count() -> None:
    inner = tuple(
        Level(
            2,
            1_000,
            800,
            (f"{rack}1", f"{rack}2"),
            tuple(Level(4, 10, 9_000, (f"{rack}{i}",)) for i in (1, 2)),
        )
        for rack in "ab"
    )
    level = Level(2, 5_000, 80, ("a1", "a2", "b1", "b2"), inner)
    found = network_on(H100, level)
    assert found.node_devices == 4
    # 80 bytes/s out of a rack of 8 devices; 800 out of a host of 4 would be 200 each.
    assert found.scale_out.bytes_per_s == pytest.approx(10.0)
    assert found.scale_out.path_s == pytest.approx(5e-9)


def test_hosts_that_lend_one_device_each_are_nodes_of_one() -> None:
    level = Level(3, 1_000_000, 50 * 10**9, ("a", "b", "c"))
    found = network_on(H100, level)
    assert found.node_devices == 1
    assert found.scale_out.bytes_per_s == pytest.approx(50e9)


def test_a_single_host_needs_no_network_between_nodes() -> None:
    found: Network = network_on(H100, Level(4, 10, 450 * 10**9, ("a",)))
    assert found.node_devices == 4
    assert found.scale_out == H100.scale_out


def test_hosts_that_lend_unequally_are_refused() -> None:
    inner = (Level(8, 10, 10, ("a",)), Level(4, 10, 10, ("b",)))
    with pytest.raises(ValueError, match=r"hosts that lend \[4, 8\]"):
        network_on(H100, Level(2, 10, 10, ("a", "b"), inner))


def test_trays_of_one_rack_are_one_node() -> None:
    topology = nvl72_racks(1)
    level = collective_levels(topology, {host.name: 4 for host in topology.hosts[:8]})
    assert level is not None
    found = network_on(RACK, level)
    assert (found.node_devices, found.host_devices) == (32, 4)
    seconds = network_collective_s(found, kind="all_reduce", world=32, message_bytes=1e6)
    expected = network_collective_s(RACK, kind="all_reduce", world=32, message_bytes=1e6)
    assert float(seconds) == float(expected)


def test_trays_of_two_racks_talk_over_their_cards() -> None:
    topology = nvl72_racks(2, trays=4)
    level = collective_levels(topology, {host.name: 4 for host in topology.hosts})
    assert level is not None
    found = network_on(RACK, level)
    assert found.node_devices == 16
    assert found.scale_out.bytes_per_s == pytest.approx(50e9)
    assert found.scale_out.path_s > 0


def test_a_rail_optimised_pod_is_as_wide_as_the_catalog_says() -> None:
    topology = dgx_pod(4)
    level = collective_levels(topology, {host.name: 8 for host in topology.hosts})
    assert level is not None
    found = network_on(H100, level)
    assert found.node_devices == 8
    assert found.scale_out.bytes_per_s == pytest.approx(50e9, rel=0.1)
