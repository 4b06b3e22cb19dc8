"""The network of a deployment as a topology graph says, instead of the catalog's figures.

A group of devices has levels (``solver.topology.levels``): the devices of a host, then hosts that
are near, and so on. Levels whose bandwidth for each device reaches the scale-up peak belong to one
node, as the hosts of an NVL72 rack do. All levels beyond are the network between nodes; the
narrowest of them for each device and the farthest count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from solver.performance.operators.hierarchical import Network
from solver.topology.levels import Level
from solver.topology.paths import PS_PER_S

__all__ = ["network_on"]

_AS_WIDE = 0.9
"""Share of the scale-up peak from which on a level counts as part of the node."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """What lies below a level: devices of each node, and widths and latencies between nodes."""

    nodes: tuple[int, ...]
    hosts: tuple[int, ...]
    bytes_per_s: tuple[float, ...] = ()
    latency_ps: tuple[int, ...] = ()


def _reach(level: Level, scale_up_bytes_per_s: float) -> _Reach:
    if len(level.hosts) == 1:
        return _Reach((level.members,), (level.members,))
    below = [_reach(part, scale_up_bytes_per_s) for part in level.parts]
    # Hosts that lend one device have no level of their own.
    lone = len(level.hosts) - len({host for part in level.parts for host in part.hosts})
    nodes = (*(n for part in below for n in part.nodes), *(1,) * lone)
    hosts = (*(n for part in below for n in part.hosts), *(1,) * lone)
    widths = tuple(width for part in below for width in part.bytes_per_s)
    latencies = tuple(latency for part in below for latency in part.latency_ps)
    width = level.bytes_per_s * level.members / sum(hosts)
    if not widths and width >= _AS_WIDE * scale_up_bytes_per_s:
        return _Reach((sum(hosts),), hosts)
    return _Reach(nodes, hosts, (*widths, width), (*latencies, level.latency_ps))


def network_on(network: Network, level: Level) -> Network:
    """The same devices joined as the levels of their group say.

    Parameters
    ----------
    network
        From ``network_of``: constants and peaks of the devices.
    level
        From ``collective_levels``. A hop between nodes takes no less than its latency.

    Raises
    ------
    ValueError
        Where hosts or nodes hold different numbers of the group's devices.
    """
    found = _reach(level, network.device.scale_up_bytes_per_s)
    for what, sizes in (("hosts", set(found.hosts)), ("nodes", set(found.nodes))):
        if len(sizes) > 1:
            raise ValueError(f"{what} that lend {sorted(sizes)} devices do not share work equally")
    size = found.nodes[0]
    scale_out = network.scale_out
    if found.bytes_per_s:
        scale_out = replace(
            scale_out,
            bytes_per_s=min(found.bytes_per_s),
            path_s=max(found.latency_ps) / PS_PER_S,
        )
    return replace(
        network,
        # The device stays as it is: a mesh has links to its whole node, whoever takes part.
        node_devices=size,
        host_devices=found.hosts[0],
        scale_out=scale_out,
    )
