"""Limits of a question as whole numbers, for whoever cuts a frontier with them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from solver.instance.placement.domain import PlacementInstance
from solver.topology.paths import PS_PER_S

__all__ = ["least_speed", "max_price", "max_time_ps", "price_per_usd", "time_at_least"]


def time_at_least(speed_tok_per_s: Fraction) -> int:
    """The longest time of a token, whole ps, that is still this fast; the speed is positive."""
    return int(PS_PER_S / speed_tok_per_s)


def max_time_ps(instance: PlacementInstance) -> int | None:
    """Longest time between two tokens that meets the stated speed; ``None`` is no limit."""
    speed = instance.limits.min_speed_tok_per_s
    return None if speed is None else time_at_least(speed)


def least_speed(instance: PlacementInstance) -> Fraction | None:
    """The stated speed as it is met in whole ps: never below the limit; ``None`` is no limit."""
    time_ps = max_time_ps(instance)
    # At more than 1e12 tok/s no whole ps is left and the limit stands as it is.
    return Fraction(PS_PER_S, time_ps) if time_ps else instance.limits.min_speed_tok_per_s


def price_per_usd(prices: Iterable[Fraction]) -> int:
    """Parts that a dollar is cut into so that every price is a whole number of them."""
    return math.lcm(*(price.denominator for price in prices))


def max_price(instance: PlacementInstance, parts: int) -> int | None:
    """Most that hosts may cost an hour, in whole ``parts`` of a dollar; ``None`` is no limit."""
    most = instance.limits.max_usd_per_hour
    return None if most is None else int(most * parts)
