"""What a device costs its owner."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Ownership"]


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a device costs its owner.

    Capital is written off over ``depreciation_years`` of which a share ``utilisation`` is used;
    upkeep is ``maintenance_per_year`` of the purchase price; energy is paid for the hours in use.
    """

    purchase_usd: Fraction
    depreciation_years: Fraction
    utilisation: Fraction
    pue: Fraction
    usd_per_kwh: Fraction
    maintenance_per_year: Fraction
