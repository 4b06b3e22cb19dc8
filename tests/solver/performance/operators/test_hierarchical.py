"""Collectives inside a node, across nodes, in a rack, and on a topology."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog.shipped import shipped_catalog
from solver.performance.operators.collective import (
    COLLECTIVE_KINDS,
    CollectiveKind,
    collective_s,
)
from solver.performance.operators.constants import collective_constants
from solver.performance.operators.hierarchical import (
    inside_node_s,
    network_collective_s,
    network_of,
)
from solver.performance.operators.scale_out import ScaleOut, between_nodes_s

CATALOG = shipped_catalog().accelerators
NAMES = ("H100 SXM", "MI300X", "GB300 NVL72", "L40S", "TPU v5e", "H800 SXM")
H100 = network_of(CATALOG["H100 SXM"])
RACK = network_of(CATALOG["GB300 NVL72"])


def sent_at_least(kind: CollectiveKind, nodes: int) -> float:
    """Share of the whole vector that the cards of one node must carry."""
    if kind == "all_reduce":
        return 2 * (nodes - 1) / nodes
    return (nodes - 1) / nodes


@pytest.mark.parametrize("kind", COLLECTIVE_KINDS)
@pytest.mark.parametrize("world", [1, 2, 4, 8])
def test_one_node_is_the_measured_collective(kind: CollectiveKind, world: int) -> None:
    sizes = 2.0 ** np.arange(8, 30)
    constants = collective_constants(CATALOG["H100 SXM"], kind)
    expected = collective_s(
        constants.constants, constants.device, kind=kind, world=world, message_bytes=sizes
    )
    found = network_collective_s(H100, kind=kind, world=world, message_bytes=sizes)
    np.testing.assert_array_equal(found, expected)


@given(
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(COLLECTIVE_KINDS),
    world=st.integers(1, 256),
    size=st.floats(1.0, 1e10),
    growth=st.floats(1.0, 100.0),
)
def test_a_longer_message_never_takes_less_time(
    name: str, kind: CollectiveKind, world: int, size: float, growth: float
) -> None:
    short, long = network_collective_s(
        network_of(CATALOG[name]), kind=kind, world=world, message_bytes=[size, size * growth]
    )
    assert long >= short * (1 - 1e-12)


@given(
    name=st.sampled_from(("H100 SXM", "MI300X", "H800 SXM")),
    kind=st.sampled_from(COLLECTIVE_KINDS),
    nodes=st.integers(2, 32),
    size=st.floats(1.0, 1e11),
)
def test_nothing_crosses_nodes_faster_than_their_cards(
    name: str, kind: CollectiveKind, nodes: int, size: float
) -> None:
    accelerator = CATALOG[name]
    seconds = network_collective_s(
        network_of(accelerator), kind=kind, world=8 * nodes, message_bytes=size
    )
    # In an all-to-all each device sends its own vector, else the node's cards share one.
    devices = 1 if kind == "alltoall" else 8
    least = sent_at_least(kind, nodes) * size / devices / accelerator.scale_out_bytes_per_s
    assert float(seconds) >= least


@given(kind=st.sampled_from(COLLECTIVE_KINDS), world=st.integers(2, 72), size=st.floats(1.0, 1e10))
def test_nothing_in_a_rack_is_faster_than_its_links(
    kind: CollectiveKind, world: int, size: float
) -> None:
    seconds = network_collective_s(RACK, kind=kind, world=world, message_bytes=size)
    # Where the switch reduces, an all-reduce sends the vector once and its own part once more.
    share = 1 + 1 / world if kind == "all_reduce" else (world - 1) / world
    if kind == "all_reduce" and world == 2:
        share = 1.0
    assert float(seconds) >= share * size / 900e9 * (1 - 1e-12)


@pytest.mark.parametrize("kind", COLLECTIVE_KINDS)
def test_a_world_over_several_nodes_takes_longer_than_one_node(kind: CollectiveKind) -> None:
    sizes = 2.0 ** np.arange(8, 30, 3)
    one, two = (
        network_collective_s(H100, kind=kind, world=world, message_bytes=sizes) for world in (8, 16)
    )
    assert np.all(two > one)


def test_the_better_of_flat_and_hierarchical_is_taken() -> None:
    sizes = 2.0 ** np.arange(8, 31)
    nodes, inside = np.full(sizes.shape, 4.0), np.full(sizes.shape, 8.0)
    flat = between_nodes_s(
        H100.scale_out, kind="all_reduce", nodes=nodes, message_bytes=sizes, inside=inside
    )
    parts = (
        inside_node_s(H100, kind="reduce_scatter", world=8, message_bytes=sizes)
        + between_nodes_s(H100.scale_out, kind="all_reduce", nodes=nodes, message_bytes=sizes / 8)
        + inside_node_s(H100, kind="all_gather", world=8, message_bytes=sizes)
    )
    found = network_collective_s(H100, kind="all_reduce", world=32, message_bytes=sizes)
    assert np.all(found <= parts)
    assert np.all((found == parts) | (found >= flat))
    assert np.any(found < parts)


def test_a_small_all_reduce_of_two_nodes_is_what_nccl_expects_of_its_tree() -> None:
    # NCCL logs 25.2 us for 64 bytes on two nodes of eight: 6.8 + 2 (7 x 0.6 + 5).
    seconds = network_collective_s(H100, kind="all_reduce", world=16, message_bytes=64)
    assert float(seconds) == pytest.approx(25.2e-6, rel=0.01)


def test_an_all_to_all_across_nodes_is_paced_by_the_cards() -> None:
    seconds = network_collective_s(H100, kind="alltoall", world=64, message_bytes=1e9)
    assert float(seconds) == pytest.approx(36e-6 + 56 / 64 * 1e9 / (0.94 * 50e9))


def test_a_rack_takes_kernels_of_its_own_beyond_one_host() -> None:
    sizes = 2.0 ** np.arange(8, 22)
    beyond = inside_node_s(RACK, kind="all_reduce", world=8, message_bytes=sizes)
    without = inside_node_s(
        replace(RACK, rack=None), kind="all_reduce", world=8, message_bytes=sizes
    )
    assert np.all(beyond != without)
    within = inside_node_s(RACK, kind="all_reduce", world=4, message_bytes=sizes)
    assert np.all(
        within
        == inside_node_s(replace(RACK, rack=None), kind="all_reduce", world=4, message_bytes=sizes)
    )


@pytest.mark.parametrize("world", [16, 32, 64, 72])
def test_a_rack_needs_no_cards(world: int) -> None:
    slow = replace(RACK, scale_out=ScaleOut(1.0))
    for kind in COLLECTIVE_KINDS:
        assert float(network_collective_s(slow, kind=kind, world=world, message_bytes=1e6)) < 1e-3


def test_cards_in_a_pcie_host_can_be_one_node() -> None:
    host = network_of(CATALOG["L40S"], 8)
    assert host.node_devices == host.device.node_devices == 8
    constants = collective_constants(CATALOG["L40S"], "all_reduce")
    expected = collective_s(
        constants.constants, constants.device, kind="all_reduce", world=8, message_bytes=1e6
    )
    found = network_collective_s(host, kind="all_reduce", world=8, message_bytes=1e6)
    assert float(found) == float(expected)


def test_each_device_of_a_fabric_is_a_node() -> None:
    tpu = network_of(CATALOG["TPU v5e"])
    seconds = network_collective_s(tpu, kind="all_gather", world=4, message_bytes=1e9)
    assert float(seconds) == pytest.approx(3e-6 + 0.75 * 1e9 / (0.94 * 200e9))


def test_an_empty_message_and_a_lone_device_cost_nothing() -> None:
    for kind in COLLECTIVE_KINDS:
        times = network_collective_s(H100, kind=kind, world=[1, 64], message_bytes=[1e6, 0.0])
        assert times.tolist() == [0.0, 0.0]


def test_worlds_and_messages_broadcast_together() -> None:
    worlds = np.array([[2], [16], [64]])
    sizes = np.array([1e3, 1e6])
    times = network_collective_s(H100, kind="all_reduce", world=worlds, message_bytes=sizes)
    assert times.shape == (3, 2)
    assert times[1, 1] == network_collective_s(H100, kind="all_reduce", world=16, message_bytes=1e6)


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="negative bytes"):
        network_collective_s(H100, kind="all_reduce", world=16, message_bytes=-1.0)
    with pytest.raises(ValueError, match="a rate"):
        ScaleOut(0.0)
    with pytest.raises(ValueError, match="at least one device"):
        replace(H100, node_devices=0)
