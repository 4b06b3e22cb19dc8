"""What a price list offers: one device under one contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from solver.importers.prices.cells import Term

__all__ = ["Offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One row: what one device costs under one contract.

    Parameters
    ----------
    place
        The row, for people: ``quote.csv:3``.
    label
        What the list calls it.
    devices
        Of one instance; None where the list does not say.
    owned
        Keys of an owned contract beside the purchase price, exact.
    """

    place: str
    label: str
    machine: str
    accelerator: str
    devices: int | None
    term: Term
    usd_per_hour: Fraction | None
    purchase_usd: Fraction | None
    owned: Mapping[str, Fraction] = field(default_factory=dict)
    stock_devices: int | None = None
    provider: str = ""
    as_of: str = ""
    source: str = ""
    tier: str = ""
