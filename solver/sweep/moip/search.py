"""The search for the complete nondominated set: boxes out to workers, points and claims home.

Three roads, one after the other, each on what the one before left open: labels, where they suit the
program; packing steps, where it is a set packing with two objectives (labels then have but a first
look); the engines. A plan says which jobs come next, the ledger what is closed. Only claims close
boxes, and a box that nobody closed is open in the outcome, whatever the reason was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import EngineError, InstanceError
from solver.sweep.moip.checkpoint import Checkpoint
from solver.sweep.moip.claims import Claim, Corner, FoundPoint, JobReport
from solver.sweep.moip.crew import Crew, open_crew
from solver.sweep.moip.jobs import LABELS, PACKING, heeding, perform
from solver.sweep.moip.ledger import Ledger
from solver.sweep.moip.listing_plan import ListingPlan
from solver.sweep.moip.outcome import ClosedBox, OpenBox, ProvedPoint, SearchOutcome
from solver.sweep.moip.pack_plan import PackPlan
from solver.sweep.moip.plan import JobT, Plan
from solver.sweep.moip.solve_plan import SolvePlan

__all__ = ["ENGINES", "SearchProgress", "search"]

ENGINES = (LABELS, PACKING, "cp-sat", "highs", "scip")
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Told after every job: points known, boxes closed and open, seconds since the start."""

    points: int
    closed: int
    open: int
    elapsed_s: float


