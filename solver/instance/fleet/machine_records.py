"""Machines, contracts and racks of a fleet file as pydantic sees them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from solver.instance.clocks import ClockChoice
from solver.instance.fleet.plausible import (
    DeviceRent,
    DeviceWatts,
    Energy,
    NodeDevices,
    Purchase,
    RackBandwidth,
    RackKw,
    Share,
    Surcharge,
    Years,
)
from solver.instance.fleet.workload_records import Filled
from solver.instance.record_types import EntryName, Names, Record, SeenOn, Whole

__all__ = ["ContractKind", "ContractRecord", "MachineEntry", "RackRecord"]

ContractKind = Literal["on_demand", "reserved", "spot", "owned"]
Stock = Annotated[Whole, Field(ge=0, le=10**9)]


class ContractRecord(Record):
    """One way to get a machine."""

    name: EntryName | None = Field(default=None, description="Short; its kind if left out.")
    kind: ContractKind = Field(
        description="on_demand and spot are paid by the period, reserved and owned all day."
    )
    usd_per_hour: DeviceRent | None = Field(default=None, description="US$ per device and hour.")
    tier: str | None = Field(
        default=None, min_length=1, description="In place of a price: a tier of the price catalog."
    )
    stock_devices: Stock | None = Field(
        default=None, description="Most devices under this contract."
    )
    purchase_usd: Purchase | None = Field(
        default=None, description="Owned: price of one device, its share of the host included."
    )
    depreciation_years: Years | None = Field(
        default=None, description="Owned: years it is written off over."
    )
    utilisation: Annotated[Share, Field(gt=0)] | None = Field(
        default=None, description="Owned: share of those hours it is put to use; 1 if left out."
    )
    pue: Surcharge | None = Field(
        default=None,
        description="Owned: power drawn by the site over that of devices; that of [energy] if left "
        "out, else 1.",
    )
    usd_per_kwh: Energy | None = Field(
        default=None,
        description="Owned: price of electricity; that of [energy], hour by hour, if left out.",
    )
    maintenance_per_year: Share | None = Field(
        default=None, description="Owned: yearly upkeep as a share of the price; default 0."
    )
    as_of: SeenOn = Field(default="", description="When the price was seen: YYYY-MM.")
    source: str = Field(default="", description="Where the price comes from.")


class MachineEntry(Record):
    """A kind of machine on offer."""

    name: EntryName = Field(description="Short, for tables and for --set.")
    accelerator: str | None = Field(
        default=None,
        min_length=1,
        description="Catalog name; may be left out where only measured points run on it.",
    )
    node_devices: NodeDevices = Field(
        default=1, description="Devices that are had together; 1: by the device."
    )
    stock_devices: Stock | None = Field(default=None, description="Most devices there are.")
    watts_per_device: DeviceWatts | None = Field(
        default=None,
        description="Of a device in use with its share of the host; the catalog's if left out, or "
        "with [energy] what the power model says.",
    )
    clock_mhz: ClockChoice | None = Field(
        default=None,
        description="Core clocks in MHz, or 'all', in place of design.clock_mhz; needs [energy].",
    )
    usd_per_hour: DeviceRent | None = Field(
        default=None, description="In place of contracts: one on demand at this price."
    )
    tier: str | None = Field(
        default=None,
        min_length=1,
        description="In place of contracts: one on demand at this tier of the price catalog.",
    )
    as_of: SeenOn = Field(default="", description="When the price was seen: YYYY-MM.")
    source: str = Field(default="", description="Where the price comes from.")
    contracts: Annotated[list[ContractRecord], Filled] = Field(
        default=[], description="Ways to get it; the catalog's on-demand price if left out."
    )


class RackRecord(Record):
    """Identical racks."""

    name: EntryName = Field(description="Short, for tables and for --set.")
    count: Annotated[Whole, Field(gt=0, le=10**7)] = Field(description="How many there are.")
    slots: Annotated[Whole, Field(gt=0, le=10**6)] | None = Field(
        default=None, description="Nodes one rack holds (devices, where had by the device)."
    )
    kw: RackKw | None = Field(default=None, description="Power of one rack.")
    uplink_gb_per_s: RackBandwidth | None = Field(
        default=None, description="Bandwidth out of one rack, in gigabytes/s."
    )
    machines: Names | None = Field(default=None, description="Only these stand in it.")
