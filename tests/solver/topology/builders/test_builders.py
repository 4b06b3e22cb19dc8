"""Built topologies: how many parts, how they are joined, and what they carry."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.topology import Host, PathTable, Topology, Wire, host_orbits
from solver.topology.builders import (
    Row,
    dgx_pod,
    fat_tree,
    fibre,
    heterogeneous_rows,
    nvl72_racks,
    rail_optimised,
    regions_over_wan,
)
from solver.topology.builders.figures import FIBRE_PS_PER_KM
from tests.oracles.small_topologies import patient

HOST = Host("h", "L4", 1, 24)
WIRE = Wire(10, 1)


def kinds(topology: Topology) -> Counter[str]:
    return Counter(switch.kind for switch in topology.switches)


def ports(topology: Topology, node: str, wire: Wire) -> Fraction:
    """Cables at a switch, a bundle counted as many times as it is wide."""
    return sum(
        (
            Fraction(link.bytes_per_s, wire.bytes_per_s)
            for link in topology.links
            if node in link.ends
        ),
        Fraction(0),
    )


def bisection(topology: Topology, left: list[str], right: list[str]) -> int:
    """Greatest flow from the hosts on the left to those on the right."""
    network: nx.DiGraph[str] = nx.DiGraph()
    for link in topology.links:
        for a, b in (link.ends, link.ends[::-1]):
            network.add_edge(a, b, capacity=link.bytes_per_s)
    network.add_edges_from([("<s>", one) for one in left] + [(one, "<t>") for one in right])
    return int(nx.maximum_flow_value(network, "<s>", "<t>"))


@patient
@given(st.sampled_from([2, 4, 6]))
def test_a_full_fat_tree_has_the_published_number_of_parts(radix: int) -> None:
    found = fat_tree(HOST, radix, wire=WIRE)
    half = radix // 2
    assert len(found.hosts) == radix**3 // 4
    assert kinds(found) == Counter(leaf=radix * half, spine=radix * half, core=half**2)
    assert {ports(found, switch.name, WIRE) for switch in found.switches} == {radix}


@pytest.mark.parametrize("radix", [2, 4, 6])
def test_a_full_fat_tree_has_full_bisection_bandwidth(radix: int) -> None:
    found = fat_tree(HOST, radix, wire=WIRE)
    names, half = list(found.host_names), len(found.hosts) // 2
    assert bisection(found, names[:half], names[half:]) == 10 * half


@patient
@given(st.integers(1, 16))
def test_a_fat_tree_in_part_keeps_every_host_and_no_empty_edge(count: int) -> None:
    found = fat_tree(HOST, 4, count=count, wire=WIRE)
    assert len(found.hosts) == count
    assert kinds(found)["leaf"] == math.ceil(count / 2)
    assert all(ports(found, switch.name, WIRE) <= 4 for switch in found.switches)


@pytest.mark.parametrize(("radix", "count"), [(3, None), (4, 17), (4, 0), (0, None)])
def test_an_impossible_fat_tree_is_refused(radix: int, count: int | None) -> None:
    with pytest.raises(ValueError, match=r"radix is|count is"):
        fat_tree(HOST, radix, count=count)


def test_hosts_of_one_edge_are_interchangeable() -> None:
    assert [len(orbit) for orbit in host_orbits(fat_tree(HOST, 4))] == [2] * 8


def test_a_pod_of_one_unit_is_rails_alone() -> None:
    found = dgx_pod(32)
    assert (len(found.hosts), kinds(found)) == (32, Counter(leaf=8))
    assert len(host_orbits(found)) == 1


def test_like_numbered_nics_share_a_leaf() -> None:
    found = dgx_pod(2)
    assert set(found.graph["dgx-1"]) == set(found.graph["dgx-2"])
    assert found.graph.degree["dgx-1"] == 8


def test_units_meet_in_spines_with_all_the_bandwidth_of_a_leaf() -> None:
    found = rail_optimised(HOST, 8, rails=2, radix=8, wire=WIRE)
    leaf, half = "leaf-1", 4
    assert kinds(found) == Counter(leaf=4, spine=2)
    assert ports(found, leaf, WIRE) == 2 * half
    names = list(found.host_names)
    assert bisection(found, names[:half], names[half:]) == half * 2 * 10


@patient
@given(st.integers(1, 32), st.integers(1, 3))
def test_no_switch_of_a_rail_fabric_has_more_cables_than_ports(count: int, rails: int) -> None:
    found = rail_optimised(HOST, count, rails=rails, radix=16, wire=WIRE)
    assert all(ports(found, switch.name, WIRE) <= 16 for switch in found.switches)


@pytest.mark.parametrize(
    ("count", "radix", "spines", "words"),
    [
        (8, 7, None, "must be even"),
        (0, 8, None, "count is 0"),
        (8, 8, 1, "need the ports of 2"),
        (8, 8, 3, "must divide the 4 upward ports"),
        (64, 8, None, "take a higher radix"),
    ],
)
def test_an_impossible_rail_fabric_is_refused(
    count: int, radix: int, spines: int | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        rail_optimised(HOST, count, rails=2, radix=radix, spines=spines)


def test_a_rack_has_72_gpus_and_130_terabytes_a_second_of_nvlink() -> None:
    found = nvl72_racks(1)
    assert sum(host.devices for host in found.hosts) == 72
    into = ports(found, "rack-1-nvlink", Wire(1, 0))
    assert 2 * into == 129_600_000_000_000
    assert kinds(found) == Counter(nvlink_domain=1, leaf=1)


def test_trays_of_one_rack_hand_over_by_nvlink_and_racks_by_spines() -> None:
    table = PathTable(nvl72_racks(2))
    inside = table.between("rack-1-tray-01", "rack-1-tray-18")
    across = table.between("rack-1-tray-01", "rack-2-tray-01")
    assert inside is not None
    assert inside.nodes[1:-1] == ("rack-1-nvlink",)
    assert across is not None
    assert across.nodes[1:-1] == ("rack-1-leaf", "spine-1", "rack-2-leaf")


def test_trays_of_a_rack_are_one_orbit() -> None:
    assert [len(orbit) for orbit in host_orbits(nvl72_racks(3))] == [18, 18, 18]


def test_uplinks_that_do_not_come_out_even_are_rounded_down() -> None:
    found = nvl72_racks(2, trays=1, nic=Wire(1, 1), spines=3)
    assert found.link("rack-1-leaf", "spine-1").bytes_per_s == 1


def test_a_rack_without_trays_is_refused() -> None:
    with pytest.raises(ValueError, match="trays is 0; it must be at least 1"):
        nvl72_racks(1, trays=0)


ROWS = (
    Row("east", ((Host("a100", "A100-80GB SXM", 8, 80), 2), (Host("l4", "L4", 1, 24), 3)), WIRE),
    Row("west", ((Host("l4", "L4", 1, 24), 4),), WIRE),
)


def test_rows_hold_their_machines_on_their_leaf() -> None:
    found = heterogeneous_rows(ROWS, trunk=Wire(5, 2), spines=2)
    assert [len(orbit) for orbit in host_orbits(found)] == [2, 3, 4]
    assert set(found.graph["east-a100-1"]) == {"east-leaf"}
    assert set(found.graph["west-leaf"]) >= {"spine-1", "spine-2"}


def test_a_single_row_needs_no_spine() -> None:
    assert kinds(heterogeneous_rows(ROWS[:1], trunk=WIRE, spines=2)) == Counter(leaf=1)


def test_two_rows_of_one_name_are_a_fault() -> None:
    with pytest.raises(InstanceError, match="there are 2 nodes of this name"):
        heterogeneous_rows((ROWS[1], ROWS[1]), trunk=WIRE)


def test_rows_without_machines_are_a_fault() -> None:
    with pytest.raises(InstanceError, match="there is no host"):
        heterogeneous_rows((), trunk=WIRE)


def test_regions_hand_over_through_hubs_and_routers() -> None:
    inside = heterogeneous_rows(ROWS[:1], trunk=WIRE)
    found = regions_over_wan(
        {"eu": inside, "us": inside}, [("eu", "us", fibre(6000, 7))], gateway=Wire(9, 1)
    )
    path = PathTable(found).between("eu/east-l4-1", "us/east-l4-1")
    assert path is not None
    assert path.nodes[1:-1] == ("eu/east-leaf", "eu", "eu/wan", "us/wan", "us", "us/east-leaf")
    assert (path.bytes_per_s, path.latency_ps) == (7, 6000 * FIBRE_PS_PER_KM + 6)


def test_regions_join_by_their_highest_switches() -> None:
    found = regions_over_wan({"eu": fat_tree(HOST, 4)}, [], gateway=WIRE)
    joined = {found.graph.nodes[node]["kind"] for node in found.graph["eu"]}
    assert joined == {"core", "wan_router"}


def test_a_region_without_switches_joins_by_its_hosts() -> None:
    bare = Topology("one", (HOST,), (), ())
    found = regions_over_wan({"eu": bare}, [], gateway=WIRE)
    assert set(found.graph["eu"]) == {"eu/h", "eu/wan"}


def test_a_link_to_an_unknown_region_is_named() -> None:
    with pytest.raises(InstanceError, match=r"wan\.eu--us: 'us' is no region\. Choose from eu"):
        regions_over_wan({"eu": fat_tree(HOST, 2)}, [("eu", "us", WIRE)], gateway=WIRE)


def test_regions_that_no_link_joins_are_disconnected() -> None:
    inside = fat_tree(HOST, 2)
    with pytest.raises(InstanceError, match="the graph is disconnected"):
        regions_over_wan({"eu": inside, "us": inside}, [], gateway=WIRE)


def test_light_needs_five_milliseconds_for_a_thousand_kilometres() -> None:
    assert Fraction(fibre(1000, 1).latency_ps, 10**9) == pytest.approx(Fraction(49, 10), rel=1e-3)
