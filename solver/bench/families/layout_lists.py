"""Lists of degrees and batches for replicas: what families of layouts have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from solver.bench.families.draws import Draws
from solver.bench.families.price_lists import drawn_price_usd_per_hour

__all__ = [
    "BATCHES",
    "EFFICIENCIES",
    "MODELS",
    "ModelClass",
    "Value",
    "grown_lists",
    "price_table",
]

ModelClass = Literal["small", "medium", "large"]
Value: TypeAlias = int | str

MODELS: Mapping[ModelClass, tuple[str, ...]] = {
    "small": ("Llama-3.1-8B", "Qwen3-8B", "Mistral-7B-v0.3"),
    "medium": ("Llama-3.1-70B", "Qwen2.5-32B", "Qwen2.5-72B", "Qwen3-32B"),
    "large": ("Llama-3.1-405B", "Mistral-Large-2", "Mixtral-8x22B"),
}
"""By total weights: below 20, below 100, above 100 thousand million."""

BATCHES: tuple[int, ...] = (1, 2, 4, *range(8, 1025, 8))
"""The sizes that vLLM captures CUDA graphs for by default (1, 2, 4 and multiples of 8), to 1024."""

EFFICIENCIES = {"flop_efficiency": 0.7, "hbm_efficiency": 0.75}
"""epoch2025: share of the peaks that an H100 reaches (arXiv 2506.04645), taken for all machines."""


def grown_lists(
    draws: Draws,
    axes: Mapping[str, Sequence[Value]],
    least: int,
    *,
    always: Mapping[str, Value],
) -> dict[str, list[Value]]:
    """A list of values for each axis, grown one value at a time until their product is ``least``.

    The product ends between ``least`` and twice that, unless all values are taken before.

    Parameters
    ----------
    always
        A value of some axes that their lists hold in any case.
    """
    counts = dict.fromkeys(axes, 1)
    while math.prod(counts.values()) < least:
        growing = [name for name in axes if counts[name] < len(axes[name])]
        if not growing:
            break
        counts[draws.one_of(growing)] += 1
    lists = {}
    for name, values in axes.items():
        kept = [value for value in values if name in always and value == always[name]]
        others = [value for value in values if value not in kept]
        taken = {*kept, *draws.some_of(others, counts[name] - len(kept))}
        lists[name] = [value for value in values if value in taken]
    return lists


def price_table(draws: Draws, accelerators: Sequence[str]) -> dict[str, object]:
    """``[price]`` of a replica question, one drawn price for each machine."""
    prices = {name: f"{drawn_price_usd_per_hour(draws, name):.2f}" for name in accelerators}
    return {"usd_per_hour": prices, "source": "drawn around the catalog's prices on demand"}
