"""Dijkstra's algorithm with two-part keys, over nodes that may forward.

A key is compared as a tuple. Both keys used here keep their order when the same link is appended,
which is what makes the greedy search exact:

- (latency, minus the bottleneck): least latency first, then the widest;
- (latency, links): least latency first, then the fewest links. Every link adds to it, so a path
  built from it never walks in a circle, even over links of no latency.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection

from solver.topology.graph import Topology

__all__ = [
    "Key",
    "Neighbours",
    "latency_and_links",
    "latency_and_width",
    "neighbours_of",
    "search",
    "wide_enough",
]

Key = tuple[int, int]
Neighbours = dict[str, list[tuple[str, int, int]]]
"""Node -> (neighbour, latency in ps, bytes/s), sorted by the neighbour's name."""


def neighbours_of(topology: Topology) -> Neighbours:
    """Neighbours of every node, in order of their names."""
    found: Neighbours = {node: [] for node in topology.graph}
    for link in topology.links:
        found[link.a].append((link.b, link.latency_ps, link.bytes_per_s))
        found[link.b].append((link.a, link.latency_ps, link.bytes_per_s))
    for entries in found.values():
        entries.sort()
    return found


def wide_enough(neighbours: Neighbours, bytes_per_s: int) -> Neighbours:
    """The same without links narrower than ``bytes_per_s``."""
    return {
        node: [entry for entry in entries if entry[2] >= bytes_per_s]
        for node, entries in neighbours.items()
    }


def latency_and_width(key: Key, latency_ps: int, bytes_per_s: int) -> Key:
    """The key (latency, minus the bottleneck) of a path with one more link."""
    return key[0] + latency_ps, max(key[1], -bytes_per_s)


def latency_and_links(key: Key, latency_ps: int, _bytes_per_s: int) -> Key:
    """The key (latency, number of links) of a path with one more link."""
    return key[0] + latency_ps, key[1] + 1


def search(
    neighbours: Neighbours,
    source: str,
    start: Key,
    extend: Callable[[Key, int, int], Key],
    *,
    ends: Collection[str],
) -> dict[str, Key]:
    """Least key from ``source`` to every node that can be reached.

    Parameters
    ----------
    start
        Key of the path without links.
    ends
        Nodes that a path may begin or end at and never passes through.
    """
    best: dict[str, Key] = {source: start}
    queue: list[tuple[Key, str]] = [(start, source)]
    settled: set[str] = set()
    while queue:
        key, node = heapq.heappop(queue)
        if node in settled:
            continue
        settled.add(node)
        if node != source and node in ends:
            continue
        for neighbour, latency_ps, bytes_per_s in neighbours[node]:
            further = extend(key, latency_ps, bytes_per_s)
            known = best.get(neighbour)
            if neighbour not in settled and (known is None or further < known):
                best[neighbour] = further
                heapq.heappush(queue, (further, neighbour))
    return best
