"""Replica designs as options: every layout and batch of the design space, evaluated for serving.

A workload of several request sizes is evaluated at each: a sequence of a size holds its input and
half its output, rounded up, on average; the replica's latency is that of the slowest size it
serves. Of the designs on as many devices those are kept that no other beats in latency and rates,
and, where they count, in watts, quality and what is sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Model
from solver.errors import Fault, InstanceError, UnsupportedModelError
from solver.instance.domain import DesignSpace
from solver.instance.fleet.domain import (
    FleetInstance,
    Phase,
    RequestSize,
    Workload,
    WorkloadModel,
)
from solver.instance.quality import quality_of
from solver.lowering.families import CandidateFamily
from solver.lowering.fleet.choices import counts_layouts
from solver.lowering.fleet.dominance import smallest_rows
from solver.lowering.fleet.drafting import drafted_name
from solver.lowering.fleet.energy import power_matters
from solver.lowering.fleet.options import PS_PER_S, Option
from solver.lowering.fleet.published_designs import published_designs
from solver.lowering.fleet.scaling import NANO, ranks
from solver.lowering.fleet.serving_table import MachineDesigns, ServingTable
from solver.lowering.fleet.uplink import kv_bytes_per_token, request_bytes
from solver.performance import PERFORMANCE_MODELS
from solver.performance.step_table import StepLayout, StepPrecision

__all__ = ["check_designs", "design_options", "layout_name"]

_CALIBRATED = "calibrated"
_Places = npt.NDArray[np.intp]


def layout_name(layout: StepLayout, precision: StepPrecision) -> str:
    """Name of a layout, the same in every result: ``TP8 PP2 W8 KV16``, ``TP1 DP8 EP8 fp8 KV8``."""
    two_d = layout.tensor_parallel_2d > 0
    parts = [f"{'TP2D' if two_d else 'TP'}{layout.tensor_degree}"]
    parts += [
        f"{name}{degree}"
        for name, degree in (
            ("DP", layout.attention_data_parallel),
            ("EP", layout.expert_parallel),
            ("PP", layout.pipeline_parallel),
        )
        if degree > 1
    ]
    parts.append(precision.weight_format or f"W{precision.weight_bits}")
    return " ".join([*parts, f"KV{precision.kv_bits}"])


def check_designs(instance: FleetInstance) -> None:
    """Refuse a question whose designs the performance model cannot represent, before any is made.

    Raises
    ------
    UnsupportedModelError
        For another performance model, features of models, formats that no machine runs.
    """
    if instance.design is None or all(workload.points for workload in instance.workloads):
        return
    name = instance.performance.model
    if name not in PERFORMANCE_MODELS:
        raise UnsupportedModelError.one(
            f"{name!r} is not a performance model of fleets",
            where=f"{instance.source}: performance.model",
            mend=f"Choose from {', '.join(PERFORMANCE_MODELS)}",
        )
    if name == _CALIBRATED:
        from solver.lowering.fleet.calibrated_formats import check_formats

        check_formats(instance, instance.design)


def design_options(instance: FleetInstance, number: int) -> tuple[list[Option], int, list[Fault]]:
    """Options of workload ``number`` from the design space, how many were looked at, and reasons.

    A model that fits on no layout of a machine, or a machine without a format or arithmetic of a
    width, leaves a reason instead of options; whether any option is left is the caller's to judge.
    ``check_designs`` has been asked before.

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
    designs_of = _evaluator(instance.performance.model)
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
        machines, more = designs_of(instance, workload, accepted.model, design)
        reasons.extend(more)
        for designs in machines:
            found.extend(_options(instance, number, accepted, designs))
            looked_at += designs.candidates
    return found, looked_at, reasons


_DesignsOf = Callable[
    [FleetInstance, Workload, Model, DesignSpace], tuple[list[MachineDesigns], list[Fault]]
]


def _evaluator(model: str) -> _DesignsOf:
    """What evaluates designs under a performance model."""
    if model == _CALIBRATED:
        # Its kernel tables take longer to import than many a question of the other to solve.
        from solver.lowering.fleet.calibrated_designs import calibrated_designs

        return calibrated_designs
    return published_designs


def _options(
    instance: FleetInstance, number: int, accepted: WorkloadModel, designs: MachineDesigns
) -> Iterator[Option]:
    families = designs.families
    for phase, tables in designs.tables.items():
        for place, rows, columns in _worth_having(
            instance, number, accepted, designs, tables, phase
        ):
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
                yield _option(
                    instance,
                    number,
                    accepted,
                    designs.machine,
                    families[place],
                    tables[place],
                    phase,
                    row,
                    column,
                )


