"""Sizes of a placement question: hosts and links by kind, room for layers, cells of the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.report.placement_limits import HostLayers
from solver.topology import NODE_KINDS, Topology
from solver.topology.paths import PS_PER_S

__all__ = [
    "hosts_by_kind",
    "label_cells",
    "links_by_kind",
    "most_hosts",
    "room_for_layers",
    "rounding_levels",
]


def label_cells(counts: Sequence[int], most: int) -> int:
    """Cells of the label search: hosts used by orbit, and the orbit of the last of them.

    Parameters
    ----------
    counts
        Hosts of each orbit.
    most
        Most hosts in a chain: what a limit or the number of layers allows.
    """
    # By number of hosts: how many ways there are, and how many orbits they use in all.
    ways, used = [1] + [0] * most, [0] * (most + 1)
    for count in counts:
        more, further = [0] * (most + 1), [0] * (most + 1)
        for hosts in range(most + 1):
            for added in range(min(count, hosts) + 1):
                before = hosts - added
                more[hosts] += ways[before]
                further[hosts] += used[before] + (ways[before] if added else 0)
        ways, used = more, further
    return sum(used)


def rounding_levels(instance: PlacementInstance) -> dict[str, list[float]] | None:
    """Levels that links are rounded to: bytes/s and seconds; ``None`` where they are not."""
    if instance.rounding is None:
        return None
    return {
        "bytes_per_s": list(instance.rounding.bytes_per_s),
        "latency_s": [latency / PS_PER_S for latency in instance.rounding.latency_ps],
    }


def most_hosts(instance: PlacementInstance) -> int:
    """Most hosts that one chain may have: a layer each, and what is allowed."""
    most = min(len(instance.topology.hosts), instance.layers)
    return most if instance.limits.max_hosts is None else min(most, instance.limits.max_hosts)


def room_for_layers(instance: PlacementInstance, held: HostLayers) -> dict[str, Any]:
    """Layers that the hosts of a chain, or all hosts, hold together, setting by setting."""
    most = most_hosts(instance)
    totals = [sum(sorted(row.values(), reverse=True)[:most]) for row in held]
    return {
        "most": max(totals),
        "least": min(totals),
        "settings": len(totals),
        "settings_with_room": sum(total >= instance.layers for total in totals),
    }


def hosts_by_kind(
    instance: PlacementInstance, orbits: Sequence[Sequence[str]], held: HostLayers
) -> list[dict[str, Any]]:
    """Hosts by machine and figures; those of one machine may differ in devices or price."""
    orbit_of = {host: number for number, orbit in enumerate(orbits) for host in orbit}
    groups: dict[tuple[Any, ...], list[str]] = {}
    for host in instance.topology.hosts:
        key = (host.accelerator, host.devices, host.hbm_bytes, host.usd_per_hour)
        groups.setdefault(key, []).append(host.name)
    found = []
    for (machine, devices, hbm, price), names in groups.items():
        most = [max(row.get(name, 0) for name in names) for row in held]
        found.append(
            {
                "machine": machine,
                "hosts": len(names),
                "devices": devices,
                "hbm_bytes": hbm,
                "usd_per_hour": None if price is None else float(price),
                "orbits": len({orbit_of[name] for name in names}),
                "most_layers": {"best": max(most), "worst": min(most)},
            }
        )
    return sorted(found, key=lambda entry: (entry["machine"], entry["devices"]))


def links_by_kind(topology: Topology) -> list[dict[str, Any]]:
    """Links by the kinds of their ends, from the hosts up."""
    kind = {name: data["kind"] for name, data in topology.graph.nodes(data=True)}
    groups: dict[tuple[int, int], list[Any]] = {}
    for link in topology.links:
        low, high = sorted(NODE_KINDS.index(kind[end]) for end in link.ends)
        groups.setdefault((low, high), []).append(link)
    return [
        {
            "kind": f"{NODE_KINDS[low]} - {NODE_KINDS[high]}",
            "links": len(links),
            "bytes_per_s": [f(link.bytes_per_s for link in links) for f in (min, max)],
            "latency_s": [f(link.latency_ps for link in links) / PS_PER_S for f in (min, max)],
        }
        for (low, high), links in sorted(groups.items())
    ]
