"""One stage of a pipeline: time and memory of some of a model's layers on the devices of one host.

*Time.* The step of the whole model as one stage (``step.py``), shared out evenly over its layers:
a layer of a microbatch of m sequences takes tau(t, m) = T(t, m) / L on t devices, in whole
picoseconds, rounded up. A host that holds all layers is then at most L - 1 ps slower than the step
itself. What belongs to the ends of the model (the embeddings) is spread over all layers too.

*Memory.* The deployable account of ``memory.py`` in integers: on the fullest device, each layer
adds its share of the weights and its share of the KV cache of the whole batch; beside the layers
are one embedding table, and the activations and logits of one microbatch; a host that holds all
layers holds the second embedding table too. Fractions are kept to the end, then rounded up.

Latency between the devices of a host is not read: the collectives have their own (erratum B2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from solver.performance.epoch2025.memory import LEAST_BYTES, LOGIT_BYTES
from solver.performance.epoch2025.step import StepFamily, StepSetting
from solver.performance.stage import StageBytes, accelerator_in_host, shared_out_ps

__all__ = ["StageBytes", "accelerator_in_host", "layer_times_ps", "stage_bytes"]


def layer_times_ps(
    setting: StepSetting, *, tensor_parallel: int, microbatches: Sequence[int]
) -> tuple[int, ...]:
    """Time of one layer for each microbatch, ps, rounded up.

    Raises
    ------
    InstanceError
        If a step of the whole model takes longer than an hour.
    """
    family = StepFamily(
        setting,
        tensor_degrees=[tensor_parallel],
        batches=list(microbatches),
        two_dimensional=False,
        stages=1,
    )
    columns = np.arange(len(microbatches))
    rows = np.zeros_like(columns)
    return shared_out_ps(
        family.latency_s(rows, columns).tolist(),
        layers=setting.counts.layers,
        accelerator=setting.accelerator,
    )


def stage_bytes(
    setting: StepSetting, *, tensor_parallel: int, microbatch: int, in_flight: int
) -> StageBytes:
    """Memory of a stage on the fullest of ``tensor_parallel`` devices.

    Parameters
    ----------
    microbatch, in_flight
        Sequences of a microbatch, and microbatches whose KV cache is kept.
    """
    c = setting.counts
    weight, value = Fraction(setting.weight_bits, 8), Fraction(setting.kv_bits, 8)
    copies = max(Fraction(1), Fraction(tensor_parallel, c.n_kv_heads))
    qkv = c.d_model * c.head_dim * (c.n_heads + 2 * c.n_kv_heads * copies)
    weights = qkv + c.head_dim * c.n_heads * c.d_model
    weights += c.experts * (c.ff_up + c.ff_down) * c.d_model * c.ff_width
    cache = value * 2 * c.n_kv_heads * c.head_dim * copies * setting.context_tokens
    embedding = max(weight, Fraction(LEAST_BYTES)) * c.vocab * c.d_model / tensor_parallel
    widest = max(c.qkv_width, c.top_k * c.ff_up * c.ff_width)
    width = max(value, Fraction(LEAST_BYTES))
    each = width * (2 * c.d_model + Fraction(widest, tensor_parallel)) + LOGIT_BYTES * c.vocab
    tokens = microbatch * setting.tokens_per_sequence
    layer = (weight * weights + cache * microbatch * in_flight) / tensor_parallel
    return StageBytes(
        layer=math.ceil(layer),
        fixed=math.ceil(embedding + tokens * each),
        alone=math.ceil(embedding),
    )
