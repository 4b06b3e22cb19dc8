"""Time of one matrix multiplication ``(m, k) x (k, n)``: a roofline of tiles on multiprocessors.

A library cuts the result into tiles, hands each to one multiprocessor (or a pair), and may cut k
too where there are too few tiles. For each way in a short list of tiles and splits

    t = (arithmetic^p + memory^p)^(1/p) + partial sums + waves x wave_s

after the activations were quantised, where they are,

and the time is about the least over the list, ``choice`` telling how surely the library finds it.
After the roofline of Williams, Waterman and Patterson (2009), with a p-norm for their maximum and
the tile and wave quantisation of NVIDIA's "Matrix multiplication background user's guide". Left
out: layouts other than row-major times column-major, biases, and which kernel a library has for a
special shape, and the clock that the power limit lowers in long kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from solver.errors import UnsupportedModelError
from solver.performance.operators.device import Device

__all__ = ["OPERANDS", "UNITS", "GemmConstants", "OperandBytes", "constants_from", "gemm_s"]

FloatArray = npt.NDArray[np.float64]

_TILES = ((64, 64, 1), (64, 128, 1), (128, 128, 1), (192, 128, 1), (256, 128, 2), (256, 256, 2))
"""Rows, columns and multiprocessors of a tile: the sizes that CUTLASS lists for tensor cores."""
_LEAST_SPLIT_K = 256
"""Elements of k that a split keeps at least: shorter loops do not fill the pipeline."""
_EDGE = 8.0
"""Steepness of the fall from weights that stay in the cache to weights that do not."""
_GREATEST_OVERLAP = 25.0
"""Beyond it the p-th powers of nanoseconds underflow; the norm is a maximum there anyway."""
_WIDE_BYTES = 2.0
"""Of an activation before it is quantised."""
_PARTIAL_BYTES = 8.0
"""A partial sum is kept in 32 bits, written once and read once."""


@dataclass(frozen=True, slots=True)
class OperandBytes:
    """Bytes of an element of weights, activations and result, scales counted in."""

    weight: float
    activation: float
    output: float = 2.0


OPERANDS: Mapping[str, OperandBytes] = MappingProxyType(
    {
        "bfloat16": OperandBytes(2.0, 2.0),
        "fp8": OperandBytes(1.0, 1.0),
        "fp8_block": OperandBytes(1.0, 1.0 + 4.0 / 128.0),
        "nvfp4": OperandBytes(0.5 + 1.0 / 16.0, 0.5 + 1.0 / 16.0),
        "int8_wo": OperandBytes(1.0, 2.0),
        "int4_wo": OperandBytes(0.5 + 2.0 / 128.0, 2.0),
        "sq": OperandBytes(1.0, 1.0),
    }
)
"""By precision. Scales: a 32-bit one to 128 activations (``fp8_block``), an 8-bit one to 16 values
(``nvfp4``), a 16-bit one to 128 weights (``int4_wo``)."""


@dataclass(frozen=True, slots=True)
class GemmConstants:
    """What was measured of one system at one precision.

    Parameters
    ----------
    share_of_peak
        Share of the vendor's arithmetic peak that a tile reaches once its operands are at hand.
    tile_bytes_per_s
        Rate at which one multiprocessor loads the operands of its tile, bytes/s: small tiles load
        more for each multiplication.
    k_step_s
        Seconds one tile needs for one element of k however small the tile: the loop over k is
        serial.
    hbm_share
        Share of the vendor's memory bandwidth that is reached.
    l2_speedup
        Bandwidth of the last-level cache, as a multiple of the vendor's memory bandwidth.
    resident_share
        Weights smaller than this share of the cache are found there when a kernel is timed in a
        loop (over several sets of operands, hence far below 1).
    activation_traffic
        Traffic of the activations, as a multiple of reading them once.
    output_traffic
        Traffic of the result, as a multiple of writing it once.
    quantise_traffic
        Traffic of a kernel that quantises the activations before the product begins, as a multiple
        of reading them once in 16 bits; next to nothing where none does.
    split_s
        Fixed cost of cutting k: one more pass that adds the partial sums.
    wave_s
        Fixed cost of a wave: filling the pipeline and writing the tile.
    fixed_s
        From one kernel to the next when nothing is computed; where activations are quantised it
        counts that kernel too.
    overlap
        p of the p-norm of arithmetic and memory, from 1 (none) to 25 (perfect overlap).
    tail_share
        Share of the idle multiprocessors of the last wave that is really lost.
    choice
        How surely the library picks the best tile; infinite means always.
    """

    share_of_peak: float
    tile_bytes_per_s: float
    k_step_s: float
    hbm_share: float
    l2_speedup: float
    resident_share: float
    activation_traffic: float
    output_traffic: float
    quantise_traffic: float
    split_s: float
    wave_s: float
    fixed_s: float
    overlap: float
    tail_share: float
    choice: float

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not value > 0:
                raise ValueError(f"{entry.name} must be positive, not {value}")
        if not 1.0 <= self.overlap <= _GREATEST_OVERLAP:
            raise ValueError(
                f"overlap must lie between 1 and {_GREATEST_OVERLAP:.0f}, not {self.overlap}"
            )


UNITS: Mapping[str, str] = MappingProxyType(
    {entry.name: "1" for entry in fields(GemmConstants)}
    | dict.fromkeys(("k_step_s", "split_s", "wave_s", "fixed_s"), "s")
    | {"tile_bytes_per_s": "byte/s"}
)
"""Unit of every constant."""


def constants_from(values: Mapping[str, float]) -> GemmConstants:
    """The constants from their names; every one is needed and no other is allowed.

    Raises
    ------
    ValueError
        For a missing or unknown name, or a value that is not positive or out of range.
    """
    names = {entry.name for entry in fields(GemmConstants)}
    if values.keys() != names:
        raise ValueError(f"constants missing or unknown: {sorted(names ^ values.keys())}")
    return GemmConstants(**values)


def gemm_s(
    constants: GemmConstants,
    device: Device,
    *,
    precision: str,
    m: npt.ArrayLike,
    n: npt.ArrayLike,
    k: npt.ArrayLike,
    weights_in_cache: bool = False,
) -> FloatArray:
    """Seconds of ``(m, k)`` activations times ``(k, n)`` weights on one device.

    Parameters
    ----------
    constants, device, precision
        Constants fitted for this device (or a sibling) at this precision of ``OPERANDS``.
    m, n, k
        Tokens, columns and inner width; positive, any shapes that broadcast together.
    weights_in_cache
        True reproduces a timing loop, in which small weights stay in the cache. In serving every
        layer has weights of its own, and they come from main memory: False.

    Returns
    -------
    FloatArray
        Of the broadcast shape.

    Raises
    ------
    UnsupportedModelError
        For an unknown precision, or one the device lacks.
    """
    if precision not in OPERANDS:
        raise UnsupportedModelError.one(
            f"matrix multiplication at precision {precision!r} is unknown",
            where=device.name,
            mend=f"Use one of {', '.join(OPERANDS)}",
        )
    sizes = np.broadcast_arrays(*(np.asarray(size, dtype=np.float64) for size in (m, n, k)))
    # A lone number is an array of one: powers of scalars may differ in the last bit.
    rows, columns, inner = (np.atleast_1d(size) for size in sizes)
    operand = OPERANDS[precision]
    memory_s = _memory_s(
        constants, device, operand, rows, columns, inner, in_cache=weights_in_cache
    )
    # Everything that meets in the p-norm is carried as its p-th power.
    p = constants.overlap
    memory_p, inner_p = memory_s**p, inner**p
    flop_s_per_k = device.multiprocessors / (
        constants.share_of_peak * device.peak_flop_per_s(precision)
    )
    l2_bytes_per_s = constants.l2_speedup * device.hbm_bytes_per_s
    ways: list[FloatArray] = []
    for tile_rows, tile_columns, processors in _TILES:
        slots = device.multiprocessors // processors
        tiles = np.ceil(rows / tile_rows) * np.ceil(columns / tile_columns)
        # A row or column beyond the matrix is not loaded, but computed all the same.
        bytes_per_k = operand.activation * np.minimum(rows, tile_rows)
        bytes_per_k = bytes_per_k + operand.weight * np.minimum(columns, tile_columns)
        load_p = (bytes_per_k / (processors * constants.tile_bytes_per_s)) ** p
        flop_p = (2.0 * tile_rows * tile_columns / processors * flop_s_per_k) ** p
        tile_p = inner_p * np.maximum(load_p + flop_p, constants.k_step_s**p)
        whole_s = _way_s(constants, memory_p, tile_p, tiles / slots, 1.0)
        ways.append(whole_s)
        split = np.floor(np.minimum(slots / tiles, inner / _LEAST_SPLIT_K))
        split = np.maximum(split, 1.0)
        partial_s = constants.split_s + split * rows * columns * (_PARTIAL_BYTES / l2_bytes_per_s)
        cut_s, cut = whole_s.copy(), split > 1.0
        if cut.any():
            # One part is the whole tile, which is known already.
            parts, fill = split[cut], tiles[cut] * split[cut] / slots
            cut_s[cut] = _way_s(constants, memory_p[cut], tile_p[cut], fill, parts)
        ways.append(cut_s + partial_s)
    quantise_s_per_value = constants.quantise_traffic * _WIDE_BYTES / device.hbm_bytes_per_s
    product_s = _about_the_least(ways, constants.choice)
    seconds: FloatArray = constants.fixed_s + quantise_s_per_value * (rows * inner) + product_s
    return seconds.reshape(sizes[0].shape)


def _memory_s(
    c: GemmConstants,
    device: Device,
    operand: OperandBytes,
    m: FloatArray,
    n: FloatArray,
    k: FloatArray,
    *,
    in_cache: bool,
) -> FloatArray:
    """Seconds to move weights, activations and result once."""
    weight_bytes = operand.weight * (n * k)
    other_bytes = c.activation_traffic * operand.activation * (m * k)
    other_bytes = other_bytes + c.output_traffic * operand.output * (m * n)
    hbm_bytes_per_s = c.hbm_share * device.hbm_bytes_per_s
    if not in_cache:
        cold: FloatArray = (weight_bytes + other_bytes) / hbm_bytes_per_s
        return cold
    resident = 1.0 / (1.0 + (weight_bytes / (c.resident_share * device.l2_bytes)) ** _EDGE)
    missed_s = (weight_bytes * (1.0 - resident) + other_bytes) / hbm_bytes_per_s
    found_s = weight_bytes * resident / (c.l2_speedup * device.hbm_bytes_per_s)
    total: FloatArray = missed_s + found_s
    return total


def _way_s(
    c: GemmConstants,
    memory_p: FloatArray,
    tile_p: FloatArray,
    fill: FloatArray,
    split: FloatArray | float,
) -> FloatArray:
    """Seconds with ``split`` parts of each tile, parts that fill the device ``fill`` times over.

    ``memory_p`` and ``tile_p`` are the p-th powers of the seconds of memory and of a whole tile.
    """
    spread = np.maximum(fill, 1.0)
    waves = spread + c.tail_share * (np.ceil(spread) - spread)
    p = c.overlap
    way: FloatArray = ((waves / split) ** p * tile_p + memory_p) ** (1.0 / p) + waves * c.wave_s
    return way


def _about_the_least(ways: list[FloatArray], choice: float) -> FloatArray:
    """Power mean of the ways with exponent ``-choice``: the least, or a little above it."""
    least = ways[0]
    for way in ways[1:]:
        least = np.minimum(least, way)
    share = sum((least / way) ** choice for way in ways) / len(ways)
    about: FloatArray = least * share ** (-1.0 / choice)
    return about
