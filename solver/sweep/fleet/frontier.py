r"""The complete frontier of a fleet: boxes of grades and measures, one closed after the other.

Known images cut objective space into boxes below local upper bounds (see
``sweep.moip.region``). In a box :math:`\{z < u\}` columns with a grade of :math:`u` or worse leave
the problem, other measures are bounded by rows, and the pivot (cost) is minimised. Its least value
:math:`c` is a claim: no image below :math:`u` has a pivot below :math:`c`. Two objectives give the
epsilon-constraint sweep over ranks: from the loosest speed to the fastest.

Bounds travel between boxes: what a larger box cannot beat, a smaller one cannot beat either.

Ties: among plans of one pivot in a box the other measures traded off are brought to their least, in
the order in which they are stated. Among plans that are equal in everything traded off, the road's
first is taken. It depends on the box alone, so one question has one plan for one version of the
engines, whatever the number of workers and however often the sweep was stopped and went on. Least
power or fewest devices are not sought besides: with the cost fixed at its least they are harder
than the cost itself (on a fleet of 20 workloads more than twice the time of the whole sweep).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from formulations.fleet.plan import FleetPlan
from formulations.milp import INFINITY, IntArray
from solver.engines.labels.frontier import nondominated_rows
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.boxes import Stop
from solver.sweep.fleet.checkpoint import open_checkpoint
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.outcome import RANGE, FleetOutcome, FleetPoint, OpenRegion, outside_range
from solver.sweep.fleet.settlers import Alone, Ledger, Settler, Together, fleet_crew
from solver.sweep.fleet.settling import BoxJob, Roads, Settled
from solver.sweep.moip.claims import Claim
from solver.sweep.moip.region import SearchRegion

__all__ = ["FleetProgress", "sweep_fleet"]


@dataclass(frozen=True, slots=True)
class FleetProgress:
    """Points so far, solves so far, and how much of the range of grades is done, 0 to 1."""

    points: int
    solves: int
    done: float


class _Sweep:
    def __init__(self, objectives: Objectives, settler: Settler, stop: Stop) -> None:
        self.objectives = objectives
        self.settler = settler
        self.stop = stop
        self.region = SearchRegion(objectives.ceiling)
        self.found: dict[Image, FleetPlan] = {}
        self.claims = outside_range(objectives)
        self.closed: set[Image] = set()
        self._table: IntArray = np.zeros((0, len(objectives.names)), dtype=np.int64)
        self.given_up: dict[Image, str] = {}
        self.solves = 0

    def open_corners(self) -> list[Image]:
        """Corners that no claim closes and nobody gave up, sorted."""
        left = []
        for row in self.region.corners.tolist():
            corner = tuple(row)
            if corner in self.closed or corner in self.given_up:
                continue
            if self._claimed(corner):
                self.closed.add(corner)
            else:
                left.append(corner)
        return sorted(left)

    def _claimed(self, corner: Image) -> bool:
        uppers = self._uppers()
        return bool((uppers >= np.array(corner, dtype=np.int64)).all(axis=1).any())

    def _uppers(self) -> IntArray:
        """(claims, p) corners of all claims."""
        if len(self._table) < len(self.claims):
            fresh = [claim.upper for claim in self.claims[len(self._table) :]]
            self._table = np.concatenate([self._table, np.array(fresh, dtype=np.int64)])
        return self._table

    def floor_of(self, corner: Image) -> int:
        """Nothing below the corner has a smaller pivot, by the claims."""
        pivot = self.objectives.pivot
        uppers = self._uppers()
        covers = uppers >= np.array(corner, dtype=np.int64)
        covers[:, pivot] = True
        above = uppers[covers.all(axis=1), pivot]
        return max(self.objectives.floor[pivot], int(above.max(initial=-INFINITY)))

    def settle(self, corner: Image) -> None:
        """Close one box, or find what is in it."""
        answer = self.settler.settle(self._job(corner), self._others, self.stop)
        self.solves += answer.solves
        self._learn(corner, answer)
        if answer.plan is None or answer.image is None:
            return
        if answer.image not in self.found:
            self.found[answer.image] = answer.plan
        self.region.insert([answer.image])

    def _job(self, corner: Image) -> BoxJob:
        return BoxJob(corner, self.floor_of(corner))

    def _others(self) -> list[BoxJob]:
        """All open boxes as jobs."""
        return [self._job(corner) for corner in self.open_corners()]

    def _learn(self, corner: Image, answer: Settled) -> None:
        pivot = self.objectives.pivot
        upper = list(corner)
        if answer.stopped:
            self.given_up[corner] = answer.stopped
            if answer.bound is None or answer.bound <= self.floor_of(corner):
                return
            upper[pivot] = min(answer.bound, corner[pivot])
        elif not answer.empty and answer.bound is not None:
            upper[pivot] = min(answer.bound, corner[pivot])
        self.claims.append(Claim(tuple(upper), None, None, answer.engine, answer.closed_by))

    def outcome(
        self, cpu_s: float, wall_s: float, formulation: str, notes: tuple[str, ...] = ()
    ) -> FleetOutcome:
        table = np.array(sorted(self.found), dtype=np.int64).reshape(-1, len(self.objectives.names))
        best = [tuple(table[row].tolist()) for row in nondominated_rows(table)]
        needed = self._needed()
        reasons = self.given_up
        left = []
        for row in self.region.corners:
            corner = tuple(int(v) for v in row)
            if self._claimed(corner):
                continue
            floor = list(self.objectives.floor)
            floor[self.objectives.pivot] = self.floor_of(corner)
            reason = reasons.get(corner) or self.stop.reason() or next(iter(reasons.values()), "")
            left.append(OpenRegion(corner, tuple(floor), reason or "stopped"))
        return FleetOutcome(
            objectives=self.objectives,
            points=tuple(
                FleetPoint(image, self.found[image], self._proof(image, needed)) for image in best
            ),
            claims=tuple(needed),
            open_regions=tuple(sorted(left, key=lambda region: region.corner)),
            solves=self.solves,
            engines=tuple(sorted({claim.engine for claim in self.claims} - {RANGE})),
            wall_s=wall_s,
            cpu_s=cpu_s,
            formulation=formulation,
            notes=notes,
        )

    def _needed(self) -> list[Claim]:
        """Claims that no other claim says already."""
        uppers = self._uppers()
        needed = []
        for number, claim in enumerate(self.claims):
            wider = (uppers >= uppers[number]).all(axis=1)
            wider[number] = False
            same = (uppers == uppers[number]).all(axis=1)
            if not (wider & (~same | (np.arange(len(uppers)) < number))).any():
                needed.append(claim)
        return needed

    @staticmethod
    def _proof(image: Image, needed: list[Claim]) -> tuple[Claim | None, ...]:
        table = [claim.upper for claim in needed]
        uppers = np.array(table, dtype=np.int64).reshape(-1, len(image))
        proof: list[Claim | None] = []
        for k in range(len(image)):
            corner = [value + (position != k) for position, value in enumerate(image)]
            closing = np.flatnonzero((uppers >= np.array(corner, dtype=np.int64)).all(axis=1))
            proof.append(needed[closing[0].item()] if closing.size else None)
        return tuple(proof)


def sweep_fleet(
    space: FleetSpace,
    *,
    objectives: Objectives | None = None,
    formulation: str | None = None,
    engine: str | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    dask: str | None = None,
    checkpoint: Path | None = None,
    recover: bool = False,
    on_progress: Callable[[FleetProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FleetOutcome:
    """Every nondominated image, each with a plan and a proof, or an honest part of them.

    Parameters
    ----------
    objectives
        What is traded off; as the instance says if left out.
    formulation
        ``blocks`` or a program of ``formulations.fleet``; ``None`` chooses for every box.
    engine
        ``highs``, ``cp-sat`` or ``scip``, for programs.
    workers, dask
        Local processes, or the address of a Dask scheduler. A complete frontier is the same for
        any number of workers, plans included.
    checkpoint, recover
        File that every settled box is appended to, and from which a sweep goes on, to the same end;
        whether to keep the intact lines of a damaged one.
    should_stop
        Asked now and then; a true answer, and Ctrl-C, act like a limit.

    Raises
    ------
    FleetError
        If no road can take the fleet, or the checkpoint or the workers cannot be used.
    """
    wall, cpu = time.monotonic(), time.process_time()
    deadline = None if time_limit_s is None else wall + time_limit_s
    objectives = objectives or Objectives.of(space)
    roads = Roads(formulation, engine)
    with ExitStack() as stack:
        journal = None
        if checkpoint is not None:
            journal = stack.enter_context(
                open_checkpoint(checkpoint, objectives, roads, recover=recover)
            )
        ledger = Ledger(journal)
        settler: Settler
        if workers == 1 and dask is None:
            settler = Alone(objectives, roads, ledger)
        else:
            crew = fleet_crew(objectives, roads, workers=workers, dask=dask)
            settler = Together(objectives, stack.enter_context(crew), ledger)
        sweep = _Sweep(objectives, settler, Stop(deadline, should_stop))
        _run(sweep, on_progress)
    return sweep.outcome(
        time.process_time() - cpu + settler.cpu_s,
        time.monotonic() - wall,
        formulation or "default",
        () if journal is None else journal.notes,
    )


def _run(sweep: _Sweep, on_progress: Callable[[FleetProgress], None] | None) -> None:
    first_range = max(sweep.objectives.ceiling[0], 1)
    try:
        while True:
            corners = sweep.open_corners()
            if not corners or sweep.stop.reason() is not None:
                break
            sweep.settle(corners[-1])
            if on_progress is not None:
                done = 1.0 - min(corners[-1][0], first_range) / first_range
                on_progress(FleetProgress(len(sweep.found), sweep.solves, done))
    except KeyboardInterrupt:
        sweep.stop = Stop(None, lambda: True)
