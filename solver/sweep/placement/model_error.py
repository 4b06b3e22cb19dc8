"""The error of the performance model for the kinds of host that a placement question offers."""

from __future__ import annotations

from typing import Any

from solver.catalog.domain import Accelerator
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.placement.domain import PlacementInstance
from solver.performance.model_error import QuestionKind
from solver.sweep.error_of_kinds import error_of_kinds

__all__ = ["error_of_placement"]

_ONE_STAGE = "of replicas of one stage, no hand-over between hosts"
"""True of every row of the serving sweeps behind the groups: pipeline degree 1 in all of them."""


def error_of_placement(instance: PlacementInstance) -> dict[str, Any] | None:
    """What a result says of its model's error; ``None`` where it is measured, or of another model.

    A pipeline decodes and reads no prompts, so its kinds are ``disaggregated``: one for the
    accelerator of every host of the network, with the format that the weights have there.
    """
    model = instance.model
    if model is None or instance.is_measured or instance.performance.model != CALIBRATED:
        return None
    # Its kernel tables take longer to import than many a question without them to solve.
    from solver.lowering.placement.calibrated_stages import weight_format_on

    used: dict[str, Accelerator] = {}
    there = {host.accelerator for host in instance.topology.hosts}
    for machine in instance.machines:
        if machine.accelerator is not None and machine.name in there:
            used[machine.accelerator.name] = machine.accelerator
    kinds = [
        QuestionKind(
            model=CALIBRATED,
            family="dense" if model.moe is None else "moe",
            accelerator=accelerator.name,
            weight_format=weight_format_on(model, accelerator, instance.design),
            mode="disaggregated",
        )
        for accelerator in used.values()
    ]
    return error_of_kinds(kinds, used.values(), _ONE_STAGE) if kinds else None
