"""How many experts of the busiest device are touched, and by how many tokens.

A layer routes ``tokens`` tokens, each to ``top_k`` of ``experts`` experts, which lie in equal
blocks on ``expert_parallel`` devices. The layer is done when the busiest device is done, so that
device is described: experts touched (their weights are read), token copies routed to it, and the
rows its grouped GEMM computes once each expert's copies are rounded up to whole tiles.

``balanced``
    Copies are spread as evenly as whole numbers allow.
``power_law_1.2``
    Popularity of an expert is drawn from a power law with exponent 1.2 cut at 1 and 0.8 x tokens
    (0.01 and 2 while there are fewer copies than experts), scaled to the number of copies, rounded,
    and bounded by one copy a token: the generator of the aiconfigurator kernel tables (its
    ``power_law_logits_v3``; Apache-2.0, NVIDIA). Expected values over seeded draws on a grid of
    token counts, interpolated in the logarithm of the tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

__all__ = ["TILE_ROWS", "Distribution", "ExpertLoad", "expert_load"]

FloatArray = npt.NDArray[np.float64]

Distribution = Literal["balanced", "power_law_1.2"]

TILE_ROWS = (8, 16, 32, 64, 128, 256)
"""Rows of a tile that grouped GEMM kernels offer."""

_POWER_LAW_EXPONENT = 1.2
_DRAWS = 16
_CODE = 2.0**16
"""More than any layer has experts: three counts fit one float without loss."""
_GRID: FloatArray = np.unique(np.round(2.0 ** np.arange(0.0, 16.01)))


@dataclass(frozen=True, slots=True, eq=False)
class ExpertLoad:
    """Load of the busiest device, arrays of one shape.

    Parameters
    ----------
    touched
        Experts of the device with at least one token copy (an expected value under a power law).
    copies
        Token copies routed to the device.
    tiles
        Whole tiles of its grouped GEMM, by the rows of a tile (the keys are ``TILE_ROWS``).
    """

    touched: FloatArray
    copies: FloatArray
    tiles: dict[int, FloatArray]


def expert_load(
    *,
    tokens: npt.ArrayLike,
    top_k: npt.ArrayLike,
    experts: npt.ArrayLike,
    expert_parallel: npt.ArrayLike,
    distribution: Distribution,
) -> ExpertLoad:
    """Load of the busiest device; all arguments broadcast together.

    Parameters
    ----------
    tokens
        Tokens of the whole expert-parallel group, at least 1.
    top_k, experts
        Experts a token goes to, and routed experts of the layer.
    expert_parallel
        Devices the experts lie on; divides ``experts``.

    Raises
    ------
    ValueError
        For an unknown distribution, fewer than one token, more choices than experts, or experts
        that do not divide over the devices.
    """
    if distribution not in get_args(Distribution):
        raise ValueError(f"distribution {distribution!r} of tokens over experts is unknown")
    t, k, e, p = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (tokens, top_k, experts, expert_parallel))
    )
    if np.any(t < 1) or np.any(k < 1) or np.any(k > e):
        raise ValueError("a layer needs a token, and a token at least one and at most all experts")
    if np.any(p < 1) or np.any(e % p != 0):
        raise ValueError("the experts must lie in equal blocks on the devices")
    if distribution == "balanced":
        return _balanced(t, k, e, p)
    return _power_law(t, k, e, p)


def _balanced(t: FloatArray, k: FloatArray, e: FloatArray, p: FloatArray) -> ExpertLoad:
    copies = t * k / p
    # The busiest device has the odd expert; nudged so that 2.0000001 does not become 3.
    touched = np.minimum(e / p, np.ceil(copies - 1e-9))
    each = np.maximum(copies / touched, 1.0)
    tiles = {rows: touched * np.ceil(each / rows - 1e-9) for rows in TILE_ROWS}
    return ExpertLoad(touched=touched, copies=np.maximum(copies, 1.0), tiles=tiles)


def _power_law(t: FloatArray, k: FloatArray, e: FloatArray, p: FloatArray) -> ExpertLoad:
    shape = t.shape
    # One whole number a layer: sorting rows of three numbers takes ten times as long.
    codes = (e.ravel() * _CODE + k.ravel()) * _CODE + p.ravel()
    layers, first, which = np.unique(codes, return_index=True, return_inverse=True)
    flat, which = t.ravel(), which.reshape(-1)
    columns = np.empty((2 + len(TILE_ROWS), flat.size))
    for position in range(len(layers)):
        chosen = np.flatnonzero(which == position)
        experts, top_k, devices = (int(x.ravel()[first[position]]) for x in (e, k, p))
        table = _power_law_table(experts, top_k, devices)
        at = np.log(flat[chosen])
        for row, values in enumerate(table):
            columns[row, chosen] = np.interp(at, np.log(_GRID), values)
    touched = columns[0]
    copies = columns[1] * flat * k.ravel()
    tiles = {
        rows: (copies / rows + columns[2 + position] * touched).reshape(shape)
        for position, rows in enumerate(TILE_ROWS)
    }
    return ExpertLoad(touched=touched.reshape(shape), copies=copies.reshape(shape), tiles=tiles)


@lru_cache(maxsize=512)
def _power_law_table(experts: int, top_k: int, devices: int) -> FloatArray:
    """Expected load on the grid of tokens: rows (2 + tile sizes), columns grid.

    Experts touched; share of all copies; for each tile size, tiles a touched expert beyond its
    copies divided by the rows of a tile. All settle for many tokens, so clamping is right there.
    """
    rng = np.random.default_rng(0)
    table = np.empty((2 + len(TILE_ROWS), len(_GRID)))
    for column, tokens in enumerate(_GRID.tolist()):
        counts = _drawn_counts(rng, tokens=tokens, experts=experts, top_k=top_k)
        blocks = counts.reshape(_DRAWS, devices, experts // devices)
        busiest = blocks[np.arange(_DRAWS), blocks.sum(axis=2).argmax(axis=1)]
        touched = float((busiest > 0).sum(axis=1).mean())
        copies = float(busiest.sum(axis=1).mean())
        table[0, column] = touched
        table[1, column] = copies / (tokens * top_k)
        for position, rows in enumerate(TILE_ROWS):
            tiles = float(np.ceil(busiest / rows).sum(axis=1).mean())
            table[2 + position, column] = (tiles - copies / rows) / touched
    table.setflags(write=False)
    return table


def _drawn_counts(
    rng: np.random.Generator, *, tokens: float, experts: int, top_k: int
) -> FloatArray:
    """Copies of each expert, (draws, experts): whole, at most ``tokens``, summing to all copies."""
    copies = tokens * top_k
    low, high = (1.0, max(0.8 * tokens, 1.0)) if copies > experts else (0.01, 2.0)
    power = 1.0 - _POWER_LAW_EXPONENT
    uniform = rng.random((_DRAWS, experts))
    popularity = ((high**power - low**power) * uniform + low**power) ** (1.0 / power)
    share = popularity / popularity.sum(axis=1, keepdims=True)
    counts: FloatArray = np.minimum(np.round(share * copies), tokens)
    short = copies - counts.sum(axis=1, keepdims=True)
    while np.any(short != 0):
        # The least popular experts give and take first; whole rounds at once while there are many.
        # Ranked by popularity, not by the rounded counts: among equal counts the first would be
        # those of one device.
        able = np.where(short > 0, counts < tokens, counts > 0)
        rank = _ranks(np.where(able, popularity, np.inf))
        missing = np.abs(short)
        rounds = np.maximum(np.floor(missing / able.sum(axis=1, keepdims=True)), 1.0)
        step = able & ((rank < missing) | (rounds > 1.0))
        counts = np.clip(counts + np.sign(short) * rounds * step, 0.0, tokens)
        short = copies - counts.sum(axis=1, keepdims=True)
    return counts


def _ranks(values: FloatArray) -> FloatArray:
    """Position of each value within its row, smallest first."""
    order: npt.NDArray[np.intp] = np.argsort(values, axis=1, kind="stable")
    ranks: FloatArray = np.empty(values.shape)
    np.put_along_axis(
        ranks, order, np.broadcast_to(np.arange(values.shape[1], dtype=float), order.shape), axis=1
    )
    return ranks
