"""Limit rows of a question: devices supplied, blocks of nodes, stock, budget, power, energy, carbon
and the share of spot.

Limits that hold at every hour are one row for each period; a column that stands in every period is
in each of them. Spot devices are counted among devices that replicas stand on: what stands idle
says nothing about how much of the service may be taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.energy import HOURS_OF_A_DAY
from solver.instance.fleet.domain import FleetInstance, MachineOffer
from solver.lowering.fleet.energy import grams_per_kwh, mean_tok_per_s, site_pue
from solver.lowering.fleet.nodes import sizes_to_fit
from solver.lowering.fleet.options import option_label
from solver.lowering.fleet.planned import PlannedColumn
from solver.lowering.fleet.rows import NamedRows
from solver.lowering.fleet.scaling import scaled_row

__all__ = ["CARBON", "J_PER_TOKEN", "limit_rows"]

J_PER_TOKEN = "energy per token"
CARBON = "carbon a day"

LimitUnits = dict[str, tuple[str, Fraction]]
Entries = Mapping[int, Fraction | int]


class _Limits:
    """Rows under construction, with the unit people read for each."""

    def __init__(self, instance: FleetInstance, columns: Sequence[PlannedColumn]) -> None:
        self.instance = instance
        self.columns = columns
        self.rows = NamedRows()
        self.units: LimitUnits = {}
        self.notes: list[str] = []

    def by_period(self, name: str, unit: str, side: Fraction | int, entries: Entries) -> None:
        """One row for each period over the columns that stand in it."""
        for number, period in enumerate(self.instance.periods):
            hour = f" in {period.name}" if len(self.instance.periods) > 1 else ""
            stands = {j: v for j, v in entries.items() if self.columns[j].period in (None, number)}
            self.row(f"{name}{hour}", unit, side, stands)

    def row(
        self,
        name: str,
        unit: str,
        side: Fraction | int,
        entries: Entries,
        *,
        in_unit: Fraction | int = 1,
    ) -> None:
        """One row, where any column is in it; ``in_unit`` of what it counts are one of ``unit``."""
        entries = {j: value for j, value in entries.items() if value}
        if not entries:
            return
        values = [Fraction(value) for value in entries.values()]
        scaled = scaled_row(values, Fraction(side))
        self.rows.put(self.rows.add(name, scaled.side), list(entries), scaled.values)
        per_unit = scaled.per_unit * in_unit
        self.units[name] = (unit, per_unit)
        if not scaled.exact:
            self.notes.append(
                f"{name}: numbers are rounded to {float(1 / per_unit):.0e} {unit}, use up "
                "and the limit down"
            )


def limit_rows(
    instance: FleetInstance, columns: Sequence[PlannedColumn]
) -> tuple[NamedRows, LimitUnits, tuple[str, ...]]:
    """Every limit row, (unit people read, units of the row in one of it) by name, and notes.

    Notes say which rows were rounded.

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
    _place_rows(build)
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
    _energy_rows(build)
    if limits.max_spot_fraction is not None and any(column.on_spot for column in columns):
        share = limits.max_spot_fraction
        parts = {
            j: column.devices * (1 - share if column.on_spot else -share)
            for j, column in enumerate(columns)
            if column.size
        }
        build.by_period("spot share", "devices, weighted", 0, parts)
    return build.rows, build.units, tuple(build.notes)


def _energy_rows(build: _Limits) -> None:
    """Joules per output token and carbon of a day, both sums over all periods."""
    instance = build.instance
    limits, periods = instance.limits, instance.periods
    if limits.max_j_per_token is not None:
        tokens_per_s = mean_tok_per_s(instance)
        drawn = {
            j: _watts(instance, column, "max_j_per_token")
            * (1 if column.period is None else periods[column.period].hours / HOURS_OF_A_DAY)
            for j, column in enumerate(build.columns)
        }
        side = limits.max_j_per_token * tokens_per_s
        build.row(J_PER_TOKEN, "J/token", side, drawn, in_unit=tokens_per_s)
    if limits.max_kg_co2_per_day is not None:
        grams = _grams_per_kwh(instance)
        pue = site_pue(instance)
        emitted = {
            j: _watts(instance, column, "max_kg_co2_per_day") * pue * grams[column.period]
            for j, column in enumerate(build.columns)
            if column.period is not None
        }
        # Watt-hours times grams per kWh are millionths of a kilogram.
        side = limits.max_kg_co2_per_day * 10**6
        build.row(CARBON, "kg", side, emitted, in_unit=10**6)


