"""A topology: a checked, frozen networkx graph of hosts, switches and links.

The graph's attributes are plain, and named as in the files (``attributes.py``):

- a node has ``kind``; a host also ``accelerator``, ``devices``, ``hbm_bytes`` and, where known,
  ``device_bytes_per_s``, ``device_latency_ps`` and ``usd_per_hour`` (a ``Fraction``);
- a link has ``name``, ``bytes_per_s`` (each way) and ``latency_ps``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from solver.errors import InstanceError
from solver.topology.checks import named_few, topology_faults
from solver.topology.elements import GATEWAY, HOST, Host, Link, Switch

if TYPE_CHECKING:
    # It takes a fifth of a second to load; whoever has no network does without it.
    import networkx as nx

__all__ = ["Topology"]

_HOST_KEYS = tuple(entry.name for entry in fields(Host) if entry.name != "name")


@dataclass(frozen=True, slots=True)
class Topology:
    """Hosts, switches and links that form one connected network.

    Each list is kept sorted by name, so that two topologies are equal if they hold the same parts.

    Parameters
    ----------
    name
        Short, for messages and drawings.
    where
        The file or builder it comes from; every fault begins with it. Not compared.

    Attributes
    ----------
    graph
        The same as a networkx graph; frozen.

    Raises
    ------
    InstanceError
        With every fault: no host, a name used twice, an unknown kind, a link without positive
        bandwidth, a self loop, parallel links, an end that is no node, a disconnected graph.
    """

    name: str
    hosts: tuple[Host, ...]
    switches: tuple[Switch, ...]
    links: tuple[Link, ...]
    where: str = field(default="topology", compare=False)
    graph: nx.Graph[str] = field(init=False, repr=False, compare=False)
    _links: dict[tuple[str, str], Link] = field(init=False, repr=False, compare=False)
    _hosts: dict[str, Host] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = topology_faults(self.hosts, self.switches, self.links, where=self.where)
        if faults:
            raise InstanceError.all_of(faults)
        for key in ("hosts", "switches"):
            object.__setattr__(self, key, tuple(sorted(getattr(self, key), key=lambda n: n.name)))
        links = (
            Link(link.name, *link.ends, link.bytes_per_s, link.latency_ps) for link in self.links
        )
        object.__setattr__(self, "links", tuple(sorted(links, key=lambda link: link.name)))
        object.__setattr__(self, "_links", {link.ends: link for link in self.links})
        object.__setattr__(self, "_hosts", {host.name: host for host in self.hosts})
        object.__setattr__(self, "graph", self._frozen_graph())

    def __reduce__(self) -> tuple[Any, ...]:
        # The derived graph is built again on the other side: half the bytes, and frozen there too.
        return Topology, (self.name, self.hosts, self.switches, self.links, self.where)

    def _frozen_graph(self) -> nx.Graph[str]:
        import networkx as nx

        graph: nx.Graph[str] = nx.Graph(name=self.name)
        for host in self.hosts:
            known = {key: getattr(host, key) for key in _HOST_KEYS}
            graph.add_node(
                host.name,
                kind=HOST,
                **{key: value for key, value in known.items() if value is not None},
            )
        for switch in self.switches:
            graph.add_node(switch.name, kind=switch.kind)
        for link in self.links:
            graph.add_edge(
                *link.ends,
                name=link.name,
                bytes_per_s=link.bytes_per_s,
                latency_ps=link.latency_ps,
            )
        nx.freeze(graph)
        return graph

    @property
    def host_names(self) -> tuple[str, ...]:
        """Names of the hosts, sorted."""
        return tuple(self._hosts)

    @property
    def gateway_names(self) -> tuple[str, ...]:
        """Names of the gateways, sorted."""
        return tuple(switch.name for switch in self.switches if switch.kind == GATEWAY)

    def is_host(self, name: str) -> bool:
        """Whether the node of this name is a host."""
        return name in self._hosts

    def host(self, name: str) -> Host:
        """The host of this name.

        Raises
        ------
        InstanceError
            If there is none.
        """
        if name not in self._hosts:
            raise InstanceError.one(
                f"{name!r} is no host",
                where=f"{self.where}: nodes",
                mend=f"Choose from {named_few(self.host_names)}",
            )
        return self._hosts[name]

    def link(self, a: str, b: str) -> Link:
        """The link between two neighbours, in either order.

        Raises
        ------
        InstanceError
            If none joins them.
        """
        ends = (a, b) if a <= b else (b, a)
        if ends not in self._links:
            raise InstanceError.one(
                f"no link joins {a!r} and {b!r}",
                where=f"{self.where}: links",
                mend="Name two neighbours",
            )
        return self._links[ends]

    def with_parts(
        self,
        *,
        name: str | None = None,
        hosts: tuple[Host, ...] = (),
        switches: tuple[Switch, ...] = (),
        links: tuple[Link, ...] = (),
    ) -> Topology:
        """This topology with further parts, checked again."""
        return Topology(
            name=name or self.name,
            hosts=self.hosts + hosts,
            switches=self.switches + switches,
            links=self.links + links,
            where=self.where,
        )

    def prefixed(self, prefix: str) -> Topology:
        """The same with ``prefix`` before the name of every node and link."""
        return Topology(
            name=self.name,
            hosts=tuple(host.named(prefix + host.name) for host in self.hosts),
            switches=tuple(Switch(prefix + node.name, node.kind) for node in self.switches),
            links=tuple(
                Link(
                    prefix + link.name,
                    prefix + link.a,
                    prefix + link.b,
                    link.bytes_per_s,
                    link.latency_ps,
                )
                for link in self.links
            ),
            where=self.where,
        )
