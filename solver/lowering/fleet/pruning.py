"""Options that another option replaces wherever it stands, dropped before they become columns.

Within one workload, machine and phase, an option goes where another on no more devices is at
least as fast, as good, carries as much of every size, and costs, draws and sends no more. (Only
options on equally many devices are compared where sizes do not fill nodes evenly: there fewer may
take more.) The same then holds for pools: at a higher rate a pool of k may carry a higher load.
What is dropped here
``dominance.undominated`` would drop later; this is the cheap part of it, before options are
multiplied by pools and periods.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

import numpy as np

from formulations.milp import IntArray
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.dominance import smallest_rows
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
    even = _evenly_filled(instance, options)
    for k, option in enumerate(options):
        key = (
            option.workload,
            option.machine,
            option.phase,
            0 if option.machine in even else option.devices,
            option.whole,
            option.watts is None,
            option.usd_per_hour is None,
            (option.model, option.layout) if keep_layouts else "",
        )
        groups.setdefault(key, []).append(k)
    kept: list[int] = []
    for places in groups.values():
        group = [options[k] for k in places]
        table = np.stack(_keys(instance, group), axis=1)
        rows = smallest_rows(table, np.ones(len(group), dtype=np.bool_))
        kept.extend(places[row] for row in rows.tolist())
    return [options[k] for k in sorted(kept)]


def _evenly_filled(instance: FleetInstance, options: Sequence[Option]) -> set[int | None]:
    """Machines on whose nodes every replica takes just its own devices; no machine is one too."""
    sizes: dict[int, set[int]] = {}
    for option in options:
        if option.machine is not None:
            sizes.setdefault(option.machine, set()).add(option.devices)
    even: set[int | None] = {None}
    for k, found in sizes.items():
        taken = devices_taken(found, instance.machines[k].node_devices)
        if all(size == more for size, more in taken.items()):
            even.add(k)
    return even


def _keys(instance: FleetInstance, group: Sequence[Option]) -> list[IntArray]:
    keys = [_ranks([-option.rates[b] for option in group]) for b in range(len(group[0].rates))]
    if "speed" in instance.trade_off:
        keys.append(_ranks([scaled_latency(instance, option) or Fraction(0) for option in group]))
    if "quality" in instance.trade_off:
        keys.append(_ranks([-(option.quality or Fraction(0)) for option in group]))
    keys.append(np.array([option.devices for option in group], dtype=np.int64))
    keys.append(_ranks([option.watts or Fraction(0) for option in group]))
    keys.append(_ranks([option.usd_per_hour or Fraction(0) for option in group]))
    if any(orbit.uplink_bytes_per_s is not None for orbit in instance.racks):
        keys.append(_ranks([option.uplink_bytes_per_s or Fraction(0) for option in group]))
    return keys


def _ranks(values: Sequence[Fraction]) -> IntArray:
    return np.array(ranks(values)[1], dtype=np.int64)
