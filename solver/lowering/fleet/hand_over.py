"""KV caches between pools: how long a prompt's cache takes from a prefill to a decode replica.

Which prefill replica feeds which decode replica is no decision of the program, so that a plan must
keep its word whatever the pairing: the first token of a prefill replica waits for the slowest hand-
over to any decode replica on offer with its model and cache, and its links send as much as the one
that keeps most copies asks for. A decode replica takes in no more than its own links carry.
Formulas and constants are ``solver.performance.operators.transfer``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from solver.catalog.domain import Accelerator
from solver.performance.calibrated.cost import FloatArray
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.operators.transfer import (
    kv_transfer_s,
    link_bytes_per_s,
    prompt_kv_bytes,
)

__all__ = ["Receivers", "hand_over_s", "link_rate", "receive_s", "send_s"]


@dataclass(frozen=True, slots=True, eq=False)
class Receivers:
    """Decode replicas of one model and one cache; arrays (m,).

    Parameters
    ----------
    tensor_parallel, devices
        Of one attention group, all its stages.
    bytes_per_s
        Of the link of one device.
    """

    tensor_parallel: FloatArray
    devices: FloatArray
    bytes_per_s: FloatArray

    @classmethod
    def of(cls, columns: Columns, bytes_per_s: float) -> Receivers:
        """Every layout of ``columns``."""
        devices = columns.tensor_parallel * columns.pipeline_parallel
        return cls(columns.tensor_parallel, devices, np.full_like(devices, bytes_per_s))

    @classmethod
    def together(cls, parts: Iterable[Receivers]) -> Receivers:
        """All of several; at least one."""
        found = list(parts)
        return cls(
            np.concatenate([part.tensor_parallel for part in found]),
            np.concatenate([part.devices for part in found]),
            np.concatenate([part.bytes_per_s for part in found]),
        )


def link_rate(accelerator: Accelerator, stated: Fraction | None) -> float:
    """Bytes/s of the link of one device: ``stated`` by the question, else the accelerator's."""
    return link_bytes_per_s(accelerator) if stated is None else float(stated)


def _cache_bytes(replica: Replica, tensor_parallel: FloatArray, input_tokens: float) -> FloatArray:
    return prompt_kv_bytes(
        replica.model,
        tokens=input_tokens,
        kv_value_bytes=replica.kernels.kv_value_bytes,
        tensor_parallel=tensor_parallel,
    )


def hand_over_s(
    replica: Replica,
    columns: Columns,
    receivers: Receivers,
    *,
    input_tokens: float,
    bytes_per_s: float,
) -> FloatArray:
    """Seconds until the slowest of ``receivers`` holds a prompt's cache, (n,)."""
    held = _cache_bytes(replica, receivers.tensor_parallel, input_tokens)
    senders = columns.tensor_parallel * columns.pipeline_parallel
    each = kv_transfer_s(
        kv_bytes=held[None, :],
        senders=senders[:, None],
        receivers=receivers.devices[None, :],
        send_bytes_per_s=bytes_per_s,
        receive_bytes_per_s=receivers.bytes_per_s[None, :],
    )
    return np.asarray(each.max(axis=1))


def send_s(
    replica: Replica,
    columns: Columns,
    receivers: Receivers,
    *,
    input_tokens: float,
    bytes_per_s: float,
) -> FloatArray:
    """Seconds that the links of one attention group are busy with a prompt, at most, (n,)."""
    held = _cache_bytes(replica, receivers.tensor_parallel, input_tokens)
    return kv_transfer_s(
        kv_bytes=held.max(),
        senders=columns.tensor_parallel * columns.pipeline_parallel,
        receivers=1.0,
        send_bytes_per_s=bytes_per_s,
        receive_bytes_per_s=np.inf,
    )


def receive_s(
    replica: Replica, columns: Columns, *, input_tokens: float, bytes_per_s: float
) -> FloatArray:
    """Seconds that the links of one attention group take a prompt's cache in, (n,)."""
    return kv_transfer_s(
        kv_bytes=_cache_bytes(replica, columns.tensor_parallel, input_tokens),
        senders=1.0,
        receivers=columns.tensor_parallel * columns.pipeline_parallel,
        send_bytes_per_s=np.inf,
        receive_bytes_per_s=bytes_per_s,
    )
