"""Multi-objective integer programs: the whole nondominated set by every sweep algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from formulations.moip.problem import MultiObjectiveProgram
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.kind import OWN, Built, Entry
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.kinds.program_run import NotTakenError
from solver.bench.kinds.statement import statement_facts
from solver.bench.row import Status
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Engine
from solver.engines.guard import violation
from solver.errors import EngineError
from solver.instance.moip import read_program
from solver.sweep.moip.algorithms import ALGORITHMS
from solver.sweep.moip.claims import FoundPoint
from solver.sweep.moip.search import search

__all__ = ["MoipKind"]

WHOLE_SET = "nondominated set"


class MoipKind:
    """One level an instance: the whole set. The reference is that of ``fleetfront moip``."""

    group = "moip"

    def entries(self) -> tuple[Entry, ...]:
        """The algorithms."""
        return tuple(
            Entry(
                self.group, one.name, "algorithm", one.summary, one.run.__module__,
                textbook=one.textbook, engines=ENGINE_NAMES if one.uses_engine else (OWN,),
            )
            for one in ALGORITHMS.values()
        )  # fmt: skip

    def problem(self, path: Path) -> MultiObjectiveProgram:
        """The program of a file."""
        return read_program(path)

    def levels(
        self, problem: MultiObjectiveProgram, count: int | None, *, time_limit_s: float
    ) -> list[Level]:
        """One level, with its proved images where the search ended."""
        del count
        found = search(problem, time_limit_s=time_limit_s)
        if found.status == "partial":
            return [Level(0, WHOLE_SET)]
        images = tuple(sorted(point.image for point in found.points))
        return [Level(0, WHOLE_SET, best_by="search", points=images)]

    def applies(self, problem: MultiObjectiveProgram, formulation: str) -> str | None:
        """Why an algorithm does not take the program, or ``None``."""
        return ALGORITHMS[formulation].applies(problem)

    def build(self, problem: MultiObjectiveProgram, formulation: str, level: Level) -> Built:
        """The program itself, whatever the algorithm; it bounds and weights its objectives."""
        del formulation, level
        names = problem.objective_names
        return Built(problem.milp, lambda x: dict(zip(names, problem.image(x), strict=True)))

    def run_algorithm(
        self,
        problem: MultiObjectiveProgram,
        formulation: str,
        engine: Engine | None,
        level: Level,
        *,
        time_limit_s: float,
    ) -> Outcome:
        """One algorithm over the whole set; every point is held against the program."""
        del level
        clock = Clock()
        asked = get_engine("cp-sat") if engine is None else engine
        try:
            run = ALGORITHMS[formulation].run(problem, asked, time_limit_s=time_limit_s)
        except EngineError as error:
            raise NotTakenError(str(error)) from error
        cpu_s, wall_s = clock.cpu_s, clock.wall_s
        status: Status = "time_limit"
        if run.refused and not run.complete:
            status = "refused"
        elif run.complete:
            status = "optimal" if run.points else "infeasible"
        return Outcome(
            status=status,
            message=run.stopped,
            contradiction=_contradiction(problem, run.points) or run.contradiction,
            images=tuple(sorted(point.image for point in run.points)),
            cpu_s=cpu_s,
            wall_s=wall_s,
            build_s=0.0,
            nodes=run.nodes,
            iterations=run.iterations,
            ticks=run.ticks,
            rounds=run.solves,
            **statement_facts(problem.milp),
        )


def _contradiction(problem: MultiObjectiveProgram, points: Sequence[FoundPoint]) -> str:
    """What the first point that does not hold breaks; empty where all do."""
    for point in points:
        broken = violation(problem.milp, point.x, {})
        if broken is not None:
            return f"a point does not hold: {broken}"
        image = problem.image(point.x)
        if image != tuple(point.image):
            return f"a point told as {tuple(point.image)} is {image}"
    return ""
