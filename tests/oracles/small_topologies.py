"""Small random topologies, and paths between their hosts by trying all of them."""

from __future__ import annotations

import itertools

import networkx as nx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from solver.topology import SWITCH_KINDS, Host, Link, Switch, Topology

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For a machine that does other work at the same time."""
KINDS = (
    Host("", "H100 SXM", 8, 80, device_bytes_per_s=9, device_latency_ps=1),
    Host("", "L4", 1, 24),
)


@st.composite
def small_topologies(
    draw: st.DrawFn, max_hosts: int = 5, max_switches: int = 3, widest: int = 3
) -> Topology:
    """Connected graphs with few different wires, so that ties and symmetries are common."""
    hosts = [
        draw(st.sampled_from(KINDS)).named(f"h{number}")
        for number in range(draw(st.integers(1, max_hosts)))
    ]
    switches = [
        Switch(f"s{number}", draw(st.sampled_from(SWITCH_KINDS[:3])))
        for number in range(draw(st.integers(0, max_switches)))
    ]
    names = draw(st.permutations([node.name for node in (*hosts, *switches)]))
    pairs = {
        (draw(st.sampled_from(names[:place])), name) for place, name in enumerate(names) if place
    }
    others = [pair for pair in itertools.combinations(names, 2) if pair not in pairs]
    if others:
        pairs |= draw(st.sets(st.sampled_from(others), max_size=8))
    links = [
        Link(
            f"{a}-{b}",
            a,
            b,
            draw(st.integers(1, widest)),
            draw(st.integers(0, 2)),
        )
        for a, b in sorted(pairs)
    ]
    return Topology("random", tuple(hosts), tuple(switches), tuple(links))


def best_by_trying(
    topology: Topology, a: str, b: str, *, through_hosts: bool = False
) -> tuple[int, int, int, tuple[str, ...]] | None:
    """Least (latency, minus width, links, nodes) over all simple paths from ``a`` to ``b``."""
    keys = []
    for nodes in nx.all_simple_paths(topology.graph, a, b):
        if not through_hosts and any(topology.is_host(node) for node in nodes[1:-1]):
            continue
        links = [topology.link(*ends) for ends in itertools.pairwise(nodes)]
        keys.append(
            (
                sum(link.latency_ps for link in links),
                -min(link.bytes_per_s for link in links),
                len(links),
                tuple(nodes),
            )
        )
    return min(keys, default=None)
