"""Limits that somebody stated, in the units of the file; the other rows only say how things hang
together (devices supplied by nodes, helpers of choices)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from formulations.milp import INFINITY
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.with_choices import CHANGES

__all__ = ["StatedLimit", "StatedRow", "stated_limits"]

_SPOT = "spot share"
_SUPPLY_UNIT = "devices"


@dataclass(frozen=True, slots=True)
class StatedRow:
    """One row of a limit: its name and number in the problem, its right-hand side, and how many
    units of the row make one of the limit (0 for a share)."""

    name: str
    row: int
    side: int
    per_unit: Fraction


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit of the file: one row of the problem, or one for each period.

    Parameters
    ----------
    unit
        What people state it in: devices, US$/h, kW, W (bare columns), layouts, replicas; ``share``
        for spot devices among all.
    stated
        Its value in ``unit``.
    """

    name: str
    unit: str
    stated: Fraction
    rows: tuple[StatedRow, ...]

    @property
    def is_share(self) -> bool:
        """A share is part of the rows' coefficients; there is no side to raise."""
        return not self.rows[0].per_unit

    @property
    def row_names(self) -> tuple[str, ...]:
        """Names of the rows in the problem."""
        return tuple(row.name for row in self.rows)

    def meets(self, used: Sequence[int]) -> bool:
        """Whether uses of all rows of the problem are within it."""
        return all(used[row.row] <= row.side for row in self.rows)


def stated_limits(space: FleetSpace) -> tuple[StatedLimit, ...]:
    """Every limit of the problem's rows that somebody stated, in the order of the rows."""
    problem = space.problem
    found: dict[str, list[StatedRow]] = {}
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
        found.setdefault(_without_period(space, name), []).append(
            StatedRow(name, row, side, per_unit)
        )
    return tuple(_stated(space, name, rows) for name, rows in found.items())


def _without_period(space: FleetSpace, name: str) -> str:
    """Rows of one limit differ in the period at the end of their names."""
    if isinstance(space.instance, FleetInstance) and len(space.instance.periods) > 1:
        for period in space.instance.periods:
            if name.endswith(f" in {period.name}"):
                return name.removesuffix(f" in {period.name}")
    return name


def _stated(space: FleetSpace, name: str, rows: Sequence[StatedRow]) -> StatedLimit:
    unit, per_unit = space.limit_units[rows[0].name]
    stated, factor = rows[0].side / per_unit, Fraction(1)
    instance = space.instance
    if isinstance(instance, FleetInstance):
        current = instance.current
        if name == _SPOT and instance.limits.max_spot_fraction is not None:
            unit, stated, factor = "share", instance.limits.max_spot_fraction, Fraction(0)
        elif unit == "W":
            unit, stated, factor = "kW", stated / 1000, Fraction(1000)
        elif name == CHANGES and current is not None and current.max_changes is not None:
            # The row leaves out what is gone anyway.
            stated = Fraction(current.max_changes)
    return StatedLimit(
        name, unit, stated, tuple(replace(row, per_unit=row.per_unit * factor) for row in rows)
    )
