"""Values of a result as cells: numbers stay numbers, fractions keep their text, units by key."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.numbers import clean

__all__ = [
    "Cell",
    "Column",
    "as_cell",
    "exact_text",
    "exactly",
    "flat",
    "name_of",
    "number_of",
    "unit_of",
]

Cell = str | int | float | bool | Fraction | None
"""What a cell may hold; a fraction is written as the nearest decimal."""

_LONGEST = 2000
_FRACTION = re.compile(r"-?[0-9]{1,40}(/[1-9][0-9]{0,40})?")
_GREATEST_WHOLE = 2**53
"""Whole numbers beyond it are not exact in a spreadsheet, so they are written as text."""

_UNITS = (
    ("usd_per_hour", "US$/h"),
    ("usd_electricity_per_mtok", "US$/Mtok"),
    ("usd_per_mtok", "US$/Mtok"),
    ("usd_per_kwh", "US$/kWh"),
    ("usd_per_day", "US$/day"),
    ("g_co2_per_mtok", "g/Mtok"),
    ("g_co2_per_kwh", "g/kWh"),
    ("kg_co2_per_day", "kg/day"),
    ("kwh_per_day", "kWh/day"),
    ("j_per_token", "J/token"),
    ("tok_per_s_per_user", "tok/s/user"),
    ("speed_tok_per_s", "tok/s/user"),
    ("tok_per_s_per_gpu", "tok/s per GPU"),
    ("tok_per_s", "tok/s"),
    ("requests_per_s", "requests/s"),
    ("requests_per_day", "requests/day"),
    ("flop_per_s", "FLOP/s"),
    ("bytes_per_s", "bytes/s"),
    ("watts_per_device", "W"),
    ("maintenance_per_year", "share a year"),
    ("watts", "W"),
    ("_bytes", "bytes"),
    ("_bits", "bits"),
    ("_mhz", "MHz"),
    ("_hours", "h"),
    ("_years", "years"),
    ("_tokens", "tokens"),
    ("_usd", "US$"),
    ("_ps", "ps"),
    ("_mw", "mW"),
    ("_gib", "GiB"),
    ("_w", "W"),
    ("_s", "s"),
    ("mfu", "share"),
    ("_fraction", "share"),
    ("_efficiency", "share"),
    ("share", "share"),
    ("utilisation", "share"),
)
"""Units by the end of a key, the longest first; the suffixes are those of all files."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name, unit
        What the header reads: ``speed [tok/s/user]``; a column of texts has no unit.
    form
        ``text``, ``number`` (decimals as the values need), ``mixed`` (as each value needs),
        ``money`` (cents) or ``share`` (0 to 1, shown in per cent).
    width
        In characters; 0 is as wide as the content, within reason.
    """

    name: str
    unit: str = ""
    form: str = "number"
    width: int = 0

    @property
    def header(self) -> str:
        """``speed [tok/s/user]``."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


_NAMES = {
    "usd_per_hour": "price",
    "tok_per_s": "output",
    "tok_per_s_per_gpu": "output per GPU",
    "requests_per_s": "requests",
    "watts": "power",
    "j_per_token": "energy",
    "g_co2_per_mtok": "CO2",
    "kg_co2_per_day": "CO2",
    "kwh_per_day": "energy a day",
    "usd_electricity_per_mtok": "electricity",
    "electricity_usd_per_day": "electricity a day",
    "mfu": "arithmetic in use (MFU)",
    "hbm_used_bytes": "HBM in use",
    "hbm_capacity_bytes": "HBM",
}
"""Names of keys that are little more than a unit, or an abbreviation."""


def name_of(key: str) -> str:
    """A key as a header without its unit: ``terms: arithmetic`` for ``terms.arithmetic_s``."""
    *parents, last = key.split(".")
    told = _NAMES.get(last)
    if told is None:
        suffix = next((s for s, _ in _UNITS if s.startswith("_") and last.endswith(s)), "")
        # Bits and tokens say what is counted: they stay in the name.
        kept = suffix in ("", "_bits", "_tokens")
        told = last if kept else last.removesuffix(suffix)
    return ": ".join([*parents, told]).replace("_", " ")


def unit_of(key: str) -> str:
    """The unit that a key's suffix names; empty where it names none."""
    last = key.rsplit(".", 1)[-1].lower()
    return next(
        (
            unit
            for suffix, unit in _UNITS
            if last.endswith(suffix) or last == suffix.removeprefix("_")
        ),
        "",
    )


def number_of(value: Any) -> Fraction | int | float | None:
    """``value`` as a number, or out of a text such as ``59/20``; ``None`` if it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | Fraction):
        return value
    if isinstance(value, str) and _FRACTION.fullmatch(value):
        return Fraction(value)
    return None


def exactly(value: Any) -> Fraction | None:
    """``value`` as a fraction; of a decimal the number that is written, not its binary neighbour.

    ``None`` if it is no finite number.
    """
    number = number_of(value)
    if number is None or (isinstance(number, float) and not math.isfinite(number)):
        return None
    return Fraction(str(number))


def as_cell(value: Any) -> Cell:
    """``value`` for a cell; lists and tables become text, and so do numbers that are not finite."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _GREATEST_WHOLE else str(value)
    if isinstance(value, Fraction):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if isinstance(value, list | tuple):
        return clean(", ".join(str(as_cell(item)) for item in value), limit=_LONGEST)
    if isinstance(value, Mapping):
        told = (f"{key} {as_cell(item)}" for key, item in value.items() if item is not None)
        return clean(", ".join(told), limit=_LONGEST)
    return clean(value, limit=_LONGEST)


def exact_text(value: Any) -> str | None:
    """The exact value as text, ``2714/5``; ``None`` where the document states none."""
    number = number_of(value)
    if number is None or isinstance(number, float):
        return None
    return str(value if isinstance(value, str) else number)


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of ``tree`` by dotted key; lists stay as they are."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
