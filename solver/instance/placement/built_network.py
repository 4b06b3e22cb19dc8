"""Networks made by rule: which keys of a placement file go with which builder, and the call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from solver.catalog import suggestion
from solver.errors import FleetError
from solver.instance.lookup import Lookup
from solver.instance.placement.machines import MachineKinds
from solver.instance.placement.network_records import (
    MAX_HOSTS,
    BuilderKeys,
    RegionRecord,
    TopologyRecord,
    WireKeys,
)
from solver.instance.placement.wires import read_wire
from solver.topology import Host, Topology, Wire
from solver.topology.builders import (
    Row,
    dgx_pod,
    fat_tree,
    heterogeneous_rows,
    nvl72_racks,
    rail_optimised,
    regions_over_wan,
)
from solver.topology.builders.figures import ETHERNET_100G

__all__ = ["BUILDER_KEYS", "built_network"]

_NEEDED: dict[str, tuple[str, ...]] = {
    "dgx_pod": ("machine", "count"),
    "rail_optimised": ("machine", "count", "rails", "radix"),
    "fat_tree": ("machine", "radix"),
    "nvl72_racks": ("machine", "racks"),
    "heterogeneous_rows": ("rows",),
    "regions_over_wan": ("regions", "gateway"),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "dgx_pod": ("rails", "radix", "wire"),
    "rail_optimised": ("wire", "spines"),
    "fat_tree": ("count", "wire", "host_wire"),
    "nvl72_racks": ("trays", "nvlink", "nic", "uplink", "spines"),
    "heterogeneous_rows": ("trunk", "spines"),
    "regions_over_wan": ("wan",),
}
BUILDER_KEYS = {name: (*_NEEDED[name], *_OPTIONAL[name]) for name in _NEEDED}
"""Keys that go with each builder."""
_TRAYS = 18


def built_network(
    record: TopologyRecord, name: str, kinds: MachineKinds, lookup: Lookup
) -> Topology | None:
    """The network of ``record.builder``, or ``None`` and faults.

    Parameters
    ----------
    name
        Of the network.
    """
    reader = _Builder(kinds, lookup)
    if record.builder == "regions_over_wan":
        return reader.regions(record, name)
    return reader.network(record, record.builder or "", "topology", name)


class _Builder:
    def __init__(self, kinds: MachineKinds, lookup: Lookup) -> None:
        self._kinds = kinds
        self._lookup = lookup

    def _complete(self, record: BuilderKeys, builder: str, key: str) -> bool:
        """Whether all that the builder needs is there; keys of others are faults."""
        complete = True
        for name in _NEEDED[builder]:
            if not getattr(record, name):
                complete = False
                if not self._lookup.has_fault(f"{key}.{name}"):
                    self._lookup.fault(f"{key}.{name}", "is missing", f"{builder} needs it")
        return complete

    def _wires(self, record: BuilderKeys, key: str, *names: str) -> dict[str, Wire] | None:
        """The wires that are stated; ``None`` and faults if one cannot be read."""
        found: dict[str, Wire | None] = {}
        for name in names:
            keys: WireKeys | None = getattr(record, name)
            if keys is not None:
                found[name] = read_wire(keys, f"{key}.{name}", self._lookup)
        if any(wire is None for wire in found.values()):
            return None
        return {name: wire for name, wire in found.items() if wire is not None}

    def _host(self, record: BuilderKeys, key: str) -> Host | None:
        if not isinstance(record.machine, str):
            self._lookup.fault(
                f"{key}.machine", "is a table", "Name the one machine that this network is made of"
            )
            return None
        return self._kinds.prototype(f"{key}.machine", record.machine)

    def _made(self, key: str, build: Callable[[], Topology]) -> Topology | None:
        try:
            return build()
        except FleetError as error:
            for fault in error.faults:
                self._lookup.fault(f"{key}: {fault.where}", fault.what, fault.mend)
        except ValueError as error:
            self._lookup.fault(key, str(error), "Correct the number")
        return None

    def network(self, record: BuilderKeys, builder: str, key: str, name: str) -> Topology | None:
        """One network without regions."""
        if not self._complete(record, builder, key):
            return None
        if builder == "heterogeneous_rows":
            return self._rows(record, key, name)
        host = self._host(record, key)
        stated: dict[str, Any] = {"name": name}
        names = _OPTIONAL[builder]
        wires = self._wires(
            record,
            key,
            *(one for one in names if one in ("wire", "host_wire", "nvlink", "nic", "uplink")),
        )
        if host is None or wires is None or not self._fits(record, builder, key):
            return None
        stated.update(wires)
        for one in ("rails", "radix", "spines", "trays"):
            if one in BUILDER_KEYS[builder] and getattr(record, one) is not None:
                stated[one] = getattr(record, one)
        count, radix, racks = record.count or 0, stated.pop("radix", 0), record.racks or 0
        if builder == "nvl72_racks":
            return self._made(key, lambda: nvl72_racks(racks, tray=host, **stated))
        if builder == "fat_tree":
            return self._made(key, lambda: fat_tree(host, radix, count=record.count, **stated))
        if radix:
            stated["radix"] = radix
        if builder == "dgx_pod":
            return self._made(key, lambda: dgx_pod(count, host=host, **stated))
        return self._made(key, lambda: rail_optimised(host, count, **stated))

    def _fits(self, record: BuilderKeys, builder: str, key: str) -> bool:
        """Whether a network is of a size that can be computed with."""
        total = 0
        if builder == "nvl72_racks":
            total = (record.racks or 0) * (record.trays or _TRAYS)
        elif builder == "fat_tree" and record.count is None:
            total = (record.radix or 0) ** 3 // 4
        if total > MAX_HOSTS:
            self._lookup.fault(key, f"it has {total} hosts", f"Ask for at most {MAX_HOSTS}")
        return total <= MAX_HOSTS

    def _rows(self, record: BuilderKeys, key: str, name: str) -> Topology | None:
        wires = self._wires(record, key, "trunk")
        rows, sound = [], wires is not None
        for row in record.rows:
            place = f"{key}.rows.{row.name}"
            wire: Wire | None = ETHERNET_100G
            if row.wire is not None:
                wire = read_wire(row.wire, f"{place}.wire", self._lookup)
            machines = tuple(
                (self._kinds.prototype(f"{place}.machines", machine), count)
                for machine, count in row.machines.items()
            )
            sound = sound and wire is not None
            rows.append(Row(row.name, machines, wire or ETHERNET_100G))
        for twice in _twice(row.name for row in rows):
            sound = False
            self._lookup.fault(
                f"{key}.rows", f"the name {twice!r} stands twice", "Give every row its own name"
            )
        if len(rows) > 1 and record.trunk is None:
            sound = False
            if not self._lookup.has_fault(f"{key}.trunk"):
                self._lookup.fault(
                    f"{key}.trunk", "is missing", "Give the wire from a leaf to one spine"
                )
        if not sound or wires is None:
            return None
        trunk = wires.get("trunk", ETHERNET_100G)
        return self._made(
            key,
            lambda: heterogeneous_rows(rows, trunk=trunk, spines=record.spines or 1, name=name),
        )

    def _region(self, region: RegionRecord, key: str) -> Topology | None:
        builder = region.builder or ("heterogeneous_rows" if region.rows else None)
        if builder is None:
            if not self._lookup.has_fault(f"{key}.builder", f"{key}.rows"):
                self._lookup.fault(key, "nothing stands in the region", "Give rows or a builder")
            return None
        return self._checked(region, builder, key)

    def _checked(self, region: RegionRecord, builder: str, key: str) -> Topology | None:
        for name in sorted(region.model_fields_set - {"name", "builder"}):
            if name not in BUILDER_KEYS[builder]:
                self._lookup.fault(
                    f"{key}.{name}",
                    f"does not go with {builder}",
                    f"Remove it; {builder} takes {', '.join(BUILDER_KEYS[builder])}",
                )
        return self.network(region, builder, key, region.name)

    def regions(self, record: TopologyRecord, name: str) -> Topology | None:
        """Regions joined by long-haul links."""
        if not self._complete(record, "regions_over_wan", "topology"):
            return None
        wires = self._wires(record, "topology", "gateway")
        inside = {
            region.name: self._region(region, f"topology.regions.{region.name}")
            for region in record.regions
        }
        sound = wires is not None
        for twice in _twice(region.name for region in record.regions):
            sound = False
            self._lookup.fault(
                "topology.regions",
                f"the name {twice!r} stands twice",
                "Give every region its own name",
            )
        links = []
        for number, link in enumerate(record.wan):
            key = f"topology.wan.{number}"
            wire = read_wire(link, key, self._lookup)
            for end in (link.a, link.b):
                if end not in inside:
                    sound = False
                    mend = suggestion(end, inside, what="regions")
                    self._lookup.fault(key, f"{end!r} is no region", mend)
            if wire is None:
                sound = False
            else:
                links.append((link.a, link.b, wire))
        parts = {region: part for region, part in inside.items() if part is not None}
        if not sound or wires is None or len(parts) < len(inside):
            return None
        return self._made(
            "topology",
            lambda: regions_over_wan(parts, links, gateway=wires["gateway"], name=name),
        )


def _twice(names: Any) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