def search(
    program: MultiObjectiveProgram,
    *,
    engines: Sequence[str] | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    dask: str | None = None,
    checkpoint: Path | None = None,
    recover: bool = False,
    on_progress: Callable[[SearchProgress], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> SearchOutcome:
    """The complete nondominated set of a program, or an honest part of it.

    Parameters
    ----------
    engines
        Some of ``ENGINES``; all of them if left out.
    time_limit_s
        Wall clock, for the whole search.
    workers, dask
        Local processes, or the address of a Dask scheduler.
    checkpoint, recover
        File that every point and claim is appended to, and from which a search goes on; whether to
        keep the intact lines of a damaged one.
    on_progress
        Called after every job.
    should_stop
        Asked between jobs, and within listings and packing steps of this process; a true answer
        acts like a limit.

    Raises
    ------
    FleetError
        If an engine is unknown, or the checkpoint or the workers cannot be used.
    """
    chosen = tuple(ENGINES if engines is None else engines)
    unknown = [name for name in chosen if name not in ENGINES]
    if unknown or not chosen:
        raise InstanceError.one(
            f"no such engine: {', '.join(unknown) or '(none named)'}",
            where="--engine",
            mend=f"Choose among {', '.join(ENGINES)}",
        )
    if time_limit_s is not None and not time_limit_s > 0:
        raise InstanceError.one(
            f"a time limit of {time_limit_s} s leaves no time",
            where="--time-limit",
            mend="Give a positive number of seconds",
        )
    with ExitStack() as stack:
        kept = None
        if checkpoint is not None:
            kept = stack.enter_context(Checkpoint.open(checkpoint, program, recover=recover))
        crew = stack.enter_context(open_crew(program, perform, workers=workers, dask=dask))
        run = _Search(
            program,
            chosen,
            crew,
            alone=workers == 1 and dask is None,
            checkpoint=kept,
            time_limit_s=time_limit_s,
            on_progress=on_progress,
            should_stop=should_stop,
        )
        return run.outcome()


class _Search:
    """State of one search.

    Parameters
    ----------
    alone
        Whether this process does the jobs: their processor time is its own, and a job ends before
        the next begins.
    """

    def __init__(
        self,
        program: MultiObjectiveProgram,
        engines: Sequence[str],
        crew: Crew,
        *,
        alone: bool,
        checkpoint: Checkpoint | None,
        time_limit_s: float | None,
        on_progress: Callable[[SearchProgress], object] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._began_s, self._cpu_began_s = time.perf_counter(), time.process_time()
        self._program = program
        self._engines = engines
        self._crew = crew
        self._alone = alone
        self._checkpoint = checkpoint
        self._time_limit_s = time_limit_s
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._ledger = Ledger(program)
        others = [name for name in engines if name not in (LABELS, PACKING)]
        self._solving = SolvePlan(self._ledger, others)
        self._worker_cpu_s = 0.0
        self._stopped: str | None = None
        self._last_reason: str | None = None
        self._refusals: list[str] = []

    def outcome(self) -> SearchOutcome:
        """Run the search to its end and say what it found."""
        try:
            with heeding(self._should_stop if self._alone else None):
                self._run()
        except KeyboardInterrupt:
            self._stopped = "interrupted"
        return self._told()

    def _run(self) -> None:
        if self._checkpoint is not None:
            self._ledger.admit(self._checkpoint.points, self._checkpoint.claims)
            self._ledger.notes += self._checkpoint.notes
        packing = PACKING in self._engines and PackPlan.suits(self._program)
        if LABELS in self._engines and self._ledger.open_corners:
            plan = ListingPlan(self._ledger, only_looks=packing)
            if plan.refusal is not None:
                self._refusals.append(plan.refusal)
            self._take((), plan.bounds())
            self._drive(plan)
        if packing:
            self._drive(PackPlan(self._ledger, share=self._crew.slots))
        self._drive(self._solving)

    def _drive(self, plan: Plan[JobT]) -> None:
        """Keep the crew busy until the plan has no more jobs, or a limit is reached."""
        if self._stopped is not None or not self._ledger.open_corners:
            return
        jobs = plan.jobs()
        out: dict[Future[JobReport], JobT] = {}
        exhausted = False
        while not exhausted or out:
            while not exhausted and len(out) < self._crew.slots and self._may_go_on():
                try:
                    job = next(jobs)
                except StopIteration:
                    exhausted = True
                    break
                if job is not None:
                    out[self._crew.submit(self._timed(job))] = job
                elif out:
                    # The plan waits for what is out.
                    break
            if not self._may_go_on():
                exhausted = True
                if not self._alone:
                    # Their work is lost but for what the checkpoint has; the limit is the limit.
                    return
            if not out:
                continue
            for future in self._crew.wait(list(out), _POLL_S):
                self._collect(plan, out.pop(future), future)

    def _may_go_on(self) -> bool:
        if self._stopped is None:
            left_s = self._left_s()
            if left_s is not None and left_s <= 0:
                self._stopped = f"the time limit of {self._time_limit_s:g} s was reached"
            elif self._should_stop is not None and self._should_stop():
                self._stopped = "stopped on request"
        return self._stopped is None

    def _left_s(self) -> float | None:
        if self._time_limit_s is None:
            return None
        return self._time_limit_s - (time.perf_counter() - self._began_s)

    def _timed(self, job: JobT) -> JobT:
        """The job with no more time than the search has left."""
        left_s = self._left_s()
        if left_s is None:
            return job
        limit_s = left_s if job.time_limit_s is None else min(left_s, job.time_limit_s)
        return replace(job, time_limit_s=limit_s)

    def _collect(self, plan: Plan[JobT], job: JobT, future: Future[JobReport]) -> None:
        try:
            report = future.result()
        except EngineError as error:
            # The engine refuses the program as a whole; the others go on.
            report = JobReport((), (), 0, 0.0, stopped=str(error), refused=True)
            self._refusals.append(str(error))
        self._worker_cpu_s += report.cpu_s
        if report.stopped is not None and not report.refused:
            self._last_reason = report.stopped
        self._take(report.points, report.claims)
        plan.learn(job, report)
        if report.interrupted:
            self._stopped = "interrupted"

    def _take(self, found: Sequence[FoundPoint], proved: Sequence[Claim]) -> None:
        points, claims = self._ledger.admit(found, proved)
        if self._checkpoint is not None and (points or claims):
            self._checkpoint.record(points, claims)
        if self._on_progress is not None:
            self._on_progress(
                SearchProgress(
                    points=len(self._ledger.archive),
                    closed=len(self._ledger.closed),
                    open=len(self._ledger.open_corners),
                    elapsed_s=time.perf_counter() - self._began_s,
                )
            )

    def _told(self) -> SearchOutcome:
        ledger = self._ledger
        images = ledger.nondominated()
        points, candidates = [], []
        for image, proof in zip(images, ledger.proofs_of(images), strict=True):
            if proof is None:
                candidates.append(FoundPoint(image, ledger.archive[image]))
            else:
                points.append(ProvedPoint(image, ledger.archive[image], proof))
        corners = ledger.open_corners
        open_boxes = tuple(
            OpenBox(corner, floor, self._reason(corner))
            for corner, floor in zip(corners, ledger.floors_of(corners), strict=True)
        )
        here_s = time.process_time() - self._cpu_began_s
        return SearchOutcome(
            program=self._program,
            points=tuple(points),
            candidates=tuple(candidates),
            closed_boxes=tuple(ClosedBox(c, ledger.closed[c]) for c in sorted(ledger.closed)),
            open_boxes=open_boxes,
            solves=dict(self._solving.solves),
            wall_s=time.perf_counter() - self._began_s,
            cpu_s=here_s if self._alone else here_s + self._worker_cpu_s,
            notes=(*ledger.notes, *self._refusals),
        )

    def _reason(self, corner: Corner) -> str:
        if self._stopped is not None:
            return self._stopped
        known = self._solving.reasons.get(corner) or self._last_reason
        return known or "; ".join(self._refusals) or "no engine could settle it"
