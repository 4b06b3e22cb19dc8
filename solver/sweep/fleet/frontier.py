r"""The complete frontier of a fleet: boxes of grades and measures, one closed after the other.

Known images cut objective space into boxes below local upper bounds (see
``sweep.moip.region``). In a box :math:`\{z < u\}` columns with a grade of :math:`u` or worse leave
the problem, other measures are bounded by rows, and the pivot (cost) is minimised. Its least value
:math:`c` is a claim: no image below :math:`u` has a pivot below :math:`c`. Two objectives give the
epsilon-constraint sweep over ranks: from the loosest speed to the fastest.

Bounds travel between boxes: what a larger box cannot beat, a smaller one cannot beat either.

Ties: among plans of one image the one with least power is taken, where power is known, then
whatever the road finds first, which for one version of the engines does not change.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import POWER
from formulations.milp import INFINITY, IntArray
from solver.engines.labels.frontier import nondominated_rows
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.outcome import RANGE, FleetOutcome, FleetPoint, OpenRegion, outside_range
from solver.sweep.fleet.roads import Answer, Box, Road, Stop
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
    def __init__(self, objectives: Objectives, road: Road, stop: Stop) -> None:
        self.objectives = objectives
        self.road = road
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
        pivot = self.objectives.pivot
        box = self.objectives.box_below(corner)
        below = corner[pivot] if corner[pivot] < self.objectives.ceiling[pivot] else None
        answer = self.road.least(
            self.objectives.pivot_name,
            box,
            stop=self.stop,
            below=below,
            at_least=self.floor_of(corner),
        )
        self.solves += answer.solves
        self._learn(corner, answer)
        if answer.plan is None:
            return
        plan = answer.plan
        if not answer.stopped:
            plan = self._settled_ties(box, answer)
        image = self.objectives.image(plan)
        if image not in self.found:
            self.found[image] = plan
        self.region.insert([image])

    def _learn(self, corner: Image, answer: Answer) -> None:
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

    def _settled_ties(self, box: Box, answer: Answer) -> FleetPlan:
        """Of all plans as good in the pivot: the least of the other measures, then least power."""
        plan = answer.plan
        if plan is None or answer.value is None:
            raise ValueError("ties are settled among plans")
        measures = self.road.problem.measures
        others = [name for name in self.objectives.names if name in measures]
        others = [name for name in others if name != self.objectives.pivot_name]
        if isinstance(self.objectives.space.instance, FleetInstance) and POWER in measures:
            others += [POWER] * (POWER not in others and bool(measures[POWER].any()))
        most = {**box.most, self.objectives.pivot_name: answer.value}
        for name in others:
            better = self.road.least(name, Box(box.worst, most), stop=self.stop)
            self.solves += better.solves
            if better.plan is None or better.value is None:
                break
            plan = better.plan
            most[name] = better.value
            if better.stopped:
                break
        return plan

    def outcome(self, cpu_s: float, wall_s: float, formulation: str) -> FleetOutcome:
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
    should_stop
        Asked now and then; a true answer, and Ctrl-C, act like a limit.
    """
    wall, cpu = time.monotonic(), time.process_time()
    deadline = None if time_limit_s is None else wall + time_limit_s
    objectives = objectives or Objectives.of(space)
    road = Road(space.problem, formulation=formulation, engine=engine)
    sweep = _Sweep(objectives, road, Stop(deadline, should_stop))
    first_range = max(objectives.ceiling[0], 1)
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
    return sweep.outcome(
        time.process_time() - cpu, time.monotonic() - wall, formulation or "default"
    )
