"""Seconds of one call of multi-head latent attention (MLA), decode and context.

Decode works in the latent space of DeepSeek-V2 (arXiv 2405.04434, section 2.1): all heads of a
device share one cached row of 512 latent and 64 rotary values a token, so the bytes do not grow
with the heads and the arithmetic does: at 128 heads it takes about as long as the reads. A block
takes a tile of heads over a part of one sequence. Context attention multiplies the latent out
and is plain causal attention with query heads of 192 and value heads of 128.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from solver.performance.operators.attention import (
    ACTIVATION_BYTES,
    cache_hits,
    norm,
    sequence_splits,
)
from solver.performance.operators.attention_context import ContextAttention, context_time_s
from solver.performance.operators.device import Device

__all__ = [
    "LATENT_WIDTH",
    "ROW_WIDTH",
    "MlaDecode",
    "mla_context_s",
    "mla_decode_constants_from",
    "mla_decode_s",
]

FloatArray = npt.NDArray[np.float64]

LATENT_WIDTH = 512
"""Values of the latent, which also serve as values (DeepSeek-V2 and V3, Kimi K2)."""

ROW_WIDTH = 576
"""Cached values a token: the latent and 64 rotary ones."""

QUERY_DIM, VALUE_DIM = 192, 128
"""Widths of a query and a value head once the latent is multiplied out."""

MMA_ROWS = 16
"""Heads that one matrix instruction takes: the heads of a device are padded to that."""


@dataclass(frozen=True, slots=True)
class MlaDecode:
    """MLA decode of one system at one KV precision.

    Parameters
    ----------
    launch_s, merge_s
        Fixed time of a call, and of merging the parts of a split sequence.
    block_s, head_s
        Fixed time of one block, and of each (padded) head in it.
    sm_bytes_per_s, sm_flop_per_s
        KV bytes a multiprocessor takes in, and its arithmetic rate.
    hbm_share
        Share of the vendor's bandwidth that large reads reach.
    l2_share, l2_gain
        Share of the L2 cache that holds KV between calls; how much faster it is read.
    fill_s
        Time until reads from main memory flow.
    reread_share
        Share of the cache that each further tile of heads reads again from main memory.
    norm_p
        How work and memory overlap: 1 not at all, large perfectly.
    tile_tokens
        KV tokens a block works through at least.
    chunk_tokens
        KV tokens beyond which a sequence is split; very large where it never is.
    waves
        Blocks a multiprocessor up to which splitting goes.
    narrow_tile_heads, wide_tile_heads, wide_from_heads
        Heads a tile of the kernel for few heads and of the one for many, and where that begins.
    kv_value_bytes
        Bytes of one cached value.
    merge_part_s
        Time to merge each part of a sequence after the first: they are added one by one.
    """

    launch_s: float
    merge_s: float
    block_s: float
    head_s: float
    sm_bytes_per_s: float
    sm_flop_per_s: float
    hbm_share: float
    l2_share: float
    l2_gain: float
    fill_s: float
    reread_share: float
    norm_p: float
    tile_tokens: float
    chunk_tokens: float
    waves: float
    narrow_tile_heads: float
    wide_tile_heads: float
    wide_from_heads: float
    kv_value_bytes: float
    merge_part_s: float


def mla_decode_constants_from(constants: Mapping[str, float]) -> MlaDecode:
    """Constants from named numbers; raises ``KeyError`` where one is missing."""
    return MlaDecode(**{f.name: constants[f.name] for f in fields(MlaDecode)})


def mla_decode_s(
    constants: MlaDecode,
    device: Device,
    *,
    batch: npt.ArrayLike,
    kv_len: npt.ArrayLike,
    heads: npt.ArrayLike,
) -> FloatArray:
    """Seconds of one layer's MLA decode attention on one device.

    Parameters
    ----------
    batch, kv_len
        Sequences, and tokens in the cache of each.
    heads
        Query heads on this device (all heads over the tensor degree).

    Returns
    -------
    Array of the common shape of the arguments.
    """
    c = constants
    b, n, h = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (batch, kv_len, heads)))
    tile = np.where(h < c.wide_from_heads, c.narrow_tile_heads, c.wide_tile_heads)
    tiles = np.ceil(h / tile)
    rows = np.minimum(np.ceil(h / MMA_ROWS) * MMA_ROWS, tile)
    blocks = b * tiles
    splits = sequence_splits(
        blocks=blocks,
        tokens=n,
        chunk_tokens=np.asarray(c.chunk_tokens),
        slots=device.multiprocessors * c.waves,
    )
    tokens = norm(n / splits, np.full_like(splits, c.tile_tokens), 4.0)
    flop_per_token = 2.0 * rows * (ROW_WIDTH + LATENT_WIDTH)
    one_s = (
        c.block_s
        + c.head_s * rows
        + tokens * ROW_WIDTH * c.kv_value_bytes / c.sm_bytes_per_s
        + tokens * flop_per_token / c.sm_flop_per_s
    )
    work_s = np.maximum(1.0, np.ceil(0.999 * blocks * splits / device.multiprocessors)) * one_s

    kv_bytes = b * n * ROW_WIDTH * c.kv_value_bytes
    hits = cache_hits(kv_bytes, c.l2_share * device.l2_bytes)
    bytes_per_s = c.hbm_share * device.hbm_bytes_per_s
    reads = 1.0 + c.reread_share * (tiles - 1.0)
    io_bytes = ACTIVATION_BYTES * b * h * (ROW_WIDTH + LATENT_WIDTH)
    memory_s = (
        kv_bytes * reads / bytes_per_s * (1.0 - hits + hits / c.l2_gain)
        + c.fill_s * (1.0 - hits)
        + io_bytes / bytes_per_s
    )
    fixed_s = c.launch_s + c.merge_s * (splits > 1) + c.merge_part_s * (splits - 1.0)
    total: FloatArray = fixed_s + norm(work_s, memory_s, c.norm_p)
    return total


def mla_context_s(
    constants: ContextAttention,
    device: Device,
    *,
    batch: npt.ArrayLike,
    tokens: npt.ArrayLike,
    heads: npt.ArrayLike,
) -> FloatArray:
    """Seconds of one layer's causal MLA prefill attention on one device.

    ``tokens`` is the length of each prompt, ``heads`` those on this device. Returns an array of
    the common shape of the arguments.
    """
    b, n, h = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (batch, tokens, heads)))
    ones = np.ones_like(h)
    return context_time_s(
        constants,
        device,
        batch=b,
        tokens=n,
        heads=h,
        kv_heads=h,
        query_dim=QUERY_DIM * ones,
        value_dim=VALUE_DIM * ones,
        window=0.0 * ones,
    )
