r"""One layout along concurrency: what a step takes and costs at every batch on offer.

A replica whose hour costs :math:`w` serves :math:`c` users at once; each gets a token every
:math:`T(c)` seconds. An answer of L tokens for each of them costs

.. math:: TC(c) = w(c)\, T(c)\, L ,\qquad AC = TC / c ,\qquad MC = \Delta TC / \Delta c .

w is the rent of the devices, and where electricity is billed beside it
``PUE x price of a kWh x power(c)``. Costs are told for a million tokens, so L falls out of AC and
MC. Picoseconds, milliwatts and prices are integers or ratios of them: all of it is exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["PS_PER_S", "USD_PER_MTOK", "Curve", "CurvePoint"]

PS_PER_S = 10**12
USD_PER_MTOK = Fraction(1, 3_600_000_000)
"""US$/hour times picoseconds a token, into US$ for a million tokens."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A layout at one concurrency.

    Parameters
    ----------
    concurrency
        Users served at once, at least 1.
    latency_ps
        Between two tokens of one user, whole picoseconds, rounded up.
    usd_per_hour
        Of the replica while it serves them.
    ttft_ps, power_mw
        ``None`` where the question has no prompts, or the power is not known.
    broken
        Names of the limits that it does not meet (``solver.economics.service``).
    """

    concurrency: int
    latency_ps: int
    usd_per_hour: Fraction
    ttft_ps: int | None = None
    power_mw: int | None = None
    broken: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.latency_ps < 1 or self.usd_per_hour <= 0:
            raise ValueError("users, time and price are above zero")

    @property
    def total(self) -> Fraction:
        """US$ for a million tokens to every user."""
        return self.usd_per_hour * self.latency_ps * USD_PER_MTOK

    @property
    def average(self) -> Fraction:
        """US$ per million tokens."""
        return self.total / self.concurrency

    @property
    def speed(self) -> Fraction:
        """Tokens/s that one user sees."""
        return Fraction(PS_PER_S, self.latency_ps)

    @property
    def tok_per_s(self) -> Fraction:
        """Tokens/s of the replica."""
        return self.concurrency * self.speed

    @property
    def joules_per_token(self) -> Fraction | None:
        """Devices and hosts; ``None`` where the power is not known."""
        if self.power_mw is None:
            return None
        return Fraction(self.power_mw * self.latency_ps, self.concurrency * 1000 * PS_PER_S)


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one layout by rising concurrency.

    Parameters
    ----------
    model, machine, layout
        Names.
    devices
        Of the replica.
    resolution_ps
        What latencies are rounded up to.
    mw_price
        US$/hour that one milliwatt is billed; power is rounded up to whole ones.
    points
        At least one.
    """

    model: str
    machine: str
    layout: str
    devices: int
    points: tuple[CurvePoint, ...]
    resolution_ps: int = 1
    mw_price: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        levels = [point.concurrency for point in self.points]
        if not levels or any(b <= a for a, b in itertools.pairwise(levels)):
            raise ValueError("a curve has points, of rising concurrency")

    @property
    def pairs(self) -> Iterator[tuple[CurvePoint, CurvePoint]]:
        """Neighbours."""
        return itertools.pairwise(self.points)

    def rounding(self, point: CurvePoint) -> Fraction:
        """Most that rounding up added to the total of a point, US$."""
        hour = point.usd_per_hour * self.resolution_ps
        return (hour + self.mw_price * point.latency_ps) * USD_PER_MTOK

    def without(self, *limits: str) -> Curve | None:
        """The points that break none of ``limits``; ``None`` where there are none."""
        kept = tuple(p for p in self.points if not set(p.broken) & set(limits))
        if not kept:
            return None
        return Curve(
            self.model,
            self.machine,
            self.layout,
            self.devices,
            kept,
            self.resolution_ps,
            self.mw_price,
        )
