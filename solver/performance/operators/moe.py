r"""The routed experts of one layer on the busiest device of its expert-parallel group.

Two grouped GEMMs over the touched experts (gate and up together, then down), and around them the
router's selection, the permutation, quantisation, activation and the weighted sum:

.. math:: t = t_0 + t_e E_\text{local} + t_t T
          + \bigl(t_\text{arith}^{\,q} + t_\text{weights}^{\,q}\bigr)^{1/q} + t_\text{act}

:math:`t_\text{weights}` reads the weights of the touched experts once. :math:`t_\text{arith}`
counts whole tiles: each expert's token copies are padded to the rows of a tile, and some waves of
tiles pass in filling and emptying the multiprocessors, which is what few tiles take. Kernels are
tuned, so of the tile heights the fastest is taken; a low tile fills a tensor core less. One kernel
family takes its height from a mean instead (``tile_of_mean``): under expert parallelism that mean
counts tokens routed elsewhere, and most of a high tile is padding. :math:`t_\text{act}` moves
activations through HBM between the kernels, in their own precision.

Found in the measurements: :math:`t_e` is work of the device, not of the host. At one token a layer
takes 25 us with one local expert and 98 us with 256 (8-bit blocks, H200 and B200 alike), a straight
line whose slope, 0.29 us, is that of a serial loop over the experts; 16- and 8-bit kernels have
0.05 us, the low-latency ones nothing. :math:`t_0` of 15 to 30 us is that of some eight kernels in a
captured graph; the 70 to 85 us of ``w4a16_mxfp4`` on Hopper, flat in every size, are the host's.

The token copies of the busiest device come from ``expert_load``. Shared experts, the router's GEMM
and the exchange between devices are other operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from solver.performance.operators.device import Device
from solver.performance.operators.expert_load import TILE_ROWS, Distribution, expert_load

__all__ = ["EXPERT_PRECISIONS", "ExpertPrecision", "MoeConstants", "constants_from", "moe_s"]

FloatArray = npt.NDArray[np.float64]

_TILE_COLUMNS = 128.0
_TUNED_ROWS = (16, 32, 64, 128)
"""Heights of a tile among which tuned kernels choose."""
_ROUTER_BYTES = 2.0
_HALF_BYTES = 2.0


@dataclass(frozen=True, slots=True)
class ExpertPrecision:
    """Bytes a weight and an activation takes, scales of its blocks included, and the kernels.

    ``tile_of_mean``: the tile's height is the mean number of tokens an expert would get if all
    tokens of the group came to this device's experts, rounded up to a power of two (TensorRT-LLM's
    own kernels for Blackwell); else kernels are tuned and the fastest height is taken.
    """

    weight_bytes: float
    activation_bytes: float
    tile_of_mean: bool = False


EXPERT_PRECISIONS: Mapping[str, ExpertPrecision] = MappingProxyType(
    {
        "bfloat16": ExpertPrecision(2.0, 2.0),
        "fp8": ExpertPrecision(1.0, 1.0),
        # One 4-byte scale for 128 x 128 weights and for 128 activations.
        "fp8_block": ExpertPrecision(1.0 + 4 / 128**2, 1.0 + 4 / 128),
        # One byte of scale for 16 values.
        "nvfp4": ExpertPrecision(0.5 + 1 / 16, 0.5 + 1 / 16),
        "nvfp4 low_latency": ExpertPrecision(0.5 + 1 / 16, 0.5 + 1 / 16, True),
        # One byte of scale for 32 values.
        "w4a16_mxfp4": ExpertPrecision(0.5 + 1 / 32, 2.0),
        "w4a8_mxfp4_mxfp8": ExpertPrecision(0.5 + 1 / 32, 1.0 + 1 / 32, True),
        "int8_wo": ExpertPrecision(1.0, 2.0),
        # Two bytes of scale for 128 values.
        "int4_wo": ExpertPrecision(0.5 + 2 / 128, 2.0),
    }
)
"""Precisions of routed experts: those of the kernel measurements, and integers stored narrow and
multiplied in 16 bits, for which another precision's constants stand in."""


