"""Limit rows of a question: devices supplied, stock, budget, power, spot share.

Limits that hold at every hour are one row for each period; a column that stands in every period is
in each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, MachineOffer
from solver.lowering.fleet.planned import PlannedColumn
from solver.lowering.fleet.rows import NamedRows
from solver.lowering.fleet.scaling import scaled_row

__all__ = ["limit_rows"]

LimitUnits = dict[str, tuple[str, Fraction]]
Entries = Mapping[int, Fraction | int]


class _Limits:
    """Rows under construction, with the unit people read for each."""

    def __init__(self, instance: FleetInstance, columns: Sequence[PlannedColumn]) -> None:
        self.instance = instance
        self.columns = columns
        self.rows = NamedRows()
        self.units: LimitUnits = {}

    def by_period(self, name: str, unit: str, side: Fraction | int, entries: Entries) -> None:
        """One row for each period over the columns that stand in it."""
        several = len(self.instance.periods) > 1
        for number, period in enumerate(self.instance.periods):
            self.row(
                f"{name} in {period.name}" if several else name,
                unit,
                side,
                {
                    j: value
                    for j, value in entries.items()
                    if self.columns[j].period in (None, number)
                },
            )

    def row(self, name: str, unit: str, side: Fraction | int, entries: Entries) -> None:
        """One row, where any column is in it."""
        entries = {j: value for j, value in entries.items() if value}
        if not entries:
            return
        values = [Fraction(value) for value in entries.values()]
        integers, most, per_unit = scaled_row(values, Fraction(side))
        self.rows.put(self.rows.add(name, most), list(entries), integers)
        self.units[name] = (unit, per_unit)


def limit_rows(
    instance: FleetInstance, columns: Sequence[PlannedColumn]
) -> tuple[NamedRows, LimitUnits]:
    """Every limit row, and (unit people read, units of the row in one of it) by name.

    Raises
    ------
    InstanceError
        If power is limited and the watts of a machine in use are missing.
    """
    build = _Limits(instance, columns)
    by_machine: dict[int, list[int]] = {}
    for j, column in enumerate(columns):
        if column.machine is not None:
            by_machine.setdefault(column.machine, []).append(j)
    for k, machine in enumerate(instance.machines):
        _machine_rows(build, machine, {j: columns[j] for j in by_machine.get(k, ())})
    limits = instance.limits
    held = {j: column.held for j, column in enumerate(columns) if column.held}
    if limits.max_devices is not None:
        build.by_period("devices", "devices", limits.max_devices, held)
    if limits.max_usd_per_hour is not None:
        paid = {j: column.usd_per_hour for j, column in enumerate(columns)}
        build.row("budget", "US$/h", limits.max_usd_per_hour, paid)
    if limits.max_watts is not None:
        drawn = {j: _watts(instance, column) for j, column in enumerate(columns)}
        build.by_period("power", "W", limits.max_watts, drawn)
    if limits.max_spot_fraction is not None and any(_is_spot(column) for column in columns):
        share = limits.max_spot_fraction
        parts = {
            j: devices * (1 - share if _is_spot(columns[j]) else -share)
            for j, devices in held.items()
        }
        build.by_period("spot share", "devices, weighted", 0, parts)
    return build.rows, build.units


def _machine_rows(
    build: _Limits, machine: MachineOffer, columns: Mapping[int, PlannedColumn]
) -> None:
    if any(column.kind == "nodes" for column in columns.values()):
        supply = {j: _supplied(column) for j, column in columns.items()}
        build.by_period(f"devices of {machine.name}", "devices", 0, supply)
        for contract in machine.contracts:
            if contract.ownership is not None:
                owned = {
                    j: column.devices if column.kind == "devices_in_use" else -column.devices
                    for j, column in columns.items()
                    if column.contract is contract
                }
                name = f"devices in use of {machine.name} {contract.name}"
                build.by_period(name, "devices", 0, owned)
    if machine.stock_devices is not None:
        held = {j: column.held for j, column in columns.items()}
        build.by_period(f"stock of {machine.name}", "devices", machine.stock_devices, held)
    for contract in machine.contracts:
        if contract.stock_devices is not None:
            held = {j: c.held for j, c in columns.items() if c.contract is contract}
            name = f"stock of {machine.name} {contract.name}"
            build.by_period(name, "devices", contract.stock_devices, held)


def _supplied(column: PlannedColumn) -> int:
    """Devices taken, less devices supplied: an owned node supplies through its devices in use."""
    if column.kind == "devices_in_use":
        return -column.devices
    if column.kind == "nodes":
        owned = column.contract is not None and column.contract.ownership is not None
        return 0 if owned else -column.devices
    return column.taken


def _watts(instance: FleetInstance, column: PlannedColumn) -> Fraction:
    if column.watts is None:
        raise InstanceError.one(
            f"the watts of {column.name!r} are not known",
            where=f"{instance.source}: limits.max_kw",
            mend="State watts_per_device of its machine, or watts in its row; or drop the limit",
        )
    return column.watts


def _is_spot(column: PlannedColumn) -> bool:
    return column.contract is not None and column.contract.kind == "spot"
