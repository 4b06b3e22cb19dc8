"""A machine's device matrix as a topology of its GPUs, and as one host for a larger topology.

Each GPU becomes a host with one device, so that a pipeline can run through the GPUs of a single
machine. PCIe is a tree, drawn with the tiers of a fabric: GPUs that reach each other within
``PIX`` hang on one leaf, those within ``PXB`` on one switch above it, and so on to ``SYS``. NVLinks
join two GPUs directly; where the bonds of a GPU add up to more links than it has, they run through
NVSwitches, and all GPUs so joined hang on one NVLink domain, each with its one bond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from solver.errors import InstanceError
from solver.topology.device_matrix import PCIE_CODES, DeviceMatrix
from solver.topology.elements import Host, Link, Switch, SwitchKind, Wire
from solver.topology.graph import Topology

__all__ = ["host_of_matrix", "topology_of_matrix"]

MAX_NVLINKS = 18
"""NVLinks of one GPU, at most: NVIDIA H100 and B200 data sheets (2022, 2024); A100 has 12."""
_TIERS: dict[str, SwitchKind] = {
    "PIX": "leaf",
    "PXB": "leaf",
    "PHB": "spine",
    "NODE": "spine",
    "SYS": "core",
}


def topology_of_matrix(
    matrix: DeviceMatrix,
    *,
    gpu: Host,
    nvlink: Wire,
    pcie: Mapping[str, Wire],
    name: str = "machine",
    where: str = "nvidia-smi topo -m",
    max_nvlinks: int = MAX_NVLINKS,
) -> Topology:
    """The GPUs of one machine as hosts with one device each.

    Parameters
    ----------
    gpu
        What every GPU is; its ``devices`` and inner network are replaced, its name is not used.
    nvlink
        One NVLink; a bond of several has as many times its bandwidth.
    pcie
        For each of ``PCIE_CODES`` that occurs between GPUs: the wire from a GPU or from the tier
        below up to the tier of that code. A route over a tier climbs its wire and comes down again.
    max_nvlinks
        NVLinks of one GPU; bonds beyond it mean NVSwitches.

    Raises
    ------
    InstanceError
        If a code has no wire, a bond is wider than one GPU's links, or codes form no tree: two
        GPUs near a third are far from each other.
    """
    gpus = matrix.gpus
    _check_bonds(matrix, max_nvlinks, where)
    hosts = tuple(
        replace(gpu, name=one, devices=1, device_bytes_per_s=None, device_latency_ps=None)
        for one in gpus
    )
    switches, links = _nvlinks(matrix, nvlink, max_nvlinks)
    tree_switches, tree_links = _pcie_tree(matrix, pcie, where)
    return Topology(name, hosts, (*switches, *tree_switches), (*links, *tree_links), where=where)


def _check_bonds(matrix: DeviceMatrix, max_nvlinks: int, where: str) -> None:
    """Refuse a bond of two GPUs that is wider than all links of one of them."""
    widest = max(
        ((matrix.nvlinks(a, b), a, b) for a in matrix.gpus for b in matrix.gpus if a < b),
        default=(0, "", ""),
    )
    count, a, b = widest
    if count > max_nvlinks:
        raise InstanceError.one(
            f"the two are joined by {count} NVLinks, and a GPU has {max_nvlinks} at most",
            where=f"{where}: row {a}, column {b}",
            mend="Give the output unchanged, or say how many links one GPU has",
        )


def _nvlinks(
    matrix: DeviceMatrix, nvlink: Wire, max_nvlinks: int
) -> tuple[list[Switch], list[Link]]:
    import networkx as nx

    switches: list[Switch] = []
    links: list[Link] = []
    bonds: nx.Graph[str] = nx.Graph()
    for i, a in enumerate(matrix.gpus):
        for b in matrix.gpus[:i]:
            if matrix.nvlinks(a, b):
                bonds.add_edge(a, b, count=matrix.nvlinks(a, b))
    for number, island in enumerate(sorted(map(sorted, nx.connected_components(bonds)))):
        counts = {one: [bonds.edges[one, other]["count"] for other in bonds[one]] for one in island}
        if any(sum(of_one) > max_nvlinks for of_one in counts.values()):
            domain = f"nvlink{number}"
            switches.append(Switch(domain, "nvlink_domain"))
            links += [Link.over(one, domain, nvlink.bundle(max(counts[one]))) for one in island]
        else:
            links += [
                Link.over(a, b, nvlink.bundle(bonds.edges[a, b]["count"]))
                for a, b in bonds.subgraph(island).edges
            ]
    return switches, links


def _pcie_tree(
    matrix: DeviceMatrix, pcie: Mapping[str, Wire], where: str
) -> tuple[list[Switch], list[Link]]:
    """Tiers of PCIe from near to far; a group that a tier does not enlarge gets no switch there."""
    import networkx as nx

    switches: list[Switch] = []
    links: list[Link] = []
    tops: dict[str, tuple[str, ...]] = {gpu: (gpu,) for gpu in matrix.gpus}
    for code in PCIE_CODES:
        near: nx.Graph[str] = nx.Graph()
        near.add_nodes_from(tops)
        near.add_edges_from(
            (one, other)
            for one, members in tops.items()
            for other, others in tops.items()
            if one < other and any(matrix.code(a, b) == code for a in members for b in others)
        )
        for number, group in enumerate(sorted(map(sorted, nx.connected_components(near)))):
            if len(group) == 1:
                continue
            _check_tree(matrix, [tops[top] for top in group], code, where)
            if code not in pcie:
                raise InstanceError.one(
                    f"routes of code {code} have no wire",
                    where=f"{where}: {code}",
                    mend=f"Give a wire for {code}",
                )
            switch = f"{code.lower()}{number}"
            switches.append(Switch(switch, _TIERS[code]))
            links += [Link.over(top, switch, pcie[code]) for top in group]
            tops[switch] = tuple(gpu for top in group for gpu in tops[top])
            for top in group:
                del tops[top]
    return switches, links


def _check_tree(matrix: DeviceMatrix, parts: list[tuple[str, ...]], code: str, where: str) -> None:
    for i, part in enumerate(parts):
        for other in parts[:i]:
            for a in part:
                for b in other:
                    found = matrix.code(a, b)
                    if found != code and not matrix.nvlinks(a, b):
                        raise InstanceError.one(
                            f"{found} cannot be where third devices put both within {code}",
                            where=f"{where}: row {a}, column {b}",
                            mend="Give the output unchanged",
                        )


def host_of_matrix(
    matrix: DeviceMatrix,
    *,
    gpu: Host,
    name: str,
    nvlink: Wire,
    pcie: Mapping[str, Wire],
    where: str = "nvidia-smi topo -m",
) -> Host:
    """The whole machine as one host: its GPUs, joined as well as the worst pair of them is.

    Parameters
    ----------
    gpu
        What every GPU is; its name is not used, its price is that of the whole machine.
    nvlink
        One NVLink.
    pcie
        Bandwidth and latency of a whole route, by the code it crosses.

    Raises
    ------
    InstanceError
        If a code that occurs between GPUs has no wire.
    """
    routes: list[Wire] = []
    for i, a in enumerate(matrix.gpus):
        for b in matrix.gpus[:i]:
            bond, code = matrix.nvlinks(a, b), matrix.code(a, b)
            if not bond and code not in pcie:
                raise InstanceError.one(
                    f"routes of code {code} have no wire",
                    where=f"{where}: row {a}, column {b}",
                    mend=f"Give a wire for {code}",
                )
            routes.append(nvlink.bundle(bond) if bond else pcie[code])
    return replace(
        gpu,
        name=name,
        devices=len(matrix.gpus),
        device_bytes_per_s=min((wire.bytes_per_s for wire in routes), default=None),
        device_latency_ps=max((wire.latency_ps for wire in routes), default=None),
    )