@dataclass(frozen=True, slots=True)
class MoeConstants:
    """One kernel family for routed experts on one system at one precision.

    Parameters
    ----------
    launch_s
        Fixed seconds of all the kernels of the layer.
    expert_s
        Seconds for each expert that lies on the device (problem set-up of the grouped GEMM).
    token_s
        Seconds for each token of the group, wherever it is routed (selection, prefix sums).
    compute_share
        Share of the arithmetic peak that tiles of unlimited height reach.
    tile_half_rows
        Height of a tile at which half of that is reached.
    fill_waves
        Waves of tiles that pass beyond the work itself: filling the pipeline, the last wave that
        is not full. What few tiles take.
    memory_share
        Share of the HBM peak at which weights are read.
    activation_share
        Share of the HBM peak at which activations move between the kernels.
    overlap_exponent
        Exponent of the norm that joins arithmetic and weight reads: 1 adds them, many take the
        longer.
    """

    launch_s: float
    expert_s: float
    token_s: float
    compute_share: float
    tile_half_rows: float
    fill_waves: float
    memory_share: float
    activation_share: float
    overlap_exponent: float


def constants_from(values: Mapping[str, float]) -> MoeConstants:
    """Constants from named numbers.

    Raises
    ------
    ValueError
        For names that are missing or unknown.
    """
    wrong = set(values) ^ set(MoeConstants.__dataclass_fields__)
    if wrong:
        raise ValueError(f"constants of routed experts: wrong names {sorted(wrong)}")
    return MoeConstants(**values)


@dataclass(frozen=True, slots=True, eq=False)
class MoeWork:
    """What the busiest device does, whatever the kernel: arrays of one shape."""

    weight_bytes: FloatArray
    activation_bytes: FloatArray
    tile_flop: dict[int, FloatArray]
    """Arithmetic of all tiles, by the rows of a tile; infinite for a height not at hand."""
    wave_flop: dict[int, FloatArray]
    """Arithmetic of one wave of each product, a tile on every multiprocessor."""
    local_experts: FloatArray
    tokens: FloatArray


def moe_work(
    device: Device,
    *,
    precision: str,
    gated: bool,
    tokens: npt.ArrayLike,
    hidden: npt.ArrayLike,
    inter: npt.ArrayLike,
    top_k: npt.ArrayLike,
    experts: npt.ArrayLike,
    tensor_parallel: npt.ArrayLike,
    expert_parallel: npt.ArrayLike,
    distribution: Distribution,
) -> MoeWork:
    """Bytes, tiles and counts of ``moe_s``, same arguments: apart so that a fit counts once.

    Raises
    ------
    ValueError
        For an unknown precision, see also ``expert_load``.
    """
    if precision not in EXPERT_PRECISIONS:
        known = ", ".join(EXPERT_PRECISIONS)
        raise ValueError(f"precision {precision!r} of routed experts is not one of {known}")
    t, h, i, k, e, tp, ep = np.broadcast_arrays(
        *(
            np.asarray(x, dtype=np.float64)
            for x in (tokens, hidden, inter, top_k, experts, tensor_parallel, expert_parallel)
        )
    )
    load = expert_load(tokens=t, top_k=k, experts=e, expert_parallel=ep, distribution=distribution)
    width = i / tp
    up = 2.0 if gated else 1.0
    size = EXPERT_PRECISIONS[precision]
    weight_bytes = load.touched * (up + 1.0) * h * width * size.weight_bytes
    # Permuted in and read again, the up projection out and back in, the activated values out and
    # back in, the down projection out and back in; the sum is written for every token of the group.
    wide = load.copies * h * (2.0 * _HALF_BYTES + 2.0 * size.activation_bytes + _HALF_BYTES)
    narrow = load.copies * width * (2.0 * up * _HALF_BYTES + 2.0 * size.activation_bytes)
    activation_bytes = wide + narrow + t * (h * _HALF_BYTES + e * _ROUTER_BYTES)
    tile_flops: dict[int, FloatArray] = {}
    wave_flop: dict[int, FloatArray] = {}
    mean = np.exp2(np.ceil(np.log2(np.maximum(t * k * ep / e, 1.0)) - 1e-9))
    heights = TILE_ROWS if size.tile_of_mean else _TUNED_ROWS
    for rows in heights:
        tile_flop = 2.0 * rows * _TILE_COLUMNS
        total, lone = np.zeros(t.shape), np.zeros(t.shape)
        for outputs, inputs in ((up * width, h), (h, width)):
            tiles = load.tiles[rows] * np.ceil(outputs / _TILE_COLUMNS)
            total += tiles * tile_flop * inputs
            lone += device.multiprocessors * tile_flop * inputs
        if size.tile_of_mean:
            # Only one height is at hand.
            total[np.clip(mean, heights[0], heights[-1]) != rows] = np.inf
        tile_flops[rows] = total
        wave_flop[rows] = lone
    return MoeWork(
        weight_bytes=weight_bytes,
        activation_bytes=activation_bytes,
        tile_flop=tile_flops,
        wave_flop=wave_flop,
        local_experts=e / ep,
        tokens=t,
    )


