"""One box of objective space: the least pivot in it, and of plans with that the least of the rest.

What comes back depends on the job alone, not on what was asked before or where it is done: so jobs
can be shared among processes and kept in a checkpoint, and the frontier stays the same, plans
included. (A road keeps the rows that routings and racks teach it, which may change what the next
box finds first; where there are such, every box has a road of its own.)
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import FleetProblem
from solver.sweep.fleet.boxes import Box, Stop
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.roads import Road
from solver.sweep.moip.claims import ClosedBy

__all__ = ["BoxJob", "Roads", "Settled", "given_up", "settle_box"]


@dataclass(frozen=True, slots=True)
class BoxJob:
    """What to settle: the images below ``corner``.

    Parameters
    ----------
    corner
        Exclusive, see ``sweep.moip.claims``.
    at_least
        Proved already: no plan in the box has a smaller pivot.
    """

    corner: Image
    at_least: int


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What became of a job.

    Parameters
    ----------
    plan, image
        The best plan known in the box; ``None`` where there is none.
    bound
        No plan in the box has a smaller pivot; ``None``: proved empty, or nothing is proved.
    stopped
        Why bound and plan do not meet; empty where they do, or the box is proved empty.
    ties
        Why the other objectives are not at their least for that pivot; empty where they are.
    cpu_s
        Processor time it took.
    """

    job: BoxJob
    plan: FleetPlan | None
    image: Image | None
    bound: int | None
    engine: str
    closed_by: ClosedBy
    solves: int
    stopped: str = ""
    ties: str = ""
    cpu_s: float = 0.0

    @property
    def empty(self) -> bool:
        """The box is proved to hold no plan."""
        return self.closed_by == "infeasible" and not self.stopped and self.plan is None

    @property
    def whole(self) -> bool:
        """Nothing is left to be done: the same job would bring the same again."""
        return not self.stopped and not self.ties


@dataclass(frozen=True, slots=True)
class Roads:
    """How problems are solved: a formulation and an engine, chosen or not. See ``Road``."""

    formulation: str | None = None
    engine: str | None = None

    def __call__(self, problem: FleetProblem) -> Road:
        """A road for the problem."""
        return Road(problem, formulation=self.formulation, engine=self.engine)

    def describe(self) -> str:
        """As options of the command line."""
        told = [
            f"--{name} {value}"
            for name, value in (("formulation", self.formulation), ("engine", self.engine))
            if value is not None
        ]
        return " ".join(told) or "no --formulation and no --engine"


def given_up(job: BoxJob, reason: str) -> Settled:
    """For a job that was not done."""
    return Settled(job, None, None, None, "", "bound", 0, stopped=reason)


def settle_box(objectives: Objectives, road: Road, job: BoxJob, stop: Stop) -> Settled:
    """Close one box, or find what is best in it.

    Raises
    ------
    EngineError
        If no road can take the fleet.
    """
    begun = time.process_time()
    corner, pivot = job.corner, objectives.pivot
    box = objectives.box_below(corner)
    answer = road.least(
        objectives.pivot_name,
        box,
        stop=stop,
        below=corner[pivot] if corner[pivot] < objectives.ceiling[pivot] else None,
        at_least=job.at_least,
    )
    plan, solves, ties = answer.plan, answer.solves, ""
    if plan is not None and answer.value is not None and not answer.stopped:
        plan, more, ties = _settled_ties(objectives, road, box, plan, answer.value, stop)
        solves += more
    return Settled(
        job=job,
        plan=plan,
        image=None if plan is None else objectives.image(plan),
        bound=answer.bound,
        engine=answer.engine,
        closed_by=answer.closed_by,
        solves=solves,
        stopped=answer.stopped,
        ties=ties,
        cpu_s=time.process_time() - begun,
    )


def _settled_ties(
    objectives: Objectives, road: Road, box: Box, plan: FleetPlan, value: int, stop: Stop
) -> tuple[FleetPlan, int, str]:
    """Of all plans as good in the pivot, the least of the other measures traded off, in order;
    the solves it took, and why it is not proved."""
    most = {**box.most, objectives.pivot_name: value}
    solves = 0
    for name in objectives.names:
        if name == objectives.pivot_name or name not in road.problem.measures:
            continue
        better = road.least(name, Box(box.worst, most), stop=stop)
        solves += better.solves
        if better.plan is None or better.value is None:
            return plan, solves, better.stopped or f"{better.engine} finds none of the plans known"
        plan = better.plan
        most[name] = better.value
        if better.stopped:
            return plan, solves, better.stopped
    return plan, solves, ""
