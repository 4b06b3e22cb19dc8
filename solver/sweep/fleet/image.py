"""Objective vectors of a fleet question: grades and measures, all minimised integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.fleet.plan import FleetPlan, grades_of, measures_of
from formulations.fleet.problem import (
    COST,
    ENERGY,
    POWER,
    QUALITY,
    SPEED,
    THROUGHPUT,
    FleetProblem,
)
from formulations.milp import INFINITY, IntArray
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.space import FleetSpace
from solver.result.document import Objective
from solver.sweep.fleet.roads import Box

__all__ = ["Image", "Objectives"]

Image = tuple[int, ...]
_COST_UNITS = {"usd_per_hour": "usd/h", "usd_per_mtok": "usd/Mtok", "usd": "usd"}


@dataclass(frozen=True, slots=True)
class Objectives:
    """What is traded off, in the order of the instance.

    Parameters
    ----------
    names
        Of grades and measures.
    pivot
        Position of the measure that programs minimise; the others are bounded.
    """

    space: FleetSpace
    names: tuple[str, ...]
    pivot: int

    @classmethod
    def of(cls, space: FleetSpace) -> Objectives:
        """The objectives of a question."""
        instance = space.instance
        if isinstance(instance, FleetInstance):
            names: tuple[str, ...] = tuple(instance.trade_off)
        else:
            names = (SPEED, COST) if instance.column_latency_level else (COST,)
        measures = [name for name in names if name in space.problem.measures]
        first = COST if COST in measures else measures[0]
        return cls(space, names, names.index(first))

    @property
    def pivot_name(self) -> str:
        """The measure that programs minimise."""
        return self.names[self.pivot]

    def image(self, plan: FleetPlan) -> Image:
        """Of a plan."""
        problem = self.space.problem
        known = {**grades_of(problem, plan.counts), **measures_of(problem, plan.counts)}
        return tuple(known[name] for name in self.names)

    def box_below(self, corner: Image) -> Box:
        """All images below the corner, its pivot left out."""
        worst, most = {}, {}
        ceiling = self.ceiling
        for position, (name, top) in enumerate(zip(self.names, corner, strict=True)):
            if name in self.space.problem.grades:
                worst[name] = top - 1
            elif position != self.pivot and top < ceiling[position]:
                most[name] = top - 1
        return Box(worst, most)

    @property
    def ceiling(self) -> Image:
        """Above every image."""
        return tuple(
            int(self.space.problem.grades[name].max(initial=0)) + 1
            if name in self.space.problem.grades
            else _extreme(self.space.problem, name, np.maximum) + 1
            for name in self.names
        )

    @property
    def floor(self) -> Image:
        """At or below every image."""
        return tuple(
            0
            if name in self.space.problem.grades
            else _extreme(self.space.problem, name, np.minimum)
            for name in self.names
        )

    def described(self) -> tuple[Objective, ...]:
        """Names, units and senses for people."""
        return tuple(
            Objective(name, self._unit(name), "min" if name in (COST, POWER, ENERGY) else "max")
            for name in self.names
        )

    def _unit(self, name: str) -> str:
        instance = self.space.instance
        if name == COST:
            return (
                _COST_UNITS[instance.cost_unit] if isinstance(instance, FleetInstance) else "usd/h"
            )
        if name == SPEED:
            if not isinstance(instance, FleetInstance):
                return "level"
            own = any(w.target_speed_tok_per_s is not None for w in instance.workloads)
            return "of target" if own else "tok/s/user"
        return {POWER: "W", ENERGY: "J/token", THROUGHPUT: "tok/s", QUALITY: "score"}[name]

    def stated(self, image: Image) -> Mapping[str, Fraction]:
        """Values in the units people read, exact."""
        values = {}
        for name, value in zip(self.names, image, strict=True):
            if name == SPEED:
                values[name] = self.space.speed_levels[value].speed
            elif name == QUALITY:
                values[name] = self.space.quality_levels[value]
            elif name == THROUGHPUT:
                values[name] = -value * self.space.units[name]
            else:
                values[name] = value * self.space.units[name]
        return values


_FITS = 2.0**61
"""Sums of products that come to less as floats fit 64 bits as integers."""


def _extreme(problem: FleetProblem, name: str, choose: np.ufunc) -> int:
    coefficients: IntArray = choose(problem.measures[name], 0)
    rough = float(np.abs(coefficients).astype(np.float64) @ problem.upper.astype(np.float64))
    if rough < _FITS:
        return int(coefficients @ problem.upper)
    total: int = sum(
        c * u for c, u in zip(coefficients.tolist(), problem.upper.tolist(), strict=True) if c
    )
    # Corners live in 64-bit arrays; a sum beyond is no tighter bound than this one.
    return max(min(total, INFINITY), -INFINITY)
