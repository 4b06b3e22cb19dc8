"""The controls of a question, whatever its kind; those of a kind are loaded with its question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.explore.control import GROUPS, Control, chosen, settings_of
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import Question

__all__ = ["GROUPS", "Control", "chosen", "controls_of", "settings_of"]


def controls_of(tables: Mapping[str, Any], question: Question) -> tuple[Control, ...]:
    """What can be changed of a question, group by group.

    Parameters
    ----------
    tables
        Of the file, as it stands.
    question
        What the file was read as.
    """
    if isinstance(question, ReplicaInstance):
        from solver.explore.replica_controls import replica_controls

        found = replica_controls(tables, question)
    elif isinstance(question, ColumnFleet):
        from solver.explore.fleet_controls import column_controls

        found = column_controls(tables, question)
    elif isinstance(question, FleetInstance):
        from solver.explore.fleet_controls import fleet_controls

        found = fleet_controls(tables, question)
    else:
        from solver.explore.placement_controls import placement_controls

        found = placement_controls(tables, question)
    return tuple(sorted(found, key=lambda control: GROUPS.index(control.group)))
