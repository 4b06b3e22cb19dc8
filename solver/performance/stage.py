"""What every performance model says of a pipeline stage: time of a layer, bytes, devices of a host.

A model gives the time of a step of all layers on the devices of one host; it is shared out evenly
over the layers, in whole picoseconds, rounded up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solver.catalog.domain import Accelerator
from solver.errors import InstanceError

__all__ = ["StageBytes", "accelerator_in_host", "shared_out_ps"]

_PS_PER_S = 10**12
_LARGEST_PS = 2**52
"""Above this a float no longer holds every picosecond; over an hour a token."""


@dataclass(frozen=True, slots=True)
class StageBytes:
    """Memory of a stage on its fullest device, bytes.

    Attributes
    ----------
    layer
        Of each layer held: weights, and KV cache of all sequences in flight.
    fixed
        Whatever the layers: one embedding table, activations and logits of a microbatch, and what
        the engine keeps where the model counts it.
    alone
        Added where the stage is the whole model: the other embedding table.
    """

    layer: int
    fixed: int
    alone: int


def accelerator_in_host(
    accelerator: Accelerator, *, devices: int, device_bytes_per_s: int | None
) -> Accelerator:
    """The accelerator as it stands in a host of ``devices`` of them.

    A stated bandwidth between the host's devices makes the host one node of that bandwidth, in
    place of the catalog's scale-up network; where collectives take one hop a rank (TPUs), in place
    of the fabric they run over. ``None`` leaves the catalog's figures.
    """
    if device_bytes_per_s is None:
        return accelerator
    if accelerator.collectives == "linear":
        return replace(accelerator, scale_out_bytes_per_s=float(device_bytes_per_s))
    return replace(
        accelerator, scale_up_bytes_per_s=float(device_bytes_per_s), node_devices=devices
    )


def shared_out_ps(
    steps_s: Sequence[float], *, layers: int, accelerator: Accelerator, resolution_ps: int = 1
) -> tuple[int, ...]:
    """Time of one layer, ps, rounded up, where a step of all ``layers`` takes so many seconds.

    Parameters
    ----------
    resolution_ps
        Steps are first rounded up to a multiple of it, as the latency of a replica is.

    Raises
    ------
    InstanceError
        If a step takes longer than an hour.
    """
    units = np.ceil(np.asarray(steps_s, dtype=np.float64) * (_PS_PER_S / resolution_ps))
    steps_ps = (units * resolution_ps).tolist()
    if not max(steps_ps) < _LARGEST_PS:
        raise InstanceError.one(
            "a step takes longer than an hour",
            where=f"accelerator {accelerator.name!r}",
            mend="Check its rates and bandwidths, the context and the microbatches for a slip",
        )
    # Rounded once as the replica's latency is, then shared out in integers.
    return tuple(-(-int(step) // layers) for step in steps_ps)
