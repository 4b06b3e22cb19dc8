"""Objectives of placement as vectors to minimise, and how they are told.

An image has one entry for each objective traded off, in that order: picoseconds between two tokens
of one user for speed, exact US$ per million tokens for cost, minus whole micro-tokens/s for
throughput. All are exact, so images compare as tuples of numbers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.instance.placement.domain import PlacementTradeOff
from solver.lowering.placement.space import MICRO
from solver.topology.paths import PS_PER_S

__all__ = [
    "COST",
    "SPEED",
    "THROUGHPUT",
    "UNITS",
    "Image",
    "described_objectives",
    "is_within",
    "undominated",
    "values_of",
]

SPEED: PlacementTradeOff = "speed"
COST: PlacementTradeOff = "cost"
THROUGHPUT: PlacementTradeOff = "throughput"

UNITS: dict[PlacementTradeOff, tuple[str, str]] = {
    SPEED: ("tok/s/user", "max"),
    COST: ("usd/Mtok", "min"),
    THROUGHPUT: ("tok/s", "max"),
}
"""Unit and sense of each objective."""

Image = tuple[int | Fraction, ...]


def described_objectives(trade_off: tuple[PlacementTradeOff, ...]) -> list[dict[str, str]]:
    """The objectives as a result states them."""
    return [{"name": name, "unit": UNITS[name][0], "sense": UNITS[name][1]} for name in trade_off]


def values_of(trade_off: tuple[PlacementTradeOff, ...], image: Image) -> dict[str, Any]:
    """``objectives`` for people (floats) and ``exact``: ``latency_ps``, or ``p/q`` as text."""
    shown: dict[str, float] = {}
    exact: dict[str, int | str] = {}
    for name, value in zip(trade_off, image, strict=True):
        if name == SPEED:
            shown[name] = float(Fraction(PS_PER_S) / value)
            exact["latency_ps"] = int(value)
        elif name == COST:
            shown[name] = float(value)
            exact[name] = str(Fraction(value))
        else:
            rate = Fraction(-value, MICRO)
            shown[name] = float(rate)
            exact[name] = str(rate)
    return {"objectives": shown, "exact": exact}


def is_within(image: Image, other: Image) -> bool:
    """Whether ``image`` is no worse than ``other`` in any objective."""
    return all(a <= b for a, b in zip(image, other, strict=True))


def undominated(images: list[Image]) -> list[int]:
    """Positions of nondominated images, from fastest to cheapest, the first of equal ones.

    Parameters
    ----------
    images
        Of one or two objectives.
    """
    order = sorted(range(len(images)), key=lambda position: (images[position], position))
    kept: list[int] = []
    for position in order:
        if not kept or images[position][-1] < images[kept[-1]][-1]:
            kept.append(position)
    return kept
