"""The toy model of section 2.2 and its closed-form optimum.

Source: *Inference economics of language models* (arXiv 2506.04645), section 2.2. The toy keeps
three things only: reading every weight, multiplying by every weight, and the latency of the
all-reduces of a two-dimensional layout over N devices,

    t(N) = 2 us max(sqrt N - 1, 0) + 6 us,
    L(N) = 4 l t(N) + max(p_w P / (N W), 2 P B / (N F)),

with l layers, P parameters of p_w bytes, W bytes/s of HBM, F flop/s and batch B; a block that runs
attention and feed-forward in parallel needs 2 all-reduces a layer, not 4. Both sides of the maximum
fall as 1/N, so with A = 4 l us (2 l us) and R = max(p_w P / W, 2 P B / F) the sum is
A (2 sqrt N + 4) + R / N for N >= 1. Setting its derivative to zero gives

    N* = (R / A)^(2/3),    L* = 4 A + 3 A^(2/3) R^(1/3).

Left out: message sizes, kernel launches, KV cache, capacity. Kept as published: arithmetic counts
all parameters, of a mixture of experts too, and only the toy knows parallel blocks (erratum B16).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from solver.catalog.domain import Accelerator, Model
from solver.performance.epoch2025.counts import count

__all__ = ["ToyOptimum", "toy_latency_s", "toy_optimum"]

_REDUCE_BASE_S = 6e-6
_REDUCE_HOP_S = 2e-6
_REDUCES_PER_LAYER = 4
_REDUCES_PER_PARALLEL_LAYER = 2


@dataclass(frozen=True, slots=True)
class ToyOptimum:
    """Where the toy is fastest: the (fractional) number of devices, and the step it gives."""

    devices: float
    latency_s: float

    @property
    def tok_per_s(self) -> float:
        """Tokens a second of one sequence."""
        return 1.0 / self.latency_s


def _reduces(model: Model) -> int:
    """All-reduces of one step."""
    per_layer = _REDUCES_PER_PARALLEL_LAYER if model.parallel_block else _REDUCES_PER_LAYER
    return per_layer * model.layers


def _one_device_s(model: Model, accelerator: Accelerator, batch: float) -> float:
    """R: the longer of reading all weights and multiplying by them, on one device."""
    params = count(model).params
    read_s = params * model.native_weight_bits / 8 / accelerator.hbm_bytes_per_s
    return max(read_s, 2.0 * params * batch / accelerator.flop_per_s[model.native_weight_bits])


def toy_latency_s(
    model: Model, accelerator: Accelerator, *, devices: float, batch: float = 1.0
) -> float:
    """One step of the toy model, seconds.

    Parameters
    ----------
    devices
        Any positive number; a fraction of a device is as good as any in the toy.
    batch
        Sequences decoded together, positive.

    Raises
    ------
    ValueError
        If ``devices`` or ``batch`` is not positive.
    """
    if devices <= 0 or batch <= 0:
        raise ValueError(f"devices and batch must be positive, got {devices} and {batch}")
    reduce_s = _REDUCE_HOP_S * max(math.sqrt(devices) - 1.0, 0.0) + _REDUCE_BASE_S
    return _reduces(model) * reduce_s + _one_device_s(model, accelerator, batch) / devices


def toy_optimum(model: Model, accelerator: Accelerator, *, batch: float = 1.0) -> ToyOptimum:
    """The fastest number of devices of the toy model, in closed form.

    Below one device the all-reduce no longer shrinks, so the optimum is never less than one device.

    Raises
    ------
    ValueError
        If ``batch`` is not positive.
    """
    if batch <= 0:
        raise ValueError(f"batch must be positive, got {batch}")
    unit_s = _reduces(model) * _REDUCE_HOP_S / 2
    work_s = _one_device_s(model, accelerator, batch)
    devices = (work_s / unit_s) ** (2 / 3)
    if devices < 1.0:
        return ToyOptimum(1.0, toy_latency_s(model, accelerator, devices=1.0, batch=batch))
    return ToyOptimum(devices, 4.0 * unit_s + 3.0 * unit_s ** (2 / 3) * work_s ** (1 / 3))
