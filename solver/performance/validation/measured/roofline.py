"""A floor under the time of one decode step: the weights it must read from HBM."""

from __future__ import annotations

import math

from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.point import FORMAT_BYTES, ServingPoint

__all__ = ["weight_read_s"]


def weight_read_s(point: ServingPoint, sequences: float) -> float:
    """Seconds in which one decode worker reads, at the full HBM bandwidth, what a step touches.

    Parameters
    ----------
    sequences
        Sequences that a worker decodes together; fewer touch fewer experts.

    Notes
    -----
    Attention, shared experts, dense layers and the output matrix are read once by each attention
    group; of the routed experts those that at least one token is sent to, ``n (1 - (1 - k/n)^s)``
    of n for s tokens that choose k evenly. Below one token a group counts as one. KV cache,
    activations and time for anything else are left out, and all weights count in the narrower of
    the two formats: no plain step can be faster.
    """
    model = point.model
    counts = parameter_breakdown(model)
    layout = point.aggregated
    if layout is None:
        assert point.decode is not None
        layout = point.decode.layout
    width = min(FORMAT_BYTES[point.weight_format], FORMAT_BYTES[point.expert_format])
    everywhere = counts.attention + counts.dense_feed_forward + counts.shared_experts
    output = counts.unembedding or counts.embedding
    each_device = (everywhere + output) / layout.tensor_parallel
    if model.moe is not None:
        idle = (1.0 - model.moe.top_k / model.moe.n_experts) ** max(sequences, 1.0)
        # Shared experts may lie on one group or on each: the floor takes them as spread.
        each_device -= counts.shared_experts / layout.tensor_parallel
        each_device += counts.shared_experts / layout.stage_devices
        each_device += counts.routed_experts * (1.0 - idle) / layout.stage_devices
    seconds = each_device * width / point.accelerator.hbm_bytes_per_s
    assert math.isfinite(seconds)
    return seconds
