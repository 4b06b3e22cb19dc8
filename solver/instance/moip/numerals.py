"""Numbers as they are written, never by way of a binary float.

``0.1`` in a file is one tenth. A numeral that no exact program can hold (``NaN``, ``1e999``)
becomes an ``Unusable``, so that the reader can say where it stands instead of stopping at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational

__all__ = ["Number", "Unusable", "as_number", "magnitude", "number_from_text"]

Number = int | Fraction
"""An ``int`` where it is whole, so that most arithmetic stays that of integers."""

_NUMERAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eEdD]([+-]?\d{1,9}))?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_MAX_DIGITS = 400
"""Bounds the work that a numeral can cause; a 64-bit float ends at 1e308 as well."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something written where a number is expected, and why it is none."""

    text: str
    reason: str


def _whole_if_possible(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value


def number_from_text(text: str) -> Number | Unusable:
    """The exact value of a decimal numeral; exponents may be written with ``e`` or ``d``."""
    if _NOT_FINITE.fullmatch(text):
        return Unusable(text, "is not finite")
    match = _NUMERAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return Unusable(text, "is not a number")
    sign, whole, decimals, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    digits = (whole + decimals).lstrip("0")
    if not digits:
        return 0
    power = exponent - len(decimals)
    if len(digits) + max(power, 0) > _MAX_DIGITS:
        return Unusable(text, "is too large to be finite in 64 bits")
    if -power > _MAX_DIGITS:
        return Unusable(text, f"has more than {_MAX_DIGITS} decimals")
    value = int(digits) * (-1 if sign == "-" else 1)
    return value * 10**power if power >= 0 else _whole_if_possible(Fraction(value, 10**-power))


def magnitude(number: Number) -> Number:
    """The absolute value."""
    return -number if number < 0 else number


def as_number(value: object) -> Number | Unusable:
    """The exact value of something found in a document.

    Whole numbers, fractions and ``Decimal`` are exact. A ``float`` is refused, as its decimals are
    no longer those that were written.
    """
    if isinstance(value, Unusable):
        return value
    if isinstance(value, bool) or value is None:
        return Unusable({True: "true", False: "false", None: "null"}[value], "is not a number")
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Rational):
        return _whole_if_possible(Fraction(int(value.numerator), int(value.denominator)))
    if isinstance(value, Decimal):
        return number_from_text(str(value))
    if isinstance(value, float):
        return Unusable(repr(value), "is a binary float, whose decimals are not exact")
    return Unusable(type(value).__name__, "is not a number")
