"""The error of the performance model for the kinds of design that a space offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.instance.calibration_keys import CALIBRATED
from solver.lowering.design import designs
from solver.lowering.space import ReplicaSpace
from solver.performance.model_error import QuestionKind, model_error

__all__ = ["error_of_space", "kinds_in_space"]

_FIRST = np.zeros(1, dtype=np.intp)


def kinds_in_space(space: ReplicaSpace) -> tuple[QuestionKind, ...]:
    """Every accelerator with every weight format that the designs of a space have, in its order.

    A format is called by its name where the performance model tells formats apart, and by its width
    (``8-bit``) where it knows widths alone.
    """
    instance = space.instance
    found: dict[QuestionKind, None] = {}
    for family in space.families:
        design = designs(family, _FIRST, _FIRST)[0]
        weights = design.get("weight_format") or f"{design['weight_bits']}-bit"
        kind = QuestionKind(
            model=instance.performance.model,
            family="dense" if instance.model.moe is None else "moe",
            accelerator=str(design["accelerator"]),
            weight_format=str(weights),
            mode="disaggregated" if instance.traffic is None else "aggregated",
        )
        found[kind] = None
    return tuple(found)


def error_of_space(space: ReplicaSpace) -> dict[str, Any]:
    """What a result on ``space`` says of its model's error; see ``model_error``.

    The note also says which machines run on kernels of others, and where the question brings
    constants of its own, which and on what.
    """
    told, instance = model_error(kinds_in_space(space)), space.instance
    if instance.performance.model != CALIBRATED:
        return told
    # Its kernel tables take longer to import than many a question without them to solve.
    from solver.lowering.kernel_origins import kernels_told
    from solver.lowering.own_constants import constants_told

    if instance.constants is None:
        own = kernels_told(machine.accelerator for machine in instance.machines)
    else:
        own = constants_told(instance)
    return {**told, "note": "; ".join(note for note in (own, told["note"]) if note)}
