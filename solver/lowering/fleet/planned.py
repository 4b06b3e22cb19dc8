r"""Which columns a question has: replicas, nodes, and how nodes are cut up.

A machine's price is *folded* into its replicas where nothing is shared between them: a replica had
by the device (nodes of 1), under its only contract, in one period or without commitment, or a
measured point with a price of its own. The replica column then carries the price and the stock.

Otherwise, for each machine:

* ``nodes`` of each contract, bought once for all periods where it is committed, else by the period
  at the period's share of the day;
* a row for each period and *pool* of nodes: devices that replicas take are supplied; where sizes do
  not fill nodes evenly also rows and columns for how nodes are cut up (``nodes.py``).

Where it matters on whose nodes a replica stands (``node_pools.py``) replicas are columns of each
pool. Several behind one queue may stand on different ones: then their column only serves, and
*places* say where they stand, as many as there are replicas.

Replicas are counted anew in each period. Power is that of the replicas' own devices.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer
from solver.lowering.fleet.batch_cells import served_periods
from solver.lowering.fleet.energy import energy_usd_by_period
from solver.lowering.fleet.headroom import pool_loads
from solver.lowering.fleet.node_pools import NodePool, cost_is_needed, is_folded, node_pools
from solver.lowering.fleet.nodes import NodeCut, devices_taken, node_cuts, sizes_to_fit
from solver.lowering.fleet.options import Option, option_label
from solver.lowering.fleet.prices import holding_usd_per_hour, period_weights
from solver.lowering.fleet.scaling import rounded_down
from solver.lowering.fleet.space import ColumnKind

__all__ = ["PlannedColumn", "plan_columns"]

_LOAD_DIGITS = 6
"""Of the load that a pool may carry while few requests wait; it comes from an approximation."""


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
        Devices that one replica of the unit takes from the nodes of its machine; 0 where it brings
        its own, or its places take them.
    size
        Devices of one replica that stands here; 0 where none does.
    pool
        Name of the pool of nodes, empty where the machine has one.
    on_spot
        The unit stands on spot devices.
    cut
        What one unit does to a block of devices; ``None`` for what does nothing to it.
    places
        Option that one unit gives a place to; ``None`` where it gives none.
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
    pool: str = ""
    on_spot: bool = False
    cut: NodeCut | None = None
    size: int = 0
    places: Option | None = None


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
        columns.extend(_replicas(instance, option))
    for k, sizes in on_nodes.items():
        if not is_folded(instance, instance.machines[k]):
            columns.extend(_nodes(instance, k))
            columns.extend(_cuts(instance, k, sizes))
    return columns


def _own_price(option: Option) -> bool:
    return option.usd_per_hour is not None or option.machine is None


def _in_period(instance: FleetInstance, period: int | None) -> str:
    if period is None or len(instance.periods) == 1:
        return ""
    return f" ({instance.periods[period].name})"


def _replicas(instance: FleetInstance, option: Option) -> list[PlannedColumn]:
    """Columns of one option: in every period, on every pool of nodes, behind queues of any size."""
    machine = None if option.machine is None else instance.machines[option.machine]
    watts = option.watts
    if watts is None and machine is not None and machine.watts_per_device is not None:
        watts = machine.watts_per_device * option.devices
    label = option_label(instance, option)
    if "batch" in option.facts:
        label += f", batch {option.facts['batch']}"
    if "clock_mhz" in option.facts:
        label += f", {option.facts['clock_mhz']} MHz"
    batch = instance.workloads[option.workload].batch is not None
    loads = pool_loads(instance, max(option.rates), may_wait=batch)
    pools = _stands_on(instance, option, machine)
    apart = len(pools) > 1 and any(replicas > 1 for replicas, _ in loads)
    found = _queued(instance, _serving(option, label, watts), loads) if apart else []
    for pool in pools:
        folded = pool is None or (machine is not None and is_folded(instance, machine))
        contract, usd, energy = _price(instance, option, machine, pool, watts, folded=folded)
        one = replace(
            _serving(option, f"{label}, {pool.name}" if pool and pool.name else label, watts),
            contract=contract,
            held=option.devices if folded else 0,
            taken=0
            if folded or machine is None
            else devices_taken(option.devices, machine.node_devices),
            usd_per_hour=usd,
            pool="" if pool is None else pool.name,
            on_spot=pool is not None and pool.on_spot,
            size=option.devices,
        )
        if apart:
            place = replace(
                one,
                kind="other",
                name=f"place of {one.name}",
                option=None,
                watts=Fraction(0),
                places=option,
            )
            found += _queued(instance, place, ((1, Fraction(1)),), energy)
        else:
            found += _queued(instance, one, loads, energy)
    return found


def _serving(option: Option, name: str, watts: Fraction | None) -> PlannedColumn:
    """One replica that serves all day and stands nowhere."""
    return PlannedColumn(
        kind="replicas",
        name=name,
        option=option,
        machine=option.machine,
        contract=None,
        period=None,
        replicas=1,
        load=Fraction(1),
        devices=option.devices,
        held=0,
        taken=0,
        usd_per_hour=Fraction(0),
        watts=watts,
    )


def _queued(
    instance: FleetInstance,
    one: PlannedColumn,
    loads: Sequence[tuple[int, Fraction]],
    energy: Sequence[Fraction] = (),
) -> list[PlannedColumn]:
    """The column ``one`` of one replica in every period in which its workload may be served, behind
    queues of (replicas, load). ``energy`` is US$/h of one replica in each period, paid besides."""
    found = []
    serves = one.option or one.places
    workload = None if serves is None else instance.workloads[serves.workload]
    weights = period_weights(instance)
    for period in range(len(weights)) if workload is None else served_periods(instance, workload):
        weight = weights[period]
        usd = one.usd_per_hour + (energy[period] if energy else 0)
        for replicas, most in loads:
            load = most if one.option is None else _load(max(one.option.rates), most)
            behind = f", pool of {replicas}" if replicas > 1 or load != 1 else ""
            found.append(
                replace(
                    one,
                    name=f"{one.name}{behind}{_in_period(instance, period)}",
                    period=period,
                    replicas=replicas,
                    load=load,
                    devices=replicas * one.devices,
                    held=replicas * one.held,
                    usd_per_hour=usd * weight * replicas,
                    watts=None if one.watts is None else one.watts * replicas,
                )
            )
    return found


def _stands_on(
    instance: FleetInstance, option: Option, machine: MachineOffer | None
) -> Sequence[NodePool | None]:
    """Pools that the option may stand on; ``None`` for devices of its own."""
    if machine is None or _own_price(option):
        return [None]
    return node_pools(instance, machine)


def _price(
    instance: FleetInstance,
    option: Option,
    machine: MachineOffer | None,
    pool: NodePool | None,
    watts: Fraction | None,
    *,
    folded: bool,
) -> tuple[Contract | None, Fraction, Sequence[Fraction]]:
    """Contract that the replica's column names, US$/h of one replica that runs all day, and US$/h
    for its energy in each period.

    A folded replica pays for its devices; on owned ones, and where electricity is billed, every
    replica pays for its energy, one with a price of its own too.
    """
    if machine is None or pool is None:
        if option.usd_per_hour is None and cost_is_needed(instance):
            raise InstanceError.one(
                f"replica {option.layout!r} has no price and runs on no machine on offer",
                where=option.where or instance.source,
                mend="Give usd_per_hour in its row, or name a machine",
            )
        where = option.where or instance.source
        energy = energy_usd_by_period(instance, None, watts, None, where=where)
        return None, option.usd_per_hour or Fraction(0), energy
    where = f"{instance.source}: machines.{machine.name}"
    contract = pool.contracts[0] if folded else pool.owned
    usd = Fraction(0)
    if folded:
        usd = holding_usd_per_hour(pool.contracts[0], where=where) * option.devices
    return contract, usd, energy_usd_by_period(instance, pool.owned, watts, machine, where=where)


def _load(rate: Fraction, most: Fraction) -> Fraction:
    """Load of a pool of replicas; one found by approximation is cut to so many digits in all."""
    if most.denominator == 1 or not rate:
        return most
    return rounded_down(rate * most, _LOAD_DIGITS) / rate


def _nodes(instance: FleetInstance, k: int) -> list[PlannedColumn]:
    """Nodes of every contract: for good where it is committed, else by the period."""
    machine = instance.machines[k]
    where = f"{instance.source}: machines.{machine.name}"
    size, weights = machine.node_devices, period_weights(instance)
    periods = range(len(weights))
    return [
        PlannedColumn(
            kind="nodes",
            name=f"nodes of {machine.name} {contract.name}".rstrip() + _in_period(instance, period),
            option=None,
            machine=k,
            contract=contract,
            period=period,
            replicas=0,
            load=Fraction(0),
            devices=size,
            held=size,
            taken=0,
            usd_per_hour=holding_usd_per_hour(contract, where=where)
            * size
            * (1 if period is None else weights[period]),
            watts=Fraction(0),
            pool=pool.name,
            on_spot=contract.kind == "spot",
        )
        for pool in node_pools(instance, machine)
        for contract in pool.contracts
        for period in ((None,) if contract.committed else periods)
    ]


def _cuts(instance: FleetInstance, k: int, sizes: Collection[int]) -> list[PlannedColumn]:
    """Ways to cut up nodes, of every pool and in every period, where sizes do not fill them."""
    machine = instance.machines[k]
    cuts = node_cuts(sizes_to_fit(sizes, machine.node_devices), machine.node_devices)
    return [
        PlannedColumn(
            kind="other",
            name=f"{machine.name}{f' {pool.name}' if pool.name else ''}: {cut.name}"
            + _in_period(instance, period),
            option=None,
            machine=k,
            contract=None,
            period=period,
            replicas=0,
            load=Fraction(0),
            devices=0,
            held=0,
            taken=0,
            usd_per_hour=Fraction(0),
            watts=Fraction(0),
            pool=pool.name,
            cut=cut,
        )
        for pool in node_pools(instance, machine)
        for period in range(len(instance.periods))
        for cut in cuts
    ]
