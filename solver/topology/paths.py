"""What handing data from one host to another costs: the path taken, its latency and its bottleneck.

Of all paths between two hosts the one taken has the least latency; of those the widest bottleneck;
of those the fewest links; of those the one whose node names come first, read from the host whose
own name comes first. The path back is the same path.

Hosts do not forward for others unless told to (``through_hosts``), and gateways never do, so two
hosts may have no path between them although the graph is connected; such a pair is left out, and no
pipeline may hand over between them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from solver.topology.elements import Link
from solver.topology.graph import Topology
from solver.topology.path_search import (
    Neighbours,
    latency_and_links,
    latency_and_width,
    neighbours_of,
    search,
    wide_enough,
)

__all__ = ["PS_PER_S", "Path", "PathTable", "busiest_link", "shared_links", "transfer_ps"]

PS_PER_S = 10**12


def transfer_ps(n_bytes: int, bytes_per_s: int) -> int:
    """Picoseconds that ``n_bytes`` take at ``bytes_per_s``, rounded up."""
    return -(-n_bytes * PS_PER_S // bytes_per_s)


@dataclass(frozen=True, slots=True)
class Path:
    """The path between two hosts.

    Attributes
    ----------
    nodes
        From the first host to the last, both included.
    links
        The links between them, in order; one fewer.
    latency_ps
        Sum of the links' latencies.
    bytes_per_s
        Bandwidth of the narrowest link.
    """

    nodes: tuple[str, ...]
    links: tuple[Link, ...]
    latency_ps: int
    bytes_per_s: int

    def reversed(self) -> Path:
        """The way back."""
        return Path(self.nodes[::-1], self.links[::-1], self.latency_ps, self.bytes_per_s)

    def hand_over_ps(self, n_bytes: int) -> int:
        """Time to hand ``n_bytes`` over, in ps, rounded up: latency, then the bottleneck.

        Links forward while they receive (cut-through), and nothing else uses them meanwhile.
        """
        return self.latency_ps + transfer_ps(n_bytes, self.bytes_per_s)


class PathTable:
    """Paths between hosts and gateways; those from one of them are found when first asked for.

    Parameters
    ----------
    through_hosts
        Let hosts forward for others, as in a ring or mesh of hosts without switches.
    """

    def __init__(self, topology: Topology, *, through_hosts: bool = False) -> None:
        self.topology = topology
        self.through_hosts = through_hosts
        self._targets = tuple(sorted((*topology.host_names, *topology.gateway_names)))
        self._ends = frozenset(topology.gateway_names if through_hosts else self._targets)
        self._neighbours = neighbours_of(topology)
        # A path without links is as wide as the widest link, which narrows no longer path.
        self._widest = max((link.bytes_per_s for link in topology.links), default=0)
        self._wide: dict[int, Neighbours] = {}
        self._from: dict[str, dict[str, Path]] = {}

    def between(self, a: str, b: str) -> Path | None:
        """The path from ``a`` to ``b``, hosts or gateways; ``None`` if only other hosts join them.

        Raises
        ------
        InstanceError
            If one of them is neither.
        ValueError
            If both are the same.
        """
        for end in (a, b):
            if end not in self._targets:
                self.topology.host(end)
        first, last = sorted((a, b))
        if first == last:
            raise ValueError(f"a host hands nothing over to itself: {a!r}")
        if first not in self._from:
            self._from[first] = self._paths_from(first)
        path = self._from[first].get(last)
        return path.reversed() if path is not None and a != first else path

    def pairs(self) -> Iterator[tuple[str, str, Path]]:
        """Every pair of hosts that has a path, once, in order of their names."""
        names = self.topology.host_names
        for place, a in enumerate(names):
            for b in names[place + 1 :]:
                path = self.between(a, b)
                if path is not None:
                    yield a, b, path

    def _paths_from(self, source: str) -> dict[str, Path]:
        widest = search(
            self._neighbours, source, (0, -self._widest), latency_and_width, ends=self._ends
        )
        paths = {}
        for target in self._targets:
            if target > source and target in widest:
                latency_ps, width = widest[target]
                nodes = self._walk(source, target, -width)
                links = tuple(self.topology.link(a, b) for a, b in itertools.pairwise(nodes))
                paths[target] = Path(nodes, links, latency_ps, -width)
        return paths

    def _walk(self, source: str, target: str, bytes_per_s: int) -> tuple[str, ...]:
        """First by name among the paths of least latency and fewest links that are wide enough.

        The widest bottleneck is settled by then, so only links that reach it take part. Names
        cannot be part of the first search: a path that is wider but later by name would hide one
        that is earlier, although a narrow link further on makes both equally wide.
        """
        if bytes_per_s not in self._wide:
            self._wide[bytes_per_s] = wide_enough(self._neighbours, bytes_per_s)
        neighbours = self._wide[bytes_per_s]
        left = search(neighbours, target, (0, 0), latency_and_links, ends=self._ends)
        nodes = [source]
        while nodes[-1] != target:
            here = left[nodes[-1]]
            nodes.append(
                next(
                    node
                    for node, latency_ps, width in neighbours[nodes[-1]]
                    if node in left
                    and (node == target or node not in self._ends)
                    and latency_and_links(left[node], latency_ps, width) == here
                )
            )
        return tuple(nodes)


def shared_links(paths: Iterable[Path]) -> dict[str, tuple[Path, ...]]:
    """Links that more than one of these paths uses: name of the link -> the paths over it."""
    users: dict[str, list[Path]] = {}
    for path in paths:
        for link in path.links:
            users.setdefault(link.name, []).append(path)
    return {name: tuple(users[name]) for name in sorted(users) if len(users[name]) > 1}


def busiest_link(paths: Sequence[Path], n_bytes: int) -> tuple[Link, int] | None:
    """The link that needs most time to carry ``n_bytes`` of each path, and that time in ps.

    The first by name among equals; ``None`` where no path has a link.
    """
    count: dict[Link, int] = {}
    for path in paths:
        for link in path.links:
            count[link] = count.get(link, 0) + 1
    if not count:
        return None
    busy = {link: transfer_ps(n_bytes * users, link.bytes_per_s) for link, users in count.items()}
    link = min(busy, key=lambda one: (-busy[one], one.name))
    return link, busy[link]
