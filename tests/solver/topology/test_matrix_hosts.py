"""A machine's device matrix as a graph of its GPUs and as one host."""

from __future__ import annotations

import itertools

import pytest

from solver.errors import InstanceError
from solver.topology import Host, PathTable, Topology, Wire, host_orbits
from solver.topology.device_matrix import DeviceMatrix
from solver.topology.matrix_hosts import host_of_matrix, topology_of_matrix

GPU = Host("", "A100-80GB SXM", 1, 80)
NVLINK = Wire(25, 1)
PCIE = {
    "PIX": Wire(16, 10),
    "PXB": Wire(15, 20),
    "PHB": Wire(14, 30),
    "NODE": Wire(13, 40),
    "SYS": Wire(12, 50),
}


def matrix(n: int, codes: dict[tuple[int, int], str], default: str) -> DeviceMatrix:
    """``n`` GPUs; pairs that are not named have the default code."""
    return DeviceMatrix(
        tuple(f"GPU{i}" for i in range(n)),
        tuple(
            tuple("X" if i == j else codes.get((min(i, j), max(i, j)), default) for j in range(n))
            for i in range(n)
        ),
    )


def graph(found: DeviceMatrix) -> Topology:
    return topology_of_matrix(found, gpu=GPU, nvlink=NVLINK, pcie=PCIE, where="topo.txt")


def host(found: DeviceMatrix) -> Host:
    return host_of_matrix(found, gpu=GPU, name="m", nvlink=NVLINK, pcie=PCIE, where="topo.txt")


def test_bonds_beyond_a_gpus_links_run_through_switches() -> None:
    found = graph(matrix(8, {}, "NV12"))
    assert [(switch.name, switch.kind) for switch in found.switches] == [
        ("nvlink0", "nvlink_domain")
    ]
    assert {link.bytes_per_s for link in found.links} == {12 * 25}
    assert len(host_orbits(found)) == 1


def test_bonds_within_a_gpus_links_join_pairs() -> None:
    found = graph(matrix(4, {}, "NV4"))
    assert found.switches == ()
    assert {link.ends for link in found.links} == set(itertools.combinations(found.host_names, 2))


def test_pcie_is_a_tree_from_near_to_far() -> None:
    found = graph(matrix(4, {(0, 1): "PIX", (2, 3): "PIX"}, "SYS"))
    table = PathTable(found)
    near, far = table.between("GPU0", "GPU1"), table.between("GPU0", "GPU2")
    assert near is not None
    assert near.nodes == ("GPU0", "pix0", "GPU1")
    assert far is not None
    assert far.nodes == ("GPU0", "pix0", "sys0", "pix1", "GPU2")
    assert (far.bytes_per_s, far.latency_ps) == (12, 2 * (10 + 50))


def test_a_tier_that_joins_nothing_gets_no_switch() -> None:
    found = graph(matrix(2, {}, "NODE"))
    assert [switch.name for switch in found.switches] == ["node0"]


def test_pairs_bridged_by_nvlink_also_hang_on_pcie() -> None:
    found = graph(matrix(4, {(0, 1): "NV12", (2, 3): "NV12"}, "SYS"))
    assert found.link("GPU0", "GPU1").bytes_per_s == 300
    assert found.link("GPU0", "sys0").bytes_per_s == 12


def test_a_code_without_wire_is_named() -> None:
    with pytest.raises(InstanceError, match=r"topo\.txt: SYS: routes of code SYS have no wire"):
        topology_of_matrix(matrix(2, {}, "SYS"), gpu=GPU, nvlink=NVLINK, pcie={}, where="topo.txt")


def test_codes_that_form_no_tree_are_named() -> None:
    with pytest.raises(InstanceError, match="SYS cannot be where third devices put both"):
        graph(matrix(3, {(0, 1): "PIX", (1, 2): "PIX"}, "SYS"))


def test_a_machine_is_as_well_joined_as_its_worst_pair() -> None:
    found = host(matrix(4, {(0, 1): "NV12", (2, 3): "NV12"}, "SYS"))
    assert (found.name, found.devices) == ("m", 4)
    assert (found.device_bytes_per_s, found.device_latency_ps) == (12, 50)


def test_a_switched_machine_has_the_bandwidth_of_its_bond() -> None:
    assert host(matrix(8, {}, "NV18")).device_bytes_per_s == 18 * 25


def test_a_single_gpu_has_no_inner_network() -> None:
    found = host(matrix(1, {}, ""))
    assert (found.devices, found.device_bytes_per_s) == (1, None)


def test_a_machine_with_a_code_without_wire_is_named() -> None:
    with pytest.raises(InstanceError, match="routes of code PHB have no wire"):
        host_of_matrix(matrix(2, {}, "PHB"), gpu=GPU, name="m", nvlink=NVLINK, pcie={})


def test_a_bond_wider_than_one_gpu_has_links_is_refused() -> None:
    with pytest.raises(InstanceError) as caught:
        graph(matrix(2, {}, "NV999"))
    assert "row GPU0, column GPU1" in str(caught.value)
    assert "999 NVLinks, and a GPU has 18 at most" in str(caught.value)


def test_a_bond_of_all_links_of_a_gpu_is_read() -> None:
    assert graph(matrix(2, {}, "NV18")).links[0].bytes_per_s == 18 * NVLINK.bytes_per_s
