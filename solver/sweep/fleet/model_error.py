"""The error of the performance model for the kinds of design that a fleet question offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from solver.catalog.domain import Accelerator, Model
from solver.errors import InstanceError
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.domain import DesignSpace, Traffic
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.lowering.fleet.replica_questions import replica_question
from solver.lowering.space import lower_replica
from solver.performance.model_error import QuestionKind
from solver.sweep.error_of_kinds import error_of_kinds
from solver.sweep.error_of_space import kinds_in_space

__all__ = ["error_of_fleet", "kinds_in_fleet"]


def kinds_in_fleet(instance: FleetInstance) -> tuple[QuestionKind, ...]:
    """Every kind of design under the calibrated model, workload by workload, machine by machine.

    A machine counts with the formats it runs, where the model fits on it. Replicas of whole
    requests serve prompts beside the output (``aggregated``); prefill and decode pools together are
    of the kind ``disaggregated``. Empty where the question asks another model, or offers measured
    points alone.
    """
    design = instance.design
    if instance.performance.model != CALIBRATED or design is None:
        return ()
    found: dict[QuestionKind, None] = {}
    for workload in instance.workloads:
        # Where there are measured points, no design is offered.
        for accepted in () if workload.points else workload.models:
            for machine in instance.machines:
                if accepted.model is not None and machine.accelerator is not None:
                    kinds = _kinds_on(
                        instance, workload, accepted.model, machine.accelerator, design
                    )
                    found.update(dict.fromkeys(kinds))
    return tuple(found)


def _kinds_on(
    instance: FleetInstance,
    workload: Workload,
    model: Model,
    accelerator: Accelerator,
    design: DesignSpace,
) -> Iterator[QuestionKind]:
    """Those of one model on one machine; none where nothing of what is offered runs there."""
    # Its kernel tables take longer to import than many a question without them to solve.
    from solver.lowering.fleet.calibrated_formats import formats_on

    # Which formats there are does not depend on the length of requests: any class will do.
    size = workload.sizes[0]
    modes: list[Traffic | None] = []
    if "aggregated" in instance.phases:
        modes.append(Traffic(size.input_tokens, size.output_tokens, workload.prefix_hit))
    if {"prefill", "decode"}.intersection(instance.phases):
        modes.append(None)
    try:
        formats = formats_on(instance, design, model, accelerator)
        spaces = [
            lower_replica(
                replica_question(
                    instance,
                    model,
                    (accelerator,),
                    formats.within(design),
                    size=size,
                    weight_formats=formats.names,
                    traffic=traffic,
                )
            )
            for traffic in modes
        ]
    except InstanceError:
        # As where the question was lowered: nothing fits here, and another machine may do.
        return
    for space in spaces:
        yield from kinds_in_space(space)


def error_of_fleet(instance: FleetInstance | ColumnFleet) -> dict[str, Any] | None:
    """What a result says of its model's error; ``None`` where no design of it is calibrated."""
    if isinstance(instance, ColumnFleet):
        return None
    kinds = kinds_in_fleet(instance)
    if not kinds:
        return None
    used = {kind.accelerator for kind in kinds}
    offered = (machine.accelerator for machine in instance.machines)
    return error_of_kinds(kinds, [m for m in offered if m is not None and m.name in used])
