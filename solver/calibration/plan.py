"""Which shapes are measured within a budget; the same budget and seed give the same shapes.

Shapes come from pools: weight matrices of public models at several tensor-parallel degrees times
numbers of tokens, attention heads times batches and lengths. Each pool is shuffled by the seed and
cut to its share of the budget, so a short list is a thin sample of the whole pool, not a corner of
it. Families take turns: a run that is cut short still has rows of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product, zip_longest
from typing import TypeVar

import numpy as np

from solver.calibration.backend import Machine
from solver.calibration.cases import (
    Case,
    CollectiveCase,
    ContextCase,
    CopyCase,
    DecodeCase,
    GemmCase,
    LaunchCase,
)

__all__ = ["LEAST_BUDGET_S", "QUICK_BUDGET_S", "Plan", "plan_cases"]

LEAST_BUDGET_S = 30.0
"""Below it there are too few rows to hold any out."""

QUICK_BUDGET_S = 60.0

_FIXED_S, _MEASURING_SHARE = 12.0, 0.7
"""What starting and fitting take whatever the budget, and the share of the rest for measuring; the
last part is for collectives and a margin."""

_SECONDS_A_SHAPE = {"cuda": 0.5, "cpu": 0.6}
_LEAST_SHAPES, _MOST_SHAPES = 15, 400
_SHARES = {"gemm": 0.5, "decode": 0.3, "context": 0.2}
_MEMORY_SHARE = 0.4

_WEIGHTS = (
    (1024, 4096),
    (1280, 8192),
    (2048, 2048),
    (2560, 5120),
    (3072, 8192),
    (4096, 1792),
    (4096, 4096),
    (4096, 14336),
    (5120, 5120),
    (6144, 4096),
    (7168, 2048),
    (7168, 16384),
    (8192, 1024),
    (8192, 8192),
    (8192, 28672),
    (10240, 8192),
    (14336, 4096),
    (16384, 7168),
    (28672, 8192),
    (57344, 8192),
)
"""Columns and inner width: projections of dense and expert models, whole and split."""

_SMALL_WEIGHTS = ((512, 512), (512, 2048), (1024, 1024), (2048, 512), (4096, 1024))
_TOKENS = (1, 2, 4, 8, 16, 24, 32, 64, 96, 128, 256, 512, 1024, 2048, 4096, 8192)
_HEADS = ((8, 1, 128), (16, 2, 128), (32, 4, 128), (32, 8, 128), (64, 8, 128), (8, 8, 128))
_NARROW_HEADS = ((16, 4, 64), (32, 8, 64))
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LENGTHS = (128, 512, 1024, 2048, 4096, 8192, 16384, 32768, 131072)
_PROMPTS = (64, 128, 256, 512, 1000, 1024, 2048, 3000, 4096, 8192, 16384)

_COPIES = {"cuda": (2**26, 2**28, 2**30, 2**32), "cpu": (2**24, 2**26, 2**27)}
_HOST_COPY_BYTES = 2**28
_MESSAGES = {
    "cuda": tuple(2**power for power in range(10, 29, 2)),
    "cpu": tuple(2**power for power in range(10, 25, 2)),
}
_MOST_FLOP = {"cuda": 2e13, "cpu": 4e8}
_MOST_SET_BYTES = {"cuda": 1.6e10, "cpu": 1.7e7}
_WORLDS = (2, 4, 8, 16)

_Pooled = TypeVar("_Pooled", GemmCase, DecodeCase, ContextCase)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run, in this order: launches and copies first, then the families in turn.

    Parameters
    ----------
    cases, collectives
        Of one device, and of several.
    budget_s
        The time that measuring, fitting and all are meant to take.
    measuring_s
        Its part for ``cases``: what is not measured by then is left out, and counted.
    """

    cases: tuple[Case, ...]
    collectives: tuple[CollectiveCase, ...]
    budget_s: float
    measuring_s: float


def plan_cases(machine: Machine, *, budget_s: float, seed: int, collectives: bool = True) -> Plan:
    """The plan for a machine; see the module.

    Without ``collectives`` devices are not timed together.

    Raises
    ------
    ValueError
        For a budget below ``LEAST_BUDGET_S``.
    """
    if budget_s < LEAST_BUDGET_S:
        raise ValueError(f"a budget of {budget_s} s is below {LEAST_BUDGET_S:.0f} s")
    measuring_s = _MEASURING_SHARE * (budget_s - _FIXED_S)
    shapes = measuring_s / _SECONDS_A_SHAPE[machine.kind]
    pools: list[list[Case]] = []
    for precision in machine.precisions:
        share = _SHARES["gemm"] / len(machine.precisions)
        pools.append([*_sample(_gemms(machine, precision), machine, share * shapes, seed)])
    pools.append([*_sample(_decodes(), machine, _SHARES["decode"] * shapes, seed)])
    pools.append([*_sample(_contexts(), machine, _SHARES["context"] * shapes, seed)])
    in_turn = [case for turn in zip_longest(*pools) for case in turn if case is not None]
    first: list[Case] = [LaunchCase()]
    copies = [CopyCase(size) for size in _COPIES[machine.kind]]
    if machine.kind == "cuda":
        copies.append(CopyCase(_HOST_COPY_BYTES, from_host=True))
    first += [case for case in copies if case.set_bytes <= _MEMORY_SHARE * machine.free_bytes]
    worlds = [world for world in _WORLDS if collectives and world <= machine.devices]
    return Plan(
        cases=(*first, *in_turn),
        collectives=tuple(
            CollectiveCase(world, size) for world in worlds for size in _MESSAGES[machine.kind]
        ),
        budget_s=budget_s,
        measuring_s=measuring_s,
    )


def _sample(
    pool: Sequence[_Pooled], machine: Machine, count: float, seed: int
) -> Sequence[_Pooled]:
    """Cases of the pool that the machine can hold, shuffled, at most ``count`` of them."""
    room = _MEMORY_SHARE * machine.free_bytes
    able = [
        case
        for case in pool
        if case.flop <= _MOST_FLOP[machine.kind]
        and case.set_bytes <= _MOST_SET_BYTES[machine.kind]
        and case.set_bytes + case.fixed_bytes <= room
    ]
    order = np.random.default_rng(seed).permutation(len(able))
    wanted = int(min(max(count, _LEAST_SHAPES), _MOST_SHAPES))
    return [able[int(position)] for position in order[:wanted]]


def _gemms(machine: Machine, precision: str) -> list[GemmCase]:
    weights = _SMALL_WEIGHTS + (_WEIGHTS if machine.kind == "cuda" else _WEIGHTS[:9])
    return [GemmCase(precision, m, n, k) for m, (n, k) in product(_TOKENS, weights)]


def _decodes() -> list[DecodeCase]:
    heads = (*_HEADS, *_NARROW_HEADS)
    return [DecodeCase(b, n, *h) for b, n, h in product(_BATCHES, _LENGTHS, heads)]


def _contexts() -> list[ContextCase]:
    heads = (*_HEADS, *_NARROW_HEADS)
    return [ContextCase(b, n, *h) for b, n, h in product(_BATCHES[:5], _PROMPTS, heads)]