def _worth_having(
    instance: FleetInstance,
    number: int,
    accepted: WorkloadModel,
    designs: MachineDesigns,
    tables: Sequence[ServingTable],
    phase: Phase,
) -> Iterator[tuple[int, _Places, _Places]]:
    """Family, rows and columns of what no design of as many devices beats.

    Where layouts count, only batches of one layout are compared; pools only within one KV width.
    """
    model, families = accepted.model, designs.families
    assert model is not None  # the caller looked
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
    if power_matters(instance, instance.machines[designs.machine]):
        drawn = [t.watts[r, c] for r, c, t, _ in picked if t.watts is not None]
        keys = np.column_stack([keys, np.concatenate(drawn)]) if drawn else keys
    if "quality" in instance.trade_off:
        lost = [-(_quality(instance, accepted, family) or Fraction(0)) for family in families]
        keys = np.column_stack([keys, np.array(ranks(lost)[1], dtype=np.int64)[place]])
    apart = devices
    if phase != "aggregated":
        # Only replicas of equal width can hand a KV cache over.
        kv_bits = np.array([family.step.precision.kv_bits for family in families])[place]
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
    layout, precision = family.layout(row), family.step.precision
    rates = table.rates[row, column].tolist()
    return Option(
        workload=number,
        model=accepted.name,
        machine=machine,
        layout=layout_name(layout, precision) + drafted_name(family.draft_tokens),
        phase=phase,
        devices=int(family.devices[row]),
        rates=tuple(Fraction(rate, NANO) for rate in rates),
        whole=len(workload.sizes) == 1,
        latency_ps=None if phase == "prefill" else int(table.latency_ps[row, column]),
        ttft_s=None if phase == "decode" else Fraction(int(table.ttft_ps[row, column]), PS_PER_S),
        quality=_quality(instance, accepted, family),
        watts=None if table.watts is None else Fraction(int(table.watts[row, column])),
        kv_bits=precision.kv_bits,
        uplink_bytes_per_s=None
        if accepted.model is None or not instance.racks
        else _uplink(family, accepted.model, workload.sizes, rates, phase),
        facts={
            "accelerator": family.machine.accelerator.name,
            "tensor_parallel": layout.tensor_parallel,
            "tensor_parallel_2d": layout.tensor_parallel_2d,
            "pipeline_parallel": layout.pipeline_parallel,
            "weight_bits": precision.weight_bits,
            "kv_bits": precision.kv_bits,
            **_calibrated_facts(layout, precision),
            **({"draft_tokens": family.draft_tokens} if family.draft_tokens else {}),
            # A prefill replica works on one prompt a stage, whatever the batch.
            **({} if phase == "prefill" else {"batch": int(family.batches[column])}),
            **_clock(family),
        },
    )


def _clock(family: CandidateFamily) -> dict[str, Any]:
    """The clock that its devices are set to; nothing where clocks are left alone."""
    clock_mhz = family.machine.clock_mhz
    return {} if clock_mhz is None else {"clock_mhz": clock_mhz}


def _quality(
    instance: FleetInstance, accepted: WorkloadModel, family: CandidateFamily
) -> Fraction | None:
    """Score of the model less what the family's precisions take off it."""
    precision = family.step.precision
    return quality_of(
        accepted.quality,
        instance.penalties,
        model=accepted.name,
        weight_bits=precision.weight_bits,
        weight_format=precision.weight_format,
        kv_bits=precision.kv_bits,
    )


def _calibrated_facts(layout: StepLayout, precision: StepPrecision) -> dict[str, Any]:
    """What only a model that tells formats apart knows of a design."""
    if not precision.weight_format:
        return {}
    return {
        "expert_parallel": layout.expert_parallel,
        "attention_data_parallel": layout.attention_data_parallel,
        "weight_format": precision.weight_format,
    }


def _uplink(
    family: CandidateFamily,
    model: Model,
    sizes: Sequence[RequestSize],
    rates: Sequence[int],
    phase: Phase,
) -> Fraction:
    """Bytes/s to and from the replica at full load, for the size that moves most."""
    kv = kv_bytes_per_token(model, family.step.precision.kv_bits)
    moved = (request_bytes(size, phase, kv) or Fraction(0) for size in sizes)
    return max(m * Fraction(rate, NANO) for m, rate in zip(moved, rates, strict=True))
