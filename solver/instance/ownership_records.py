"""What a device costs its owner, as the tables of an instance file write it."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from solver.instance.fleet.plausible import Energy, Purchase, Share, Surcharge, Years
from solver.instance.ownership import Ownership
from solver.instance.record_types import Record

__all__ = ["OwningRecord"]


class OwningRecord(Record):
    """What a device costs its owner, with the keys of an owned contract of a fleet."""

    purchase_usd: Purchase = Field(
        description="Price of one device, its share of the host included."
    )
    depreciation_years: Years = Field(description="Years it is written off over.")
    utilisation: Annotated[Share, Field(gt=0)] = Field(
        default=Fraction(1), description="Share of those hours it is put to use; default 1."
    )
    pue: Surcharge = Field(
        default=Fraction(1), description="Power drawn by the site over that of devices; default 1."
    )
    usd_per_kwh: Energy = Field(description="Price of electricity.")
    maintenance_per_year: Share = Field(
        default=Fraction(0), description="Yearly upkeep as a share of the price; default 0."
    )

    def to_domain(self) -> Ownership:
        """Its terms, exact."""
        return Ownership(**dict(self))
