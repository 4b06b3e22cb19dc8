"""Replica instances: the cheapest cell of a grid under a limit on latency, all in ranks."""

from __future__ import annotations

from pathlib import Path

from formulations.replica.column_selection import nondominated_positions
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import ReplicaProgram
from formulations.replica.registry import FORMULATIONS, get_formulation
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.kind import OWN, Built, Entry, entries_of, wrong_kind
from solver.bench.kinds.level import Level, spread
from solver.bench.kinds.outcome import Outcome
from solver.engines.contract import Engine
from solver.instance.domain import ReplicaInstance
from solver.instance.reading import read_any_instance
from solver.lowering.space import lower_replica
from solver.sweep.programs import numbers_for

__all__ = ["ReplicaKind"]


SCAN = "enumeration"


class ReplicaKind:
    """Levels are ranks of latency; the reference is a scan of all cells."""

    group = "replica"

    def entries(self) -> tuple[Entry, ...]:
        """The programs, and the scan."""
        scan = Entry(
            self.group, SCAN, "algorithm",
            "every cell evaluated, dominated ones dropped", "formulations.replica.problem",
            strength="no relaxation: all cells are seen", engines=(OWN,),
        )  # fmt: skip
        return (*entries_of(self.group, FORMULATIONS), scan)

    def problem(self, path: Path) -> ReplicaProblem:
        """The grid of a question.

        Raises
        ------
        InstanceError
            If it is no question about a replica, or too large for programs.
        """
        instance = read_any_instance(path)
        if not isinstance(instance, ReplicaInstance):
            raise wrong_kind(path, self.group)
        # The grid of every candidate, as the factored statements need it.
        return numbers_for(lower_replica(instance), "factored_hull")[0].problem

    def levels(
        self, problem: ReplicaProblem, count: int | None, *, time_limit_s: float
    ) -> list[Level]:
        """Points of the frontier from the cheapest to the fastest, then below the fastest."""
        del time_limit_s
        latency, cost = problem.latency[problem.allowed], problem.cost[problem.allowed]
        best = nondominated_positions(latency, cost)[::-1]
        points = [(int(latency[k]), int(cost[k])) for k in best.tolist()]
        levels = [
            Level(index, COST, {LATENCY: most}, best=least, best_by=SCAN)
            for index, (most, least) in enumerate(spread(points, count))
        ]
        if count is None or not points:
            # Nothing is faster than the fastest; where there is nothing at all, any limit will do.
            below = points[-1][0] - 1 if points else int(problem.latency.max(initial=0))
            levels.append(Level(len(levels), COST, {LATENCY: below}, best_by=SCAN))
        return levels

    def applies(self, problem: ReplicaProblem, formulation: str) -> str | None:
        """Why a formulation cannot state the problem, or ``None``."""
        return None if formulation == SCAN else get_formulation(formulation).applies(problem)

    def build(self, problem: ReplicaProblem, formulation: str, level: Level) -> Built:
        """State the problem; the level does not enter it."""
        del level
        program: ReplicaProgram = get_formulation(formulation).build(problem)
        return Built(program.statement, program.attained)

    def run_algorithm(
        self,
        problem: ReplicaProblem,
        formulation: str,
        engine: Engine | None,
        level: Level,
        *,
        time_limit_s: float,
    ) -> Outcome:
        """The scan of all cells that a question is solved by."""
        del formulation, engine, time_limit_s
        clock = Clock()
        latency, cost = problem.latency[problem.allowed], problem.cost[problem.allowed]
        best = nondominated_positions(latency, cost)
        within = best[latency[best] <= level.upper[LATENCY]]
        value = int(cost[within].min()) if len(within) else None
        return Outcome(
            status="infeasible" if value is None else "optimal",
            incumbent=value,
            bound=value,
            cpu_s=clock.cpu_s,
            wall_s=clock.wall_s,
            build_s=0.0,
            rounds=1,
        )
