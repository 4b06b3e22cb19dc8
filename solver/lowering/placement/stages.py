"""Stages on the hosts of a question, by the performance model that it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from solver.catalog.domain import Model
from solver.errors import Fault, UnsupportedModelError
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.lowering.placement.epoch_stages import EpochStages, epoch_degrees, epoch_faults
from solver.performance import PERFORMANCE_MODELS
from solver.performance.stage import StageBytes
from solver.topology import Host

__all__ = ["HostStages", "check_modelled", "degrees_of", "format_told", "stages_on"]


class HostStages(Protocol):
    """Time and memory of layers of a model on the devices of one host."""

    def layer_times_ps(
        self, *, tensor_parallel: int, microbatches: Sequence[int]
    ) -> tuple[int, ...]:
        """Time of one layer for each microbatch, ps."""

    def memory(self, *, tensor_parallel: int, microbatch: int, in_flight: int) -> StageBytes:
        """Memory on the fullest device."""


def check_modelled(instance: PlacementInstance) -> None:
    """Refuse what the performance model does not know.

    Raises
    ------
    UnsupportedModelError
        With every fault: the performance model, a feature of the model, a format or width that a
        machine lacks, lengths.
    """
    if instance.model is None:
        return
    name = instance.performance.model
    if name not in PERFORMANCE_MODELS:
        faults = [
            Fault(
                f"{instance.source}: performance.model",
                f"{name!r} is not a performance model",
                f"Choose from {', '.join(PERFORMANCE_MODELS)}",
            )
        ]
    elif name == "epoch2025":
        faults = epoch_faults(instance, instance.model)
    else:
        # Its kernel tables take longer to import than many a question of the other to solve.
        from solver.lowering.placement.calibrated_stages import calibrated_faults

        faults = calibrated_faults(instance, instance.model)
    if faults:
        raise UnsupportedModelError.all_of(faults)


def degrees_of(instance: PlacementInstance, model: Model, host: Host) -> tuple[int, ...]:
    """The degrees on offer that the model and the devices of the host allow."""
    degrees = [t for t in instance.design.tensor_parallel if t <= host.devices]
    if instance.performance.model == "epoch2025":
        return epoch_degrees(model, degrees)
    from solver.lowering.placement.calibrated_stages import calibrated_degrees

    return calibrated_degrees(model, degrees)


def stages_on(instance: PlacementInstance, machine: PlacementMachine, host: Host) -> HostStages:
    """Stages of a modelled machine on this host.

    Raises
    ------
    ValueError
        If the machine is measured, or the question has no model.
    """
    if instance.performance.model == "epoch2025":
        return EpochStages(instance, machine, host)
    from solver.lowering.placement.calibrated_stages import CalibratedStages

    return CalibratedStages(instance, machine, host)


def format_told(instance: PlacementInstance, machine: PlacementMachine) -> dict[str, str]:
    """What a stage tells of its weights beside their width: the format, where the model knows it.

    A width may be another format on each machine; see ``calibrated_stages``.
    """
    if instance.model is None or machine.accelerator is None:
        return {}
    if instance.performance.model == "epoch2025":
        return {}
    from solver.lowering.placement.calibrated_stages import weight_format_on

    return {"weight_format": weight_format_on(instance.model, machine.accelerator, instance.design)}
