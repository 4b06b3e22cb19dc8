"""Replica designs as options: every layout and batch of the design space, evaluated for serving.

A workload of several request sizes is evaluated at each: a sequence of a size holds its input and
half its output, rounded up, on average; the replica's latency is that of the slowest size it
serves. Of the designs on as many devices those are kept that no other beats in latency and rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Model, Price
from solver.errors import Fault, InstanceError
from solver.instance.domain import DesignSpace, Limits, Machine, ReplicaInstance
from solver.instance.fleet.domain import (
    FleetInstance,
    MachineOffer,
    Phase,
    RequestSize,
    WorkloadModel,
)
from solver.lowering.families import CandidateFamily
from solver.lowering.fleet.choices import counts_layouts
from solver.lowering.fleet.dominance import smallest_rows
from solver.lowering.fleet.evaluations import ServingTable, evaluate
from solver.lowering.fleet.options import PS_PER_S, Option
from solver.lowering.fleet.scaling import NANO, ranks
from solver.lowering.fleet.uplink import kv_bytes_per_token, request_bytes
from solver.lowering.space import lower_replica

__all__ = ["design_options", "layout_name"]

_Places = npt.NDArray[np.intp]


def layout_name(
    *, tensor: int, two_dimensional: bool, stages: int, weight_bits: int, kv_bits: int
) -> str:
    """Name of a layout, the same in every result: ``TP8 PP2 W8 KV16``."""
    kind = "TP2D" if two_dimensional else "TP"
    depth = f" PP{stages}" if stages > 1 else ""
    return f"{kind}{tensor}{depth} W{weight_bits} KV{kv_bits}"


def design_options(instance: FleetInstance, number: int) -> tuple[list[Option], int, list[Fault]]:
    """Options of workload ``number`` from the design space, how many were looked at, and reasons.

    A model that fits on no layout of a machine, or a machine without arithmetic of a width, leaves
    a reason instead of options; whether any option is left is the caller's to judge.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent a model or a chosen degree.
    InstanceError
        If the workload names a model without its facts, or the instance has no design space.
    """
    workload = instance.workloads[number]
    design = instance.design
    if design is None:
        raise InstanceError.one(
            f"workload {workload.name!r} has no measured points and there is no design space",
            where=f"{instance.source}: design",
            mend="Add [design], or points to the workload",
        )
    found: list[Option] = []
    looked_at = 0
    reasons: list[Fault] = []
    for accepted in workload.models:
        if accepted.model is None:
            raise InstanceError.one(
                f"model {accepted.name!r} is known by name alone",
                where=f"{instance.source}: workload {workload.name!r}",
                mend="Name a model of the catalog, or add measured points",
            )
        for k, machine in enumerate(instance.machines):
            if machine.accelerator is None:
                continue
            try:
                options, candidates = _on_machine(instance, number, accepted, k, machine, design)
            except InstanceError as error:
                # Nothing fits here; another machine may do.
                reasons.extend(error.faults)
                continue
            found.extend(options)
            looked_at += candidates
    return found, looked_at, reasons


def _on_machine(
    instance: FleetInstance,
    number: int,
    accepted: WorkloadModel,
    k: int,
    machine: MachineOffer,
    design: DesignSpace,
) -> tuple[list[Option], int]:
    workload = instance.workloads[number]
    model = accepted.model
    assert model is not None
    assert machine.accelerator is not None
    weight_bits = design.weight_bits or (model.native_weight_bits,)
    able = tuple(bits for bits in weight_bits if bits in machine.accelerator.flop_per_s)
    if not able:
        raise InstanceError.one(
            f"{machine.accelerator.name} has no arithmetic of {weight_bits[0]} bits",
            where=f"{instance.source}: design.weight_bits",
            mend="Offer another width",
        )
    offered = replace(design, weight_bits=able, kv_bits=design.kv_bits or (model.native_kv_bits,))
    by_size = [_families(instance, model, machine, offered, size) for size in workload.sizes]
    by_phase: dict[Phase, list[ServingTable]] = {phase: [] for phase in instance.phases}
    for families in zip(*by_size, strict=True):
        for phase, tables in by_phase.items():
            tables.append(evaluate(instance, model, workload.sizes, families, phase))
    options: list[Option] = []
    for phase, tables in by_phase.items():
        for place, rows, columns in _worth_having(
            instance, number, model, by_size[0], tables, phase
        ):
            options.extend(
                _option(
                    instance, number, accepted, k, by_size[0][place], tables[place], phase, r, c
                )
                for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
            )
    candidates = sum(family.shape[0] * family.shape[1] for family in by_size[0])
    return options, candidates * len(by_phase)


def _families(
    instance: FleetInstance,
    model: Model,
    machine: MachineOffer,
    design: DesignSpace,
    size: RequestSize,
) -> tuple[CandidateFamily, ...]:
    accelerator = machine.accelerator
    assert accelerator is not None  # the caller looked
    question = ReplicaInstance(
        name=instance.name,
        title=instance.title,
        model=model,
        context_tokens=size.input_tokens + -(-size.output_tokens // 2),
        # Candidates are priced by the fleet; here a price of one only counts devices.
        machines=(Machine(accelerator, Price(accelerator.name, "", Fraction(1), "", "")),),
        design=design,
        limits=Limits(),
        rules=instance.rules,
        performance=instance.performance,
        source=instance.source,
    )
    return lower_replica(question).families


def _worth_having(
    instance: FleetInstance,
    number: int,
    model: Model,
    families: Sequence[CandidateFamily],
    tables: Sequence[ServingTable],
    phase: Phase,
) -> Iterator[tuple[int, _Places, _Places]]:
    """Family, rows and columns of what no design of as many devices beats.

    Where layouts count, only batches of one layout are compared; pools only within one KV width.
    """
    most = instance.workloads[number].max_ttft_s
    slowest = np.iinfo(np.int64).max if most is None else math.ceil(most * PS_PER_S)
    found = []
    for k, table in enumerate(tables):
        able = np.nonzero(table.rates.any(axis=2))
        found.append((np.full(len(able[0]), k), *able))
    place, rows, columns = (np.concatenate(parts) for parts in zip(*found, strict=True))
    picked = [
        (rows[place == k], columns[place == k], table, family.devices)
        for k, (table, family) in enumerate(zip(tables, families, strict=True))
    ]
    latency = np.concatenate([t.latency_ps[r, c] for r, c, t, _ in picked])
    late = np.concatenate([np.maximum(t.ttft_ps[r, c] - slowest, 0) for r, c, t, _ in picked])
    rates = np.concatenate([t.rates[r, c] for r, c, t, _ in picked])
    devices = np.concatenate([n[r] for r, _, _, n in picked])
    keys = np.column_stack([latency, late, -rates])
    if any(orbit.uplink_bytes_per_s is not None for orbit in instance.racks):
        sent = [
            _uplink(families[k], model, instance.workloads[number].sizes, rate, phase)
            for k, rate in zip(place.tolist(), rates.tolist(), strict=True)
        ]
        keys = np.column_stack([keys, ranks(sent)[1]])
    apart = devices
    if phase != "aggregated":
        # Only replicas of equal width can hand a KV cache over.
        kv_bits = np.array([family.step.setting.kv_bits for family in families])[place]
        apart = devices * (kv_bits.max(initial=0) + 1) + kv_bits
    if counts_layouts(instance):
        _, apart = np.unique(np.stack([place, rows]), axis=1, return_inverse=True)
        apart = apart.reshape(-1)
    kept = np.zeros(len(place), dtype=np.bool_)
    for label in np.unique(apart).tolist():
        group = np.flatnonzero(apart == label)
        kept[group[smallest_rows(keys[group], np.ones(len(group), dtype=np.bool_))]] = True
    for k in range(len(tables)):
        chosen = kept & (place == k)
        yield k, rows[chosen], columns[chosen]


def _option(
    instance: FleetInstance,
    number: int,
    accepted: WorkloadModel,
    machine: int,
    family: CandidateFamily,
    table: ServingTable,
    phase: Phase,
    row: int,
    column: int,
) -> Option:
    workload = instance.workloads[number]
    step, setting = family.step, family.step.setting
    degree = int(family.tensor_degrees[row])
    rates = table.rates[row, column].tolist()
    two_d = step.two_dimensional
    return Option(
        workload=number,
        model=accepted.name,
        machine=machine,
        layout=layout_name(
            tensor=degree,
            two_dimensional=two_d,
            stages=step.stages,
            weight_bits=setting.weight_bits,
            kv_bits=setting.kv_bits,
        ),
        phase=phase,
        devices=int(family.devices[row]),
        rates=tuple(Fraction(rate, NANO) for rate in rates),
        whole=len(workload.sizes) == 1,
        latency_ps=None if phase == "prefill" else int(table.latency_ps[row, column]),
        ttft_s=None if phase == "decode" else Fraction(int(table.ttft_ps[row, column]), PS_PER_S),
        quality=accepted.quality,
        kv_bits=setting.kv_bits,
        uplink_bytes_per_s=None
        if accepted.model is None or not instance.racks
        else _uplink(family, accepted.model, workload.sizes, rates, phase),
        facts={
            "accelerator": setting.accelerator.name,
            "tensor_parallel": 1 if two_d else degree,
            "tensor_parallel_2d": degree if two_d else 0,
            "pipeline_parallel": step.stages,
            "weight_bits": setting.weight_bits,
            "kv_bits": setting.kv_bits,
            # A prefill replica works on one prompt a stage, whatever the batch.
            **({} if phase == "prefill" else {"batch": int(family.batches[column])}),
        },
    )


def _uplink(
    family: CandidateFamily,
    model: Model,
    sizes: Sequence[RequestSize],
    rates: Sequence[int],
    phase: Phase,
) -> Fraction:
    """Bytes/s to and from the replica at full load, for the size that moves most."""
    kv = kv_bytes_per_token(model, family.step.setting.kv_bits)
    moved = (request_bytes(size, phase, kv) or Fraction(0) for size in sizes)
    return max(m * Fraction(rate, NANO) for m, rate in zip(moved, rates, strict=True))
