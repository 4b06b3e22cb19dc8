"""Levels of a group of devices: which of them are near each other, read off the graph.

Innermost are the devices of one host. Hosts whose paths have the least latency form parts of the
next level, parts that a longer latency joins those of the one above, and so on until one part is
left: single linkage by the latency of paths. Nothing is assumed of racks or tiers, so the same rule
finds them in a fat tree, an NVL72 rack and a map of regions.

Traffic between two parts is spread over all paths of least latency between their hosts, as rails
and equal-cost multipath do. The bandwidth from one part to another is the greatest flow that these
links carry from the hosts of one to those of the other, no other host forwarding; in it, uplinks
that the hosts of a part share count once. At each level every part sends to the next in a ring, and
the narrowest of these steps is the level's bandwidth.

Left out: other traffic, and links that two steps of a ring share in the same direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.errors import Fault, InstanceError
from solver.topology.elements import Host, Link
from solver.topology.graph import Topology
from solver.topology.path_search import Neighbours, latency_and_links, neighbours_of, search

__all__ = ["Level", "collective_levels", "spanned_links"]

_Latency = dict[str, dict[str, int]]
"""Host of the group -> node -> least latency in ps, no host forwarding."""


@dataclass(frozen=True, slots=True)
class Level:
    """Members that exchange as equals, and the levels inside each.

    Attributes
    ----------
    members
        How many exchange, at least 2.
    latency_ps
        Greatest latency between two members.
    bytes_per_s
        Bandwidth out of a member to the next, its devices together.
    hosts
        Hosts in it, sorted; one where the members are its devices.
    parts
        The levels inside the members; members that are single devices have none.
    """

    members: int
    latency_ps: int
    bytes_per_s: int
    hosts: tuple[str, ...]
    parts: tuple[Level, ...] = ()

    @property
    def depth(self) -> int:
        """Number of levels, this one included."""
        return 1 + max((part.depth for part in self.parts), default=0)


def collective_levels(topology: Topology, group: Mapping[str, int]) -> Level | None:
    """Levels of a group that takes so many devices of each host; ``None`` for a single device.

    Raises
    ------
    InstanceError
        If a host is unknown, has fewer devices, does not say how they are joined, or cannot reach
        the others without a host that forwards.
    ValueError
        If the group is empty or takes no device of a host.
    """
    import networkx as nx

    if not group or min(group.values()) < 1:
        raise ValueError(f"a group takes at least one device of each of its hosts: {dict(group)}")
    hosts = [topology.host(name) for name in sorted(group)]
    faults = [fault for host in hosts for fault in _host_faults(topology, host, group[host.name])]
    if faults:
        raise InstanceError.all_of(faults)
    parts = [_Part((host.name,), _inner_level(host, group[host.name])) for host in hosts]
    if len(parts) == 1:
        return parts[0].level
    neighbours = neighbours_of(topology)
    latency = _latencies(topology, neighbours, sorted(group))
    distances = {latency[a][b] for a in latency for b in latency if a < b}
    for distance in sorted(distances):
        near: nx.Graph[int] = nx.Graph()
        near.add_nodes_from(range(len(parts)))
        near.add_edges_from(
            (i, j)
            for i, first in enumerate(parts)
            for j, second in enumerate(parts[:i])
            if any(latency[a][b] <= distance for a in first.hosts for b in second.hosts)
        )
        joined = [sorted(members) for members in nx.connected_components(near)]
        parts = [
            _joined([parts[i] for i in members], topology, neighbours, latency)
            for members in sorted(joined)
        ]
    return parts[0].level


@dataclass(frozen=True, slots=True)
class _Part:
    hosts: tuple[str, ...]
    level: Level | None


def _host_faults(topology: Topology, host: Host, devices: int) -> list[Fault]:
    place = f"{topology.where}: nodes.{host.name}"
    if devices > host.devices:
        return [
            Fault(
                place,
                f"the group takes {devices} devices of a host that has {host.devices}",
                f"Take at most {host.devices}",
            )
        ]
    if devices > 1 and (host.device_bytes_per_s is None or host.device_latency_ps is None):
        return [
            Fault(
                place,
                f"its {host.devices} devices exchange data, and how fast is not stated",
                "Add device_bytes_per_s and device_latency_ps",
            )
        ]
    return []


def _inner_level(host: Host, devices: int) -> Level | None:
    if devices == 1 or host.device_latency_ps is None or host.device_bytes_per_s is None:
        return None
    # One device sends its share alone, so the bandwidth that counts is that of one device.
    return Level(devices, host.device_latency_ps, host.device_bytes_per_s, (host.name,))


def _latencies(topology: Topology, neighbours: Neighbours, hosts: Sequence[str]) -> _Latency:
    found: _Latency = {}
    for host in hosts:
        keys = search(neighbours, host, (0, 0), latency_and_links, ends=topology.host_names)
        found[host] = {node: key[0] for node, key in keys.items()}
        for other in hosts:
            if other not in found[host]:
                raise InstanceError.one(
                    f"{host!r} reaches {other!r} only through other hosts",
                    where=f"{topology.where}: links",
                    mend="Join them with a switch or a link of their own",
                )
    return found


def _joined(
    parts: Sequence[_Part], topology: Topology, neighbours: Neighbours, latency: _Latency
) -> _Part:
    if len(parts) == 1:
        return parts[0]
    hosts = tuple(sorted(host for part in parts for host in part.hosts))
    steps = list(zip(parts, [*parts[1:], parts[0]], strict=True))
    level = Level(
        members=len(parts),
        latency_ps=max(
            latency[a][b]
            for i, first in enumerate(parts)
            for second in parts[:i]
            for a in first.hosts
            for b in second.hosts
        ),
        bytes_per_s=min(
            _flow(topology, neighbours, latency, first.hosts, second.hosts)
            # Two parts are each other's next; both ways are alike.
            for first, second in (steps if len(parts) > 2 else steps[:1])
        ),
        hosts=hosts,
        parts=tuple(part.level for part in parts if part.level is not None),
    )
    return _Part(hosts, level)


def _flow(
    topology: Topology,
    neighbours: Neighbours,
    latency: _Latency,
    sources: Sequence[str],
    sinks: Sequence[str],
) -> int:
    """Greatest flow in bytes/s from ``sources`` to ``sinks`` over their paths of least latency."""
    import networkx as nx

    network: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    outside = ("", "source"), ("", "sink")
    for a in sources:
        network.add_edge(outside[0], ("node", a))
    for b in sinks:
        network.add_edge(("node", b), outside[1])
    for a in sources:
        for b in sinks:
            for u, v, bytes_per_s in _least_latency_links(topology, neighbours, latency, a, b):
                network.add_edge(("node", u), ("node", v), capacity=bytes_per_s)
    return int(nx.maximum_flow_value(network, *outside))


def _least_latency_links(
    topology: Topology, neighbours: Neighbours, latency: _Latency, a: str, b: str
) -> list[tuple[str, str, int]]:
    """Links, directed from ``a`` to ``b``, that lie on a path of least latency between them."""
    from_a, to_b, best = latency[a], latency[b], latency[a][b]
    found = []
    for u, entries in neighbours.items():
        if u not in from_a or (u != a and topology.is_host(u)):
            continue
        for v, latency_ps, bytes_per_s in entries:
            if v not in to_b or (v != b and topology.is_host(v)):
                continue
            if from_a[u] + latency_ps + to_b[v] == best:
                found.append((u, v, bytes_per_s))
    return found


def spanned_links(topology: Topology, hosts: Sequence[str]) -> tuple[Link, ...]:
    """Links on some path of least latency between two of these hosts, sorted by name.

    These are the links that an exchange among the hosts loads; the network inside a host is not
    among them.

    Raises
    ------
    InstanceError
        As ``collective_levels``.
    """
    names = sorted({topology.host(name).name for name in hosts})
    neighbours = neighbours_of(topology)
    latency = _latencies(topology, neighbours, names)
    used = {
        topology.link(u, v)
        for i, a in enumerate(names)
        for b in names[:i]
        for u, v, _ in _least_latency_links(topology, neighbours, latency, a, b)
    }
    return tuple(sorted(used, key=lambda link: link.name))
