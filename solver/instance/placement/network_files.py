"""Networks from files that people have: graphs, Slurm's topology.conf, nvidia-smi topo -m."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath

from solver.errors import Fault, FleetError, InstanceError
from solver.instance.fleet.plausible import PlausibleRange
from solver.instance.lookup import Lookup
from solver.instance.placement.files_read import FilesRead
from solver.instance.placement.machines import MachineKinds
from solver.instance.placement.network_records import TopologyRecord
from solver.instance.placement.wires import bandwidth_doubt, latency_doubt, read_wire
from solver.topology import Host, Topology, Wire
from solver.topology.device_matrix import parse_device_matrix
from solver.topology.graphml import parse_graphml
from solver.topology.matrix_hosts import MAX_NVLINKS, topology_of_matrix
from solver.topology.node_link import topology_from_node_link
from solver.topology.slurm import parse_slurm_topology

__all__ = ["FILE_KEYS", "network_from_file"]

FILE_KEYS: dict[str, tuple[str, ...]] = {
    ".graphml": (),
    ".json": (),
    ".conf": ("machine", "wires"),
    ".txt": ("machine", "nvlink", "pcie", "max_nvlinks"),
}
"""Keys that go with a file, by the end of its name."""
_FILE = "topology.file"
_HBM = PlausibleRange(
    "bytes of HBM for one device",
    low=Fraction(10**8),
    low_mend="Is it in gigabytes? The key names the unit: hbm_bytes or hbm_gb",
    high=Fraction(10**14),
    high_mend="Is it in bytes already? The key names the unit: hbm_bytes or hbm_gb",
)
_UNUSED = Wire(1, 0)
"""Where no GPU has an NVLink its figures are not asked for."""


def network_from_file(
    record: TopologyRecord, kinds: MachineKinds, files: FilesRead, lookup: Lookup
) -> Topology | None:
    """The network in ``record.file``, or ``None`` and faults."""
    name = record.file or ""
    suffix = PurePath(name).suffix.lower()
    reader = _Reader(record, name, kinds, files, lookup)
    reading = {
        ".graphml": reader.graphml,
        ".json": reader.node_link,
        ".conf": reader.slurm,
        ".txt": reader.matrix,
    }.get(suffix)
    if reading is None:
        lookup.fault(
            _FILE,
            f"what {name!r} holds cannot be told from its name",
            f"Let it end in one of: {', '.join(FILE_KEYS)}",
        )
        return None
    return reading()


class _Reader:
    def __init__(
        self,
        record: TopologyRecord,
        name: str,
        kinds: MachineKinds,
        files: FilesRead,
        lookup: Lookup,
    ) -> None:
        self._record = record
        self._name = name
        self._kinds = kinds
        self._files = files
        self._lookup = lookup

    def _parsed(self, parse: Callable[[str], Topology]) -> Topology | None:
        text = self._files.text(_FILE, self._name)
        if text is None:
            return None
        try:
            return parse(text)
        except FleetError as error:
            self._files.failed(_FILE, error.faults)
            return None

    def graphml(self) -> Topology | None:
        name = PurePath(self._name).stem
        return self._of_machines(
            self._parsed(lambda text: parse_graphml(text, name=name, where=self._name))
        )

    def node_link(self) -> Topology | None:
        text = self._files.text(_FILE, self._name)
        if text is None:
            return None
        try:
            data = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            mend = "Write it with networkx.node_link_data"
            self._files.failed(_FILE, [Fault(self._name, f"is not JSON ({error})", mend)])
            return None
        name = PurePath(self._name).stem
        try:
            found = topology_from_node_link(data, name=name, where=self._name)
        except FleetError as error:
            self._files.failed(_FILE, error.faults)
            return None
        return self._of_machines(found)

    def _of_machines(self, topology: Topology | None) -> Topology | None:
        """The network with what the file leaves to the machines of the question."""
        if topology is None:
            return None
        self._doubt_figures(topology)
        hosts = tuple(
            self._kinds.of_file(f"{_FILE}: {self._name}: nodes.{host.name}", host)
            for host in topology.hosts
        )
        return Topology(
            topology.name, hosts, topology.switches, topology.links, where=topology.where
        )

    def _doubt_figures(self, topology: Topology) -> None:
        """Note figures that a slip of unit gives away, as of inline links."""
        found: list[Fault] = []
        for link in topology.links:
            doubts = (bandwidth_doubt(link.bytes_per_s), latency_doubt(link.latency_ps))
            found += [
                Fault(f"{self._name}: links.{link.name}", *doubt)
                for doubt in doubts
                if doubt is not None
            ]
        for host in topology.hosts:
            doubt = _HBM.doubt(Fraction(host.hbm_bytes))
            if doubt is not None:
                found.append(Fault(f"{self._name}: nodes.{host.name}", *doubt))
        self._files.failed(_FILE, found)

    def _machine(self) -> str | dict[str, str] | None:
        machine = self._record.machine
        if machine is None and not self._lookup.has_fault("topology.machine"):
            self._lookup.fault(
                "topology.machine", "is missing", f"Say what the hosts of {self._name!r} are"
            )
        return machine

    def slurm(self) -> Topology | None:
        machine = self._machine()
        wires = [
            read_wire(wire, f"topology.wires.{number}", self._lookup)
            for number, wire in enumerate(self._record.wires)
        ]
        if not wires and not self._lookup.has_fault("topology.wires"):
            self._lookup.fault(
                "topology.wires",
                "is missing",
                "Give a wire from hosts to leaves, and one for each tier above",
            )
        host: Host | dict[str, Host] | None = None
        if isinstance(machine, dict):
            host = {
                names: self._kinds.prototype(f"topology.machine.{names}", one)
                for names, one in machine.items()
            }
        elif machine is not None:
            host = self._kinds.prototype("topology.machine", machine)
        known = [wire for wire in wires if wire is not None]
        if host is None or not known or len(known) < len(wires):
            return None
        return self._parsed(
            lambda text: parse_slurm_topology(text, host=host, wires=known, where=self._name)
        )

    def matrix(self) -> Topology | None:
        machine = self._machine()
        if isinstance(machine, dict):
            self._lookup.fault(
                "topology.machine", "is a table", "Name the one machine that every GPU is"
            )
            machine = None
        pcie: dict[str, Wire | None] = {
            code: read_wire(wire, f"topology.pcie.{code}", self._lookup)
            for code, wire in self._record.pcie.items()
        }
        nvlink = None
        if self._record.nvlink is not None:
            nvlink = read_wire(self._record.nvlink, "topology.nvlink", self._lookup)
        lost = self._record.nvlink is not None and nvlink is None
        routes = {code: wire for code, wire in pcie.items() if wire is not None}
        if machine is None or lost or len(routes) < len(pcie):
            return None
        machine_host = self._kinds.prototype("topology.machine", machine)
        price = machine_host.usd_per_hour
        gpu = replace(
            machine_host,
            devices=1,
            usd_per_hour=None if price is None else price / machine_host.devices,
        )
        return self._parsed(lambda text: self._gpus(text, gpu, nvlink, routes))

    def _gpus(
        self, text: str, gpu: Host, nvlink: Wire | None, pcie: Mapping[str, Wire]
    ) -> Topology:
        matrix = parse_device_matrix(text, where=self._name)
        bonded = any(matrix.nvlinks(a, b) for a in matrix.gpus for b in matrix.gpus if a != b)
        if bonded and nvlink is None:
            raise InstanceError.one(
                "GPUs are joined by NVLinks, whose figures are not stated",
                where=self._name,
                mend="Give the wire of one as topology.nvlink",
            )
        return topology_of_matrix(
            matrix,
            gpu=gpu,
            nvlink=nvlink or _UNUSED,
            pcie=pcie,
            name=PurePath(self._name).stem,
            where=self._name,
            max_nvlinks=self._record.max_nvlinks or MAX_NVLINKS,
        )
