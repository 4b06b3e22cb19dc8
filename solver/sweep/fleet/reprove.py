"""Proving a fleet result again, with another engine than the one that closed its boxes.

What blocks proved in integers of their own is asked of CP-SAT; what CP-SAT or SCIP proved, of
HiGHS where blocks do not apply; what HiGHS proved, of CP-SAT. Only the greatest corners of the
search region need to be asked: every other claim lies inside one. Then what the result says of
conflicting limits, and its answers to further questions (``conflict_reprove``, ``answers_check``).
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from solver.sweep.certificate import Check
from solver.sweep.fleet.answers_check import parts_asked, reprove_answers
from solver.sweep.fleet.certificate import MAX_DETAILS, region_corners
from solver.sweep.fleet.conflict_reprove import reprove_conflict
from solver.sweep.fleet.outcome import FleetOutcome, outside_range
from solver.sweep.fleet.roads import BLOCKS, Road, Stop

__all__ = ["reprove_fleet"]

_ANOTHER = {BLOCKS: "cp-sat", "highs": "cp-sat", "cp-sat": "highs", "scip": "cp-sat"}
BOX_LIMIT_S = 120.0
ANSWERS_LIMIT_S = 1800.0


def reprove_fleet(
    outcome: FleetOutcome,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    box_limit_s: float = BOX_LIMIT_S,
    answers_limit_s: float = ANSWERS_LIMIT_S,
) -> tuple[Check, ...]:
    """Prove boxes, conflict and answers again; what stays open is a fault.

    Parameters
    ----------
    on_progress
        Called with (done, to do) boxes.
    box_limit_s
        For every question about a box or a conflict.
    answers_limit_s
        For all answers together.

    Returns
    -------
    tuple of Check
        Of the boxes; of the conflict where the result is infeasible; of the answers where some
        were asked for.
    """
    checks = [_reprove_boxes(outcome, on_progress, box_limit_s)]
    if outcome.status == "infeasible":
        engine = next((_ANOTHER[name] for name in outcome.engines if name in _ANOTHER), "cp-sat")
        checks.append(reprove_conflict(outcome, engine=engine, limit_s=box_limit_s))
    if parts_asked(outcome):
        checks.append(reprove_answers(outcome, limit_s=answers_limit_s))
    return tuple(checks)


def _reprove_boxes(
    outcome: FleetOutcome, on_progress: Callable[[int, int], None] | None, box_limit_s: float
) -> Check:
    """Ask for a plan in every closed box again; finding one, or no proof, is a fault."""
    objectives = outcome.objectives
    problem = objectives.space.problem
    opened = {region.corner for region in outcome.open_regions}
    trivial = outside_range(objectives)
    corners = [
        corner
        for corner in sorted(region_corners(outcome) - opened)
        if not any(claim.closes(corner) for claim in trivial)
    ]
    roads: dict[str, Road] = {}
    faults = []
    asked: dict[str, int] = {}
    for number, corner in enumerate(corners, start=1):
        claim = next(claim for claim in outcome.claims if claim.closes(corner))
        engine = _ANOTHER.get(claim.engine, "cp-sat")
        formulation = None if engine != "highs" else "counts"
        if engine not in roads:
            roads[engine] = Road(problem, formulation=formulation, engine=engine)
        below = corner[objectives.pivot]
        answer = roads[engine].least(
            objectives.pivot_name,
            objectives.box_below(corner),
            stop=Stop(monotonic() + box_limit_s),
            below=below if below < objectives.ceiling[objectives.pivot] else None,
        )
        asked[engine] = asked.get(engine, 0) + 1
        if answer.plan is not None:
            faults.append(f"box {corner}: {engine} finds {objectives.image(answer.plan)}")
        elif not answer.empty and not (answer.bound is not None and answer.bound >= below):
            faults.append(f"box {corner}: not reproved, {engine} stopped ({answer.stopped})")
        if on_progress is not None:
            on_progress(number, len(corners))
    told = ", ".join(f"{count} boxes by {engine}" for engine, count in sorted(asked.items()))
    return Check("closed again by another engine", tuple(faults[:MAX_DETAILS]), told)
