r"""One stage of a pipeline over unequal hosts: time and memory of some layers on a host's devices.

*Time.* A pass of the whole model over t devices for a microbatch of m sequences (``replica``), with
logits and the host's time between steps, is shared out evenly over its L layers:
:math:`\tau(t, m) = \lceil T(t, m) / L \rceil` in whole picoseconds, T in whole nanoseconds as the
replica kind states it. So a host that holds all layers takes what the replica kind says of tensor
degree t, up to a picosecond a layer, and a chain of equal hosts what it says of as many pipeline
stages, but for the hand-overs, which a placement counts on its own network. The alternative, logits
and the host's time on the last stage alone, would make a host's time depend on its place in the
chain, which the programs then had to decide too, and would break with the replica kind, whose
stages are alike. The price: the pace of a pipeline whose last stage is its slowest is told too
fast, by at most the logits and the host's time less that stage's share of them.

Layers that differ (first dense ones, sliding windows, linear attention, experts every few layers)
each count as their mean, in time and in bytes alike.

*Memory.* ``memory`` in integers, as for a replica: on the fullest device every layer adds its mean
share of the weights and, of all sequences in flight, of the KV cache in whole pages, with what the
engine leaves unused of it; beside the layers are one table (embedding or head), activations and
logits of a microbatch, and what the engine keeps; a host that holds all layers has both tables,
unless the model ties them.

Prompts are not placed: times are those of decoding at a given context.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from solver.catalog.domain import Accelerator
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated.step import CalibratedSteps
from solver.performance.calibrated_table import CalibratedTable
from solver.performance.stage import StageBytes, accelerator_in_host, shared_out_ps

__all__ = ["device_in_host", "layer_times_ps", "stage_bytes"]


def device_in_host(
    accelerator: Accelerator, *, devices: int, device_bytes_per_s: int | None
) -> Accelerator:
    """The accelerator as it stands in a host of ``devices`` of them.

    As ``accelerator_in_host``, but the catalog's entry itself where the host is no more than a part
    of one node of it: links between two devices of a mesh are those of the whole node.
    """
    own = device_bytes_per_s == accelerator.scale_up_bytes_per_s
    if own and devices <= accelerator.node_devices:
        return accelerator
    return accelerator_in_host(accelerator, devices=devices, device_bytes_per_s=device_bytes_per_s)


def layer_times_ps(
    setting: CalibratedSetting, *, tensor_parallel: int, microbatches: Sequence[int]
) -> tuple[int, ...]:
    """Mean time of one layer for each microbatch, ps, rounded up.

    Parameters
    ----------
    setting
        Of decoding alone, with the accelerator as it stands in the host (``device_in_host``).
    tensor_parallel
        Devices that share every layer; the model's experts lie on all of them.
    microbatches
        Sequences of a microbatch.

    Raises
    ------
    InstanceError
        If a step of the whole model takes longer than an hour.
    UnsupportedModelError
        For a format that the accelerator lacks.
    """
    steps = CalibratedSteps(setting, [Layout(tensor_parallel)], list(microbatches))
    columns = np.arange(len(microbatches))
    return shared_out_ps(
        steps.latency_s(np.zeros_like(columns), columns).tolist(),
        layers=setting.model.layers,
        accelerator=setting.accelerator,
        resolution_ps=CalibratedTable.resolution_ps,
    )


def stage_bytes(
    setting: CalibratedSetting, *, tensor_parallel: int, microbatch: int, in_flight: int
) -> StageBytes:
    """Memory of a stage on the fullest of ``tensor_parallel`` devices.

    Parameters
    ----------
    microbatch, in_flight
        Sequences of a microbatch, and microbatches whose KV cache is kept.
    """
    replica = CalibratedSteps(setting, [Layout(tensor_parallel)], [microbatch]).replica
    memory, serving = replica.memory, replica.serving
    t = Columns.of([Layout(tensor_parallel)]).tensor_parallel
    weights = float(memory.layers_bytes(t, t)[0])
    sequence = float(memory.kv_bytes(t, float(setting.context_tokens))[0])
    cache = microbatch * in_flight * (sequence / serving.kv_share)
    table = float(memory.table_bytes(t)[0])
    tokens = float(microbatch * setting.tokens_per_sequence)
    activations = float(memory.activation_bytes(t, tokens, tokens)[0])
    return StageBytes(
        layer=math.ceil((weights + cache) / setting.model.layers),
        fixed=math.ceil(table + activations + serving.engine_bytes),
        alone=0 if setting.model.tied_embeddings else math.ceil(table),
    )