def work_s(constants: MoeConstants, device: Device, work: MoeWork, *, precision: str) -> FloatArray:
    """Seconds of work that is already counted.

    Raises
    ------
    UnsupportedModelError
        For a precision that the device lacks.
    """
    c = constants
    peak = device.peak_flop_per_s(precision) * c.compute_share
    arithmetic_s = np.full(work.tokens.shape, np.inf)
    for rows, tile_flop in work.tile_flop.items():
        flop = tile_flop + c.fill_waves * work.wave_flop[rows]
        arithmetic_s = np.minimum(arithmetic_s, flop * ((rows + c.tile_half_rows) / rows / peak))
    weights_s = work.weight_bytes / (c.memory_share * device.hbm_bytes_per_s)
    q = c.overlap_exponent
    longer = np.maximum(arithmetic_s, weights_s)
    shorter = np.minimum(arithmetic_s, weights_s)
    # Scaled by the longer one: neither power can overflow or vanish.
    joined = longer * (1.0 + (shorter / longer) ** q) ** (1.0 / q)
    moved_s = work.activation_bytes / (c.activation_share * device.hbm_bytes_per_s)
    seconds: FloatArray = (
        c.launch_s + c.expert_s * work.local_experts + c.token_s * work.tokens + joined + moved_s
    )
    return seconds


def moe_s(
    constants: MoeConstants,
    device: Device,
    *,
    precision: str,
    gated: bool,
    tokens: npt.ArrayLike,
    hidden: npt.ArrayLike,
    inter: npt.ArrayLike,
    top_k: npt.ArrayLike,
    experts: npt.ArrayLike,
    tensor_parallel: npt.ArrayLike,
    expert_parallel: npt.ArrayLike,
    distribution: Distribution,
) -> FloatArray:
    """Seconds of the routed experts of one layer; the shapes broadcast together.

    Parameters
    ----------
    constants, device
        Of the system.
    precision
        A key of ``EXPERT_PRECISIONS``.
    gated
        Two up projections and a gate (SwiGLU), else one.
    tokens
        Tokens of the whole expert-parallel group in this step, at least 1.
    hidden, inter
        Model width, and width of one whole expert.
    top_k, experts
        Experts a token goes to, and routed experts of the layer.
    tensor_parallel
        Devices that share each expert's width.
    expert_parallel
        Devices the experts lie on; divides ``experts``.
    distribution
        How tokens spread over experts.

    Raises
    ------
    ValueError
        For an unknown precision or distribution, or counts that do not fit together.
    UnsupportedModelError
        For a precision that the device lacks.
    """
    work = moe_work(
        device,
        precision=precision,
        gated=gated,
        tokens=tokens,
        hidden=hidden,
        inter=inter,
        top_k=top_k,
        experts=experts,
        tensor_parallel=tensor_parallel,
        expert_parallel=expert_parallel,
        distribution=distribution,
    )
    return work_s(constants, device, work, precision=precision)
