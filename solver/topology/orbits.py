"""Orbits: hosts that can be exchanged at will without changing the attributed graph.

Two hosts are *interchangeable* if the transposition that swaps them and leaves every other node
where it is maps the graph onto itself: same kind of machine, and a link of the same bandwidth and
latency to every third node, or none. Transpositions compose, (a b)(b c)(a b) = (a c), so this is an
equivalence; and as transpositions generate all permutations of a class, every permutation of an
orbit's hosts is an automorphism. A count of hosts can then stand for the hosts themselves. Names of
hosts and links play no part.

Colour refinement (the one-dimensional algorithm of Weisfeiler and Leman, 1968) only proposes: hosts
of two colours are never interchangeable, hosts of one colour need not be. Each proposal is checked
exactly. Symmetries that also move switches or other hosts, such as the exchange of two whole racks,
are left out on purpose: they do not let hosts be exchanged one by one.
"""

from __future__ import annotations

from collections import defaultdict

from solver.topology.graph import Topology

__all__ = ["colour_classes", "host_orbits", "is_interchangeable"]

_Wires = dict[str, tuple[int, int]]
"""Neighbour -> (bytes/s, latency in ps) of the link to it."""


def _wires(topology: Topology) -> dict[str, _Wires]:
    wires: dict[str, _Wires] = {node: {} for node in topology.graph}
    for link in topology.links:
        wires[link.a][link.b] = wires[link.b][link.a] = (link.bytes_per_s, link.latency_ps)
    return wires


def colour_classes(topology: Topology) -> tuple[tuple[str, ...], ...]:
    """Nodes by colour once refinement is stable: the coarsest equitable partition.

    It refines kind and machine; two nodes share a colour only if, for every colour and every wire,
    they have equally many links of that wire to nodes of that colour.
    """
    wires = _wires(topology)
    start: dict[str, object] = {host.name: ("host", host.profile) for host in topology.hosts}
    start.update({switch.name: (switch.kind,) for switch in topology.switches})
    colour = _numbered(start)
    while True:
        signature: dict[str, object] = {
            node: (
                colour[node],
                tuple(sorted((wire, colour[other]) for other, wire in wires[node].items())),
            )
            for node in wires
        }
        refined = _numbered(signature)
        # A signature holds the old colour, so the number of colours never falls.
        if len(set(refined.values())) == len(set(colour.values())):
            break
        colour = refined
    classes: dict[int, list[str]] = defaultdict(list)
    for node in sorted(colour):
        classes[colour[node]].append(node)
    return tuple(sorted(tuple(members) for members in classes.values()))


def _numbered(labels: dict[str, object]) -> dict[str, int]:
    numbers: dict[object, int] = {}
    return {node: numbers.setdefault(label, len(numbers)) for node, label in labels.items()}


def is_interchangeable(topology: Topology, a: str, b: str) -> bool:
    """Whether swapping hosts ``a`` and ``b`` alone is an automorphism of the attributed graph.

    Raises
    ------
    InstanceError
        If one of them is no host.
    """
    if topology.host(a).profile != topology.host(b).profile:
        return False
    return _same_wires(_wires(topology), a, b)


def _same_wires(wires: dict[str, _Wires], a: str, b: str) -> bool:
    # A link between the two is its own image, so both leave the other out.
    of_a = {node: wire for node, wire in wires[a].items() if node != b}
    of_b = {node: wire for node, wire in wires[b].items() if node != a}
    return of_a == of_b


def host_orbits(topology: Topology) -> tuple[tuple[str, ...], ...]:
    """Partition of the hosts into classes of interchangeable ones, each sorted, by first name."""
    wires = _wires(topology)
    orbits: list[list[str]] = []
    for members in colour_classes(topology):
        if not topology.is_host(members[0]):
            continue
        found: list[list[str]] = []
        for host in members:
            # One member speaks for its orbit: interchangeability is an equivalence.
            for orbit in found:
                if _same_wires(wires, orbit[0], host):
                    orbit.append(host)
                    break
            else:
                found.append([host])
        orbits += found
    return tuple(sorted(tuple(orbit) for orbit in orbits))
