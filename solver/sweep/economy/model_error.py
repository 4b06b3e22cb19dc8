"""The error of the performance model for the kinds of design that an economic question offers."""

from __future__ import annotations

from typing import Any

from solver.instance.calibration_keys import CALIBRATED
from solver.lowering.economy.space import EconomicSpace
from solver.performance.model_error import model_error
from solver.sweep.error_of_space import kinds_in_space

__all__ = ["error_of_economy"]


def error_of_economy(space: EconomicSpace) -> dict[str, Any]:
    """What a result says of its model's error; of several models the largest median is told.

    Clocks were not varied in what the error was measured on, nor was power: the figure is of
    times at the clock a machine sets itself.
    """
    kinds = dict.fromkeys(kind for part in space.parts for kind in kinds_in_space(part.space))
    told = model_error(tuple(kinds))
    if space.instance.performance.model != CALIBRATED:
        return told
    # Its kernel tables take longer to import than many a question without them to solve.
    from solver.lowering.kernel_origins import kernels_told
    from solver.lowering.own_constants import constants_told

    instance = space.instance
    if instance.constants is None:
        machines = {m.accelerator.name: m.accelerator for m in instance.machines}
        own = kernels_told(machines.values())
    else:
        own = constants_told(instance)
    return {**told, "note": "; ".join(note for note in (own, told["note"]) if note)}
