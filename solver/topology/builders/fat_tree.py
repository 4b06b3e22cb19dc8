"""The fat tree of Al-Fares, Loukissas and Vahdat (SIGCOMM 2008), from switches of one radix.

Radix k: k pods of k/2 edge and k/2 aggregation switches, (k/2)^2 core switches, room for k^3/4
hosts; full bisection bandwidth. Edge switches are of kind ``leaf``, aggregation ``spine``.
"""

from __future__ import annotations

from solver.topology.builders.figures import NDR_400G
from solver.topology.builders.names import at_least, machines, numbered
from solver.topology.elements import Host, Link, Switch, SwitchKind, Wire
from solver.topology.graph import Topology

__all__ = ["fat_tree"]


def fat_tree(
    host: Host,
    radix: int,
    *,
    count: int | None = None,
    wire: Wire = NDR_400G,
    host_wire: Wire | None = None,
    name: str = "fat-tree",
) -> Topology:
    """A three-tier fat tree of machines like ``host``.

    Parameters
    ----------
    radix
        Ports of every switch; even.
    count
        Machines, filled in edge by edge; all that the tree has room for if left out. Switches above
        an edge without machines are left out too.
    wire
        Every cable between switches.
    host_wire
        From a machine to its edge switch; ``wire`` if left out.

    Raises
    ------
    ValueError
        If the radix is odd or below 2, or the machines are none or too many.
    """
    at_least(radix=(radix, 2))
    if radix % 2:
        raise ValueError(f"radix is {radix}; it must be even")
    half = radix // 2
    room = radix * half * half
    total = room if count is None else count
    if not 1 <= total <= room:
        raise ValueError(f"count is {total}; a fat tree of radix {radix} has room for 1 to {room}")
    hosts = machines(host, total)
    edges = numbered("edge", radix * half)[: -(-total // half)]
    pods = -(-len(edges) // half)
    aggregations = numbered("aggregation", radix * half)[: pods * half]
    cores = numbered("core", half * half) if pods > 1 else []
    if len(edges) == 1:
        aggregations = []

    links = [
        Link.over(one.name, edges[number // half], host_wire or wire)
        for number, one in enumerate(hosts)
    ]
    for number, edge in enumerate(edges):
        first = number // half * half
        links += [Link.over(edge, top, wire) for top in aggregations[first : first + half]]
    for number, aggregation in enumerate(aggregations):
        # The same-numbered aggregation switch of every pod meets in the same half of the cores.
        first = number % half * half
        links += [Link.over(aggregation, top, wire) for top in cores[first : first + half]]

    tiers: list[tuple[list[str], SwitchKind]] = [
        (edges, "leaf"),
        (aggregations, "spine"),
        (cores, "core"),
    ]
    switches = [Switch(one, kind) for names, kind in tiers for one in names]
    return Topology(name, tuple(hosts), tuple(switches), tuple(links), where=name)
