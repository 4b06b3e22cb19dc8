r"""The KV cache of a prompt on its way from a prefill pool to a decode pool.

.. math:: t = t_0 + \max\Bigl(\frac{s}{\eta\,b_\text{p} d_\text{p}},\
                              \frac{s}{\eta\,b_\text{d} d_\text{d}}\Bigr)

with the bytes :math:`s` of the prompt's cache as the decode devices keep it (heads beyond the KV
heads, and devices of a latent cache, keep copies), :math:`d` devices that send or receive, each
with its share :math:`b` of the node's cards. Constants are those of vLLM with the Mooncake transfer
engine (its public benchmark of 2025: Qwen3-8B, GPUDirect RDMA over cards of 200 GB/s together, 128
to 32,768 tokens): 0.42 ms and 0.76 of the rate meet its nine times within 10 %. Left out: other
prompts on the same links, and layers sent while later ones are still computed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator, Model

__all__ = ["TRANSFER_S", "TRANSFER_SHARE", "kv_transfer_s", "link_bytes_per_s", "prompt_kv_bytes"]

FloatArray = npt.NDArray[np.float64]

TRANSFER_S = 0.42e-3
"""Fixed seconds of handing one prompt over."""

TRANSFER_SHARE = 0.76
"""Share of the vendor's rate between nodes that transfers reach."""

_STATE_VALUE_BYTES = 4.0
"""Recurrent states are kept in 32 bits."""


def _windowed_layers(model: Model) -> int:
    """Layers with a cache that see a window; local layers come first in each period."""
    if model.sliding_window is None:
        return 0
    window = model.sliding_window
    period = window.local + window.global_
    return sum(layer % period < window.local for layer in range(model.layers))


def prompt_kv_bytes(
    model: Model,
    *,
    tokens: npt.ArrayLike,
    kv_value_bytes: float,
    tensor_parallel: npt.ArrayLike = 1,
) -> FloatArray:
    """Bytes of the cache of one prompt on all devices that keep a part of it.

    Parameters
    ----------
    model
        Grouped-query, latent, windowed and recurrent layers are counted as what they keep.
    tokens
        Tokens of the prompt.
    kv_value_bytes
        Bytes of one cached value.
    tensor_parallel
        Devices that share the attention of a sequence at the receiving end: beyond the KV heads,
        each device keeps a copy of a head; a latent cache is whole on each.

    Returns
    -------
    FloatArray
        Of the common shape of ``tokens`` and ``tensor_parallel``.
    """
    n, t = np.broadcast_arrays(
        np.asarray(tokens, np.float64), np.asarray(tensor_parallel, np.float64)
    )
    if np.any(n < 0) or np.any(t < 1):
        raise ValueError("a prompt has no negative tokens, and a group at least one device")
    cached = model.layers - model.linear_attention_layers
    if model.latent is not None:
        row_bytes = (model.latent.kv_lora_rank + model.latent.qk_rope_head_dim) * kv_value_bytes
        if model.indexer is not None:
            # One 8-bit key of the indexer and its 32-bit scale a token.
            row_bytes += model.indexer.head_dim * (1.0 + 4.0 / 128.0)
        held: FloatArray = t * cached * row_bytes * n
        return held
    heads = np.maximum(model.n_kv_heads, t)
    windowed = _windowed_layers(model)
    window = model.sliding_window.window if model.sliding_window is not None else 0
    seen = (cached - windowed) * n + windowed * np.minimum(n, window)
    total: FloatArray = 2.0 * heads * model.head_dim * kv_value_bytes * seen
    if model.linear is not None:
        state = model.linear.n_value_heads * model.linear.value_head_dim * model.linear.key_head_dim
        total = total + model.linear_attention_layers * state * _STATE_VALUE_BYTES
    return total


def link_bytes_per_s(accelerator: Accelerator, *, same_network: bool = False) -> float:
    """Rate at which one device sends to, or takes from, a device of another pool, one direction.

    ``same_network``: both pools lie on one scale-up network (a rack such as NVL72). A device whose
    scale-out rate is not finite is taken at its scale-up rate.
    """
    if same_network and np.isfinite(accelerator.scale_up_bytes_per_s):
        return accelerator.scale_up_bytes_per_s
    return accelerator.scale_out_bytes_per_s


def kv_transfer_s(
    *,
    kv_bytes: npt.ArrayLike,
    senders: npt.ArrayLike,
    receivers: npt.ArrayLike,
    send_bytes_per_s: npt.ArrayLike,
    receive_bytes_per_s: npt.ArrayLike,
) -> FloatArray:
    """Seconds until the decode devices hold a prompt's cache.

    Parameters
    ----------
    kv_bytes
        From ``prompt_kv_bytes``, at the receiving end's tensor degree.
    senders, receivers
        Devices of the prefill and of the decode replica that hold a part of the cache.
    send_bytes_per_s, receive_bytes_per_s
        Of one device of each, from ``link_bytes_per_s``.

    Returns
    -------
    FloatArray
        Of the common shape; zero where there is nothing to send.

    Raises
    ------
    ValueError
        For negative bytes, no devices or no rate.
    """
    size, from_n, to_n, from_rate, to_rate = np.broadcast_arrays(
        *(
            np.asarray(x, np.float64)
            for x in (kv_bytes, senders, receivers, send_bytes_per_s, receive_bytes_per_s)
        )
    )
    rate = np.minimum(from_n * from_rate, to_n * to_rate)
    if np.any(size < 0) or np.any(from_n < 1) or np.any(to_n < 1) or np.any(rate <= 0):
        raise ValueError("a transfer needs devices and a rate at both ends, and no negative bytes")
    seconds: FloatArray = np.where(size > 0, TRANSFER_S + size / (TRANSFER_SHARE * rate), 0.0)
    return seconds
