"""The box search of this package with one engine, as an algorithm among the others.

**Steps.** What no known point dominates is a union of boxes (``region.py``). The largest open one
is asked about: either the least positive weighted sum inside it, in one solve, or the least of one
objective with the others bounded by it and then a second stage (``solve_plan.py``, with sources).
A point found splits the boxes that it lies in; "infeasible", and bounds above what a box can hold,
close boxes, often many at once.

**Complete.** A box is closed only by a proof, and it ends when none is open (``ledger.py``).

**Solves.** With weighted sums one for each point and one for each box that is left at the end, less
the boxes that bounds close along with another. N points leave N + 1 boxes with two objectives, and
at most 2 N + 1 with three (Klamroth, Lacour and Vanderpooten, "On the representation of the search
region in multi-objective optimization", European Journal of Operational Research 245, 2015). Which
of the two statements is used is learned from processor time on the program at hand, so that the
number differs a little from run to run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from formulations.moip.problem import MultiObjectiveProgram
from formulations.program import ProgramKind, Statement
from solver.engines.contract import Engine, Goal, SolveResult
from solver.sweep.moip.algorithms.algorithm import AlgorithmRun
from solver.sweep.moip.algorithms.questions import Tally
from solver.sweep.moip.box_solve import solve_box
from solver.sweep.moip.claims import FoundPoint
from solver.sweep.moip.jobs import SolveJob
from solver.sweep.moip.ledger import Ledger
from solver.sweep.moip.solve_plan import SolvePlan

__all__ = ["boxes"]


def boxes(
    program: MultiObjectiveProgram,
    engine: Engine,
    *,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AlgorithmRun:
    """Look for the nondominated set by boxes; see ``algorithm.Run``.

    Raises
    ------
    EngineError
        If the engine refuses the program.
    ValueError
        If the time limit is not positive.
    """
    if time_limit_s is not None and not time_limit_s > 0:
        raise ValueError(f"the time limit must be positive (got {time_limit_s})")
    began_s, cpu_began_s = time.perf_counter(), time.process_time()
    tally = Tally()
    counted = _counted(engine, tally)
    counted.load(program.milp)
    ledger = Ledger(program)
    plan = SolvePlan(ledger, [engine.name])
    until_s = None if time_limit_s is None else began_s + time_limit_s
    try:
        stopped = _drive(program, counted, ledger, plan, until_s, should_stop)
    except KeyboardInterrupt:
        stopped = "interrupted"
    images = ledger.nondominated()
    points = tuple(
        FoundPoint(image, ledger.archive[image])
        for image, proof in zip(images, ledger.proofs_of(images), strict=True)
        if proof is not None
    )
    complete = not ledger.open_corners
    if not complete and not stopped:
        reasons = [plan.reasons[c] for c in ledger.open_corners if c in plan.reasons]
        stopped = (*reasons, *ledger.notes, "no box could be settled")[0]
    return AlgorithmRun(
        points=points,
        complete=complete,
        stopped="" if complete else stopped,
        solves=tally.solves,
        refused=tally.refused,
        nodes=tally.nodes,
        iterations=tally.iterations,
        ticks=tally.ticks,
        cpu_s=time.process_time() - cpu_began_s,
        wall_s=time.perf_counter() - began_s,
    )


def _drive(
    program: MultiObjectiveProgram,
    engine: Engine,
    ledger: Ledger,
    plan: SolvePlan,
    until_s: float | None,
    should_stop: Callable[[], bool] | None,
) -> str:
    """Do the jobs of the plan one after the other; why that ended before its time, or nothing."""
    for job in plan.jobs():
        if job is None:
            return "the plan waits for a job that nobody does"
        left_s = None if until_s is None else until_s - time.perf_counter()
        if left_s is not None and left_s <= 0:
            return "the time limit was reached"
        if should_stop is not None and should_stop():
            return "stopped on request"
        cpu_began_s = time.process_time()
        report = solve_box(
            program,
            engine,
            corner=job.corner,
            weights=job.weights,
            time_limit_s=_shorter(job, left_s),
        )
        ledger.admit(report.points, report.claims)
        plan.learn(job, replace(report, cpu_s=time.process_time() - cpu_began_s))
        if report.interrupted:
            return "interrupted"
    return ""


def _shorter(job: SolveJob, left_s: float | None) -> float | None:
    limits = [limit for limit in (job.time_limit_s, left_s) if limit is not None]
    return min(limits, default=None)


def _counted(engine: Engine, tally: Tally) -> Engine:
    """The same engine, with its answers counted."""

    class Counted:
        name: ClassVar[str] = engine.name
        accepts: ClassVar[frozenset[ProgramKind]] = engine.accepts

        @property
        def version(self) -> str:
            return engine.version

        def load(self, statement: Statement) -> None:
            engine.load(statement)

        def minimise(
            self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
        ) -> SolveResult:
            tally.solves += 1
            result = engine.minimise(objective, upper=upper, time_limit_s=time_limit_s)
            tally.add(result)
            return result

    return Counted()
