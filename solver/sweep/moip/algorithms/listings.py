"""The two roads of the search that ask no engine, as algorithms among the others.

*labels*: dynamic programming over the columns; states that a dual bound along some direction puts
outside every open box are dropped, so that each run lists all images of some boxes
(``solver.engines.labels.listing``, ``listing_plan.py``). *packing*: branch and bound along the
edges of the hull of the known points, for set packings with two objectives
(``solver.engines.labels.packing``, ``pack_plan.py``).

**Complete.** A box is closed when it was listed to the end; boxes that the widest listing cannot
finish stay open, and the run is partial.

**Solves.** None: a listing meets many points at once, where a solve brings home one.
"""

from __future__ import annotations

from collections.abc import Callable

from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.contract import Engine
from solver.sweep.moip.algorithms.algorithm import AlgorithmRun
from solver.sweep.moip.claims import FoundPoint
from solver.sweep.moip.jobs import LABELS, PACKING
from solver.sweep.moip.ledger import Ledger
from solver.sweep.moip.listing_plan import ListingPlan
from solver.sweep.moip.pack_plan import PackPlan
from solver.sweep.moip.search import search

__all__ = ["labels", "labels_apply", "packing", "packing_applies"]


def labels(
    program: MultiObjectiveProgram,
    engine: Engine,  # noqa: ARG001  (the signature of every algorithm)
    *,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AlgorithmRun:
    """Look for the nondominated set by labels; see ``algorithm.Run``. The engine is not used."""
    return _searched(program, LABELS, time_limit_s, should_stop)


def labels_apply(program: MultiObjectiveProgram) -> str | None:
    """Why labels do not suit a program; this solves a few linear relaxations."""
    return ListingPlan(Ledger(program)).refusal


def packing(
    program: MultiObjectiveProgram,
    engine: Engine,  # noqa: ARG001  (the signature of every algorithm)
    *,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AlgorithmRun:
    """Look for the nondominated set by packing steps; see ``algorithm.Run``. No engine is used."""
    return _searched(program, PACKING, time_limit_s, should_stop)


def packing_applies(program: MultiObjectiveProgram) -> str | None:
    """Why packing steps do not suit a program."""
    if PackPlan.suits(program):
        return None
    return "packing: not a set packing (rows <= 1, binary columns) with two objectives"


def _searched(
    program: MultiObjectiveProgram,
    road: str,
    time_limit_s: float | None,
    should_stop: Callable[[], bool] | None,
) -> AlgorithmRun:
    outcome = search(program, engines=[road], time_limit_s=time_limit_s, should_stop=should_stop)
    stopped = outcome.open_boxes[0].reason if outcome.open_boxes else ""
    return AlgorithmRun(
        points=tuple(FoundPoint(point.image, point.x) for point in outcome.points),
        complete=not outcome.open_boxes,
        stopped=stopped,
        solves=sum(outcome.solves.values()),
        refused=0,
        nodes=None,
        iterations=None,
        ticks=None,
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
    )
