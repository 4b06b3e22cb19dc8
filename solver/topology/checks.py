"""Every fault of a set of hosts, switches and links that keeps it from being a topology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from solver.errors import Fault
from solver.topology.elements import SWITCH_KINDS, Host, Link, Switch

__all__ = ["named_few", "topology_faults"]

SHOWN = 4
"""Names shown of a long list."""


def named_few(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(name or "(no name)" for name in names[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def topology_faults(
    hosts: Sequence[Host], switches: Sequence[Switch], links: Sequence[Link], *, where: str
) -> list[Fault]:
    """All faults found: of nodes, of links, and of the graph as a whole.

    Parameters
    ----------
    where
        The file or builder, with which every fault's place begins.
    """
    faults = list(_node_faults(hosts, switches, where))
    names = set(_names(hosts, switches))
    faults += _link_faults(links, names, where)
    if hosts:
        faults += _pieces(names, links, where)
    else:
        faults.append(Fault(f"{where}: nodes", "there is no host", "Add a node of kind 'host'"))
    return faults


def _names(hosts: Sequence[Host], switches: Sequence[Switch]) -> list[str]:
    return [host.name for host in hosts] + [switch.name for switch in switches]


def _node_faults(hosts: Sequence[Host], switches: Sequence[Switch], where: str) -> Iterator[Fault]:
    is_host = {host.name for host in hosts}
    for name, count in Counter(_names(hosts, switches)).items():
        place = f"{where}: nodes.{name}"
        if not name:
            yield Fault(f"{where}: nodes", "a node has no name", "Give every node a name")
        elif count > 1:
            what = "host" if name in is_host else "switch"
            yield Fault(
                place, f"there are {count} nodes of this name", f"Give every {what} its own name"
            )
    for switch in switches:
        if switch.kind not in SWITCH_KINDS:
            yield Fault(
                f"{where}: nodes.{switch.name}",
                f"{switch.kind!r} is not a kind of node",
                f"Write one of: host, {', '.join(SWITCH_KINDS)}",
            )
    for host in hosts:
        yield from _host_faults(host, f"{where}: nodes.{host.name}")


def _host_faults(host: Host, place: str) -> Iterator[Fault]:
    if not host.accelerator:
        yield Fault(place, "the host names no accelerator", "Add 'accelerator'")
    for key, least in (
        ("devices", 1),
        ("hbm_bytes", 1),
        ("device_bytes_per_s", 1),
        ("device_latency_ps", 0),
    ):
        value = getattr(host, key)
        if value is not None and not _whole(value, least):
            yield Fault(place, f"{key} is {value!r}", f"Write a whole number of at least {least}")
    if host.usd_per_hour is not None and host.usd_per_hour <= 0:
        yield Fault(
            place, f"usd_per_hour is {host.usd_per_hour}", "Write a positive price, or leave it out"
        )


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _link_faults(links: Sequence[Link], names: set[str], where: str) -> Iterator[Fault]:
    # Parallel links are named as such below, and often share a name made from their ends.
    for name, count in Counter(name for name, _ in {(one.name, one.ends) for one in links}).items():
        if count > 1:
            yield Fault(
                f"{where}: links.{name}",
                f"there are {count} links of this name",
                "Give every link its own name",
            )
    seen: dict[tuple[str, str], str] = {}
    for link in links:
        place = f"{where}: links.{link.name}"
        for end in sorted({link.a, link.b} - names):
            yield Fault(place, f"its end {end!r} is no node", "Add the node, or mend the name")
        if link.a == link.b:
            yield Fault(place, f"it joins {link.a!r} with itself", "Remove it")
        elif link.ends in seen:
            yield Fault(
                place,
                f"it joins {link.a!r} and {link.b!r}, as {seen[link.ends]} does",
                "Write one link with their bandwidths added",
            )
        else:
            seen[link.ends] = link.name
        if not _whole(link.bytes_per_s, 1):
            yield Fault(
                place,
                f"its bandwidth is {link.bytes_per_s!r} bytes/s",
                "Write a whole number of at least 1, or remove the link",
            )
        if not _whole(link.latency_ps, 0):
            yield Fault(
                place,
                f"its latency is {link.latency_ps!r} ps",
                "Write a whole number of at least 0",
            )


def _pieces(names: set[str], links: Sequence[Link], where: str) -> Iterator[Fault]:
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from(link.ends for link in links if {link.a, link.b} <= names)
    pieces = sorted((sorted(piece) for piece in nx.connected_components(graph)), key=_by_size)
    if len(pieces) > 1:
        listed = "; ".join(named_few(piece) for piece in pieces[1 : SHOWN + 1])
        yield Fault(
            f"{where}: links",
            f"the graph is disconnected: {len(pieces)} pieces, and no link leads from "
            f"{named_few(pieces[0])} to {listed}",
            "Join the pieces with a link, or give each of them as a topology of its own",
        )


def _by_size(piece: list[str]) -> tuple[int, list[str]]:
    return -len(piece), piece
