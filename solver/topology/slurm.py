"""Slurm's ``topology.conf`` of the tree plug-in, read as a topology.

Lines are ``SwitchName=NAME Nodes=LIST`` or ``SwitchName=NAME Switches=LIST``; keys in any case,
``#`` begins a comment, a backslash at the end joins lines. The file states who hangs on whom and
nothing else: machines and wires are arguments. ``LinkSpeed`` is accepted and not used, as Slurm
itself leaves its unit open and ignores it. A switch is a leaf if no switch hangs below it, a spine
above leaves, a core above spines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from solver.errors import Fault, InstanceError
from solver.topology.checks import topology_faults
from solver.topology.elements import Host, Link, Switch, SwitchKind, Wire
from solver.topology.graph import Topology
from solver.topology.hostlist import HostListError, expand_host_list
from solver.topology.text_files import read_text

__all__ = ["parse_slurm_topology", "read_slurm_topology"]

_KEYS = ("switchname", "nodes", "switches", "linkspeed")
_EQUALS = re.compile(r"\s*=\s*")
"""Slurm lets a key and its value stand apart."""
_TIERS: tuple[SwitchKind, ...] = ("leaf", "spine", "core")


@dataclass(slots=True)
class _Record:
    line: int
    nodes: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    where: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: object, what: str, mend: str) -> None:
        self.faults.append(Fault(f"{self.where}: {place}", what, mend))


def read_slurm_topology(
    path: Path, *, host: Host | Mapping[str, Host], wires: Sequence[Wire]
) -> Topology:
    """Read a ``topology.conf``; arguments as ``parse_slurm_topology``.

    Raises
    ------
    InstanceError
        With every fault.
    """
    return parse_slurm_topology(read_text(path), host=host, wires=wires, where=str(path))


def parse_slurm_topology(
    text: str,
    *,
    host: Host | Mapping[str, Host],
    wires: Sequence[Wire],
    where: str = "topology.conf",
) -> Topology:
    """The topology that the text of a ``topology.conf`` describes.

    Parameters
    ----------
    host
        The machine that every node is, whatever its name; or host list -> machine, such as
        ``{"a[01-16]": a100, "l[01-32]": l4}``, which must name every node once.
    wires
        Wires upwards: from a host to its switch, from a leaf to its parent, and so on; the last one
        serves all tiers above it too.

    Raises
    ------
    InstanceError
        With every fault: unknown or missing key, a malformed list, a switch that is written twice,
        unknown or in a circle, a node without machine, and those of ``Topology``.
    ValueError
        If there is no wire.
    """
    if not wires:
        raise ValueError("a topology needs at least one wire")
    reading = _Reading(where)
    records = _records(text, reading)
    _check_switches(records, reading)
    heights = _heights(records, reading)
    kinds = _machines(host, records, reading)
    hosts, links = [], []
    for name, record in records.items():
        hosts += [kinds[node].named(node) for node in record.nodes if node in kinds]
        links += [Link.over(node, name, wires[0]) for node in record.nodes if node in kinds]
        links += [
            Link.over(child, name, wires[min(heights.get(child, 0) + 1, len(wires) - 1)])
            for child in record.switches
            if child in records
        ]
    switches = [Switch(name, _TIERS[min(heights.get(name, 0), 2)]) for name in records]
    if not reading.faults:
        # A fault above leaves nodes out, and what is then missing would be named a second time.
        reading.faults += topology_faults(hosts, switches, links, where=where)
    if reading.faults:
        raise InstanceError.all_of(reading.faults)
    return Topology(Path(where).stem, tuple(hosts), tuple(switches), tuple(links), where=where)


def _records(text: str, reading: _Reading) -> dict[str, _Record]:
    records: dict[str, _Record] = {}
    for number, line in _lines(text):
        place = f"line {number}"
        values: dict[str, str] = {}
        for word in line.split():
            key, equals, value = word.partition("=")
            if not equals or key.lower() not in _KEYS:
                reading.fault(
                    place,
                    f"{word!r} is not a known key",
                    "Write SwitchName=, Nodes= or Switches=; only the tree plug-in is read",
                )
            elif key.lower() in values:
                reading.fault(place, f"{key} is written twice", "Join the two")
            else:
                values[key.lower()] = value.strip('"')
        lists = {key: _names(values.get(key), key, place, reading) for key in _KEYS[:3]}
        if not lists["switchname"]:
            reading.fault(place, "SwitchName is missing", "Begin the line with SwitchName=NAME")
        elif not lists["nodes"] and not lists["switches"]:
            if values.keys() & {"nodes", "switches"}:
                continue
            reading.fault(place, "nothing hangs on this switch", "Add Nodes= or Switches=")
        for name in lists["switchname"]:
            if name in records:
                reading.fault(
                    place,
                    f"switch {name!r} stands in line {records[name].line} already",
                    "Give every switch one line",
                )
            else:
                records[name] = _Record(number, lists["nodes"], lists["switches"])
    return records


def _lines(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    start, joined = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = _EQUALS.sub("=", re.sub(r"#.*", "", raw)).strip()
        start = start or number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        if joined + line:
            lines.append((start, joined + line))
        start, joined = 0, ""
    if joined:
        lines.append((start, joined))
    return lines


def _names(value: str | None, key: str, place: str, reading: _Reading) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        return expand_host_list(value)
    except HostListError as error:
        reading.fault(f"{place}: {key}", str(error), "Write for example n[01-16,20]")
        return ()


def _check_switches(records: Mapping[str, _Record], reading: _Reading) -> None:
    if not records and not reading.faults:
        reading.fault("SwitchName", "there is no switch", "Add SwitchName=NAME Nodes=LIST")
    for key in ("nodes", "switches"):
        counts = Counter(name for record in records.values() for name in getattr(record, key))
        for name, count in counts.items():
            if count > 1:
                reading.fault(
                    f"{key}.{name}",
                    f"{name!r} is listed {count} times",
                    "List it under one switch, once",
                )
    for name, record in records.items():
        for child in record.switches:
            if child not in records:
                reading.fault(
                    f"line {record.line}",
                    f"{name!r} lists the switch {child!r}, which has no line",
                    f"Add SwitchName={child}, or mend the name",
                )


def _heights(records: Mapping[str, _Record], reading: _Reading) -> dict[str, int]:
    """Tiers of switches below each switch; those in a circle are left out and named."""
    heights: dict[str, int] = {}
    waiting = dict(records)
    while waiting:
        ready = {
            name: [heights[child] for child in record.switches if child in records]
            for name, record in waiting.items()
            if all(child in heights or child not in records for child in record.switches)
        }
        if not ready:
            reading.fault(
                "Switches",
                f"{', '.join(sorted(waiting))} hang on each other in a circle",
                "Let every switch hang on a higher one",
            )
            break
        for name, below in ready.items():
            heights[name] = 1 + max(below, default=-1)
            del waiting[name]
    return heights


def _machines(
    host: Host | Mapping[str, Host], records: Mapping[str, _Record], reading: _Reading
) -> dict[str, Host]:
    nodes = [node for record in records.values() for node in record.nodes]
    if isinstance(host, Host):
        return dict.fromkeys(nodes, host)
    kinds: dict[str, Host] = {}
    for names, kind in host.items():
        for name in _names(names, "machines", names, reading):
            if name in kinds:
                reading.fault(
                    f"machines.{names}", f"{name!r} has a machine already", "Name every node once"
                )
            kinds[name] = kind
    for node in dict.fromkeys(nodes):
        if node not in kinds:
            reading.fault(
                f"nodes.{node}",
                "the file does not say what machine it is, nor does the list of machines",
                "Add the node to the machines",
            )
    return kinds
