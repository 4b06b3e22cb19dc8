r"""Designs of a fleet under the calibrated model, evaluated for serving.

With b sequences decoded together in T seconds between two tokens, O output tokens a request:

* *aggregated*: T is that of continuous batching with prompts mixed in, and so is the time to the
  first token (``solver.performance.calibrated.step``): the rectangle that a replica question with
  prompts asks for. A replica carries :math:`b / (O T)` requests/s.
* *decode*: T is that of a step; :math:`b / (O T)`, and no more than its links take caches in.
* *prefill*: ``solver.performance.calibrated.prefill``, and ``hand_over``.

Times are rounded up to whole picoseconds before rates are taken from them. A steady state at full
load: queueing is the business of headroom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator, Model
from solver.errors import Fault, InstanceError
from solver.instance.domain import DesignSpace, Traffic
from solver.instance.fleet.domain import FleetInstance, Phase, RequestSize, Workload
from solver.lowering.families import PS_PER_S, CandidateFamily
from solver.lowering.fleet.calibrated_formats import formats_on
from solver.lowering.fleet.drafting import draft_beside
from solver.lowering.fleet.drawn_power import DrawnPower, drawn_power
from solver.lowering.fleet.hand_over import (
    Receivers,
    hand_over_s,
    link_rate,
    receive_s,
    send_s,
)
from solver.lowering.fleet.replica_questions import replica_question
from solver.lowering.fleet.serving_table import MachineDesigns, ServingTable, serving_table
from solver.lowering.space import lower_replica
from solver.performance.calibrated.prefill import prefill_work
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.calibrated_table import CalibratedTable
from solver.performance.serving import Served, decode_only

__all__ = ["calibrated_designs"]

BoolArray = npt.NDArray[np.bool_]
BySize = tuple[CandidateFamily, ...]
"""One family for each request size: the same layouts and batches."""


@dataclass(frozen=True, slots=True, eq=False)
class _Lowered:
    """A machine's rectangles: ``mixed`` with prompts among the steps, ``alone`` of decoding."""

    machine: int
    bytes_per_s: float
    mixed: tuple[BySize, ...]
    alone: tuple[BySize, ...]
    power: DrawnPower | None = None

    @property
    def families(self) -> tuple[CandidateFamily, ...]:
        """The family of the first size in the place of all."""
        return tuple(by_size[0] for by_size in self.mixed or self.alone)


def calibrated_designs(
    instance: FleetInstance, workload: Workload, model: Model, design: DesignSpace
) -> tuple[list[MachineDesigns], list[Fault]]:
    """Designs of ``model`` on every machine, and why some machines have none.

    What no machine can run is refused before (``calibrated_formats.check_formats``).
    """
    lowered: list[_Lowered] = []
    reasons: list[Fault] = []
    for k, machine in enumerate(instance.machines):
        if machine.accelerator is None:
            continue
        try:
            lowered.append(_lower(instance, workload, model, k, machine.accelerator, design))
        except InstanceError as error:
            # Nothing fits here; another machine may do.
            reasons.extend(error.faults)
    # Prefill replicas ask where their caches may go, on whatever machine.
    decode = [
        [serving_table(_decode(part, workload, by_size)) for by_size in part.alone]
        for part in lowered
    ]
    receivers = _receivers(lowered, decode)
    found = []
    for part, decoding in zip(lowered, decode, strict=True):
        tables: dict[Phase, list[ServingTable]] = {}
        for phase in instance.phases:
            if phase == "aggregated":
                tables[phase] = [
                    serving_table(_whole(workload, each, part.power)) for each in part.mixed
                ]
            elif phase == "decode":
                tables[phase] = decoding
            else:
                tables[phase] = [
                    serving_table(_prefill(part, workload, each, receivers)) for each in part.alone
                ]
        found.append(MachineDesigns(part.machine, part.families, tables))
    return found, reasons


def _lower(
    instance: FleetInstance,
    workload: Workload,
    model: Model,
    number: int,
    accelerator: Accelerator,
    design: DesignSpace,
) -> _Lowered:
    formats = formats_on(instance, design, model, accelerator)

    def by_family(*, prompts: bool) -> tuple[BySize, ...]:
        lowered = [
            lower_replica(
                replica_question(
                    instance,
                    model,
                    (accelerator,),
                    formats.within(design),
                    size=size,
                    weight_formats=formats.names,
                    traffic=_traffic(workload, size) if prompts else None,
                    clocks_mhz=instance.machines[number].clocks_mhz,
                    draft=draft_beside(workload, model),
                )
            ).families
            for size in workload.sizes
        ]
        return tuple(zip(*lowered, strict=True))

    whole = "aggregated" in instance.phases
    apart = bool({"prefill", "decode"}.intersection(instance.phases))
    return _Lowered(
        number,
        link_rate(accelerator, instance.transfer.bytes_per_s),
        by_family(prompts=True) if whole else (),
        by_family(prompts=False) if apart else (),
        drawn_power(instance, number),
    )


def _traffic(workload: Workload, size: RequestSize) -> Traffic:
    return Traffic(size.input_tokens, size.output_tokens, _prefix_hit(workload, size))


