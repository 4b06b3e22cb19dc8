"""Networks from every source: whose hosts they have, and how these are joined."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.soundness import unsound
from solver.topology.builders.figures import FIBRE_PS_PER_KM
from tests.solver.instance.placement.questions import SOURCES, WIRE

Read = Callable[..., PlacementInstance]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_a_sound_question(source: str, read: Read) -> None:
    assert unsound(read(SOURCES[source])) == []


@pytest.mark.parametrize(
    ("source", "hosts", "links"),
    [
        ("graphml", 3, 4),
        ("node-link", 3, 4),
        ("slurm", 5, 5 + 2),
        ("nvidia-smi", 4, 4 + 2),
        ("nvlinks", 2, 1),
        ("dgx_pod", 4, 4 * 8),
        ("nvl72_racks", 6, 2 * (3 * 2 + 2)),
        ("heterogeneous_rows", 6, 6 + 2),
        ("measured", 3, 5),
    ],
)
def test_the_network_has_its_parts(source: str, hosts: int, links: int, read: Read) -> None:
    topology = read(SOURCES[source]).topology
    assert (len(topology.hosts), len(topology.links)) == (hosts, links)


@pytest.mark.parametrize("source", ["graphml", "node-link"])
def test_a_graph_file_may_name_a_machine_or_a_catalog_accelerator(source: str, read: Read) -> None:
    question = read(SOURCES[source])
    assert [machine.name for machine in question.machines] == ["a100x4", "L40S"]
    assert question.topology.host("big").usd_per_hour == 4 * Fraction(19, 10)


def test_a_price_in_a_graph_file_is_that_of_the_whole_host(read: Read) -> None:
    topology = read(SOURCES["node-link"]).topology
    assert topology.host("small-1").usd_per_hour == Fraction(5, 3)
    assert topology.host("small-0").usd_per_hour == 2 * Fraction(27, 20)


def test_devices_of_a_host_in_a_graph_file_are_joined_as_the_catalog_says(read: Read) -> None:
    assert read(SOURCES["node-link"]).topology.host("small-0").device_bytes_per_s == 32 * 10**9


def test_graphml_and_node_link_of_one_network_are_one_question(read: Read) -> None:
    graphml, node_link = read(SOURCES["graphml"]).topology, read(SOURCES["node-link"]).topology
    assert graphml == node_link


def test_slurm_nodes_are_the_machines_that_the_file_says(read: Read) -> None:
    topology = read(SOURCES["slurm"]).topology
    assert [host.accelerator for host in topology.hosts] == ["a100"] * 2 + ["l4"] * 3


def test_all_slurm_nodes_may_be_one_machine(read: Read) -> None:
    question = read(SOURCES["slurm"], {"topology.machine": "l4"})
    assert {host.accelerator for host in question.topology.hosts} == {"l4"}


def test_each_gpu_of_a_matrix_is_a_host_at_the_price_of_one_device(read: Read) -> None:
    for host in read(SOURCES["nvidia-smi"]).topology.hosts:
        assert (host.devices, host.usd_per_hour) == (1, Fraction(5, 8))


def test_a_bond_of_nvlinks_has_the_bandwidth_of_all_of_them(read: Read) -> None:
    (link,) = read(SOURCES["nvlinks"]).topology.links
    assert link.bytes_per_s == 4 * 25 * 10**9


def test_a_length_of_fibre_is_a_latency(read: Read) -> None:
    link = read(SOURCES["regions_over_wan"]).topology.link("east/wan", "west/wan")
    assert link.latency_ps == 4000 * FIBRE_PS_PER_KM


def test_a_region_with_rows_alone_needs_no_builder(read: Read) -> None:
    names = read(SOURCES["regions_over_wan"]).topology.host_names
    assert names == ("east/r-l4-1", "east/r-l4-2", "west/a100-1", "west/a100-2")


@pytest.mark.parametrize("source", ["slurm", "dgx_pod", "heterogeneous_rows"])
def test_a_gateway_may_be_added_to_any_network(source: str, read: Read) -> None:
    switches = read(SOURCES[source]).topology.switches
    at = next(switch.name for switch in switches if switch.kind == "leaf")
    changes: dict[str, Any] = {
        "switches": [{"names": "front", "kind": "gateway"}],
        "links": [{"a": "front", "b": at, **WIRE}],
        "topology.entry": "front",
    }
    question = read(SOURCES[source], changes)
    assert question.topology.gateway_names == ("front",)


def test_hosts_may_be_added_to_a_builders_network(read: Read) -> None:
    changes: dict[str, Any] = {
        "hosts": [{"names": "old-[1-2]", "machine": "l4"}],
        "links": [{"a": "old-[1-2]", "b": "r1-leaf", **WIRE}],
    }
    assert len(read(SOURCES["heterogeneous_rows"], changes).topology.hosts) == 8


def test_a_fat_tree_has_room_for_a_quarter_of_the_cube_of_its_radix(read: Read) -> None:
    question = read(SOURCES["fat_tree"], {"topology.count": None})
    assert len(question.topology.hosts) == 16


def test_hosts_forward_only_if_told_to(read: Read) -> None:
    assert not read(SOURCES["inline"]).through_hosts
    assert read(SOURCES["inline"], {"topology.through_hosts": True}).through_hosts
