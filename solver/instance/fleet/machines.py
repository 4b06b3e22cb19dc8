"""From machine entries to offers: accelerators, contracts, prices, watts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from solver.catalog.domain import Accelerator, Price
from solver.errors import FleetError
from solver.instance.energy import EnergyTerms
from solver.instance.fleet.clock_choice import machine_clocks
from solver.instance.fleet.domain import Contract, MachineOffer, Ownership, RackOrbit
from solver.instance.fleet.machine_records import ContractRecord, MachineEntry, RackRecord
from solver.instance.fleet.plausible import DEVICE_USD_PER_HOUR
from solver.instance.lookup import Lookup
from solver.instance.record_types import exact_fraction

__all__ = ["MachineReader", "rack_orbit"]

ON_DEMAND = "on-demand"
_OWNER_KEYS = (
    "purchase_usd",
    "depreciation_years",
    "utilisation",
    "pue",
    "usd_per_kwh",
    "maintenance_per_year",
)
_OWNER_NEEDS = ("purchase_usd", "depreciation_years", "usd_per_kwh")
_COMMITTED = ("reserved", "owned")


class MachineReader:
    """Machines of one file; ``prices`` collects what was dated, to tell how old it is.

    Parameters
    ----------
    energy
        Of the file: devices then draw what the power model says, and owners may pay the grid.
    clocks
        Those of the design space; a machine may state its own.
    """

    def __init__(
        self,
        lookup: Lookup,
        energy: EnergyTerms | None = None,
        clocks: Sequence[int] | str | None = None,
    ) -> None:
        self._lookup = lookup
        self._energy = energy
        self._clocks = clocks
        self.prices: list[Price] = []

    def offer(self, entry: MachineEntry) -> MachineOffer | None:
        """The machine on offer, or ``None`` and faults.

        It has no contract where neither the file nor the catalog states a price.
        """
        key = f"machines.{entry.name}"
        before = len(self._lookup.faults)
        accelerator = None
        if entry.accelerator is not None:
            accelerator = self._lookup.accelerator(f"{key}.accelerator", entry.accelerator)
            if accelerator is None:
                return None
        watts = entry.watts_per_device
        if watts is None and accelerator is not None:
            stated = accelerator.all_in_w if accelerator.all_in_w is not None else accelerator.tdp_w
            watts = None if stated is None else exact_fraction(stated)
        self._check_stock(entry, key)
        contracts = self._contracts(entry, key, accelerator)
        owned = any(contract.ownership for contract in contracts)
        if watts is None and owned and not self._lookup.has_fault(f"{key}.watts_per_device"):
            self._lookup.fault(
                f"{key}.watts_per_device",
                "is missing, and an owner pays for energy",
                "Give the watts of one device in use",
            )
        clocks = machine_clocks(entry, self._clocks, accelerator, self._lookup)
        if len(self._lookup.faults) > before:
            return None
        return MachineOffer(
            name=entry.name,
            accelerator=accelerator,
            node_devices=entry.node_devices,
            watts_per_device=watts,
            contracts=contracts,
            stock_devices=entry.stock_devices,
            clocks_mhz=clocks,
            modelled_watts=self._energy is not None
            and entry.watts_per_device is None
            and accelerator is not None
            and accelerator.power is not None,
        )

    def _check_stock(self, entry: MachineEntry, key: str) -> None:
        stocks = [(f"{key}.stock_devices", entry.stock_devices)]
        stocks += [
            (f"{key}.contracts.{contract.name or place}.stock_devices", contract.stock_devices)
            for place, contract in enumerate(entry.contracts)
        ]
        for place, stock in stocks:
            if stock is not None and stock < entry.node_devices:
                self._lookup.fault(
                    place,
                    f"{stock} devices are less than one node of {entry.node_devices}",
                    "Give at least one node, or leave the offer out",
                )

    def _contracts(
        self, entry: MachineEntry, key: str, accelerator: Accelerator | None
    ) -> tuple[Contract, ...]:
        short = entry.usd_per_hour is not None or entry.tier is not None
        if short and entry.contracts:
            self._lookup.fault(
                key,
                "has a price of its own and contracts",
                "Write the price into a contract of kind 'on_demand'",
            )
            return ()
        if entry.contracts:
            found = [
                self._contract(
                    record, f"{key}.contracts.{record.name or place}", entry.name, accelerator
                )
                for place, record in enumerate(entry.contracts)
            ]
        elif short or self._has_on_demand(accelerator):
            record = ContractRecord(
                kind="on_demand",
                usd_per_hour=entry.usd_per_hour,
                tier=entry.tier if short else ON_DEMAND,
                as_of=entry.as_of,
                source=entry.source,
            )
            found = [self._contract(record, key, entry.name, accelerator)]
        else:
            found = []
        contracts = tuple(contract for contract in found if contract is not None)
        names = [contract.name for contract in contracts]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            self._lookup.fault(
                f"{key}.contracts",
                f"the name {name!r} stands twice",
                "Give every contract its own name",
            )
        return contracts

    def _has_on_demand(self, accelerator: Accelerator | None) -> bool:
        return (
            accelerator is not None and (accelerator.name, ON_DEMAND) in self._lookup.catalog.prices
        )

    def _contract(
        self, record: ContractRecord, key: str, machine: str, accelerator: Accelerator | None
    ) -> Contract | None:
        if record.kind == "owned":
            return self._owned(record, key)
        owner_keys = [name for name in _OWNER_KEYS if getattr(record, name) is not None]
        if owner_keys:
            self._lookup.fault(
                f"{key}.{owner_keys[0]}",
                f"belongs to a machine that is owned, and this contract is {record.kind}",
                "Write kind = 'owned', or leave it out",
            )
            return None
        price = self._price(record, key, machine, accelerator)
        if price is None:
            return None
        if price.as_of:
            self.prices.append(price)
        return Contract(
            name=record.name or record.kind,
            kind=record.kind,
            usd_per_hour=price.usd_per_hour,
            committed=record.kind in _COMMITTED,
            stock_devices=record.stock_devices,
            source=price.source,
        )

    def _price(
        self, record: ContractRecord, key: str, machine: str, accelerator: Accelerator | None
    ) -> Price | None:
        fault = self._lookup.fault
        name = accelerator.name if accelerator is not None else machine
        if (record.usd_per_hour is None) == (record.tier is None):
            stated = "is stated twice" if record.tier is not None else "is missing"
            if not self._lookup.has_fault(f"{key}.usd_per_hour", f"{key}.tier"):
                fault(f"{key}.usd_per_hour", f"the price {stated}", "Give usd_per_hour or tier")
            return None
        if record.usd_per_hour is not None:
            return Price(
                accelerator=name,
                tier="stated",
                usd_per_hour=record.usd_per_hour,
                as_of=record.as_of,
                source=record.source or "instance file",
            )
        tier = record.tier or ""
        for word, kind in (("spot", "spot"), ("reserved", "reserved")):
            if tier.startswith(word) and record.kind != kind:
                fault(
                    f"{key}.tier",
                    f"{tier!r} is no price of a contract that is {record.kind}",
                    f"Write a contract of kind = '{kind}'",
                )
                return None
        if accelerator is None:
            if not self._lookup.has_fault(f"machines.{machine}.accelerator"):
                fault(
                    f"{key}.tier",
                    f"{tier!r} needs an accelerator to look the price up for",
                    "Name the accelerator, or write usd_per_hour",
                )
            return None
        try:
            price = self._lookup.catalog.price(accelerator.name, tier)
        except FleetError as error:
            for found in error.faults:
                fault(f"{key}.tier", found.what, found.mend)
            return None
        doubt = DEVICE_USD_PER_HOUR.doubt(price.usd_per_hour)
        if doubt is not None:
            fault(f"{key}.tier", *doubt)
        return price

    def _owned(self, record: ContractRecord, key: str) -> Contract | None:
        fault = self._lookup.fault
        rent = next((k for k in ("usd_per_hour", "tier") if getattr(record, k) is not None), None)
        if rent is not None:
            fault(f"{key}.{rent}", "belongs to a rented machine", "Leave it out of an owned one")
        grid = None if self._energy is None else self._energy.usd_per_kwh
        at_grid_price = (
            grid is not None
            and record.usd_per_kwh is None
            and not self._lookup.has_fault(f"{key}.usd_per_kwh")
        )
        missing = [
            name
            for name in _OWNER_NEEDS
            if getattr(record, name) is None and not (name == "usd_per_kwh" and at_grid_price)
        ]
        for name in missing:
            if not self._lookup.has_fault(f"{key}.{name}", "energy.usd_per_kwh"):
                also = ", or energy.usd_per_kwh" if name == "usd_per_kwh" else ""
                fault(f"{key}.{name}", "is missing", f"An owned machine needs it{also}")
        purchase, years, energy = (getattr(record, name) for name in _OWNER_NEEDS)
        if missing or rent is not None:
            return None
        if energy is None and grid is not None:
            energy = grid.mean
        one = Fraction(1)
        site = one if self._energy is None else self._energy.pue
        return Contract(
            name=record.name or record.kind,
            kind="owned",
            usd_per_hour=None,
            committed=True,
            stock_devices=record.stock_devices,
            ownership=Ownership(
                purchase_usd=purchase,
                depreciation_years=years,
                utilisation=one if record.utilisation is None else record.utilisation,
                pue=site if record.pue is None else record.pue,
                usd_per_kwh=energy,
                maintenance_per_year=record.maintenance_per_year or Fraction(0),
            ),
            source=record.source or "instance file",
            at_grid_price=at_grid_price,
        )


def rack_orbit(record: RackRecord) -> RackOrbit:
    """The racks in watts and bytes/s."""
    uplink = record.uplink_gb_per_s
    return RackOrbit(
        name=record.name,
        count=record.count,
        slots=record.slots,
        watts=None if record.kw is None else record.kw * 1000,
        uplink_bytes_per_s=None if uplink is None else uplink * 10**9,
        machines=record.machines or (),
    )
