"""Every layout and batch of a family, evaluated for serving: rates and times as integers.

The physics is float64 arithmetic; what it is rounded to (picoseconds up, nano-requests/s down) is
the design's own rate and latency. With several request sizes there is a rate for each, and times
are those of the slowest size that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Model
from solver.instance.fleet.domain import FleetInstance, Phase, RequestSize
from solver.lowering.families import CandidateFamily
from solver.lowering.fleet.options import PS_PER_S
from solver.lowering.fleet.scaling import NANO
from solver.lowering.fleet.uplink import kv_bytes_per_token
from solver.performance.epoch2025.step import FloatArray
from solver.performance.prefill import prefill_pass_s
from solver.performance.serving import Served, aggregated, decode_only, prefill_only

__all__ = ["ServingTable", "evaluate"]


@dataclass(frozen=True, slots=True, eq=False)
class ServingTable:
    """Serving of the candidates of one family: (layouts, batches), rates by size as well.

    A rate of 0: does not fit, or has no such phase. Latencies in whole picoseconds, 0 for none.
    """

    rates: npt.NDArray[np.int64]
    latency_ps: npt.NDArray[np.int64]
    ttft_ps: npt.NDArray[np.int64]


def evaluate(
    instance: FleetInstance,
    model: Model,
    sizes: Sequence[RequestSize],
    families: Sequence[CandidateFamily],
    phase: Phase,
) -> ServingTable:
    """Serving of the candidates of one family, given as one family for each request size."""
    n, m = families[0].shape
    rates = np.zeros((n, m, len(sizes)), dtype=np.int64)
    latency = np.zeros((n, m), dtype=np.int64)
    ttft = np.zeros((n, m), dtype=np.int64)
    rows, columns = np.arange(n)[:, None], np.arange(m)[None, :]
    for b, (size, family) in enumerate(zip(sizes, families, strict=True)):
        served = _served(instance, model, size, family, phase, rows, columns)
        fits = family.fits(rows, columns)
        rate = np.where(fits, np.floor(served.requests_per_s * NANO), 0).astype(np.int64)
        rates[:, :, b] = rate
        for store, seconds in ((latency, served.tpot_s), (ttft, served.ttft_s)):
            known = (rate > 0) & ~np.isnan(seconds)
            ps = np.ceil(np.where(known, seconds, 0.0) * PS_PER_S).astype(np.int64)
            np.maximum(store, ps, out=store)
    return ServingTable(rates, latency, ttft)


def _served(
    instance: FleetInstance,
    model: Model,
    size: RequestSize,
    family: CandidateFamily,
    phase: Phase,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
) -> Served:
    step = family.step
    batch: FloatArray = family.batches.astype(np.float64)[columns]
    output = float(size.output_tokens)
    if phase == "decode":
        step_s = family.latency_ps(rows, columns) / PS_PER_S
        return decode_only(step_s=step_s, batch=batch, output_tokens=output)
    prefill_s = prefill_pass_s(
        step.setting,
        input_tokens=size.input_tokens,
        tensor_degrees=family.tensor_degrees,
        two_dimensional=step.two_dimensional,
        stages=step.stages,
    )[:, None]
    if phase == "aggregated":
        return aggregated(
            step_s=family.latency_ps(rows, columns) / PS_PER_S,
            batch=batch,
            prefill_s=prefill_s,
            stages=step.stages,
            output_tokens=output,
        )
    per_device = instance.transfer.bytes_per_s
    bytes_per_s = (
        step.setting.accelerator.scale_out_bytes_per_s if per_device is None else float(per_device)
    )
    cache_bytes = float(kv_bytes_per_token(model, step.setting.kv_bits) * size.input_tokens)
    transfer_s = cache_bytes / (bytes_per_s * family.devices.astype(np.float64))
    return prefill_only(
        prefill_s=prefill_s + 0.0 * batch, stages=step.stages, transfer_s=transfer_s[:, None]
    )
