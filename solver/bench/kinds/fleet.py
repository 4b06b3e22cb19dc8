"""Fleet instances: the cheapest counts at a floor of speed, with stock, budget, power and racks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from formulations.fleet.problem import COST, SPEED, FleetProblem
from formulations.fleet.registry import FORMULATIONS, get_formulation
from formulations.fleet.routing import Cut
from formulations.milp import IntArray
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.coarse_fleet import coarse_fleet
from solver.bench.kinds.fleet_answer import attained_by
from solver.bench.kinds.kind import OWN, Built, Entry, entries_of, wrong_kind
from solver.bench.kinds.level import Level, spread
from solver.bench.kinds.outcome import Outcome
from solver.bench.row import Status
from solver.engines.blocks import find_blocks
from solver.engines.contract import Engine
from solver.errors import InstanceError
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import read_any_instance
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.boxes import Answer, Box, Stop
from solver.sweep.fleet.roads import BLOCKS, Road

__all__ = ["FleetKind", "RacksKind"]


class FleetKind:
    """Levels are grades of speed, which remove columns; the reference is the road of ``solve``.

    That road takes blocks where the fleet separates and programs elsewhere, so a reference may
    come from one of the statements that are compared; its ``best_by`` says from whom.
    """

    group = "fleet"

    def entries(self) -> tuple[Entry, ...]:
        """The programs over counts, and blocks."""
        blocks = Entry(
            self.group, BLOCKS, "algorithm",
            "cells apart, each by dynamic programming, joined by prices on what they share",
            "solver.engines.blocks",
            strength="Lagrangian dual over the shared limits, integers throughout", engines=(OWN,),
        )  # fmt: skip
        counting = [one for one in FORMULATIONS if not one.patterns]
        return (*entries_of(self.group, counting), blocks)

    def problem(self, path: Path) -> FleetProblem:
        """Columns, cells and limits of a question, in coarse units.

        Raises
        ------
        InstanceError
            If it is no question about a fleet.
        """
        instance = read_any_instance(path)
        if not isinstance(instance, FleetInstance | ColumnFleet):
            raise wrong_kind(path, self.group)
        try:
            return coarse_fleet(lower_fleet(instance).problem)
        except ValueError as error:
            raise InstanceError.one(
                str(error), where=str(path), mend="Ask for a fleet whose cost counts"
            ) from error

    def levels(
        self, problem: FleetProblem, count: int | None, *, time_limit_s: float
    ) -> list[Level]:
        """Steps of the frontier from any speed to the fastest, then below the fastest."""
        stop = Stop(time.monotonic() + time_limit_s)
        road = Road(problem)
        grade = int(problem.grades[SPEED].max(initial=0)) if SPEED in problem.grades else None
        found: list[Level] = []
        below: list[Level] = []
        while grade is None or grade >= 0:
            worst = {} if grade is None else {SPEED: grade}
            answer = road.least(COST, Box(worst, {}), stop=stop)
            best_by = "" if answer.stopped else answer.engine
            value = answer.value if best_by else None
            level = Level(0, COST, worst=worst, best=value, best_by=best_by)
            if answer.empty:
                below.append(level)
                break
            found.append(level)
            if answer.plan is None or grade is None:
                break
            # The plan at hand is as fast as its slowest column; only faster ones are asked next.
            grade = int(problem.grades[SPEED][answer.plan.counts > 0].max(initial=0)) - 1
        chosen = spread(_steps(found), count) if found else []
        if count is None or not found:
            chosen += below
        return [_numbered(level, index) for index, level in enumerate(chosen)]

    def applies(self, problem: FleetProblem, formulation: str) -> str | None:
        """Why a formulation cannot state the problem, or ``None``."""
        if formulation != BLOCKS:
            return get_formulation(formulation).applies(problem)
        apart = find_blocks(problem, COST)
        return apart if isinstance(apart, str) else None

    def at(self, problem: FleetProblem, level: Level) -> FleetProblem:
        """The problem over the columns that are fast enough."""
        return problem.over(problem.columns_within(level.worst)) if level.worst else problem

    def build(
        self,
        problem: FleetProblem,
        formulation: str,
        level: Level,
        cuts: Sequence[Sequence[Cut]] = (),
    ) -> Built:
        """State the columns of the level, with the routing cuts known so far.

        ``learned`` of what is built receives the cuts that a solution breaks.
        """
        smaller = self.at(problem, level)
        program = get_formulation(formulation).build(smaller, cuts)
        learned: list[list[list[Cut]]] = []

        def attained(x: IntArray) -> dict[str, int]:
            counts, racks = program.decode(x)
            return attained_by(smaller, counts, racks, learned)

        return Built(program.statement, attained, learned)

    def run_algorithm(
        self,
        problem: FleetProblem,
        formulation: str,
        engine: Engine | None,
        level: Level,
        *,
        time_limit_s: float,
    ) -> Outcome:
        """Blocks for one level."""
        del formulation, engine
        clock = Clock()
        stop = Stop(time.monotonic() + time_limit_s)
        road = Road(problem, formulation=BLOCKS)
        answer: Answer = road.least(COST, Box(level.worst, {}), stop=stop)
        status: Status = "infeasible" if answer.empty else "optimal"
        return Outcome(
            status="time_limit" if answer.stopped else status,
            incumbent=answer.value,
            bound=answer.bound,
            cpu_s=clock.cpu_s,
            wall_s=clock.wall_s,
            build_s=0.0,
            rounds=answer.solves,
            message=answer.stopped,
        )


class RacksKind(FleetKind):
    """Fleets whose replicas stand in racks: packing decides, and every statement of it applies."""

    group = "racks"

    def entries(self) -> tuple[Entry, ...]:
        """The programs; blocks do not know racks."""
        return entries_of(self.group, FORMULATIONS)

    def problem(self, path: Path) -> FleetProblem:
        """As of a fleet; ``InstanceError`` where it has no racks."""
        problem = super().problem(path)
        if problem.racks is None:
            raise wrong_kind(path, self.group)
        return problem


def _numbered(level: Level, index: int) -> Level:
    return replace(level, index=index)


def _steps(found: Sequence[Level]) -> list[Level]:
    """The tightest of the levels of each proved cost; the first level where none is proved."""
    proved = [level for level in found if level.best_by]
    if not proved:
        return list(found[:1])
    last = {level.best: level for level in proved}
    return list(last.values())
