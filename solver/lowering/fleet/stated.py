"""Limits that somebody stated, in the units of the file; the other rows only say how things hang
together (devices supplied by nodes, helpers of choices)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from formulations.milp import INFINITY
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.with_choices import CHANGES

__all__ = ["StatedLimit", "stated_limits"]

_SPOT = "spot share"
_SUPPLY_UNIT = "devices"


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """One row of the problem that is a limit.

    Parameters
    ----------
    name, row
        Of the problem's limit, and its number.
    unit
        What people state it in: devices, US$/h, kW, W (bare columns), layouts, replicas; ``share``
        for spot devices among all.
    stated
        Its value in ``unit``.
    per_unit
        Units of the row in one ``unit``; 0 for a share, whose row changes with it altogether.
    side
        The row's right-hand side.
    """

    name: str
    row: int
    unit: str
    stated: Fraction
    per_unit: Fraction
    side: int

    @property
    def is_share(self) -> bool:
        """A share is part of the row's coefficients; there is no side to raise."""
        return not self.per_unit

    def value_of(self, used: int) -> Fraction:
        """What the limit would have to be in ``unit`` for ``used`` of the row; not for a share."""
        return self.stated + (used - self.side) / self.per_unit


def stated_limits(space: FleetSpace) -> tuple[StatedLimit, ...]:
    """Every limit of the problem's rows that somebody stated, in the order of the rows."""
    problem, found = space.problem, []
    for row, (name, side) in enumerate(
        zip(problem.limit_names, problem.limit.tolist(), strict=True)
    ):
        unit, per_unit = space.limit_units[name]
        columns, values = problem.use.row(row)
        giving = columns[values < 0].tolist()
        if side >= INFINITY or any(space.columns[j].kind == "other" for j in giving):
            continue
        if giving and side == 0 and unit == _SUPPLY_UNIT:
            continue
        stated = side / per_unit
        instance = space.instance
        if isinstance(instance, FleetInstance):
            if name.startswith(_SPOT) and instance.limits.max_spot_fraction is not None:
                unit, per_unit = "share", Fraction(0)
                stated = instance.limits.max_spot_fraction
            elif unit == "W":
                unit, per_unit, stated = "kW", per_unit * 1000, stated / 1000
            elif name == CHANGES and instance.current and instance.current.max_changes is not None:
                # The row leaves out what is gone anyway.
                stated = Fraction(instance.current.max_changes)
        found.append(StatedLimit(name, row, unit, stated, per_unit, side))
    return tuple(found)
