"""From exact fractions to integers: one unit for a row, exact wherever the integers stay small.

Where they would not, everything is rounded to the safe side (rates down, what is asked for and what
is used up) in a unit that is a power of ten, and the result says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "GREATEST",
    "LARGEST_DENOMINATOR",
    "LEAST_DIGITS",
    "MOST_DIGITS",
    "NANO",
    "Scaled",
    "ScaledCover",
    "ScaledRow",
    "common_denominator",
    "fitting",
    "ranks",
    "rate_scale",
    "rounded_down",
    "scaled",
    "scaled_cover",
    "scaled_row",
]

LARGEST_DENOMINATOR = 10**6
NANO = 10**9
GREATEST = 2**48
"""Integers of a row are at most this: sums over thousands of columns then fit 64 bits."""
_GREATEST_SUM = 2**60
_LONGEST_BITS = 256
MOST_DIGITS = 10**6
LEAST_DIGITS = 1000
"""What one unit of a throughput is at most, as a part of the smallest rate: four digits."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """``values[k] * unit`` is what the k-th fraction was, or a little more if not ``exact``."""

    values: tuple[int, ...]
    unit: Fraction
    exact: bool


@dataclass(frozen=True, slots=True)
class ScaledRow:
    """A row ``sum values x <= side``; ``per_unit`` of it make one of what people read."""

    values: tuple[int, ...]
    side: int
    per_unit: Fraction
    exact: bool


@dataclass(frozen=True, slots=True)
class ScaledCover:
    """Demands and the rates that serve them in whole units; what a unit is matters to nobody.

    ``rounded_to`` is the unit, in that of the fractions, where anything was rounded, else ``None``.
    """

    rates: tuple[tuple[int, ...], ...]
    demands: tuple[int, ...]
    rounded_to: Fraction | None


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


def fitting(scale: Fraction, largest: Fraction, most: int = GREATEST) -> Fraction:
    """``scale`` over the least power of ten that keeps ``largest * scale`` within ``most``."""
    beyond = abs(largest) * scale / most
    if beyond <= 1:
        return scale
    # The number of digits of the integer part is the power of ten, or one less.
    power = max(len(str(math.ceil(beyond))) - 1, 0)
    return scale / Fraction(10) ** (power if beyond <= 10**power else power + 1)


def rounded_down(value: Fraction, digits: int) -> Fraction:
    """The greatest number of so many significant decimal digits that is not above ``value``.

    Raises
    ------
    ValueError
        If ``value`` is not positive.
    """
    if value <= 0:
        raise ValueError(f"only positive numbers have significant digits (got {value})")
    # A guess from the lengths of both parts, put right by comparison.
    power = len(str(value.numerator)) - len(str(value.denominator))
    while Fraction(10) ** power > value:
        power -= 1
    while Fraction(10) ** (power + 1) <= value:
        power += 1
    step = Fraction(10) ** (power + 1 - digits)
    return math.floor(value / step) * step


def scaled(values: Sequence[Fraction]) -> Scaled:
    """Integers for ``values``: exact over a common denominator of at most 10^6, else nano-units.

    Nano-units are rounded up, so that a cost is never stated too low, and so are coarser ones where
    those are too many for 64 bits. A common factor is taken out.
    """
    common = common_denominator(values)
    stated = Fraction(NANO if common is None else common)
    scale = fitting(stated, max(map(abs, values), default=Fraction(0)))
    integers = [math.ceil(value * scale) for value in values]
    factor = math.gcd(*integers) or 1
    exact = common is not None and scale == stated
    return Scaled(tuple(n // factor for n in integers), factor / scale, exact)


def scaled_row(values: Sequence[Fraction], side: Fraction) -> ScaledRow:
    """A row ``sum values x <= side`` in integers.

    What does not fit a denominator of 10^6, or is too large for 64 bits, is rounded to the safe
    side: coefficients up, the side down. A common factor stays, so that the side keeps its unit.
    """
    common = common_denominator([side, *values])
    stated = Fraction(NANO if common is None else common)
    scale = fitting(stated, max(map(abs, [side, *values])))
    exact = common is not None and scale == stated
    integers = tuple(math.ceil(value * scale) for value in values)
    return ScaledRow(integers, math.floor(side * scale), scale, exact)


def scaled_cover(
    rates: Sequence[Sequence[Fraction]],
    demands: Sequence[Fraction],
    *,
    capped: bool,
    most: int | None = None,
    grid: Fraction | None = None,
) -> ScaledCover:
    """Rows ``sum rates[b] n >= demands[b]`` in the smallest integers that say the same.

    Where those are above ``most``, rates are rounded down and demands up in the finest power of ten
    that keeps all within it. Where that leaves no rate at all, no plan in 64 bits meets the demand.

    Parameters
    ----------
    most
        ``None``: so much that sums over all columns fit 64 bits.
    capped
        A rate above its demand may be taken for the demand: one unit meets it either way. Not so
        where demand is a multiple of what somebody else decides, or replicas share their time.
        There a rate a million times the demand counts as that, where the integers are too large.
    grid
        Rounds to ``1 / grid`` instead, of which demands are multiples.
    """
    if most is None:
        # A column brings at most its demand and one unit more.
        most = _GREATEST_SUM // (2 * max(sum(map(len, rates)), 1))
    exact = _small_integers([*rates, demands], most)
    if exact is None and grid is None:
        # Only here, so that rates read as stated wherever they can.
        rates = [
            [min(rate, need if capped else need * MOST_DIGITS) for rate in row] if need else row
            for row, need in zip(rates, demands, strict=True)
        ]
        if capped:
            exact = _small_integers([*rates, demands], most)
    if exact is not None:
        return ScaledCover(exact[:-1], exact[-1], None)
    largest = max(value for row in (*rates, demands) for value in row)
    scale = grid or fitting(Fraction(10) ** 40, largest, most)
    return ScaledCover(
        tuple(tuple(math.floor(rate * scale) for rate in row) for row in rates),
        tuple(math.ceil(need * scale) for need in demands),
        1 / scale,
    )


def _small_integers(
    rows: Sequence[Sequence[Fraction]], most: int
) -> tuple[tuple[int, ...], ...] | None:
    """The values in their least common unit, ``None`` where one is then above ``most``."""
    common = 1
    for value in (value for row in rows for value in row):
        common = math.lcm(common, value.denominator)
        if common.bit_length() > _LONGEST_BITS:
            return None
    table = [[v.numerator * (common // v.denominator) for v in row] for row in rows]
    divisor = math.gcd(*(n for row in table for n in row)) or 1
    if max((n for row in table for n in row), default=0) // divisor > most:
        return None
    return tuple(tuple(n // divisor for n in row) for row in table)


def rate_scale(rates: Sequence[Fraction], *, least: int) -> Fraction:
    """Units in which a throughput is counted, in one request/s.

    The common denominator of the rates where it is at most 10^6, which is exact for one workload;
    else the first power of ten in which the smallest positive rate is ``least`` units or more.
    Coarser where a rate is then too large for sums in 64 bits.
    """
    positive = [rate for rate in rates if rate > 0]
    common = common_denominator(positive)
    scale = Fraction(1 if common is None else common)
    if common is None:
        while min(positive) * scale < least:
            scale *= 10
    return fitting(scale, max(positive, default=Fraction(0)), 2**40)
