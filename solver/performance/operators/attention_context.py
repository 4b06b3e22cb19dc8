"""Seconds of one context (prefill) attention call: causal, every query at once.

Arithmetic over the causal half, in tiles of queries whose last tile is padded, plus the traffic of
queries, keys, values, outputs and the write of the KV cache:

    work   = flop of the padded tiles / rate + waves x fixed time of a tile + late end
    time   = launch + norm_p(work, traffic)

The data shows the two hardly overlapping (p near 1): the cache is written by a kernel of its own.
Queries and keys may be of another width than values, as in latent attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from solver.performance.operators.attention import ACTIVATION_BYTES, norm
from solver.performance.operators.device import Device

__all__ = [
    "ContextAttention",
    "attention_context_s",
    "context_constants_from",
    "context_time_s",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ContextAttention:
    """Context (prefill) attention of one system at one precision.

    Parameters
    ----------
    launch_s
        Fixed time of a call.
    flop_share
        Share of the arithmetic peak reached inside full tiles.
    tile_s
        Fixed time of one tile of queries on its multiprocessor.
    tail_tiles
        Longest tiles by which the last multiprocessor ends late.
    hbm_share
        Share of the vendor's bandwidth that queries, keys, values and outputs reach.
    norm_p
        How arithmetic and memory overlap: 1 not at all, large perfectly.
    tile_queries
        Queries a tile.
    operand_bits, kv_value_bytes
        Width in which the tensor cores multiply; bytes of one cached value.
    """

    launch_s: float
    flop_share: float
    tile_s: float
    tail_tiles: float
    hbm_share: float
    norm_p: float
    tile_queries: float
    operand_bits: float
    kv_value_bytes: float


def context_constants_from(constants: Mapping[str, float]) -> ContextAttention:
    """Context constants from named numbers; raises ``KeyError`` where one is missing."""
    return ContextAttention(**{f.name: constants[f.name] for f in fields(ContextAttention)})


def context_time_s(
    c: ContextAttention,
    device: Device,
    *,
    batch: FloatArray,
    tokens: FloatArray,
    heads: FloatArray,
    kv_heads: FloatArray,
    query_dim: FloatArray,
    value_dim: FloatArray,
    window: FloatArray,
) -> FloatArray:
    """Seconds of causal attention with query and key heads of another width than value heads.

    Tiles of queries are padded; a tile sees the keys up to its own end, a window no more than the
    window and its own tile. With latent attention ``kv_heads`` equals ``heads``.
    """
    tile = c.tile_queries
    padded = np.ceil(tokens / tile) * tile
    limit = np.where(window > 0, np.minimum(window, tokens), tokens)
    widest = np.minimum(padded, np.ceil((limit + tile) / tile) * tile)
    pairs = widest * (widest + tile) / 2.0 + (padded - widest) * widest
    flop_per_pair = 2.0 * (query_dim + value_dim)
    flop_per_s = c.flop_share * device.flop_per_s[int(c.operand_bits)]
    blocks = batch * heads * padded / tile
    longest_s = flop_per_pair * tile * widest * device.multiprocessors / flop_per_s
    work_s = (
        batch * heads * flop_per_pair * pairs / flop_per_s
        + c.tile_s * np.ceil(blocks / device.multiprocessors)
        + c.tail_tiles * longest_s
    )
    kv_width = kv_heads * (query_dim + value_dim)
    row_bytes = ACTIVATION_BYTES * (heads * (query_dim + value_dim) + kv_width)
    moved_bytes = batch * tokens * (row_bytes + kv_width * c.kv_value_bytes)
    memory_s = moved_bytes / (c.hbm_share * device.hbm_bytes_per_s)
    total: FloatArray = c.launch_s + norm(work_s, memory_s, c.norm_p)
    return total


def attention_context_s(
    constants: ContextAttention,
    device: Device,
    *,
    batch: npt.ArrayLike,
    tokens: npt.ArrayLike,
    heads: npt.ArrayLike,
    kv_heads: npt.ArrayLike,
    head_dim: npt.ArrayLike,
    window: npt.ArrayLike = 0,
) -> FloatArray:
    """Seconds of one layer's causal prefill attention on one device, KV cache write included.

    Arguments as for ``attention_decode_s``; ``tokens`` is the length of each prompt. Returns an
    array of their common shape.
    """
    b, n, h, k, d, w = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (batch, tokens, heads, kv_heads, head_dim, window))
    )
    return context_time_s(
        constants,
        device,
        batch=b,
        tokens=n,
        heads=h,
        kv_heads=k,
        query_dim=d,
        value_dim=d,
        window=w,
    )
