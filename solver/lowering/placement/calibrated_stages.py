"""Stages on the hosts of a placement question under the calibrated model.

Machines of one question may differ in their arithmetic. A format that is asked for by name must run
on all of them; a width means, on each machine by itself, the likeliest format of that width that it
runs (``weight_formats``): eight bits are FP8 on an H100 and integers on an A100.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from solver.catalog.domain import Accelerator, Model
from solver.catalog.weight_formats import (
    FORMAT_BITS,
    KV_FORMATS,
    formats_of_bits,
    split_format,
)
from solver.errors import Fault, UnsupportedModelError
from solver.instance.domain import DesignSpace, Rules
from solver.instance.placement.domain import PlacementDesign, PlacementInstance, PlacementMachine
from solver.instance.ranges import format_integers
from solver.lowering.layouts import expert_grids
from solver.performance.calibrated.architecture import unsupported_model
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated.stage import device_in_host, layer_times_ps, stage_bytes
from solver.performance.calibrated_table import unsupported_formats
from solver.performance.operators.device import device_of_accelerator
from solver.performance.stage import StageBytes
from solver.topology import Host

__all__ = ["CalibratedStages", "calibrated_degrees", "calibrated_faults", "weight_format_on"]


def calibrated_faults(instance: PlacementInstance, model: Model) -> list[Fault]:
    """Features, lengths, caches, machines and formats that the calibrated model does not know."""
    where, design = instance.source, instance.design
    faults = [
        Fault(f"{where}: workload.model", f"{fault.where}: {fault.what}", fault.mend)
        for fault in unsupported_model(model)
    ]
    longest = model.max_context_tokens
    if longest is not None and instance.context_tokens > longest:
        faults.append(
            Fault(
                f"{where}: workload.context_tokens",
                f"{instance.context_tokens} is beyond the {longest} tokens of {model.name}",
                f"Ask for at most {longest}, or add a model entry with a longer context",
            )
        )
    if design.kv_bits not in KV_FORMATS:
        faults.append(
            Fault(
                f"{where}: design.kv_bits",
                f"the calibrated model knows no {design.kv_bits}-bit cache",
                f"Choose from {format_integers(KV_FORMATS)}",
            )
        )
    if faults:
        return faults
    for machine in instance.machines:
        if machine.accelerator is not None:
            faults += _faults_on(instance, model, machine.name, machine.accelerator)
    return faults


def _faults_on(
    instance: PlacementInstance, model: Model, name: str, accelerator: Accelerator
) -> list[Fault]:
    try:
        device_of_accelerator(accelerator)
    except UnsupportedModelError as error:
        key, refused = f"machines.{name}.accelerator", list(error.faults)
    else:
        key = "design.weight_format" if instance.design.weight_format else "design.weight_bits"
        refused = list(_format_on(model, accelerator, instance.design)[1])
    at = f"{instance.source}: {key}"
    return [
        Fault(at, f"machine {name!r}, {fault.where}: {fault.what}", fault.mend) for fault in refused
    ]


def weight_format_on(model: Model, accelerator: Accelerator, design: PlacementDesign) -> str:
    """Name of the format that the weights have on a machine.

    Raises
    ------
    UnsupportedModelError
        Where the machine runs none that was asked for.
    """
    name, faults = _format_on(model, accelerator, design)
    if faults:
        raise UnsupportedModelError.all_of(faults)
    return name


def _format_on(
    model: Model, accelerator: Accelerator, design: PlacementDesign
) -> tuple[str, tuple[Fault, ...]]:
    return _chosen(model, accelerator, design.weight_format, design.weight_bits, design.kv_bits)


@lru_cache(maxsize=256)
def _chosen(
    model: Model, accelerator: Accelerator, asked: str | None, weight_bits: int, kv_bits: int
) -> tuple[str, tuple[Fault, ...]]:
    """The first format that the machine runs; the faults of the likeliest if it runs none."""
    names = (asked,) if asked else formats_of_bits(model, accelerator, weight_bits)
    refused: tuple[Fault, ...] = (
        Fault(
            accelerator.name,
            f"no format has {weight_bits}-bit weights",
            f"Choose from {format_integers(FORMAT_BITS.values())}",
        ),
    )
    for place, name in enumerate(names):
        weight, expert = split_format(model, name)
        found = unsupported_formats(
            model, accelerator, weight=weight, expert=expert, kv=KV_FORMATS[kv_bits]
        )
        if not found:
            return name, ()
        if place == 0:
            refused = tuple(found)
    return "", refused


def calibrated_degrees(model: Model, degrees: Sequence[int]) -> tuple[int, ...]:
    """Tensor-parallel degrees that divide the model; experts are cut, not dealt out."""
    space = DesignSpace(
        tensor_parallel=tuple(degrees),
        tensor_parallel_2d=(),
        pipeline_parallel=(1,),
        expert_parallel=(1,),
        attention_data_parallel=(1,),
        batch=(1,),
        weight_bits=(),
        kv_bits=(),
    )
    found, _ = expert_grids(model, space, Rules())
    return tuple(degree for grid in found for degree in grid.tensor_degrees)


class CalibratedStages:
    """``HostStages`` of measured kernels.

    Raises
    ------
    ValueError
        If the machine is measured, or the question has no model.
    UnsupportedModelError
        Where the machine runs no format that was asked for.
    """

    def __init__(self, instance: PlacementInstance, machine: PlacementMachine, host: Host) -> None:
        model = instance.model
        if model is None or machine.accelerator is None:
            raise ValueError(f"{instance.name}: {machine.name} is measured")
        name = weight_format_on(model, machine.accelerator, instance.design)
        weight, expert = split_format(model, name)
        self._setting = CalibratedSetting(
            model=model,
            accelerator=device_in_host(
                machine.accelerator,
                devices=host.devices,
                device_bytes_per_s=host.device_bytes_per_s,
            ),
            weight_format=weight,
            expert_format=expert,
            kv_format=KV_FORMATS[instance.design.kv_bits],
            context_tokens=instance.context_tokens,
        )

    def layer_times_ps(
        self, *, tensor_parallel: int, microbatches: Sequence[int]
    ) -> tuple[int, ...]:
        """See ``solver.performance.calibrated.stage``."""
        return layer_times_ps(
            self._setting, tensor_parallel=tensor_parallel, microbatches=microbatches
        )

    def memory(self, *, tensor_parallel: int, microbatch: int, in_flight: int) -> StageBytes:
        """See ``solver.performance.calibrated.stage``."""
        return stage_bytes(
            self._setting,
            tensor_parallel=tensor_parallel,
            microbatch=microbatch,
            in_flight=in_flight,
        )
