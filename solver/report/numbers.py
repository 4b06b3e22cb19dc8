"""Numbers and names as text: short, unambiguous, safe to print."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

__all__ = [
    "aligned",
    "clean",
    "exact_cost",
    "fixed",
    "percent",
    "short",
    "speed_of_latency",
    "with_prefix",
]

PICOSECONDS_PER_SECOND = 10**12
_UNPRINTABLE = ("Cc", "Cf", "Co", "Cs")
_PREFIXES = (
    (1e18, "E"),
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
)


def clean(text: Any, *, limit: int = 200) -> str:
    """``text`` on one line, without control characters, at most ``limit`` characters.

    Names come from files that others wrote. An escape character among them could recolour a
    terminal, and a direction mark could reverse the line that it stands in.
    """
    line = str(text)
    if not (line.isascii() and line.isprintable()):
        line = "".join(
            " " if character.isspace() else character
            for character in line
            if character.isspace() or unicodedata.category(character) not in _UNPRINTABLE
        )
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def short(value: float, digits: int = 4) -> str:
    """``value`` with ``digits`` significant digits and thousands separators.

    Whole digits are never dropped: ``short(123456.7) == "123,457"``. Below 1e-4 and from 1e15 up it
    falls back to powers of ten.
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not a number"
    if value == 0:
        return "0"
    # Round first: 9.9999 has four significant digits as 10.00, with one decimal place fewer.
    rounded = float(f"{value:.{digits - 1}e}")
    magnitude = math.floor(math.log10(abs(rounded)))
    if not -4 <= magnitude < 15:
        return f"{value:.{digits - 1}e}"
    if float(value).is_integer() and magnitude < 15:
        return f"{value:,.0f}"
    return f"{value:,.{max(0, digits - 1 - magnitude)}f}"


def fixed(value: float, decimals: int) -> str:
    """``value`` with exactly ``decimals`` places and thousands separators."""
    return f"{value:,.{decimals}f}"


def aligned(
    values: Sequence[float | None], digits: int = 3, least: int = 0, most: int = 6
) -> list[str]:
    """A column of numbers with the same number of decimals, so that magnitudes can be seen.

    As many decimals as the smallest value needs for ``digits`` significant ones, between ``least``
    and ``most``; none if all are whole and ``least`` is 0. ``None`` becomes an empty cell.
    """
    told = [value for value in values if value is not None and math.isfinite(value)]
    smallest = min((abs(value) for value in told if value), default=1.0)
    whole = all(float(value).is_integer() for value in told)
    decimals = 0 if whole else digits - 1 - math.floor(math.log10(smallest))
    decimals = min(max(decimals, least), most)
    return [
        "" if value is None else fixed(value, decimals) if math.isfinite(value) else short(value)
        for value in values
    ]


def percent(value: float, *, signed: bool = False) -> str:
    """A fraction as per cent with one decimal place: ``percent(0.934) == "93.4 %"``."""
    sign = "+" if signed else ""
    return f"{100 * value:{sign}.1f} %"


def with_prefix(value: float, unit: str) -> str:
    """``value`` with a decimal prefix: ``with_prefix(8e10, "B") == "80 GB"``."""
    if not math.isfinite(value) or value == 0:
        return f"{short(value)} {unit}"
    # The guard keeps 999.96 from being told as "1,000".
    for scale, prefix in _PREFIXES:
        if abs(value) * (1 + 5e-5) >= scale:
            return f"{short(value / scale)} {prefix}{unit}"
    return f"{short(value)} {unit}"


def exact_cost(exact: Mapping[str, int | str]) -> Fraction:
    """The exact cost of a point, US$ per million tokens.

    Raises
    ------
    ValueError
        If the point carries no exact cost, or one that is not a fraction.
    """
    try:
        return Fraction(str(exact["cost"]))
    except (KeyError, ZeroDivisionError) as error:
        raise ValueError(f"a point without an exact cost: {dict(exact)!r}") from error


def speed_of_latency(latency_ps: int) -> float:
    """Tokens per second seen by one user whose tokens are ``latency_ps`` picoseconds apart."""
    return PICOSECONDS_PER_SECOND / latency_ps
