"""Hosts, switches and links written in a placement file itself, or in its table of links."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from solver.catalog import suggestion
from solver.errors import Fault
from solver.instance.fleet.csv_table import CellReader, CsvTable
from solver.instance.lookup import Lookup
from solver.instance.placement.files_read import FilesRead
from solver.instance.placement.machines import MachineKinds
from solver.instance.placement.network_records import (
    MAX_HOSTS,
    HostsRecord,
    LinksRecord,
    SwitchesRecord,
)
from solver.instance.placement.wires import (
    BANDWIDTH_KEYS,
    LATENCY_KEYS,
    bandwidth_doubt,
    bytes_per_s_of,
    latency_doubt,
    latency_ps_of,
    read_wire,
)
from solver.topology import Host, Link, Switch, Topology, Wire
from solver.topology.hostlist import HostListError, expand_host_list

__all__ = ["MAX_LINKS", "InlineParts"]

MAX_LINKS = 200_000
"""Links of one network: more is a slip in a list of nodes."""
_PLACEHOLDER = Wire(1, 0)
"""Stands for a wire whose figures are reported, so that the graph can still be checked."""


class InlineParts:
    """Parts of a network, one list after the other: hosts, switches, then links between them.

    Parameters
    ----------
    base
        A network from a file or a builder that the parts are added to.

    Attributes
    ----------
    hosts, switches, links
        What was read.
    spoiled
        Whether a part is missing or wrong, so that the graph as a whole would tell what is no news.
    """

    def __init__(self, kinds: MachineKinds, lookup: Lookup, base: Topology | None) -> None:
        self._kinds = kinds
        self._lookup = lookup
        self.hosts: list[Host] = []
        self.switches: list[Switch] = []
        self.links: list[Link] = []
        self.spoiled = False
        self._places: dict[str, str] = {}
        self._joined: dict[tuple[str, str], str] = {}
        if base is not None:
            self._places = dict.fromkeys(base.graph, "topology")
            self._joined = {link.ends: "topology" for link in base.links}

    def _fault(self, key: str, what: str, mend: str) -> None:
        self._lookup.fault(key, what, mend)
        self.spoiled = True

    def _names(self, key: str, text: str) -> tuple[str, ...]:
        try:
            return expand_host_list(text)
        except HostListError as error:
            self._fault(key, str(error), "Write for example n[01-16,20]")
            return ()

    def _new_nodes(self, key: str, text: str) -> Iterator[str]:
        for name in self._names(key, text):
            if name in self._places:
                self._fault(
                    key,
                    f"{name!r} stands twice, first in {self._places[name]}",
                    "Give every host and switch its own name",
                )
                continue
            self._places[name] = key
            yield name

    def add_hosts(self, records: Sequence[HostsRecord]) -> None:
        """Read [[hosts]]."""
        for number, record in enumerate(records):
            key = f"hosts.{number}"
            kind = self._kinds.prototype(f"{key}.machine", record.machine)
            self.hosts += [
                kind.named(name) for name in self._new_nodes(f"{key}.names", record.names)
            ]
        if len(self.hosts) > MAX_HOSTS:
            self._fault("hosts", f"there are {len(self.hosts)}", f"Give at most {MAX_HOSTS}")

    def add_switches(self, records: Sequence[SwitchesRecord]) -> None:
        """Read [[switches]]."""
        for number, record in enumerate(records):
            names = self._new_nodes(f"switches.{number}.names", record.names)
            self.switches += [Switch(name, record.kind) for name in names]

    def add_links(self, records: Sequence[LinksRecord]) -> None:
        """Read [[links]]; all nodes must be known by now."""
        for number, record in enumerate(records):
            key = f"links.{number}"
            wire = read_wire(record, key, self._lookup)
            ends = {
                side: self._known(f"{key}.{side}", self._names(f"{key}.{side}", text))
                for side, text in (("a", record.a), ("b", record.b))
            }
            if len(self.links) + len(ends["a"]) * len(ends["b"]) > 2 * MAX_LINKS:
                self._fault(
                    key,
                    f"{len(ends['a'])} nodes by {len(ends['b'])} are too many links",
                    f"Give at most {MAX_LINKS} in all; join the nodes by a switch",
                )
                continue
            self._add(key, _pairs(ends["a"], ends["b"]), wire or _PLACEHOLDER)

    def _known(self, key: str, names: Iterable[str]) -> tuple[str, ...]:
        known = []
        for name in names:
            if name in self._places:
                known.append(name)
            elif self._lookup.has_fault("hosts", "switches"):
                # The node may be one of those that could not be read.
                self.spoiled = True
            else:
                mend = suggestion(name, self._places, what="nodes")
                self._fault(key, f"{name!r} is no node", f"Add the node, or mend the name. {mend}")
        return tuple(known)

    def _add(self, key: str, pairs: Iterable[tuple[str, str]], wire: Wire) -> None:
        """Links of one record; of several faults of one sort the first is shown."""
        twice, loops = [], []
        for a, b in pairs:
            link = Link.over(a, b, wire)
            if a == b:
                loops.append(a)
            elif link.ends in self._joined:
                twice.append(link.ends)
            else:
                self._joined[link.ends] = key
                self.links.append(link)
        if loops:
            self._fault(key, f"it joins {loops[0]!r} with itself", "Remove it")
        if twice:
            (a, b), more = twice[0], len(twice) - 1
            others = f", and {more} more such pairs" if more else ""
            self._fault(
                key,
                f"it joins {a!r} and {b!r}, as {self._joined[a, b]} does{others}",
                "Write one link with their bandwidths added",
            )

    def add_table(self, key: str, table: CsvTable | None, files: FilesRead) -> None:
        """Links from a CSV file, one a row; ``None``: it could not be read."""
        if table is None:
            self.spoiled = True
            return
        faults: list[Fault] = []
        units = []
        for keys, what in ((BANDWIDTH_KEYS, "bandwidth"), (LATENCY_KEYS, "latency")):
            given = [column for column in table.columns if column in keys]
            if len(given) != 1:
                which = f"{' and '.join(given)} both state" if given else "no column states"
                faults.append(
                    Fault(table.where, f"{which} the {what}", f"Keep one of: {', '.join(keys)}")
                )
            units += given[:1]
        if not faults:
            self._rows(table, units[0], units[1], faults)
        if faults:
            files.failed(key, faults)
            self.spoiled = True

    def _rows(self, table: CsvTable, bandwidth: str, latency: str, faults: list[Fault]) -> None:
        for row in table.rows:
            cells = CellReader(table, row, faults)
            before = len(faults)
            a, b = cells.text("a"), cells.text("b")
            for column, name in (("a", a), ("b", b)):
                if name not in self._places:
                    mend = suggestion(name, self._places, what="nodes")
                    cells.fault(column, "is no node", f"Add the node, or mend the name. {mend}")
            width = cells.number(bandwidth, needed=True)
            delay = cells.number(latency, needed=True, zero=True)
            ends = (a, b) if a <= b else (b, a)
            if a == b:
                cells.fault("b", "the link joins a node with itself", "Remove the row")
            elif ends in self._joined:
                cells.fault(
                    "b",
                    f"{self._joined[ends]} joins it with {a!r} already",
                    "Write one link with their bandwidths added",
                )
            if width is None or delay is None:
                continue
            wire = Wire(bytes_per_s_of(bandwidth, width), latency_ps_of(latency, delay))
            for column, doubt in (
                (bandwidth, bandwidth_doubt(wire.bytes_per_s)),
                (latency, latency_doubt(wire.latency_ps)),
            ):
                if doubt is not None:
                    cells.fault(column, *doubt)
            if len(faults) == before:
                self._joined[ends] = f"line {row.line}"
                self.links.append(Link.over(a, b, wire))


def _pairs(a: tuple[str, ...], b: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """Every node of ``a`` with every one of ``b``; every two nodes where both are the same."""
    if len(a) > 1 and set(a) == set(b):
        return itertools.combinations(sorted(set(a)), 2)
    return itertools.product(a, b)