def _grams_per_kwh(instance: FleetInstance) -> list[Fraction]:
    """Grams of CO2 in each period for a watt drawn all through it, times a thousand."""
    found = grams_per_kwh(instance)
    if found is None:
        raise InstanceError.one(
            "carbon is limited and what a kWh emits is not stated",
            where=f"{instance.source}: limits.max_kg_co2_per_day",
            mend="Give energy.g_co2_per_kwh, or drop the limit",
        )
    return [g * period.hours for g, period in zip(found, instance.periods, strict=True)]


def _machine_rows(
    build: _Limits, machine: MachineOffer, columns: Mapping[int, PlannedColumn]
) -> None:
    pools: dict[str, dict[int, PlannedColumn]] = {}
    for j, column in columns.items():
        if column.taken or column.option is None:
            pools.setdefault(column.pool, {})[j] = column
    for name, members in pools.items():
        _pool_rows(build, machine, f"{machine.name} {name}".rstrip(), members)
    if machine.stock_devices is not None:
        held = {j: column.held for j, column in columns.items()}
        build.by_period(f"stock of {machine.name}", "devices", machine.stock_devices, held)
    for contract in machine.contracts:
        if contract.stock_devices is not None:
            held = {j: c.held for j, c in columns.items() if c.contract is contract}
            name = f"stock of {machine.name} {contract.name}"
            build.by_period(name, "devices", contract.stock_devices, held)


def _place_rows(build: _Limits) -> None:
    """Replicas that stand apart from their columns have as many places."""
    by_option: dict[int, dict[int, int]] = {}
    for j, column in enumerate(build.columns):
        if column.places is not None:
            by_option.setdefault(id(column.places), {})[j] = -1
    names: dict[int, str] = {}
    for j, column in enumerate(build.columns):
        if column.option is not None and id(column.option) in by_option:
            by_option[id(column.option)][j] = column.replicas
            names[id(column.option)] = option_label(build.instance, column.option)
    for number, (option, entries) in enumerate(by_option.items(), start=1):
        # Operating points of one layout share a label, so it takes a number to tell rows apart.
        build.by_period(f"places of {names[option]} ({number})", "replicas", 0, entries)


def _pool_rows(
    build: _Limits, machine: MachineOffer, name: str, columns: Mapping[int, PlannedColumn]
) -> None:
    """Devices that replicas take are supplied; where that is not enough, blocks of them as well."""
    supply = {
        j: -column.devices if column.kind == "nodes" else column.taken * column.replicas
        for j, column in columns.items()
    }
    build.by_period(f"devices of {name}", "devices", 0, supply)
    sizes = {column.size for column in columns.values() if column.size}
    to_fit = sizes_to_fit(sizes, machine.node_devices)
    for size in (*to_fit, machine.node_devices) if to_fit else ():
        blocks = {
            j: Fraction(_blocks(column, size, machine.node_devices) * size)
            for j, column in columns.items()
        }
        kind = "whole nodes" if size == machine.node_devices else f"blocks of {size}"
        build.by_period(f"devices of {name} in {kind}", "devices", 0, blocks)


def _blocks(column: PlannedColumn, size: int, node_devices: int) -> int:
    """Blocks of at least ``size`` devices that one unit takes; negative where it brings some."""
    if column.kind == "nodes":
        return -1
    if column.cut is not None:
        return column.cut.taken(size)
    if column.taken < size:
        return 0
    return column.replicas * max(column.taken // node_devices, 1)


def _watts(instance: FleetInstance, column: PlannedColumn, limit: str = "max_kw") -> Fraction:
    if column.watts is None:
        raise InstanceError.one(
            f"the watts of {column.name!r} are not known",
            where=f"{instance.source}: limits.{limit}",
            mend="State watts_per_device of its machine, or watts in its row; or drop the limit",
        )
    return column.watts
