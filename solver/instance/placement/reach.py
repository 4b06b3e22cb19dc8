"""Which hosts tokens can get to: gateways and hosts forward for nobody, unless hosts do."""

from __future__ import annotations

from collections import deque

from solver.instance.lookup import Lookup
from solver.instance.placement.network_records import TopologyRecord
from solver.topology import Topology
from solver.topology.checks import named_few
from solver.topology.elements import HOST

__all__ = ["check_ends_reach_hosts", "hosts_reached", "warn_of_lone_hosts"]


def hosts_reached(topology: Topology, start: str, *, through_hosts: bool = False) -> frozenset[str]:
    """Hosts that a path leads to from the node ``start``, without ``start`` itself."""
    nodes, gateways = topology.graph.nodes, frozenset(topology.gateway_names)
    seen, waiting = {start}, deque([start])
    while waiting:
        for neighbour in topology.graph[waiting.popleft()]:
            if neighbour in seen:
                continue
            seen.add(neighbour)
            is_host = nodes[neighbour]["kind"] == HOST
            if neighbour not in gateways and (through_hosts or not is_host):
                waiting.append(neighbour)
    return frozenset(name for name in seen - {start} if nodes[name]["kind"] == HOST)


def check_ends_reach_hosts(record: TopologyRecord, topology: Topology, lookup: Lookup) -> None:
    """Note an entry or exit from which no path leads to any host."""
    for key, name in (("entry", record.entry), ("exit", record.exit)):
        if name is None or name not in topology.gateway_names:
            continue
        if not hosts_reached(topology, name, through_hosts=record.through_hosts):
            lookup.fault(
                f"topology.{key}",
                f"no path leads from {name!r} to any host: gateways forward nothing for others",
                f"Join {name!r} with a switch or a host",
            )


def warn_of_lone_hosts(topology: Topology) -> tuple[str, ...]:
    """A warning where hosts have no path to any other host: they can only serve alone."""
    gateways = frozenset(topology.gateway_names)
    lone = [host.name for host in topology.hosts if not _meets_host(topology, host.name, gateways)]
    if not lone or len(topology.hosts) < 2:
        return ()
    return (
        f"no path leads from {named_few(lone)} to any other host, for gateways forward nothing; "
        "such a host can be no more than a pipeline of its own",
    )


def _meets_host(topology: Topology, start: str, gateways: frozenset[str]) -> bool:
    """Like ``hosts_reached``, but it stops at the first: most hosts meet one within two links."""
    seen, waiting = {start}, deque([start])
    while waiting:
        for neighbour in topology.graph[waiting.popleft()]:
            if neighbour in seen:
                continue
            if topology.graph.nodes[neighbour]["kind"] == HOST:
                return True
            seen.add(neighbour)
            if neighbour not in gateways:
                waiting.append(neighbour)
    return False
