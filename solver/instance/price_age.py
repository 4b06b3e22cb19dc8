"""Prices that are no longer fresh."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from solver.catalog.domain import Price

__all__ = ["price_age_warnings"]

PRICE_MAX_AGE_DAYS = 366


def _today() -> datetime.date:
    return datetime.date.today()


def price_age_warnings(
    prices: Iterable[Price], today: datetime.date | None = None
) -> tuple[str, ...]:
    """One sentence for each price that is more than a year old; ``today`` is the clock's."""
    day_now = today or _today()
    warnings = []
    for price in prices:
        if not price.as_of:
            continue
        # A price given by month, or by year, counts from the end of it.
        parts = [int(part) for part in price.as_of.split("-")]
        year, month, day = (*parts, *(12, 28)[len(parts) - 1 :])
        age = day_now - datetime.date(year, month, min(day, 28))
        if age.days > PRICE_MAX_AGE_DAYS:
            warnings.append(
                f"the price of {price.accelerator} ({price.tier}) is of {price.as_of}, "
                "more than a year old: check it before you rely on a cost"
            )
    return tuple(dict.fromkeys(warnings))
