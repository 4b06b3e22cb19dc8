"""Fleets solved and verified; ``solver.api`` tells which questions come here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.errors import InstanceError
from solver.fleet_frontier import FleetFrontier
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import Question
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.certificate import Verification

if TYPE_CHECKING:
    from formulations.moip.problem import MultiObjectiveProgram

__all__ = ["Progress", "solve_fleet", "verify_fleet_document"]

Progress = Callable[[int, int], None]


def solve_fleet(
    instance: FleetInstance | ColumnFleet,
    formulation: str | None,
    engine: str | None,
    time_limit_s: float | None,
    on_progress: Progress | None,
    should_stop: Callable[[], bool] | None,
    *,
    workers: int,
    dask: str | None,
    checkpoint: Path | None,
    recover: bool,
) -> FleetFrontier:
    """See ``solver.api.solve``."""
    from formulations.fleet.registry import FORMULATIONS
    from solver.sweep.fleet.answers import answer_questions
    from solver.sweep.fleet.conflict import explain_infeasible
    from solver.sweep.fleet.frontier import FleetProgress, sweep_fleet
    from solver.sweep.fleet.roads import BLOCKS, Stop
    from solver.sweep.fleet.settling import Roads

    names = (BLOCKS, *(entry.name for entry in FORMULATIONS))
    if formulation is not None and formulation not in names:
        raise InstanceError.one(
            f"{formulation!r} is not a formulation of fleets",
            where="--formulation",
            mend=f"Choose from {', '.join(names)}, or leave it out",
        )
    if formulation == BLOCKS and engine is not None:
        raise InstanceError.one(
            f"blocks use no engine (got {engine!r})",
            where="--engine",
            mend="Name a program as well, for example --formulation counts",
        )
    deadline = None if time_limit_s is None else time.monotonic() + time_limit_s

    def told(progress: FleetProgress) -> None:
        if on_progress is not None:
            on_progress(int(1000 * progress.done), 1000)

    outcome = sweep_fleet(
        lower_fleet(instance),
        formulation=formulation,
        engine=engine,
        time_limit_s=time_limit_s,
        workers=workers,
        dask=dask,
        checkpoint=checkpoint,
        recover=recover,
        on_progress=told,
        should_stop=should_stop,
    )
    stop = Stop(deadline, should_stop)
    # What is asked besides goes the way that was chosen for the frontier.
    road = Roads(formulation, engine)
    if outcome.status == "infeasible":
        space = outcome.objectives.space
        outcome = replace(outcome, conflict=explain_infeasible(space, road=road, stop=stop))
    elif outcome.points and isinstance(instance, FleetInstance):
        asked = instance.answers
        if asked.limits or asked.break_even or asked.preferences:
            answers = answer_questions(outcome.objectives.space, outcome, road=road, stop=stop)
            outcome = replace(outcome, answers=answers)
    return FleetFrontier(outcome)


def verify_fleet_document(
    document: Mapping[str, Any],
    instance: Question | MultiObjectiveProgram | None,
    *,
    reprove: bool,
    on_progress: Progress | None,
) -> Verification:
    """See ``solver.api.verify``."""
    from solver.sweep.fleet.certificate import verify_fleet
    from solver.sweep.fleet.reprove import reprove_fleet

    space = None
    if instance is not None:
        if not isinstance(instance, FleetInstance | ColumnFleet):
            raise InstanceError.one(
                "that question is not one of a fleet",
                where="instance",
                mend="Give the question that was solved",
            )
        space = lower_fleet(instance)
    prover = partial(reprove_fleet, on_progress=on_progress) if reprove else None
    return verify_fleet(document, space=space, reprove=prover)
