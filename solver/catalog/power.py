"""What a device draws: by phase at its highest clock, and the clocks it can be set to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ClockRange", "PowerProfile"]


@dataclass(frozen=True, slots=True)
class ClockRange:
    """Core clocks on offer: from ``lowest_mhz`` to ``highest_mhz`` in steps of ``step_mhz``.

    ``voltage_floor`` is the share of the highest clock below which the voltage falls no further.
    """

    lowest_mhz: int
    highest_mhz: int
    step_mhz: Fraction
    voltage_floor: float

    def __post_init__(self) -> None:
        if not 0 < self.lowest_mhz <= self.highest_mhz:
            raise ValueError("clocks run from a lowest to a highest, above zero")
        if self.step_mhz <= 0 or not 0 < self.voltage_floor <= 1:
            raise ValueError("a step is above zero, a voltage floor a share of the highest clock")

    def share(self, clock_mhz: int | Fraction) -> float:
        """A clock as a share of the highest."""
        return float(Fraction(clock_mhz) / self.highest_mhz)


@dataclass(frozen=True, slots=True)
class PowerProfile:
    """Power of one board by phase, watts, at its highest clock.

    Parameters
    ----------
    idle_w
        A context and weights loaded, nothing running.
    decode_w
        Bound by HBM all the time.
    prefill_w
        Bound by arithmetic all the time.
    hbm_w
        Part of ``decode_w - idle_w`` that the memory itself draws; it does not follow the clock.
    clocks
        ``None`` where the clock cannot be set, or its range is not known.
    source, as_of, note
        Where the figures come from; which of them are derived, and by what rule.
    """

    idle_w: float
    decode_w: float
    prefill_w: float
    hbm_w: float
    clocks: ClockRange | None
    source: str
    as_of: str
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.idle_w <= self.decode_w or not self.idle_w <= self.prefill_w:
            raise ValueError("a busy board draws no less than an idle one")
        if not 0 <= self.hbm_w <= self.decode_w - self.idle_w:
            raise ValueError("the memory draws no more than decoding adds to idle power")
