"""Stages on the hosts of a placement question under the published model ``epoch2025``."""

from __future__ import annotations

from collections.abc import Sequence

from solver.catalog.domain import Model
from solver.errors import Fault
from solver.instance.domain import Rules
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.lowering.layouts import grids
from solver.performance.epoch2025 import StepSetting, count, unsupported_features
from solver.performance.epoch2025.stage import accelerator_in_host, layer_times_ps, stage_bytes
from solver.performance.stage import StageBytes
from solver.topology import Host

__all__ = ["EpochStages", "epoch_degrees", "epoch_faults", "step_setting"]


def epoch_faults(instance: PlacementInstance, model: Model) -> list[Fault]:
    """Features of the model, and widths without arithmetic on a machine."""
    where = instance.source
    faults = [
        Fault(f"{where}: workload.model", f"{fault.where}: {fault.what}", fault.mend)
        for fault in unsupported_features(model)
    ]
    bits = instance.design.weight_bits
    for machine in instance.machines:
        known = machine.accelerator.flop_per_s if machine.accelerator else {bits: 0.0}
        if bits not in known:
            faults.append(
                Fault(
                    f"{where}: design.weight_bits",
                    f"machine {machine.name!r} has no arithmetic for {bits}-bit weights",
                    f"Choose from {', '.join(map(str, sorted(known)))}, or leave the machine out",
                )
            )
    return faults


def epoch_degrees(model: Model, degrees: Sequence[int]) -> tuple[int, ...]:
    """Tensor-parallel degrees of 1D layouts that divide the model."""
    found, _ = grids(
        model, one_d=tuple(degrees), two_d=(), stages=(1,), batches=(1,), rules=Rules()
    )
    return tuple(degree for grid in found for degree in grid.tensor_degrees)


def step_setting(instance: PlacementInstance, machine: PlacementMachine, host: Host) -> StepSetting:
    """What the time of a step on this host depends on.

    Raises
    ------
    ValueError
        If the machine is measured, or the question has no model.
    """
    if instance.model is None or machine.accelerator is None:
        raise ValueError(f"{instance.name}: {machine.name} is measured")
    return StepSetting(
        counts=count(instance.model),
        accelerator=accelerator_in_host(
            machine.accelerator,
            devices=host.devices,
            device_bytes_per_s=host.device_bytes_per_s,
        ),
        weight_bits=instance.design.weight_bits,
        kv_bits=instance.design.kv_bits,
        context_tokens=instance.context_tokens,
        flop_efficiency=float(instance.performance.flop_efficiency),
        hbm_efficiency=float(instance.performance.hbm_efficiency),
    )


class EpochStages:
    """``HostStages`` of the published model."""

    def __init__(self, instance: PlacementInstance, machine: PlacementMachine, host: Host) -> None:
        self._setting = step_setting(instance, machine, host)

    def layer_times_ps(
        self, *, tensor_parallel: int, microbatches: Sequence[int]
    ) -> tuple[int, ...]:
        """See ``solver.performance.epoch2025.stage``."""
        return layer_times_ps(
            self._setting, tensor_parallel=tensor_parallel, microbatches=microbatches
        )

    def memory(self, *, tensor_parallel: int, microbatch: int, in_flight: int) -> StageBytes:
        """See ``solver.performance.epoch2025.stage``."""
        return stage_bytes(
            self._setting,
            tensor_parallel=tensor_parallel,
            microbatch=microbatch,
            in_flight=in_flight,
        )
