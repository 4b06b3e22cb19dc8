"""Where things stand: racks with slots, power and uplink.

What stands in racks (an item) is what is had as one piece: nodes, or replicas where the machine is
had by the device. A replica stands within one rack. Sizes of an item:

* slots: one a node, or one a device;
* watts: of all its devices in use; of a node the most that a replica there may draw;
* uplink: bytes/s a replica exchanges at full load: the tokens of its requests, and KV caches where
  prefill and decode are apart. A node's share is not known before replicas are laid out on it, so
  uplink limits ask for machines had by the device.

Counts that change by the period would move machines between racks at every hour, so with several
periods only what is bought for all of them may stand in racks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from formulations.fleet.racks import Racks
from formulations.milp import INFINITY
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, RackOrbit
from solver.lowering.fleet.drawn_power import drawn_power
from solver.lowering.fleet.planned import PlannedColumn
from solver.lowering.fleet.scaling import NANO, common_denominator, fitting

__all__ = ["build_racks"]

_LARGEST = 2**53
_NEVER_FULL = 10**9
"""Room for so many of the largest item is no limit: a fleet has fewer of them."""


def build_racks(instance: FleetInstance, columns: Sequence[PlannedColumn]) -> Racks | None:
    """Racks over all that is held in one piece; ``None`` where the question has none.

    Raises
    ------
    InstanceError
        If an item's size is not known, counts change by the period, or the loss of a rack is to be
        survived and replicas share nodes.
    """
    survive = instance.service.survive_rack_loss
    where = f"{instance.source}: racks"
    if not instance.racks:
        if survive:
            raise InstanceError.one(
                "the loss of a rack is to be survived and there are no racks",
                where=where,
                mend="List the racks",
            )
        return None
    items = [j for j, column in enumerate(columns) if column.held]
    _check(instance, [columns[j] for j in items], where, survive=survive)
    dimensions: list[
        tuple[
            str, Callable[[RackOrbit], Fraction | int | None], Callable[[PlannedColumn], Fraction]
        ]
    ] = [
        ("slots", lambda orbit: orbit.slots, lambda column: _slots(instance, column)),
        ("watts", lambda orbit: orbit.watts, lambda column: _watts(instance, column)),
        (
            "uplink bytes/s",
            lambda orbit: orbit.uplink_bytes_per_s,
            lambda column: _uplink(column, where),
        ),
    ]
    names, sizes, capacities = [], [], []
    for name, capacity, size in dimensions:
        most = [capacity(orbit) for orbit in instance.racks]
        if all(value is None for value in most):
            continue
        item_sizes = [size(columns[j]) for j in items]
        endless = max(item_sizes, default=Fraction(0)) * _NEVER_FULL
        most = [None if value is not None and value > endless else value for value in most]
        largest = max([Fraction(value) for value in most if value is not None] + item_sizes)
        # Sizes are rounded up and room down, which is safe at any scale; sums must fit 64 bits.
        scale = fitting(Fraction(common_denominator(item_sizes) or NANO), largest, _LARGEST)
        names.append(name)
        sizes.append([math.ceil(value * scale) for value in item_sizes])
        capacities.append(
            [INFINITY if value is None else math.floor(value * scale) for value in most]
        )
    return Racks(
        items=np.array(items, dtype=np.int64),
        size=np.array(sizes, dtype=np.int64).reshape(len(names), len(items)).T.copy(),
        count=np.array([orbit.count for orbit in instance.racks], dtype=np.int64),
        capacity=np.array(capacities, dtype=np.int64)
        .reshape(len(names), len(instance.racks))
        .T.copy(),
        admits=np.array(
            [[_admits(instance, orbit, columns[j]) for j in items] for orbit in instance.racks],
            dtype=np.bool_,
        ).reshape(len(instance.racks), len(items)),
        dimension_names=tuple(names),
        orbit_names=tuple(orbit.name for orbit in instance.racks),
        survive_loss=survive,
    )


def _check(
    instance: FleetInstance, items: Sequence[PlannedColumn], where: str, *, survive: bool
) -> None:
    if survive and any(item.kind == "nodes" for item in items):
        raise InstanceError.one(
            "the loss of a rack can be survived only where replicas stand in racks themselves, and "
            "here they share nodes",
            where=f"{instance.source}: service.survive_rack_loss",
            mend="Offer machines by the device (node_devices = 1, one contract, one period)",
        )
    if len(instance.periods) > 1 and any(item.period is not None for item in items):
        raise InstanceError.one(
            "counts change by the period, and what stands in racks cannot",
            where=where,
            mend="Commit to all contracts (reserved or owned), or ask for one period",
        )


def _admits(instance: FleetInstance, orbit: RackOrbit, column: PlannedColumn) -> bool:
    if not orbit.machines:
        return True
    return column.machine is not None and instance.machines[column.machine].name in orbit.machines


def _slots(instance: FleetInstance, column: PlannedColumn) -> Fraction:
    if column.machine is None:
        return Fraction(column.held)
    return Fraction(column.held, instance.machines[column.machine].node_devices)


def _watts(instance: FleetInstance, column: PlannedColumn) -> Fraction:
    watts = column.watts
    if column.kind == "nodes" and column.machine is not None:
        watts = _node_watts(instance, column.machine, column.devices)
    if watts is None:
        raise InstanceError.one(
            f"racks limit power and the watts of {column.name!r} are not known",
            where=f"{instance.source}: racks",
            mend="State watts_per_device of its machine, or watts in its row",
        )
    return watts


def _node_watts(instance: FleetInstance, machine: int, devices: int) -> Fraction | None:
    """Of a node, whatever runs on it: as stated, and never less than a modelled replica draws."""
    stated = instance.machines[machine].watts_per_device
    modelled = drawn_power(instance, machine)
    if modelled is None:
        return None if stated is None else stated * devices
    # Watts of replicas are rounded up to whole ones, so those of a device are.
    return max(Fraction(math.ceil(modelled.most_w)), stated or Fraction(0)) * devices


def _uplink(column: PlannedColumn, where: str) -> Fraction:
    if column.option is None:
        raise InstanceError.one(
            "racks limit their uplink, and what a node sends is not known before replicas are laid "
            "out on it",
            where=where,
            mend="Offer machines by the device (node_devices = 1, one contract), or drop the limit",
        )
    if column.option.uplink_bytes_per_s is None:
        raise InstanceError.one(
            f"racks limit their uplink, and the KV cache of model {column.option.model!r} is not "
            "known",
            where=where,
            mend="Name a model of the catalog, or drop the limit",
        )
    return column.option.uplink_bytes_per_s * column.replicas