def _prefix_hit(workload: Workload, size: RequestSize) -> Fraction:
    """That of the size, where it has one of its own."""
    return workload.prefix_hit if size.prefix_hit is None else size.prefix_hit


def _cells(family: CandidateFamily) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    n, m = family.shape
    return np.arange(n)[:, None], np.arange(m)[None, :]


def _table(family: CandidateFamily) -> CalibratedTable:
    if not isinstance(family.step, CalibratedTable):
        raise TypeError("this family was lowered with another performance model")
    return family.step


def _calibrated(family: CandidateFamily) -> tuple[Replica, Columns]:
    steps = _table(family).steps
    return steps.replica, Columns.of(steps.layouts)


def _decoding(family: CandidateFamily, output_tokens: int) -> Served:
    """Times as the model gives them, so that they are rounded once; rates by the rounded ones."""
    rows, columns = _cells(family)
    served = decode_only(
        # Time per token: steps of a draft and what it gains are in it.
        step_s=family.latency_ps(rows, columns) / PS_PER_S,
        batch=family.batches.astype(np.float64)[columns],
        output_tokens=float(output_tokens),
    )
    return replace(served, tpot_s=family.latency_s(rows, columns))


def _whole(
    workload: Workload, by_size: BySize, power: DrawnPower | None
) -> Iterator[tuple[Served, BoolArray]]:
    for size, family in zip(workload.sizes, by_size, strict=True):
        rows, columns = _cells(family)
        ttft_s = _table(family).steps.ttft_s(rows, columns)
        served = replace(_decoding(family, size.output_tokens), ttft_s=ttft_s)
        if power is not None:
            served = replace(served, watts=power.of_steps(family, rows, columns))
        yield served, family.fits(rows, columns)


def _decode(
    part: _Lowered, workload: Workload, by_size: BySize
) -> Iterator[tuple[Served, BoolArray]]:
    for size, family in zip(workload.sizes, by_size, strict=True):
        replica, layouts = _calibrated(family)
        busy_s = receive_s(
            replica, layouts, input_tokens=size.input_tokens, bytes_per_s=part.bytes_per_s
        )
        served = _decoding(family, size.output_tokens)
        most = (layouts.attention_data_parallel / busy_s)[:, None]
        rate = np.minimum(served.requests_per_s, most)
        watts = None
        if part.power is not None:
            busy = part.power.of_steps(family, *_cells(family))
            watts = part.power.partly(family, busy, rate / served.requests_per_s)
        yield replace(served, requests_per_s=rate, watts=watts), family.fits(*_cells(family))


def _prefill(
    part: _Lowered, workload: Workload, by_size: BySize, receivers: Mapping[int, Receivers]
) -> Iterator[tuple[Served, BoolArray]]:
    """A single column: what a prefill replica works on at once is set by its lanes."""
    for size, family in zip(workload.sizes, by_size, strict=True):
        replica, layouts = _calibrated(family)
        work = prefill_work(
            replica,
            layouts,
            input_tokens=size.input_tokens,
            prefix_hit=float(_prefix_hit(workload, size)),
        )
        takers = receivers.get(family.step.precision.kv_bits)
        if takers is None:
            nobody = np.zeros_like(work.prompt_s)[:, None]
            nothing = None if part.power is None else nobody
            yield Served(nobody, nobody * np.nan, nobody, nothing), nobody > 0
            continue
        prompt, link = float(size.input_tokens), part.bytes_per_s
        handed_s = hand_over_s(replica, layouts, takers, input_tokens=prompt, bytes_per_s=link)
        sent_s = send_s(replica, layouts, takers, input_tokens=prompt, bytes_per_s=link)
        rate = np.minimum(work.lanes / work.prompt_s, layouts.attention_data_parallel / sent_s)
        ttft_s = replica.serving.request_s + work.prompt_s + handed_s
        served = Served(rate[:, None], np.full((len(rate), 1), np.nan), ttft_s[:, None])
        if part.power is not None:
            busy = part.power.of_passes(
                family,
                seconds=work.prompt_s,
                arithmetic_s=work.arithmetic_s,
                hbm_s=work.hbm_s,
            )
            at_work = (rate * work.prompt_s / work.lanes)[:, None]
            served = replace(served, watts=part.power.partly(family, busy, at_work))
        yield served, (work.hbm_bytes <= family.hbm_available_bytes)[:, None]


def _receivers(
    lowered: Sequence[_Lowered], decode: Sequence[Sequence[ServingTable]]
) -> dict[int, Receivers]:
    """Decode replicas that carry anything, by the width of their cache."""
    found: dict[int, list[Receivers]] = {}
    for part, tables in zip(lowered, decode, strict=True):
        for by_size, table in zip(part.alone, tables, strict=True):
            rows = np.flatnonzero(table.rates.any(axis=(1, 2)))
            if not len(rows):
                continue
            step = _table(by_size[0])
            layouts = Columns.of([step.steps.layouts[row] for row in rows.tolist()])
            found.setdefault(step.precision.kv_bits, []).append(
                Receivers.of(layouts, part.bytes_per_s)
            )
    return {bits: Receivers.together(parts) for bits, parts in found.items()}
