"""Move fitted constants from the devices they were measured on to another, and average them.

Most constants are shares of a peak, counts or fixed times: they go over as they are, and the other
device brings its own peaks. The rest follow something physical, each by the rule in ``FOLLOWS``:

``multiprocessor``
    A rate into or inside one multiprocessor. Such a path is built as wide as its arithmetic needs,
    so the rate follows the 16-bit peak of one multiprocessor.
``inverse multiprocessor``
    Its inverse, seconds for one operation.
``clock``
    Bytes that one multiprocessor takes in from the cache: 64 bytes a cycle from Volta to Blackwell,
    whatever its arithmetic, and clocks differ by less than a third. As it is.
``link``
    A message that fills the links by half: bytes under way, link rate times a fixed time.

A mean over several devices takes each architecture once (the H100 and the H200 are one) and is
geometric for shares, rates and exponents. It is arithmetic for seconds, which add up and which a
fit may have pressed to nothing on one device, and for numbers that may be negative. Settings of a
kernel (a tile, a way to split) are taken together from the greatest number of architectures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from solver.performance.operators.device import Device

__all__ = ["FOLLOWS", "SETTINGS", "SIGNED", "mean_of", "moved"]

Rule = Literal["multiprocessor", "inverse multiprocessor", "clock", "link"]

FOLLOWS: Mapping[str, Rule] = MappingProxyType(
    {
        "tile_bytes_per_s": "multiprocessor",
        "sm_flop_per_s": "multiprocessor",
        "grouped_sm_s_per_flop": "inverse multiprocessor",
        "sm_bytes_per_s": "clock",
        "grouped_sm_bytes_per_s": "clock",
        "grouped_lone_bytes_per_s": "clock",
        "per_head_sm_bytes_per_s": "clock",
        "per_head_lone_bytes_per_s": "clock",
        "nccl_half_bytes": "link",
        "two_shot_half_bytes": "link",
    }
)
"""Constants with a unit that a peak of the device moves, and those that look so and do not."""

_AS_THEY_ARE = frozenset({"1", "s", "bit", "byte", "token", "block/multiprocessor"})
"""Units of constants that go over unchanged unless ``FOLLOWS`` names them."""

SIGNED = frozenset(
    {"contention", "grouped_head_row_s", "per_head_head_row_s", "grouped_short_row_s"}
)
"""Constants that may be zero or negative."""

SETTINGS = frozenset(
    {
        "operand_bits",
        "kv_value_bytes",
        "tile_queries",
        "in_switch",
        "smallest_group",
        "largest_group",
        "least_fill",
        "narrow_tile_heads",
        "wide_tile_heads",
        "wide_from_heads",
        "chunk_tokens",
        "waves",
        "grouped_chunk_tokens",
        "grouped_waves",
        "grouped_split_whole_cache",
        "per_head_chunk_tokens",
        "per_head_waves",
        "per_head_split_whole_cache",
    }
)
"""Whole numbers and choices of a kernel."""


def _factor(rule: Rule, origin: Device, target: Device) -> float:
    arithmetic = target.flop_per_s_of_multiprocessor / origin.flop_per_s_of_multiprocessor
    if rule == "multiprocessor":
        return arithmetic
    if rule == "inverse multiprocessor":
        return 1.0 / arithmetic
    if rule == "link" and math.isfinite(target.scale_up_bytes_per_s):
        return target.scale_up_bytes_per_s / origin.scale_up_bytes_per_s
    return 1.0


def moved(
    constants: Mapping[str, float], units: Mapping[str, str], *, origin: Device, target: Device
) -> dict[str, float]:
    """Constants measured on ``origin`` as they are expected on ``target``.

    Raises
    ------
    ValueError
        For a constant with a unit for which no rule is written down.
    """
    result: dict[str, float] = {}
    for name, value in constants.items():
        rule = FOLLOWS.get(name)
        if rule is None:
            if units[name] not in _AS_THEY_ARE:
                raise ValueError(f"no rule how {name} in {units[name]} goes to another device")
            result[name] = value
        else:
            result[name] = value * _factor(rule, origin, target)
    return result


def _is_seconds(name: str) -> bool:
    return name.endswith("_s") and not name.endswith("_per_s")


def _mean(name: str, values: Sequence[float], weights: Sequence[float]) -> float:
    if any(math.isinf(value) for value in values):
        # A library that is absent on some systems: at hand only where all of them have it.
        return math.inf
    total = sum(weights)
    if name in SIGNED or _is_seconds(name):
        return sum(w * v for w, v in zip(weights, values, strict=True)) / total
    logarithms = sum(w * math.log(v) for w, v in zip(weights, values, strict=True))
    return math.exp(logarithms / total)


def mean_of(parts: Sequence[tuple[str, Mapping[str, float]]]) -> dict[str, float]:
    """One set of constants from those of several systems, already moved to the device wanted.

    Parameters
    ----------
    parts
        Architecture of each system and its constants; at least one, all with equal names.
    """
    members = [architecture for architecture, _ in parts]
    weights = [1.0 / members.count(architecture) for architecture in members]
    names = sorted(SETTINGS & parts[0][1].keys())
    votes: dict[tuple[float, ...], float] = {}
    for (_, constants), weight in zip(parts, weights, strict=True):
        choice = tuple(constants[name] for name in names)
        votes[choice] = votes.get(choice, 0.0) + weight
    # The first of equals, in the order of the systems.
    most = max(votes, key=lambda choice: votes[choice])
    chosen = dict(zip(names, most, strict=True))
    result: dict[str, float] = {}
    for name in parts[0][1]:
        if name in chosen:
            result[name] = chosen[name]
        else:
            result[name] = _mean(name, [constants[name] for _, constants in parts], weights)
    return result
