"""The network of a placement file, whatever it comes from: one source, and inline parts added."""

from __future__ import annotations

from pathlib import PurePath

from solver.catalog import suggestion
from solver.errors import FleetError
from solver.instance.fleet.fault_limit import listed
from solver.instance.lookup import Lookup
from solver.instance.placement.built_network import BUILDER_KEYS, built_network
from solver.instance.placement.files_read import FilesRead
from solver.instance.placement.inline_parts import InlineParts
from solver.instance.placement.machines import MachineKinds
from solver.instance.placement.network_files import FILE_KEYS, network_from_file
from solver.instance.placement.network_records import MAX_HOSTS, TopologyRecord
from solver.instance.placement.records import PlacementFile
from solver.instance.placement.wires import BANDWIDTH_KEYS, LATENCY_KEYS
from solver.topology import Topology

__all__ = ["check_gateways", "read_network"]

_ALWAYS = frozenset({"links_file", "through_hosts", "entry", "exit", "rounding"})
"""Keys that go with every source; links of a table are added as inline ones are."""
_RESERVED = ("entry", "exit")
"""Results call the two ends of a flow so."""


def read_network(
    record: PlacementFile, kinds: MachineKinds, files: FilesRead, lookup: Lookup
) -> Topology | None:
    """The network that a file describes, or ``None`` and every fault found."""
    topology = record.topology
    _check_keys(topology, lookup)
    given = topology.file is not None or topology.builder is not None
    base = None
    if topology.file is not None:
        base = network_from_file(topology, kinds, files, lookup)
    elif topology.builder is not None:
        base = built_network(topology, record.name, kinds, lookup)
    if given and base is None:
        return None
    parts = InlineParts(kinds, lookup, base)
    parts.add_hosts(record.hosts)
    parts.add_switches(record.switches)
    parts.add_links(record.links)
    if topology.links_file is not None:
        table = files.table(
            "topology.links_file",
            topology.links_file,
            needed=("a", "b"),
            optional=(*BANDWIDTH_KEYS, *LATENCY_KEYS),
        )
        parts.add_table("topology.links_file", table, files)
    if base is None and not record.hosts:
        if not lookup.has_fault("hosts", "topology"):
            lookup.fault(
                "topology",
                "the file describes no network",
                "Give [[hosts]] and [[links]], or topology.file, or topology.builder",
            )
        return None
    lost = {f"{lookup.where}: {key}" for key in ("hosts", "switches", "links")}
    if parts.spoiled or any(fault.where in lost for fault in lookup.faults):
        # What a lost part leaves disconnected would be no news.
        return None
    return _whole(record, base, parts, lookup)


def _whole(
    record: PlacementFile, base: Topology | None, parts: InlineParts, lookup: Lookup
) -> Topology | None:
    hosts = (*(base.hosts if base else ()), *parts.hosts)
    if len(hosts) > MAX_HOSTS:
        lookup.fault("topology", f"it has {len(hosts)} hosts", f"Give at most {MAX_HOSTS}")
        return None
    for host in hosts:
        if host.name in _RESERVED:
            lookup.fault(
                f"topology: nodes.{host.name}",
                f"{host.name!r} is what results call the {host.name} of a flow",
                "Give the host another name",
            )
    where = f"{lookup.where}: topology"
    try:
        return Topology(
            record.name,
            hosts,
            (*(base.switches if base else ()), *parts.switches),
            (*(base.links if base else ()), *parts.links),
            where=where,
        )
    except FleetError as error:
        lookup.faults.extend(listed(error.faults, where))
        return None


def _check_keys(record: TopologyRecord, lookup: Lookup) -> None:
    """Note keys that do not go with the source, and two sources at once."""
    stated = record.model_fields_set - _ALWAYS
    if record.file is not None and record.builder is not None:
        lookup.fault(
            "topology",
            f"names both the file {record.file!r} and the builder {record.builder!r}",
            "Keep one of them",
        )
        return
    what: str = "an inline network"
    takes: tuple[str, ...] = ()
    if record.builder is not None:
        what, takes = record.builder, ("builder", *BUILDER_KEYS[record.builder])
    elif record.file is not None:
        suffix = PurePath(record.file).suffix.lower()
        if suffix not in FILE_KEYS:
            return
        what, takes = f"a {suffix} file", ("file", *FILE_KEYS[suffix])
    elif lookup.has_fault("topology.file", "topology.builder"):
        return
    for key in sorted(stated - set(takes)):
        takers = [name for name, keys in (*BUILDER_KEYS.items(), *FILE_KEYS.items()) if key in keys]
        lookup.fault(
            f"topology.{key}",
            f"does not go with {what}",
            f"Remove it; it goes with {', '.join(takers)}",
        )


def check_gateways(record: TopologyRecord, topology: Topology, lookup: Lookup) -> None:
    """Note an entry or exit that is no gateway of the network."""
    for key, name in (("entry", record.entry), ("exit", record.exit)):
        if name is None or name in topology.gateway_names:
            continue
        if name in topology.graph:
            kind = topology.graph.nodes[name]["kind"]
            what, mend = f"{name!r} is a {kind}, no gateway", "Name a switch of kind 'gateway'"
        else:
            what = f"{name!r} is no node of the network"
            mend = (
                suggestion(name, topology.gateway_names, what="gateways")
                if topology.gateway_names
                else "Add it to [[switches]] with kind = 'gateway', and join it with [[links]]"
            )
        lookup.fault(f"topology.{key}", what, mend)
