"""A fleet question, whatever kind of file it came from, as a space of counts."""

from __future__ import annotations

from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.bare import lower_columns
from solver.lowering.fleet.question import lower_question
from solver.lowering.fleet.space import FleetSpace

__all__ = ["lower_fleet"]


def lower_fleet(instance: FleetInstance | ColumnFleet, *, prune: bool = True) -> FleetSpace:
    """The space of ``instance``; without ``prune`` dominated options stay.

    Of designs on one machine those that another beats are left out in any case.

    Raises
    ------
    InstanceError
        If the question asks for what no option can give.
    UnsupportedModelError
        If the performance model cannot represent a model or a degree.
    """
    if isinstance(instance, ColumnFleet):
        return lower_columns(instance, prune=prune)
    return lower_question(instance, prune=prune)
