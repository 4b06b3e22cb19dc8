"""Designs of a fleet under the published model ``epoch2025``, evaluated for serving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator, Model
from solver.errors import Fault, InstanceError
from solver.instance.domain import DesignSpace
from solver.instance.fleet.domain import FleetInstance, Phase, RequestSize, Workload
from solver.lowering.families import PS_PER_S, CandidateFamily
from solver.lowering.fleet.drawn_power import DrawnPower, drawn_power
from solver.lowering.fleet.replica_questions import replica_question
from solver.lowering.fleet.serving_table import MachineDesigns, serving_table
from solver.lowering.fleet.uplink import kv_bytes_per_token
from solver.lowering.space import lower_replica
from solver.performance.epoch2025.step import FloatArray, StepFamily
from solver.performance.epoch2025.table import EpochTable
from solver.performance.prefill import prefill_pass_terms
from solver.performance.serving import Served, aggregated, decode_only, prefill_only

__all__ = ["published_designs"]

BoolArray = npt.NDArray[np.bool_]


def published_designs(
    instance: FleetInstance, workload: Workload, model: Model, design: DesignSpace
) -> tuple[list[MachineDesigns], list[Fault]]:
    """Designs of ``model`` on every machine, and why some machines have none.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent the model or a chosen degree.
    """
    found: list[MachineDesigns] = []
    reasons: list[Fault] = []
    for k, machine in enumerate(instance.machines):
        if machine.accelerator is None:
            continue
        try:
            found.append(_on_machine(instance, workload, model, k, machine.accelerator, design))
        except InstanceError as error:
            # Nothing fits here; another machine may do.
            reasons.extend(error.faults)
    return found, reasons


def _on_machine(
    instance: FleetInstance,
    workload: Workload,
    model: Model,
    number: int,
    accelerator: Accelerator,
    design: DesignSpace,
) -> MachineDesigns:
    weight_bits = design.weight_bits or (model.native_weight_bits,)
    able = tuple(bits for bits in weight_bits if bits in accelerator.flop_per_s)
    if not able:
        raise InstanceError.one(
            f"{accelerator.name} has no arithmetic of {weight_bits[0]} bits",
            where=f"{instance.source}: design.weight_bits",
            mend="Offer another width",
        )
    offered = replace(design, weight_bits=able, kv_bits=design.kv_bits or (model.native_kv_bits,))
    by_size = [
        lower_replica(
            replica_question(
                instance,
                model,
                (accelerator,),
                offered,
                size=size,
                clocks_mhz=instance.machines[number].clocks_mhz,
            )
        ).families
        for size in workload.sizes
    ]
    by_family = list(zip(*by_size, strict=True))
    power = drawn_power(instance, number)
    return MachineDesigns(
        number,
        by_size[0],
        {
            phase: [
                serving_table(_each_size(instance, model, workload.sizes, families, phase, power))
                for families in by_family
            ]
            for phase in instance.phases
        },
    )


def _each_size(
    instance: FleetInstance,
    model: Model,
    sizes: Sequence[RequestSize],
    families: Sequence[CandidateFamily],
    phase: Phase,
    power: DrawnPower | None,
) -> Iterator[tuple[Served, BoolArray]]:
    """Serving of the candidates of one family, given as one family for each request size."""
    n, m = families[0].shape
    rows, columns = np.arange(n)[:, None], np.arange(m)[None, :]
    for size, family in zip(sizes, families, strict=True):
        served = _served(instance, model, size, family, phase, rows, columns, power)
        yield served, family.fits(rows, columns)


def _published_steps(family: CandidateFamily) -> StepFamily:
    if not isinstance(family.step, EpochTable):
        raise TypeError("this family was lowered with another performance model")
    return family.step.family


def _served(
    instance: FleetInstance,
    model: Model,
    size: RequestSize,
    family: CandidateFamily,
    phase: Phase,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    power: DrawnPower | None,
) -> Served:
    step = _published_steps(family)
    batch: FloatArray = family.batches.astype(np.float64)[columns]
    output = float(size.output_tokens)
    if phase == "decode":
        step_s = family.latency_ps(rows, columns) / PS_PER_S
        served = decode_only(step_s=step_s, batch=batch, output_tokens=output)
        return served if power is None else _drawing(served, power.of_steps(family, rows, columns))
    prefill = prefill_pass_terms(
        step.setting,
        input_tokens=size.input_tokens,
        tensor_degrees=family.tensor_degrees,
        two_dimensional=step.two_dimensional,
        stages=step.stages,
    )
    prefill_s = prefill.latency_s[:, None]
    passes = None
    if power is not None:
        passes = power.of_passes(
            family,
            seconds=prefill.latency_s,
            arithmetic_s=prefill.arithmetic_s,
            hbm_s=prefill.hbm_s,
        )
    if phase == "aggregated":
        served = aggregated(
            step_s=family.latency_ps(rows, columns) / PS_PER_S,
            batch=batch,
            prefill_s=prefill_s,
            stages=step.stages,
            output_tokens=output,
        )
        if power is None or passes is None:
            return served
        # Prompts and steps take turns: of the time of a token the batch's prompts have this part.
        part = batch * prefill_s / (step.stages * output * served.tpot_s)
        steps = power.of_steps(family, rows, columns)
        return _drawing(served, steps + (passes - steps) * part)
    per_device = instance.transfer.bytes_per_s
    bytes_per_s = (
        step.setting.accelerator.scale_out_bytes_per_s if per_device is None else float(per_device)
    )
    cache_bytes = float(kv_bytes_per_token(model, step.setting.kv_bits) * size.input_tokens)
    transfer_s = cache_bytes / (bytes_per_s * family.devices.astype(np.float64))
    served = prefill_only(
        prefill_s=prefill_s + 0.0 * batch, stages=step.stages, transfer_s=transfer_s[:, None]
    )
    if power is None or passes is None:
        return served
    at_work = served.requests_per_s * prefill_s / step.stages
    return _drawing(served, power.partly(family, passes, at_work))


def _drawing(served: Served, watts: FloatArray) -> Served:
    return replace(served, watts=watts)
