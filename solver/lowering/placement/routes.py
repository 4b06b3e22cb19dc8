"""Which way a hand-over takes, the same for all hosts of an orbit.

Paths between hosts are chosen by ``solver.topology.paths``; where several are equally good, names
decide. So that interchangeable hosts are also handed to over the same links, the path between two
hosts is that of the first hosts of their orbits with its ends replaced. Such a path has the same
wires, hence the same latency and bottleneck; that is checked each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from solver.topology import Link, Path, PathTable, Topology, host_orbits

__all__ = ["Routes", "Step", "orbits_of", "steps"]


@dataclass(frozen=True, slots=True)
class Step:
    """A link as a path crosses it, from node ``origin`` to node ``target``."""

    link: Link
    origin: str
    target: str

    @property
    def name(self) -> str:
        """The link and the direction."""
        return f"{self.link.name}: {self.origin} to {self.target}"


def steps(path: Path) -> Iterator[Step]:
    """The links of a path in order, each with its direction."""
    for link, (origin, target) in zip(path.links, pairwise(path.nodes), strict=True):
        yield Step(link, origin, target)


def orbits_of(topology: Topology, *, through_hosts: bool) -> tuple[tuple[str, ...], ...]:
    """Interchangeable hosts; each by itself where hosts forward for others.

    A host that forwards is a place in the network, so two of them differ as soon as one lies on a
    path.
    """
    if through_hosts:
        return tuple((name,) for name in topology.host_names)
    return host_orbits(topology)


class Routes:
    """Paths between hosts, from the entry and to the exit.

    Parameters
    ----------
    orbits
        A partition of the hosts into interchangeable ones; the first two of each speak for it.
    entry, exit
        Gateways; ``None``: tokens come in or go out without a path.

    Raises
    ------
    ValueError
        If hosts forward and an orbit has several.
    """

    def __init__(
        self,
        topology: Topology,
        orbits: Sequence[Sequence[str]],
        *,
        through_hosts: bool = False,
        entry: str | None = None,
        exit: str | None = None,
    ) -> None:
        if through_hosts and any(len(orbit) > 1 for orbit in orbits):
            raise ValueError(f"{topology.name}: hosts that forward are no orbit")
        self.topology = topology
        self.orbits = tuple(tuple(orbit) for orbit in orbits)
        self.through_hosts = through_hosts
        self.entry = entry
        self.exit = exit
        self._orbit = {host: index for index, orbit in enumerate(self.orbits) for host in orbit}
        self._table = PathTable(topology, through_hosts=through_hosts)
        self._known: dict[tuple[str, str], Path | None] = {}

    def orbit(self, host: str) -> int:
        """Index of the orbit of a host; ``KeyError`` if there is no such host."""
        return self._orbit[host]

    def between(self, a: str, b: str) -> Path | None:
        """The path from ``a`` to ``b``, hosts or gateways; ``None`` if none joins them.

        Raises
        ------
        InstanceError
            If one of them is neither host nor gateway.
        ValueError
            If both are the same.
        """
        if a == b:
            raise ValueError(f"a host hands nothing over to itself: {a!r}")
        if (a, b) not in self._known:
            path = self._table.between(*self._speakers(a, b))
            self._known[a, b] = None if path is None else self._moved(path, a, b)
        return self._known[a, b]

    def by_orbit(self, before: int, after: int) -> Path | None:
        """The path of a hand-over between two orbits, by their first hosts.

        The number of orbits stands for the entry (``before``) and the exit (``after``). ``None``
        where there is no path: no way, one host only, or no gateway named.
        """
        ends = len(self.orbits)
        if before == after:
            few = before == ends or len(self.orbits[before]) < 2
            return None if few else self.between(*self.orbits[before][:2])
        a = self.entry if before == ends else self.orbits[before][0]
        b = self.exit if after == ends else self.orbits[after][0]
        return None if a is None or b is None else self.between(a, b)

    def is_linked(self, before: int, after: int) -> bool:
        """Whether a chain may hand over so; without a gateway the way in or out is free."""
        ends = len(self.orbits)
        if before == ends and after == ends:
            return False
        free = (before == ends and self.entry is None) or (after == ends and self.exit is None)
        return free or self.by_orbit(before, after) is not None

    def _speakers(self, a: str, b: str) -> tuple[str, str]:
        """The two nodes whose path is taken for ``a`` and ``b``."""
        of_a, of_b = self._orbit.get(a), self._orbit.get(b)
        if of_a is not None and of_a == of_b:
            return self.orbits[of_a][0], self.orbits[of_a][1]
        return (
            a if of_a is None else self.orbits[of_a][0],
            b if of_b is None else self.orbits[of_b][0],
        )

    def _moved(self, path: Path, a: str, b: str) -> Path:
        """The same path with other ends.

        Raises
        ------
        ValueError
            If it is no path of the same figures: then these hosts are not interchangeable.
        """
        nodes = (a, *path.nodes[1:-1], b)
        if nodes == path.nodes:
            return path
        links = tuple(self.topology.link(x, y) for x, y in pairwise(nodes))
        latency_ps = sum(link.latency_ps for link in links)
        width = min(link.bytes_per_s for link in links)
        if (latency_ps, width) != (path.latency_ps, path.bytes_per_s):
            raise ValueError(f"{self.topology.name}: {a!r} and {b!r} differ from their orbits")
        return Path(nodes, links, latency_ps, width)
