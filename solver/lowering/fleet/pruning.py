"""Options that another option replaces wherever it stands, dropped before they become columns.

Within one workload, machine and phase (and KV cache, where that is handed over), an option goes
where another on no more devices is at least as fast, as good, carries as much of every size, and
costs, draws and sends no more, and takes no more of a node (3 devices of 8 take a whole node, 4
half of one). The same then holds for pools: at a higher rate a pool of k may carry a higher load.
Where at most a share of devices may be spot, more devices that are not help, so only options on
equally many are compared.
What is dropped here ``dominance.undominated`` would drop later; this is the cheap part of it,
before options are multiplied by pools and periods.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

import numpy as np

from formulations.milp import IntArray
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.dominance import smallest_rows
from solver.lowering.fleet.energy import power_matters
from solver.lowering.fleet.grades import scaled_latency
from solver.lowering.fleet.nodes import devices_taken
from solver.lowering.fleet.options import Option
from solver.lowering.fleet.scaling import ranks

__all__ = ["prune_options"]


def prune_options(
    instance: FleetInstance, options: Sequence[Option], *, keep_layouts: bool
) -> list[Option]:
    """Options to keep, in their order; with ``keep_layouts`` layouts are not compared."""
    groups: dict[Hashable, list[int]] = {}
    shared = instance.limits.max_spot_fraction is not None
    for k, option in enumerate(options):
        key = (
            option.workload,
            option.machine,
            option.phase,
            # Pools are of use to those of their own KV cache alone.
            None if option.phase == "aggregated" else option.cache,
            option.whole,
            option.watts is None,
            option.usd_per_hour is None,
            (option.model, option.layout) if keep_layouts else "",
            option.devices if shared else 0,
        )
        groups.setdefault(key, []).append(k)
    kept: list[int] = []
    for places in groups.values():
        group = [options[k] for k in places]
        table = np.stack(_keys(instance, group), axis=1)
        rows = smallest_rows(table, np.ones(len(group), dtype=np.bool_))
        kept.extend(places[row] for row in rows.tolist())
    return [options[k] for k in sorted(kept)]


def _keys(instance: FleetInstance, group: Sequence[Option]) -> list[IntArray]:
    keys = [_ranks([-option.rates[b] for option in group]) for b in range(len(group[0].rates))]
    if "speed" in instance.trade_off:
        keys.append(_ranks([scaled_latency(instance, option) or Fraction(0) for option in group]))
    if "quality" in instance.trade_off:
        keys.append(_ranks([-(option.quality or Fraction(0)) for option in group]))
    keys.append(np.array([option.devices for option in group], dtype=np.int64))
    if group[0].machine is not None:
        node = instance.machines[group[0].machine].node_devices
        taken = [devices_taken(option.devices, node) for option in group]
        keys.append(np.array(taken, dtype=np.int64))
    machine = None if group[0].machine is None else instance.machines[group[0].machine]
    if machine is None or not machine.modelled_watts or power_matters(instance, machine):
        keys.append(_ranks([option.watts or Fraction(0) for option in group]))
    keys.append(_ranks([option.usd_per_hour or Fraction(0) for option in group]))
    if any(orbit.uplink_bytes_per_s is not None for orbit in instance.racks):
        keys.append(_ranks([option.uplink_bytes_per_s or Fraction(0) for option in group]))
    return keys


def _ranks(values: Sequence[Fraction]) -> IntArray:
    return np.array(ranks(values)[1], dtype=np.int64)
