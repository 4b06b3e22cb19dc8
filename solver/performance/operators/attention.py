"""Seconds of one decode attention call: one query a sequence over its whole KV cache.

Decode reads the whole KV cache once and is bound by memory, by the blocks that wait for a
multiprocessor, or by the fixed time of a kernel. Two kernels share the work, as in TensorRT-LLM:

* *grouped*: one block takes one KV head of one sequence and all query heads that share it, padded
  to the tile of the tensor cores;
* *per head*: one block takes one query head, and reads the KV head again for each.

Both split long sequences over several blocks until the device is full (flash decoding, Dao and
others 2023) and pay a merge. With b blocks over M multiprocessors in w = ceil(b / M) waves,

    one block   = fixed + filling + bytes / (rate of a multiprocessor) + flop / (its rate)
    memory      = misses / HBM + hits / L2 + filling + queries and outputs / HBM
    merge       = fixed + (parts of a sequence less 1) x one part
    time        = launch + merge + norm_p(w x one block, memory)

The data behind the constants was
measured in a loop, so an operand below the size of the L2 cache is read from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from solver.performance.operators.device import Device

__all__ = [
    "ACTIVATION_BYTES",
    "DecodeAttention",
    "DecodeKernel",
    "attention_decode_s",
    "cache_hits",
    "decode_constants_from",
    "norm",
    "sequence_splits",
    "takes_grouped",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MMA_ROWS = 8
"""Query heads that one matrix instruction takes (its narrow side): a group is padded to that."""

GATE_TOKENS = 128
"""Tokens for which the choice of kernel counts one block (TensorRT-LLM, XQA dispatch)."""

RAMP_TOKENS = 8
"""Tokens of a head of width 128 that fill half of the software pipeline of a per-head block."""

LINE_BYTES = 128
"""One line of the L2 cache: a shorter row of the KV cache wastes part of each read."""

REFERENCE_HEAD_DIM = 128
"""Head width at which constants that depend on it are stated."""

ACTIVATION_BYTES = 2
"""Queries and outputs are 16 bits wide."""


@dataclass(frozen=True, slots=True)
class DecodeKernel:
    """Constants of one decode kernel on one system at one KV precision.

    Parameters
    ----------
    launch_s, merge_s
        Fixed time of a call, and of merging the parts of a split sequence.
    block_s
        Fixed time of one block on its multiprocessor.
    sm_bytes_per_s, lone_bytes_per_s
        KV bytes a busy multiprocessor takes in, and that a block takes in on its own.
    sm_s_per_flop
        Seconds of one multiprocessor for one operation; 0 where arithmetic hides.
    hbm_share
        Share of the vendor's bandwidth that large reads reach.
    l2_share, l2_gain
        Share of the L2 cache that holds KV between calls; how much faster it is read.
    fill_s
        Time until reads from main memory flow.
    norm_p
        How work and memory overlap: 1 not at all, large perfectly.
    head_row_s
        Change of the fixed time for each 128 elements of head width beyond 128.
    chunk_tokens
        KV tokens of a head of width 128 beyond which a sequence is split.
    waves
        Blocks a multiprocessor up to which splitting goes.
    split_whole_cache
        1 where splits are counted over the whole cache and not the window alone.
    tile_tokens
        KV tokens a block works through at least.
    ramp_s
        Time of a block to fill its software pipeline, which a short part of a sequence does not.
    short_row_s
        Extra time where a cached row is shorter than an L2 line.
    merge_part_s
        Time to merge each part of a sequence after the first: they are added one by one.
    """

    launch_s: float
    merge_s: float
    block_s: float
    sm_bytes_per_s: float
    lone_bytes_per_s: float
    hbm_share: float
    l2_share: float
    l2_gain: float
    fill_s: float
    norm_p: float
    head_row_s: float
    chunk_tokens: float
    waves: float
    split_whole_cache: float
    merge_part_s: float = 0.0
    sm_s_per_flop: float = 0.0
    tile_tokens: float = 1.0
    ramp_s: float = 0.0
    short_row_s: float = 0.0


@dataclass(frozen=True, slots=True)
class DecodeAttention:
    """Decode attention of one system at one KV precision.

    Parameters
    ----------
    grouped, per_head
        Constants of the two kernels.
    smallest_group, largest_group
        Query heads a KV head for which the grouped kernel exists.
    least_fill
        Blocks a multiprocessor, counting ``GATE_TOKENS`` a block, below which the per-head kernel
        is taken all the same.
    kv_value_bytes
        Bytes of one cached value.
    """

    grouped: DecodeKernel
    per_head: DecodeKernel
    smallest_group: float
    largest_group: float
    least_fill: float
    kv_value_bytes: float


def _kernel_from(constants: Mapping[str, float], prefix: str) -> DecodeKernel:
    names = {f.name for f in fields(DecodeKernel)}
    found = {k.removeprefix(prefix): v for k, v in constants.items() if k.startswith(prefix)}
    return DecodeKernel(**{name: value for name, value in found.items() if name in names})


def decode_constants_from(constants: Mapping[str, float]) -> DecodeAttention:
    """Decode constants from named numbers; kernels are told apart by ``grouped_``, ``per_head_``.

    Raises
    ------
    KeyError, TypeError
        Where a constant is missing.
    """
    return DecodeAttention(
        grouped=_kernel_from(constants, "grouped_"),
        per_head=_kernel_from(constants, "per_head_"),
        smallest_group=constants["smallest_group"],
        largest_group=constants["largest_group"],
        least_fill=constants["least_fill"],
        kv_value_bytes=constants["kv_value_bytes"],
    )


def norm(a: FloatArray, b: FloatArray, p: float) -> FloatArray:
    """p-norm of two non-negative arrays: their sum at p = 1, their maximum for large p."""
    larger, smaller = np.maximum(a, b), np.minimum(a, b)
    ratio = smaller / np.maximum(larger, np.finfo(np.float64).tiny)
    result: FloatArray = larger * (1.0 + ratio**p) ** (1.0 / p)
    return result


def cache_hits(operand_bytes: FloatArray, l2_bytes: float) -> FloatArray:
    """Share of an operand still in the L2 cache from the call before, 0 to 1."""
    ratio = operand_bytes / l2_bytes
    hits: FloatArray = 1.0 / (1.0 + ratio * ratio * ratio)
    return hits


def sequence_splits(
    *, blocks: FloatArray, tokens: FloatArray, chunk_tokens: FloatArray, slots: float
) -> FloatArray:
    """Blocks that share one sequence: as chunks ask for, as free slots allow, at least one."""
    fit = np.minimum(np.floor(slots / blocks), np.ceil(0.999 * tokens / chunk_tokens))
    splits: FloatArray = np.maximum(1.0, fit)
    return splits


def takes_grouped(
    constants: DecodeAttention,
    device: Device,
    *,
    batch: FloatArray,
    kv_len: FloatArray,
    heads: FloatArray,
    kv_heads: FloatArray,
) -> BoolArray:
    """Where the grouped kernel is chosen; arrays broadcast together."""
    group = heads / kv_heads
    blocks = batch * kv_heads * np.maximum(1.0, np.floor(kv_len / GATE_TOKENS))
    chosen: BoolArray = (
        (group >= constants.smallest_group)
        & (group <= constants.largest_group)
        & (blocks >= constants.least_fill * device.multiprocessors)
    )
    return chosen


def _kernel_s(
    c: DecodeKernel,
    device: Device,
    *,
    grouped: bool,
    batch: FloatArray,
    kv_len: FloatArray,
    heads: FloatArray,
    kv_heads: FloatArray,
    head_dim: FloatArray,
    window: FloatArray,
    kv_value_bytes: float,
) -> FloatArray:
    sms = device.multiprocessors
    seen = np.where(window > 0, np.minimum(kv_len, window), kv_len)
    blocks = batch * (kv_heads if grouped else heads)
    # The per-head kernel splits by bytes of a row, and only once two chunks are full.
    chunk = c.chunk_tokens if grouped else 2.0 * c.chunk_tokens * REFERENCE_HEAD_DIM / head_dim
    splits = sequence_splits(
        blocks=blocks,
        tokens=kv_len if c.split_whole_cache else seen,
        chunk_tokens=np.asarray(chunk, dtype=np.float64),
        slots=sms * c.waves,
    )
    tokens = seen / splits
    if c.tile_tokens > 1:
        tokens = norm(tokens, np.full_like(tokens, c.tile_tokens), 4.0)
    block_bytes = 2.0 * head_dim * tokens * kv_value_bytes
    rows = np.ceil(heads / kv_heads / MMA_ROWS) * MMA_ROWS if grouped else 1.0
    one_s = c.block_s + block_bytes / c.sm_bytes_per_s
    if c.sm_s_per_flop:
        one_s = one_s + 4.0 * rows * head_dim * tokens * c.sm_s_per_flop
    if c.ramp_s:
        wide = tokens * head_dim / REFERENCE_HEAD_DIM
        one_s = one_s + c.ramp_s * wide / (wide + RAMP_TOKENS)
    waves = np.maximum(1.0, np.ceil(0.999 * blocks * splits / sms))
    work_s = norm(waves * one_s, block_bytes / c.lone_bytes_per_s, 4.0)

    kv_bytes = 2.0 * batch * seen * kv_heads * head_dim * kv_value_bytes
    hits = cache_hits(kv_bytes, c.l2_share * device.l2_bytes)
    bytes_per_s = c.hbm_share * device.hbm_bytes_per_s
    io_bytes = 2.0 * ACTIVATION_BYTES * batch * heads * head_dim
    memory_s = kv_bytes / bytes_per_s * (1.0 - hits + hits / c.l2_gain) + c.fill_s * (1.0 - hits)
    fixed_s = c.launch_s + c.merge_s * (splits > 1) + c.merge_part_s * (splits - 1.0)
    fixed_s = fixed_s + c.head_row_s * (head_dim / REFERENCE_HEAD_DIM - 1.0)
    if c.short_row_s:
        fixed_s = fixed_s + c.short_row_s * (head_dim * kv_value_bytes < LINE_BYTES)
    total: FloatArray = fixed_s + norm(work_s, memory_s + io_bytes / bytes_per_s, c.norm_p)
    return total


def attention_decode_s(
    constants: DecodeAttention,
    device: Device,
    *,
    batch: npt.ArrayLike,
    kv_len: npt.ArrayLike,
    heads: npt.ArrayLike,
    kv_heads: npt.ArrayLike,
    head_dim: npt.ArrayLike,
    window: npt.ArrayLike = 0,
) -> FloatArray:
    """Seconds of one layer's decode attention on one device.

    Parameters
    ----------
    batch, kv_len
        Sequences, and tokens in the cache of each.
    heads, kv_heads, head_dim
        Query and KV heads on this device, and their width.
    window
        Tokens a query sees at most; 0 for all.

    Returns
    -------
    Array of the common shape of the arguments.
    """
    shapes = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (batch, kv_len, heads, kv_heads, head_dim, window))
    )
    shape = shapes[0].shape
    b, n, h, k, d, w = (x.reshape(-1) for x in shapes)
    chosen = takes_grouped(constants, device, batch=b, kv_len=n, heads=h, kv_heads=k)
    seconds = np.empty(b.shape, dtype=np.float64)
    for grouped, kernel in ((True, constants.grouped), (False, constants.per_head)):
        rows = chosen == grouped
        if rows.any():
            seconds[rows] = _kernel_s(
                kernel,
                device,
                grouped=grouped,
                batch=b[rows],
                kv_len=n[rows],
                heads=h[rows],
                kv_heads=k[rows],
                head_dim=d[rows],
                window=w[rows],
                kv_value_bytes=constants.kv_value_bytes,
            )
    return seconds.reshape(shape)
