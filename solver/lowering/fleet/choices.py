"""What limits count besides quantities: layouts in use, and changes to the fleet of today.

``max_layouts`` and ``max_changes`` need helper columns. Their data is gathered beside the problem
(``FleetSpace.choices``) and written into it last (``with_choices.py``). While they count, dominance
compares columns of one layout on one machine only, and bounds of columns admit at least what runs
today.

Where counts change by the period, changes are counted in each: at no hour may the fleet differ from
today's by more replicas than ``max_changes``. Batch work is compared in the periods in which it may
be done: at other hours it has no replicas, today or then. Replicas of today that are on offer no
more count as stopped at every hour.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from formulations.milp import IntArray
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.space import Choices, ColumnMeaning

__all__ = ["build_choices", "counts_layouts", "layout_labels", "least_uppers"]

_Key = tuple[str, str, str]
"""Workload, machine and layout."""


def counts_layouts(instance: FleetInstance) -> bool:
    """Whether it matters which layouts are in use, not only how much of what."""
    current = instance.current
    changes = current is not None and current.max_changes is not None
    return changes or instance.limits.max_layouts is not None


def _group(column: ColumnMeaning) -> _Key:
    return column.workload, column.machine, column.layout


def layout_labels(columns: Sequence[ColumnMeaning]) -> IntArray:
    """(n,) labels: equal for columns that no such limit tells apart."""
    numbers: dict[Hashable, int] = {}
    return np.array(
        [
            numbers.setdefault(
                (column.kind, *_group(column), column.period, column.replicas), len(numbers)
            )
            for column in columns
        ],
        dtype=np.int64,
    )


def _today(instance: FleetInstance) -> dict[_Key, int]:
    found: dict[_Key, int] = {}
    for entry in instance.current.replicas if instance.current else ():
        key = (entry.workload, entry.machine, entry.layout)
        found[key] = found.get(key, 0) + entry.count
    return found


def least_uppers(instance: FleetInstance, columns: Sequence[ColumnMeaning]) -> IntArray:
    """(n,) counts that bounds must admit: replicas of today may be worth keeping beyond need."""
    today = _today(instance)
    return np.array(
        [-(-today.get(_group(c), 0) // c.replicas) if c.kind == "replicas" else 0 for c in columns],
        dtype=np.int64,
    )


def build_choices(instance: FleetInstance, columns: Sequence[ColumnMeaning]) -> Choices | None:
    """The data of both limits over the final columns; ``None`` where neither is given."""
    if not counts_layouts(instance):
        return None
    max_changes = instance.current.max_changes if instance.current else None
    layouts: dict[tuple[str, str], list[int]] = {}
    groups: dict[tuple[_Key, str], list[int]] = {}
    for j, column in enumerate(columns):
        if column.kind == "replicas":
            layouts.setdefault((column.workload, column.layout), []).append(j)
            groups.setdefault((_group(column), column.period), []).append(j)
    today = _today(instance)
    # An option is on offer in every period in which its workload may be served, or in none.
    offered = {key for key, _ in groups}
    return Choices(
        max_layouts=instance.limits.max_layouts,
        layouts=tuple(map(tuple, layouts.values())),
        max_changes=max_changes,
        groups=tuple(map(tuple, groups.values())),
        today=tuple(today.get(key, 0) for key, _ in groups),
        gone=sum(count for key, count in today.items() if key not in offered),
    )
