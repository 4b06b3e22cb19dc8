"""The plan that a buyer's further questions compare with: the cheapest that meets everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from formulations.fleet.plan import FleetPlan
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.prices import period_weights
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.asking import MakeRoad, as_text, ask_least, plain
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.roads import Stop

__all__ = ["Reference", "devices_by_machine", "find_reference", "period_shares"]

_SHOWN_UNITS = {"usd/h": "US$/h", "usd/Mtok": "US$/Mtok", "usd": "US$"}


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The plan of least pivot (cost, or else the first measure traded off) among all speeds.

    Parameters
    ----------
    value
        Of the pivot, in the problem's integers.
    unit, scale
        What people read it in, and how much of that one integer is.
    """

    space: FleetSpace
    plan: FleetPlan
    pivot: str
    value: int
    unit: str
    scale: Fraction
    objectives: Mapping[str, float]

    @property
    def amount(self) -> Fraction:
        """Value in ``unit``."""
        return self.value * self.scale

    def as_json(self) -> dict[str, Any]:
        """For the answer."""
        shown = ", ".join(f"{name} {value:.6g}" for name, value in self.objectives.items())
        return {
            "objectives": dict(self.objectives),
            self.pivot: float(self.amount),
            "exact": as_text(self.amount),
            "unit": self.unit,
            "text": f"compared with the plan of best {self.pivot} that meets everything: {shown} "
            f"({plain(self.amount)} {self.unit})",
        }


def find_reference(
    space: FleetSpace, outcome: FleetOutcome, *, road: MakeRoad, stop: Stop
) -> Reference | str:
    """The point of least pivot, proved to be that; or why it is not known.

    Of a complete outcome it is a point; else it is asked for anew.
    """
    objectives = Objectives.of(space)
    pivot = objectives.pivot
    if not outcome.points:
        return "no plan is known"
    point = min(outcome.points, key=lambda known: (known.image[pivot], known.image))
    plan, value, image = point.plan, point.image[pivot], point.image
    if outcome.status != "complete":
        found = ask_least(space.problem, objectives.pivot_name, road=road, stop=stop, below=value)
        if found.unproved:
            return f"the cheapest plan is not proved ({found.unproved})"
        if found.plan is not None and found.value is not None:
            plan, value = found.plan, found.value
            image = objectives.image(plan)
    unit = objectives.described()[pivot].unit
    stated = objectives.stated(image)
    return Reference(
        space=space,
        plan=plan,
        pivot=objectives.pivot_name,
        value=value,
        unit=_SHOWN_UNITS.get(unit, unit),
        scale=space.units[objectives.pivot_name],
        objectives={name: float(stated[name]) for name in objectives.names},
    )


def period_shares(space: FleetSpace) -> dict[str, Fraction]:
    """Share of the day by name of period; what stands in every period has no name."""
    shares = {"": Fraction(1)}
    if isinstance(space.instance, FleetInstance) and len(space.instance.periods) > 1:
        names = [period.name for period in space.instance.periods]
        shares.update(zip(names, period_weights(space.instance), strict=True))
    return shares


def devices_by_machine(space: FleetSpace, plan: FleetPlan) -> dict[str, float]:
    """Devices held by machine and contract, on average over the day; those that are 0 left out."""
    shares = period_shares(space)
    held: dict[str, Fraction] = {}
    for column, count in zip(space.columns, plan.counts.tolist(), strict=True):
        each = column.facts.get("held", 0)
        if count and each:
            name = " ".join(part for part in (column.machine, column.contract) if part)
            more = count * each * shares[column.period]
            held[name or column.layout] = held.get(name or column.layout, Fraction(0)) + more
    return {name: float(devices) for name, devices in sorted(held.items())}
