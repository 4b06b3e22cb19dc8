"""Which nodes of a network share one box: idle hosts alike, and switches that carry nothing.

A pipeline uses few of the machines of a pod. What it uses is drawn one by one; the rest is told as
"+28 idle", so that what is drawn can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from solver.report.placement_network import Network

__all__ = ["Folded", "Shown", "fold"]

_MOST_SWITCHES = 8
"""Of one kind in one region; beyond, those that carry nothing are put together."""
_LEAST_ALIKE = 3
_OUTSIDE = ("wan_router", "gateway")
"""Kinds that join regions, and so are part of none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one box stands for.

    Attributes
    ----------
    names
        Nodes of the network, sorted; more than one where folded.
    region
        Which part of the network it stands in, from 0.
    above
        Keys of the switches that its hosts hang on; empty for a switch.
    """

    key: str
    kind: str
    names: tuple[str, ...]
    machine: str
    region: int
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """The network as it is drawn.

    Attributes
    ----------
    shown
        By key.
    key_of
        Name of a node -> key of its box.
    regions
        Title of each region; empty where the network is one and has none.
    """

    shown: Mapping[str, Shown]
    key_of: Mapping[str, str]
    regions: tuple[str, ...]


def fold(network: Network, used: Collection[str]) -> Folded:
    """Put alike what carries nothing; ``used`` nodes stay by themselves."""
    neighbours = network.neighbours()
    region_of, titles = _regions(network, neighbours)
    key_of: dict[str, str] = {}
    groups: dict[tuple[int, str], list[str]] = {}
    for name, node in network.nodes.items():
        if not node.is_host:
            groups.setdefault((region_of[name], node.kind), []).append(name)
    shown: dict[str, Shown] = {}
    for names in groups.values():
        spare = [name for name in names if name not in used]
        kind = network.nodes[names[0]].kind
        alone = len(names) <= _MOST_SWITCHES or len(spare) < _LEAST_ALIKE or kind in _OUTSIDE
        for part in [[name] for name in names if alone or name in used] + [[] if alone else spare]:
            _show(shown, key_of, part, kind, "", region_of)
    alike: dict[tuple[int, tuple[str, ...], str, str], list[str]] = {}
    for name, node in network.nodes.items():
        if node.is_host:
            above = {key_of[other] for other in neighbours[name] if other in key_of}
            kept = name if name in used else ""
            where = tuple(sorted(above))
            alike.setdefault((region_of[name], where, node.machine, kept), []).append(name)
    for (_, where, machine, _), names in alike.items():
        parts = [names] if len(names) >= _LEAST_ALIKE else [[name] for name in names]
        for part in parts:
            _show(shown, key_of, part, "host", machine, region_of, where)
    return Folded(shown, key_of, titles)


def _show(
    shown: dict[str, Shown],
    key_of: dict[str, str],
    names: list[str],
    kind: str,
    machine: str,
    region_of: Mapping[str, int],
    above: tuple[str, ...] = (),
) -> None:
    if not names:
        return
    # A tilde sorts behind letters: what is folded stands behind what is drawn one by one.
    key = names[0] if len(names) == 1 else f"~{names[0]}"
    shown[key] = Shown(key, kind, tuple(names), machine, region_of[names[0]], above)
    key_of.update(dict.fromkeys(names, key))


def _regions(
    network: Network, neighbours: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The part of each node, and the parts' titles: parts are what long-haul routers join."""
    import networkx as nx

    inner: nx.Graph[str] = nx.Graph()
    inner.add_nodes_from(name for name, node in network.nodes.items() if node.kind not in _OUTSIDE)
    inner.add_edges_from((w.a, w.b) for w in network.wires if w.a in inner and w.b in inner)
    parts = sorted(sorted(part) for part in nx.connected_components(inner))
    region_of = {name: number for number, part in enumerate(parts) for name in part}
    outside = [name for name in network.nodes if name not in inner]
    for name in outside:
        near = [region_of[other] for other in neighbours[name] if other in inner]
        region_of[name] = min(near, default=0)
    if len(parts) == 1:
        return region_of, ()
    titles = []
    for part in parts:
        hubs = [name for name in part if network.nodes[name].kind == "region"]
        titles.append(hubs[0] if hubs else "")
    return region_of, tuple(titles)
