r"""Which solves to ask for: the largest open box, a weighted sum, and the engine that suits.

Two statements of a step are known here, and both are tried on the program at hand:

* *weighted*: minimise a positive weighted sum inside the box; an optimum is nondominated, an
  infeasible box is closed. With two objectives the weights follow the box's diagonal, so that the
  first steps find the supported points as dichotomy does (Aneja and Nair 1979; boxes after Boland,
  Charkhgard and Savelsbergh, "A criterion space search algorithm for biobjective integer
  programming: the balanced box method", INFORMS Journal on Computing 27, 2015).
* *epsilon*: minimise one objective with the others below the box's corner, then a second stage
  (Haimes, Lasdon and Wismer 1971). An optimum outside the box closes it, and with it every box that
  allows the others no more (Dächert and Klamroth, "A linear bound on the number of scalarizations
  needed to solve discrete tricriteria optimization problems", Journal of Global Optimization 61,
  2015; Tamby and Vanderpooten, "Enumeration of the nondominated set of multiobjective discrete
  optimization problems", INFORMS Journal on Computing 33, 2021). The objective changes from step to
  step, so that the search comes inward from all ends.

Which engine and statement suit a program is learned on it: each pair gets a box, with no more time
than the best so far took (and some); the one that settles boxes at the least processor time gets
the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from solver.sweep.moip.claims import Corner, JobReport
from solver.sweep.moip.jobs import SolveJob
from solver.sweep.moip.ledger import Ledger

__all__ = ["SolvePlan"]

Statement = Literal["weighted", "epsilon"]

_FIRST_SLICE_S = 10.0
_LONGER = 4.0
_MOST_TIMES_LONGER = 10
_TRIALS = 2
_PATIENCE = 2.0
_LEAST_TRIAL_S = 0.2
_FINEST_WEIGHT = 64


@dataclass
class _Arm:
    """One engine with one statement, and how it did on this program."""

    engine: str
    statement: Statement
    trials: int = 0
    settled: int = 0
    cpu_s: float = 0.0

    @property
    def cost_s(self) -> float:
        """Processor seconds for each box it settled; a box it could not settle counts as time."""
        return self.cpu_s / self.settled if self.settled else float("inf")


class SolvePlan:
    """Solves for one program, as long as boxes are open.

    Parameters
    ----------
    engines
        Names in the order in which they are tried.
    """

    def __init__(self, ledger: Ledger, engines: Sequence[str]) -> None:
        self._ledger = ledger
        statements: tuple[Statement, ...] = ("weighted", "epsilon")
        self._arms = [_Arm(engine, how) for how in statements for engine in engines]
        self._out: dict[SolveJob, _Arm] = {}
        self._failed: dict[Corner, int] = {}
        self._floors: dict[Corner, Corner] = {}
        self._broken: dict[Corner, int] = {}
        self._steps = 0
        self.solves: Counter[str] = Counter()
        """Engine calls made, by engine."""
        self.reasons: dict[Corner, str] = {}
        """Why the last solve of a box did not settle it."""

    def learn(self, job: SolveJob, report: JobReport) -> None:
        """Take note of how a solve ended; who refuses, or was caught, is asked no more."""
        self.solves[job.engine] += report.solves
        arm = self._out.pop(job)
        arm.cpu_s += report.cpu_s
        gone = self._ledger.distrusted | ({job.engine} if report.refused else set())
        self._arms = [arm for arm in self._arms if arm.engine not in gone]
        stopped = report.stopped
        if stopped is None and self._ledger.is_open(job.corner):
            # Its proofs were refuted or are not used any more; asking again would not end.
            stopped = f"what {job.engine} proved is not believed"
        if stopped is None:
            arm.settled += 1
            return
        self.reasons[job.corner] = stopped
        if not report.out_of_time:
            self._broken[job.corner] = self._broken.get(job.corner, 0) + 1
        self._failed[job.corner] = self._failed.get(job.corner, 0) + 1

    def jobs(self) -> Iterator[SolveJob | None]:
        """Solves one after the other; ``None`` means: wait for those that are out."""
        while self._arms and self._ledger.open_corners:
            busy = {job.corner for job in self._out}
            hopeless = _TRIALS * len(self._arms)
            left = [c for c in self._ledger.open_corners if self._broken.get(c, 0) < hopeless]
            waiting = [c for c in left if c not in busy]
            if not waiting:
                if not busy:
                    # More time would not help: every engine failed on what is left.
                    return
                yield None
                continue
            # As they were when the box was first seen: they choose, they prove nothing.
            unseen = [c for c in waiting if c not in self._floors]
            self._floors.update(zip(unseen, self._ledger.floors_of(unseen), strict=True))
            corner = max(waiting, key=self._urgency)
            arm = self._arm_for(corner)
            job = SolveJob(
                corner=corner,
                weights=self._weights(corner, arm.statement),
                engine=arm.engine,
                time_limit_s=self._slice_s(corner, arm),
            )
            arm.trials += 1
            self._steps += 1
            self._out[job] = arm
            yield job

    def _urgency(self, corner: Corner) -> tuple[int, float]:
        """Boxes that withstood a solve wait; of the others the largest comes first."""
        size = 1.0
        for low, high in zip(self._floors[corner], corner, strict=True):
            size *= float(max(1, high - low))
        return -self._failed.get(corner, 0), size

    def _arm_for(self, corner: Corner) -> _Arm:
        untried = [arm for arm in self._arms if arm.trials < _TRIALS]
        failures = self._failed.get(corner, 0)
        if untried and not failures:
            return min(untried, key=lambda arm: arm.trials)
        ranked = sorted(self._arms, key=lambda arm: arm.cost_s)
        return ranked[failures % len(ranked)]

    def _slice_s(self, corner: Corner, arm: _Arm) -> float:
        failures = self._failed.get(corner, 0)
        slice_s = _FIRST_SLICE_S * _LONGER ** min(
            _MOST_TIMES_LONGER, failures // max(1, len(self._arms))
        )
        best_s = min((a.cost_s for a in self._arms), default=float("inf"))
        if not failures and arm.trials < _TRIALS:
            slice_s = min(slice_s, max(_LEAST_TRIAL_S, _PATIENCE * best_s))
        return slice_s

    def _weights(self, corner: Corner, statement: Statement) -> tuple[int, ...]:
        p = len(corner)
        if statement == "epsilon":
            free = self._steps % p
            return tuple(int(k == free) for k in range(p))
        floor = self._floors[corner]
        sides = [max(1, high - low) for low, high in zip(floor, corner, strict=True)]
        return tuple(
            max(1, min(_FINEST_WEIGHT, round(_FINEST_WEIGHT * min(sides) / side))) for side in sides
        )
