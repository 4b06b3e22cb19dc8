"""From exact fractions to integers: one unit for all, as coarse as loses nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "LARGEST_DENOMINATOR",
    "LEAST_DIGITS",
    "NANO",
    "Scaled",
    "common_denominator",
    "ranks",
    "rate_scale",
    "scaled",
    "scaled_row",
]

LARGEST_DENOMINATOR = 10**6
NANO = 10**9
_LONGEST_BITS = 256
LEAST_DIGITS = 1000
"""What the smallest rate is at least, in units of rate: four digits."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """``values[k] * unit`` is what the k-th fraction was, or a little more if not ``exact``."""

    values: tuple[int, ...]
    unit: Fraction
    exact: bool


def ranks(values: Sequence[Fraction]) -> tuple[list[Fraction], list[int]]:
    """Distinct values, rising, and the place of each value among them.

    Over one denominator fractions are plain integers, which sort and hash many times faster.
    """
    common = math.lcm(*{value.denominator for value in values})
    if common.bit_length() > _LONGEST_BITS:
        distinct = sorted(set(values))
        place = {value: k for k, value in enumerate(distinct)}
        return distinct, [place[value] for value in values]
    integers = [value.numerator * (common // value.denominator) for value in values]
    order = sorted(set(integers))
    rank = {value: k for k, value in enumerate(order)}
    return [Fraction(value, common) for value in order], [rank[value] for value in integers]


def common_denominator(values: Iterable[Fraction]) -> int | None:
    """The least common denominator, ``None`` where it is more than 10^6."""
    common = 1
    for value in values:
        common = math.lcm(common, value.denominator)
        if common > LARGEST_DENOMINATOR:
            return None
    return common


def scaled(values: Sequence[Fraction]) -> Scaled:
    """Integers for ``values``: exact over a common denominator of at most 10^6, else nano-units.

    Nano-units are rounded up, so that a cost is never stated too low. A common factor is taken out.
    """
    common = common_denominator(values)
    exact = common is not None
    scale = NANO if common is None else common
    integers = [math.ceil(value * scale) for value in values]
    factor = math.gcd(*integers) or 1
    return Scaled(tuple(n // factor for n in integers), Fraction(factor, scale), exact)


def scaled_row(values: Sequence[Fraction], side: Fraction) -> tuple[list[int], int, Fraction]:
    """A row ``sum values x <= side`` in integers: coefficients, side, and units of the row in one.

    What does not fit a denominator of 10^6 is rounded to the safe side: coefficients up, the side
    down. A common factor stays, so that the side keeps its unit.
    """
    scale = common_denominator([side, *values]) or NANO
    integers = [math.ceil(value * scale) for value in values]
    return integers, math.floor(side * scale), Fraction(scale)


def rate_scale(rates: Sequence[Fraction], demand: Sequence[Fraction]) -> int:
    """Units of rate in one request/s, the same for the whole instance.

    The common denominator where it is at most 10^6, which is exact; else the first of milli, micro,
    nano ... in which the smallest positive rate has four digits or more.
    """
    common = common_denominator([*rates, *demand])
    if common is not None:
        return common
    smallest = min((rate for rate in rates if rate > 0), default=Fraction(1))
    scale = LEAST_DIGITS
    while smallest * scale < LEAST_DIGITS:
        scale *= LEAST_DIGITS
    return scale
