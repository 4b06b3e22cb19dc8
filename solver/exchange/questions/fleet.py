"""A fleet question as programs: counts of columns under demand and limits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from formulations.fleet.plan import (
    FilledRack,
    FleetPlan,
    grades_of,
    measures_of,
    violations,
)
from formulations.fleet.problem import COST, SPEED, FleetProblem
from formulations.fleet.registry import FORMULATIONS, get_formulation
from formulations.fleet.routing import Cut
from formulations.milp import IntArray
from solver.engines.routing.serving import serve
from solver.errors import InstanceError
from solver.exchange.questions.posed import Choice, Goal, Posed, Told, told_choices
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.columns_reader import resolved_columns
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.resolved import resolved_fleet
from solver.lowering.fleet.describe import describe
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.boxes import Box, Stop, capped
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.program_road import ProgramRoad

__all__ = ["FleetQuestion"]

_COUNTS = "counts"


class FleetQuestion:
    """See ``Question``; measures are objectives of the program, grades remove columns.

    Requests shared out over replicas (routings) are no rows: a plan that cannot serve them is told
    when it is read back.
    """

    kind = "fleet"
    settings: tuple[str, ...] = ()

    def __init__(self, instance: FleetInstance | ColumnFleet) -> None:
        self.instance = instance
        self.name, self.sha256 = instance.name, instance.sha256
        self.space = lower_fleet(instance)
        self.problem: FleetProblem = self.space.problem
        measures = list(self.problem.measures)
        self.default_objective = COST if COST in measures else measures[0]
        self.level_objective: str | None = SPEED if SPEED in self.problem.grades else None
        self.default_formulation = _COUNTS

    def resolved(self) -> dict[str, Any]:
        """See ``Question.resolved``."""
        if isinstance(self.instance, FleetInstance):
            return resolved_fleet(self.instance)
        return resolved_columns(self.instance)

    def choices(self) -> tuple[Choice, ...]:
        """Those that state the whole problem; of a restriction an answer would prove nothing."""
        return tuple(
            choice
            if choice.why_not is not None or one.exact
            else Choice(choice.name, choice.kind, choice.summary, "it is not the whole problem")
            for choice, one in zip(
                told_choices(FORMULATIONS, self.problem), FORMULATIONS, strict=True
            )
        )

    def goals(self) -> tuple[Goal, ...]:
        """Measures, then grades."""
        problem = self.problem
        found = []
        upper = problem.upper.tolist()
        for name, array in problem.measures.items():
            parts = [c * u for c, u in zip(array.tolist(), upper, strict=True)]
            unit = self.space.units.get(name)
            told = "units" if unit is None else f"units of {unit}"
            found.append(
                Goal(name, sum(p for p in parts if p < 0), sum(p for p in parts if p > 0), told)
            )
        for name, array in problem.grades.items():
            most = int(array.max(initial=0))
            meaning = "level, 0 is best"
            if name == SPEED and self.space.speed_levels:
                ends = [float(self.space.speed_levels[k].speed) for k in (0, -1)]
                meaning = f"level: {ends[0]:.6g} to {ends[1]:.6g}"
            found.append(Goal(name, 0, most, meaning, in_program=False))
        return tuple(found)

    def posed(self, formulation: str, *, setting: int, at_most: Mapping[str, int]) -> Posed:
        """See ``Question.posed``."""
        del setting
        worst = {name: v for name, v in at_most.items() if name in self.problem.grades}
        kept = self.problem.columns_within(worst)
        smaller = self.problem if len(kept) == self.problem.n_columns else self.problem.over(kept)
        try:
            stated = get_formulation(formulation).build(smaller)
        except ValueError as error:
            raise InstanceError.one(
                f"{formulation} cannot state this fleet: {error}",
                where=self.instance.source,
                mend="Name another formulation, or offer fewer layouts or racks",
            ) from error

        def tell(x: IntArray) -> Told:
            try:
                counts, racks = stated.decode(x)
            except ValueError as error:
                return Told(faults=(str(error),))
            return self._told(kept, counts, racks)

        def better(
            objective: str, bounds: Mapping[str, int], value: int, limit_s: float | None
        ) -> bool | None:
            return self._better(
                formulation, kept, smaller, bounds,
                objective=objective, value=value, limit_s=limit_s,
            )  # fmt: skip

        routed = bool(self.problem.routings)
        note = (
            "requests of several sizes are shared out over replicas after the program: a solution "
            "that cannot serve them is refused when it is read back"
        )
        return Posed(
            stated.statement,
            tell,
            column_names=smaller.column_names if formulation == _COUNTS else (),
            notes=(*self.space.notes, *((note,) if routed else ())),
            better=better if routed else None,
        )

    def _told(
        self, kept: npt.NDArray[np.intp], counts: IntArray, racks: tuple[FilledRack, ...]
    ) -> Told:
        problem = self.problem
        whole = np.zeros(problem.n_columns, dtype=np.int64)
        whole[kept] = counts
        if (whole < 0).any():
            return Told(faults=("a count is negative",))
        shares = []
        for routing in problem.routings:
            found = serve(routing, whole)
            if isinstance(found, Cut):
                have = sum(
                    w * int(whole[j]) for j, w in zip(found.columns, found.weight, strict=True)
                )
                return Told(
                    faults=(
                        f"{routing.name}: these replicas cannot share out its requests "
                        f"({have} of {found.least} in a row that every plan meets)",
                    ),
                    objectives=measures_of(problem, whole),
                )
            shares.append(found)
        placed = tuple(
            replace(rack, holds={int(kept[j]): units for j, units in rack.holds.items()})
            for rack in racks
        )
        plan = FleetPlan(whole, tuple(shares), placed)
        faults = violations(problem, plan)
        if faults:
            return Told(faults=tuple(faults), objectives=measures_of(problem, whole))
        objectives = Objectives.of(self.space)
        values = objectives.stated(objectives.image(plan))
        units = {one.name: one.unit for one in objectives.described()}
        return Told(
            objectives={**measures_of(problem, whole), **grades_of(problem, whole)},
            shown={name: (value, units[name]) for name, value in values.items()},
            design=describe(self.space, plan),
        )

    def _better(
        self,
        formulation: str,
        kept: npt.NDArray[np.intp],
        smaller: FleetProblem,
        bounds: Mapping[str, int],
        *,
        objective: str,
        value: int,
        limit_s: float | None,
    ) -> bool | None:
        """Whether a plan below ``value`` serves its requests; cuts are learned as plans fail."""
        most = {name: v for name, v in bounds.items() if name in self.problem.measures}
        worst = {name: v for name, v in bounds.items() if name in self.problem.grades}
        answer = ProgramRoad(self.problem, formulation=formulation, engine="cp-sat").least(
            objective,
            Box(worst, most),
            kept,
            capped(smaller, most),
            stop=Stop(None if limit_s is None else time.monotonic() + limit_s),
            below=value,
        )
        if answer.plan is not None:
            return True
        return False if answer.empty else None
