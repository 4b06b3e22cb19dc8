"""Placement instances for throughput alone: the greatest flow of tokens through a cluster."""

from __future__ import annotations

from pathlib import Path

from formulations.milp import IntArray
from formulations.placement.plan import rate_of, violations
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.registry import FORMULATIONS, get_formulation
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.coarse import coarse_flow
from solver.bench.kinds.kind import OWN, Built, Entry, entries_of, wrong_kind
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.engines.contract import Engine
from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.instance.reading import read_any_instance
from solver.sweep.placement.flows import flow_space_of
from solver.sweep.placement.solve import solve_placement

__all__ = ["BOUNDS", "FlowKind"]

BOUNDS = "flow"


class FlowKind:
    """One level an instance; the reference are bounds and programs in turn, in coarse units."""

    group = "flow"

    def entries(self) -> tuple[Entry, ...]:
        """The programs, and the road of bounds."""
        bounds = Entry(
            self.group, BOUNDS, "algorithm",
            "cover bounds, chains at the bound, then programs over twins",
            "solver.sweep.placement.solve",
            strength="cover and team bounds, at or below total work over layers", engines=(OWN,),
        )  # fmt: skip
        return (*entries_of(self.group, FORMULATIONS), bounds)

    def problem(self, path: Path) -> PlacementProblem:
        """Machines and rates in coarse units.

        Raises
        ------
        InstanceError
            If it is no question about throughput alone.
        """
        instance = read_any_instance(path)
        if not isinstance(instance, PlacementInstance):
            raise wrong_kind(path, self.group)
        try:
            return coarse_flow(flow_space_of(instance).problem)
        except ValueError as error:
            raise InstanceError.one(
                str(error), where=str(path), mend="Ask for throughput alone"
            ) from error

    def levels(
        self, problem: PlacementProblem, count: int | None, *, time_limit_s: float
    ) -> list[Level]:
        """One level: nothing bounds the flow but the cluster."""
        del count
        found = solve_placement(problem, time_limit_s=time_limit_s)
        if found.proof.rate != found.rate:
            return [Level(0, THROUGHPUT)]
        return [Level(0, THROUGHPUT, best=-found.rate, best_by=BOUNDS)]

    def applies(self, problem: PlacementProblem, formulation: str) -> str | None:
        """Why a formulation cannot state the problem, or ``None``."""
        return None if formulation == BOUNDS else get_formulation(formulation).applies(problem)

    def build(self, problem: PlacementProblem, formulation: str, level: Level) -> Built:
        """State the cluster."""
        del level
        stated = get_formulation(formulation).build(problem)

        def attained(x: IntArray) -> dict[str, int]:
            plan = stated.decode(x)
            broken = violations(stated.problem, plan)
            if broken:
                raise ValueError(broken[0])
            return {THROUGHPUT: -rate_of(plan)}

        return Built(stated.statement, attained)

    def run_algorithm(
        self,
        problem: PlacementProblem,
        formulation: str,
        engine: Engine | None,
        level: Level,
        *,
        time_limit_s: float,
    ) -> Outcome:
        """Bounds and programs in turn."""
        del formulation, engine, level
        clock = Clock()
        found = solve_placement(problem, time_limit_s=time_limit_s)
        return Outcome(
            status="optimal" if found.proof.rate == found.rate else "time_limit",
            incumbent=-found.rate,
            bound=-found.proof.rate,
            cpu_s=clock.cpu_s,
            wall_s=clock.wall_s,
            build_s=0.0,
            rounds=found.solves,
            message=f"proved by {type(found.proof).__name__}",
        )
