r"""Which columns a question has: replicas, nodes, owned devices that draw power.

A machine's price is *folded* into its replicas where nothing is shared between them: a replica had
by the device (nodes of 1), under its only contract, in one period or without commitment, or a
measured point with a price of its own. The replica column then carries the price and the stock.

Otherwise, for each machine:

* ``nodes`` of each contract, bought once for all periods where it is committed, else by the period
  at the period's share of the day;
* where it is owned, ``devices in use`` in each period, which carry the energy bill and are bounded
  by the nodes bought (a replica that takes whole nodes keeps all their devices in use);
* a row for each period: devices that replicas take are supplied.

Replicas are counted anew in each period. Power is that of the replicas' own devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer
from solver.lowering.fleet.headroom import pool_loads
from solver.lowering.fleet.nodes import devices_taken
from solver.lowering.fleet.options import Option, option_label
from solver.lowering.fleet.prices import (
    energy_usd_per_hour,
    holding_usd_per_hour,
    period_weights,
)
from solver.lowering.fleet.space import ColumnKind

__all__ = ["PlannedColumn", "cost_is_needed", "is_folded", "plan_columns"]

UNPRICED = Contract(name="", kind="on_demand", usd_per_hour=Fraction(0), committed=False)
"""Stands in where a machine has no price and none is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedColumn:
    """One column before it becomes numbers.

    Parameters
    ----------
    option
        What one unit serves; ``None`` for what serves nobody.
    machine
        Number in the instance; ``None`` for a measured replica of no machine.
    period
        Number; ``None`` where one unit stands in every period.
    replicas, load
        Replicas behind one unit, and how many replicas' rate they may be asked for.
    held
        Devices that one unit brings into the fleet (bought or rented): stocks count them.
    taken
        Devices that one unit takes from the nodes of its machine.
    usd_per_hour
        On average over the day.
    watts
        Drawn in its period; ``None`` where unknown.
    """

    kind: ColumnKind
    name: str
    option: Option | None
    machine: int | None
    contract: Contract | None
    period: int | None
    replicas: int
    load: Fraction
    devices: int
    held: int
    taken: int
    usd_per_hour: Fraction
    watts: Fraction | None


def cost_is_needed(instance: FleetInstance) -> bool:
    """Whether the question cannot be asked without prices."""
    return "cost" in instance.trade_off or instance.limits.max_usd_per_hour is not None


def is_folded(instance: FleetInstance, machine: MachineOffer) -> bool:
    """Whether the machine's price goes into its replicas."""
    if machine.node_devices != 1 or len(machine.contracts) > 1:
        return False
    if len(instance.periods) == 1 or not machine.contracts:
        return True
    return not machine.contracts[0].committed


def plan_columns(instance: FleetInstance, options: Sequence[Option]) -> list[PlannedColumn]:
    """Every column, replicas first.

    Raises
    ------
    InstanceError
        If a price or the watts of an owned machine are missing and needed.
    """
    columns: list[PlannedColumn] = []
    on_nodes: dict[int, set[int]] = {}
    for option in options:
        if option.machine is not None and not _own_price(option):
            on_nodes.setdefault(option.machine, set()).add(option.devices)
    taken = {
        k: devices_taken(sizes, instance.machines[k].node_devices) for k, sizes in on_nodes.items()
    }
    for option in options:
        columns.extend(_replicas(instance, option, taken))
    for k in on_nodes:
        if not is_folded(instance, instance.machines[k]):
            columns.extend(_nodes(instance, k))
    return columns


def _own_price(option: Option) -> bool:
    return option.usd_per_hour is not None or option.machine is None


def _contracts(instance: FleetInstance, machine: MachineOffer) -> tuple[Contract, ...]:
    if machine.contracts:
        return machine.contracts
    if cost_is_needed(instance):
        raise InstanceError.one(
            f"machine {machine.name!r} has no price",
            where=f"{instance.source}: machines.{machine.name}",
            mend="State usd_per_hour, a tier of the catalog, or contracts",
        )
    return (UNPRICED,)


def _in_period(instance: FleetInstance, period: int | None) -> str:
    if period is None or len(instance.periods) == 1:
        return ""
    return f" ({instance.periods[period].name})"


def _replicas(
    instance: FleetInstance, option: Option, taken: dict[int, dict[int, int]]
) -> list[PlannedColumn]:
    machine = None if option.machine is None else instance.machines[option.machine]
    own = _own_price(option)
    folded = own or (machine is not None and is_folded(instance, machine))
    watts = option.watts
    if watts is None and machine is not None and machine.watts_per_device is not None:
        watts = machine.watts_per_device * option.devices
    contract = None
    usd = Fraction(0)
    if own:
        if option.usd_per_hour is None and cost_is_needed(instance):
            raise InstanceError.one(
                f"replica {option.layout!r} has no price and runs on no machine on offer",
                where=option.where or instance.source,
                mend="Give usd_per_hour in its row, or name a machine",
            )
        usd = option.usd_per_hour or Fraction(0)
    elif folded and machine is not None:
        where = f"{instance.source}: machines.{machine.name}"
        contract = _contracts(instance, machine)[0]
        usd = holding_usd_per_hour(contract, where=where) * option.devices
        usd += energy_usd_per_hour(contract, watts, machine, where=where)
    rate = max(option.rates)
    label = option_label(instance, option)
    if "batch" in option.facts:
        label += f", batch {option.facts['batch']}"
    found = []
    pools = pool_loads(instance, rate)
    for period, weight in enumerate(period_weights(instance)):
        weighted = usd * weight
        for replicas, load in pools:
            devices = replicas * option.devices
            pool = f", pool of {replicas}" if replicas > 1 or load != 1 else ""
            found.append(
                PlannedColumn(
                    kind="replicas",
                    name=f"{label}{pool}{_in_period(instance, period)}",
                    option=option,
                    machine=option.machine,
                    contract=contract,
                    period=period,
                    replicas=replicas,
                    load=load,
                    devices=devices,
                    held=devices if folded else 0,
                    taken=0
                    if folded or option.machine is None
                    else replicas * taken[option.machine][option.devices],
                    usd_per_hour=weighted * replicas,
                    watts=None if watts is None else watts * replicas,
                )
            )
    return found


def _nodes(instance: FleetInstance, k: int) -> list[PlannedColumn]:
    machine = instance.machines[k]
    where = f"{instance.source}: machines.{machine.name}"
    found = []

    def add(
        kind: ColumnKind,
        contract: Contract,
        period: int | None,
        name: str,
        usd: Fraction,
        size: int,
    ) -> None:
        weight = Fraction(1) if period is None else period_weights(instance)[period]
        found.append(
            PlannedColumn(
                kind=kind,
                name=f"{name} {machine.name} {contract.name}".rstrip()
                + _in_period(instance, period),
                option=None,
                machine=k,
                contract=contract,
                period=period,
                replicas=0,
                load=Fraction(0),
                devices=size,
                held=size if kind == "nodes" else 0,
                taken=0,
                usd_per_hour=usd * size * weight,
                watts=Fraction(0),
            )
        )

    periods = range(len(instance.periods))
    for contract in _contracts(instance, machine):
        usd = holding_usd_per_hour(contract, where=where)
        bought: list[int | None] = [None] if contract.committed else list(periods)
        for period in bought:
            add("nodes", contract, period, "nodes of", usd, machine.node_devices)
        if contract.ownership is not None:
            usd = energy_usd_per_hour(contract, machine.watts_per_device, machine, where=where)
            for period in periods:
                add("devices_in_use", contract, period, "devices in use of", usd, 1)
    return found
