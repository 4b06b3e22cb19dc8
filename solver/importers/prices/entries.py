"""A price list in the catalog's own form: ``[[prices]]`` tables in TOML."""

from __future__ import annotations

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

from solver.catalog.reader import parse_entries
from solver.errors import Fault, InstanceError
from solver.importers.devices import KnownDevices
from solver.importers.prices.cells import Term, date_fault, term
from solver.importers.prices.offer import Offer
from solver.importers.safe_reading import read_text
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed
from solver.instance.fleet.plausible import DEVICE_USD_PER_HOUR

__all__ = ["read_price_entries"]

MAX_BYTES = 2_000_000
WHAT = "a price list as TOML, with [[prices]] tables"
_ENDS = ("-low", "-high", "-hyperscaler", "-neocloud")
"""What a tier of on-demand prices may say besides, as in the shipped catalog."""


def read_price_entries(path: Path, known: KnownDevices) -> tuple[list[Offer], list[str]]:
    """The offers of a list, and remarks on entries that are no offers.

    Raises
    ------
    InstanceError
        If it is not TOML, or with every fault of its entries.
    """
    where = visible(str(path), 200)
    file = visible(path.name, 80)
    text = read_text(path, what=WHAT, max_bytes=MAX_BYTES)
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        reason = visible(str(error), 120) or "nests too deep"
        raise InstanceError.one(
            f"is not TOML ({reason})", where=where, mend=f"Give {WHAT}"
        ) from error
    entries = raw.get("prices")
    if not isinstance(entries, list) or not entries:
        raise InstanceError.one("holds no [[prices]]", where=where, mend=f"Give {WHAT}")
    catalog, faults = parse_entries(
        {"prices": entries, "accelerators": known.own_entries},
        where=where,
        base=known.catalog,
    )
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    offers = []
    strangers: Counter[str] = Counter()
    for index, entry in enumerate(entries):
        place = f"{file}: prices.{index}"
        price = catalog.prices[entry["accelerator"], entry["tier"]]
        found = _term(price.tier)
        if found is None:
            strangers[price.tier] += 1
            continue
        doubt = DEVICE_USD_PER_HOUR.doubt(price.usd_per_hour)
        if doubt is not None:
            faults.append(Fault(f"{place}.usd_per_hour", *doubt))
        aged = date_fault(price.as_of, f"{place}.as_of") if price.as_of else None
        faults.extend([aged] if aged else [])
        offers.append(
            Offer(
                place=place,
                label=price.accelerator,
                machine="",
                accelerator=price.accelerator,
                devices=None,
                term=found,
                usd_per_hour=price.usd_per_hour,
                purchase_usd=None,
                as_of=price.as_of,
                source=price.source,
                tier=price.tier,
            )
        )
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    return offers, [
        f"left out: {rows} price{'s' if rows != 1 else ''} of tier '{visible(tier)}', which is no "
        "kind of contract"
        for tier, rows in strangers.items()
    ]


def _term(tier: str) -> Term | None:
    plain = tier
    for end in _ENDS:
        plain = plain.removesuffix(end)
    found = term(plain)
    # An entry has an hourly price, so it cannot be what is owned.
    return found if found is not None and found.kind != "owned" else None
