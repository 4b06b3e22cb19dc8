"""From machine entries to kinds of host: accelerators, measured tables, devices, prices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from solver.catalog import suggestion
from solver.catalog.domain import Accelerator, Price
from solver.errors import FleetError
from solver.instance.fleet.plausible import DEVICE_USD_PER_HOUR
from solver.instance.lookup import Lookup
from solver.instance.placement.domain import MeasuredMachine, PlacementMachine
from solver.instance.placement.records import MachineRecord
from solver.topology import Host

__all__ = ["ON_DEMAND", "MachineKinds"]

ON_DEMAND = "on-demand"


@dataclass(frozen=True, slots=True)
class _Kind:
    host: Host
    """What every host of this kind is, under the name of the machine."""
    record: MachineRecord
    machine: PlacementMachine | None
    """``None``: something is wrong with it; ``host`` then only lets the network be checked."""


class MachineKinds:
    """Machines of one file by name; graph files may add catalog accelerators to them.

    Parameters
    ----------
    measured
        Tables by machine name where the question is measured, else ``None``.
    priced
        Whether cost counts: then a price that is not stated is the catalog's on demand.

    Attributes
    ----------
    prices
        Catalog prices and dated ones, to tell how old they are.
    """

    def __init__(
        self,
        records: Sequence[MachineRecord],
        lookup: Lookup,
        *,
        measured: Mapping[str, MeasuredMachine] | None,
        priced: bool,
    ) -> None:
        self._lookup = lookup
        self._measured = measured
        self._priced = priced
        self.prices: list[Price] = []
        self._kinds: dict[str, _Kind] = {}
        for record in records:
            if record.name in self._kinds:
                lookup.fault(
                    "machines",
                    f"the name {record.name!r} stands twice",
                    "Give every entry its own name",
                )
            else:
                self._kinds[record.name] = self._kind(record)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all machines, in the order of the file."""
        return tuple(self._kinds)

    @property
    def machines(self) -> tuple[PlacementMachine, ...]:
        """The machines that were read without a fault."""
        found = (kind.machine for kind in self._kinds.values())
        return tuple(machine for machine in found if machine is not None)

    def prototype(self, key: str, name: str) -> Host:
        """What every host of the machine ``name`` is; a placeholder and a fault if unknown."""
        if name not in self._kinds:
            if not self._lookup.has_fault("machines"):
                self._lookup.fault(
                    key,
                    f"{name!r} is none of the machines of the file",
                    suggestion(name, self.names, what="machines")
                    if self._kinds
                    else "Add it to [[machines]]",
                )
            return Host(name=name, accelerator=name, devices=1, hbm_bytes=1)
        return self._kinds[name].host

    def of_file(self, key: str, host: Host) -> Host:
        """A host of a graph file: what it does not say is its machine's.

        A host that names no machine of the file may name a catalog accelerator; it becomes a
        machine of that name.
        """
        name = host.accelerator
        modelled = self._measured is None
        if name not in self._kinds and modelled and name in self._lookup.catalog.accelerators:
            self._kinds[name] = self._kind(MachineRecord(name=name, accelerator=name))
        if name not in self._kinds:
            catalog = self._lookup.catalog.accelerators if modelled else ()
            self._lookup.fault(
                key,
                f"{name!r} is none of the machines of the file"
                + (", nor a catalog accelerator" if modelled else ""),
                suggestion(name, (*self.names, *catalog), what="machines"),
            )
            return host
        kind = self._kinds[name]
        stated, price = kind.record.devices, kind.host.usd_per_hour
        if stated is not None and stated != host.devices:
            self._lookup.fault(
                key,
                f"has {host.devices} devices, and the machine {name!r} has {stated}",
                f"Mend one of them, or leave machines.{name}.devices out",
            )
        each = None if price is None else price / kind.host.devices * host.devices
        accelerator = kind.machine.accelerator if kind.machine is not None else None
        bandwidth, latency = self._inner(kind.record, accelerator, host)
        return replace(
            host,
            device_bytes_per_s=bandwidth,
            device_latency_ps=latency,
            usd_per_hour=host.usd_per_hour or each,
        )

    def no_price(self, name: str) -> tuple[str, str]:
        """What is missing where hosts of the machine ``name`` have no price, and the cure."""
        kind = self._kinds.get(name)
        accelerator = kind.machine.accelerator if kind and kind.machine else None
        tiers = (
            [p.tier for p in self._lookup.catalog.prices_of(accelerator.name)]
            if accelerator
            else []
        )
        return (
            "the price is missing, and the catalog has none on demand",
            f"Write usd_per_hour, or tier = one of: {', '.join(tiers)}"
            if tiers
            else "Write usd_per_hour",
        )

    def _kind(self, record: MachineRecord) -> _Kind:
        key = f"machines.{record.name}"
        before = len(self._lookup.faults)
        accelerator = self._accelerator(record, key)
        hbm = 1 if record.hbm_gb is None else max(1, math.floor(record.hbm_gb * 10**9))
        devices = record.devices
        if accelerator is not None:
            hbm = accelerator.hbm_bytes
            devices = accelerator.node_devices if devices is None else devices
        host = Host(record.name, record.name, devices or 1, hbm)
        bandwidth, latency = self._inner(record, accelerator, host)
        price = self._price(record, key, accelerator)
        host = replace(
            host,
            device_bytes_per_s=bandwidth,
            device_latency_ps=latency,
            usd_per_hour=None if price is None else price * host.devices,
        )
        if len(self._lookup.faults) > before:
            return _Kind(host, record, None)
        measured = None if self._measured is None else self._measured.get(record.name)
        if self._measured is not None and measured is None:
            measured = MeasuredMachine()
        return _Kind(
            host,
            record,
            PlacementMachine(record.name, accelerator, measured, record.max_layers),
        )

    def _accelerator(self, record: MachineRecord, key: str) -> Accelerator | None:
        if self._measured is not None:
            if record.accelerator is not None:
                self._lookup.fault(
                    f"{key}.accelerator",
                    f"{record.accelerator!r} asks for a performance model, and [measured] for none",
                    "Leave it out, or name a workload.model in place of its shape",
                )
            if record.hbm_gb is None and not self._lookup.has_fault(f"{key}.hbm_gb"):
                self._lookup.fault(
                    f"{key}.hbm_gb", "is missing", "A measured machine states its memory"
                )
            return None
        if record.hbm_gb is not None:
            self._lookup.fault(
                f"{key}.hbm_gb",
                "is stated by the accelerator's catalog entry",
                "Leave it out, or add an entry of your own to [[accelerators]]",
            )
        if record.accelerator is None:
            if not self._lookup.has_fault(f"{key}.accelerator"):
                self._lookup.fault(
                    f"{key}.accelerator",
                    "is missing",
                    "Name a catalog accelerator, or give workload.shape and [measured]",
                )
            return None
        return self._lookup.accelerator(f"{key}.accelerator", record.accelerator)

    def _inner(
        self, record: MachineRecord, accelerator: Accelerator | None, host: Host
    ) -> tuple[int | None, int | None]:
        """Bytes/s and latency between the devices of a host, where it has several."""
        if host.devices == 1:
            return None, None
        bandwidth, latency = host.device_bytes_per_s, host.device_latency_ps
        if bandwidth is None and record.device_gb_per_s is not None:
            bandwidth = max(1, math.floor(record.device_gb_per_s * 10**9))
        if bandwidth is None and accelerator is not None:
            # Cards that are sold one by one are joined by what their entry states, mostly PCIe.
            inner = accelerator.scale_up_bytes_per_s
            bandwidth = None if math.isinf(inner) else int(inner)
        if latency is None and record.device_latency_us is not None:
            latency = math.ceil(record.device_latency_us * 10**6)
        return bandwidth, latency

    def _price(
        self, record: MachineRecord, key: str, accelerator: Accelerator | None
    ) -> Fraction | None:
        """US$ an hour of one device."""
        fault = self._lookup.fault
        if record.usd_per_hour is not None and record.tier is not None:
            fault(f"{key}.usd_per_hour", "the price is stated twice", "Keep it or tier")
            return None
        if record.usd_per_hour is not None:
            self._dated(record, record.usd_per_hour)
            return record.usd_per_hour
        if accelerator is None:
            if record.tier is not None and not self._lookup.has_fault(f"{key}.accelerator"):
                fault(
                    f"{key}.tier",
                    f"{record.tier!r} needs an accelerator to look the price up for",
                    "Write usd_per_hour",
                )
            return None
        listed = (accelerator.name, ON_DEMAND) in self._lookup.catalog.prices
        if record.tier is None and not (self._priced and listed):
            return None
        try:
            price = self._lookup.catalog.price(accelerator.name, record.tier or ON_DEMAND)
        except FleetError as error:
            for found in error.faults:
                fault(f"{key}.tier", found.what, found.mend)
            return None
        doubt = DEVICE_USD_PER_HOUR.doubt(price.usd_per_hour)
        if doubt is not None:
            fault(f"{key}.tier", *doubt)
        self.prices.append(price)
        return price.usd_per_hour

    def _dated(self, record: MachineRecord, usd_per_hour: Fraction) -> None:
        if record.as_of:
            self.prices.append(
                Price(
                    accelerator=record.accelerator or record.name,
                    tier="stated",
                    usd_per_hour=usd_per_hour,
                    as_of=record.as_of,
                    source=record.source or "instance file",
                )
            )
