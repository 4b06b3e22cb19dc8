"""Energy terms of a question once read: what a kilowatt-hour costs and emits, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["HOURS_OF_A_DAY", "HOURS_OF_A_WEEK", "EnergyTerms", "HourProfile"]

HOURS_OF_A_DAY = 24
HOURS_OF_A_WEEK = 168


@dataclass(frozen=True, slots=True)
class HourProfile:
    """A figure for every hour: one value (flat), 24 (a day from midnight) or 168 (from Monday)."""

    values: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        if len(self.values) not in (1, HOURS_OF_A_DAY, HOURS_OF_A_WEEK):
            raise ValueError(f"{len(self.values)} hours are neither flat, nor a day, nor a week")
        if any(value < 0 for value in self.values):
            raise ValueError("no hour is below zero")

    @property
    def mean(self) -> Fraction:
        """Mean over all hours."""
        return sum(self.values, Fraction(0)) / len(self.values)

    @property
    def day(self) -> tuple[Fraction, ...]:
        """The 24 hours of a mean day."""
        if len(self.values) == 1:
            return self.values * HOURS_OF_A_DAY
        days = len(self.values) // HOURS_OF_A_DAY
        return tuple(
            sum(self.values[hour::HOURS_OF_A_DAY], Fraction(0)) / days
            for hour in range(HOURS_OF_A_DAY)
        )

    def by_period(self, hours: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """Means over parts of the day that follow each other from midnight, 24 hours together."""
        if sum(hours, Fraction(0)) != HOURS_OF_A_DAY:
            raise ValueError("the parts of a day are 24 hours together")
        day, start, means = self.day, Fraction(0), []
        for length in hours:
            end, total = start + length, Fraction(0)
            for hour, value in enumerate(day):
                inside = min(end, Fraction(hour + 1)) - max(start, Fraction(hour))
                if inside > 0:
                    total += inside * value
            means.append(total / length)
            start = end
        return tuple(means)


@dataclass(frozen=True, slots=True)
class EnergyTerms:
    """What energy costs and emits where the question is asked.

    Parameters
    ----------
    usd_per_kwh, g_co2_per_kwh
        Grid price and carbon intensity; ``None``: not stated, not told.
    pue
        Power of the site over that of devices and hosts, at least 1.
    host_w_per_device
        Share of host, network and fans of one device, always drawn; ``None``: the catalog's
        (``all_in_w - tdp_w``), nothing where it has none.
    billed
        Electricity is paid beside the price of the devices; else that price holds it already.
    source
        Of price and carbon.
    """

    usd_per_kwh: HourProfile | None = None
    g_co2_per_kwh: HourProfile | None = None
    pue: Fraction = Fraction(1)
    host_w_per_device: Fraction | None = None
    billed: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if self.pue < 1:
            raise ValueError(f"pue is {self.pue}: a site draws at least what its devices draw")
        if self.host_w_per_device is not None and self.host_w_per_device < 0:
            raise ValueError(f"host_w_per_device is {self.host_w_per_device}, below zero")
        if self.billed and self.usd_per_kwh is None:
            raise ValueError("electricity is billed and its price is not stated")
