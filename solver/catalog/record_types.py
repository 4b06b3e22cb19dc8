"""What the records of catalog files are made of: exact numbers, bases, strictness.

Decimals stay decimals until the last step, so that ``hbm_gb = 80`` is 80 000 000 000 bytes and
``"2.95"`` is 59/20 of a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

__all__ = [
    "Count",
    "CountOrZero",
    "Dollars",
    "Number",
    "Positive",
    "PositiveOrInf",
    "Rates",
    "Record",
    "Sourced",
    "as_tuple",
    "scaled",
]

_LARGEST_EXPONENT = 40
"""Numbers further from 1 than this power of ten are slips, and slow to scale exactly."""

_AMOUNT = re.compile(r"^[0-9]+(\.[0-9]+|/[0-9]+)?$")
_DATE = r"^\d{4}(-(0[1-9]|1[0-2]))?$"


def decimal_number(value: object) -> Decimal:
    """A TOML number as an exact decimal; text and booleans are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("should be a number")
    # repr gives back the digits that were written; a float never holds more than it shows.
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if number.is_nan():
        raise ValueError("should be a number")
    if number and number.is_finite() and abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"should be between 1e-{_LARGEST_EXPONENT} and 1e{_LARGEST_EXPONENT}")
    return number


def _dollars(value: object) -> Fraction:
    """``"2.95"``, ``"113/75"`` or a whole number as an exact fraction."""
    wanted = 'should be a decimal in quotes, or "p/q"'
    if isinstance(value, float):
        # It has already been rounded to binary.
        raise ValueError(wanted)
    if isinstance(value, str):
        if not _AMOUNT.match(value) or len(value) > _LARGEST_EXPONENT:
            raise ValueError(wanted)
        try:
            amount = Fraction(value)
        except ZeroDivisionError as error:
            raise ValueError(wanted) from error
    else:
        number = decimal_number(value)
        if not number.is_finite():
            raise ValueError(wanted)
        amount = Fraction(number)
    if amount <= 0:
        raise ValueError("should be greater than 0")
    return amount


def _by_bits(value: object) -> object:
    """Table keys are text in TOML; operand widths are whole numbers of bits."""
    if not isinstance(value, Mapping):
        return value
    return {int(k) if isinstance(k, str) and k.isdecimal() else k: v for k, v in value.items()}


def as_tuple(value: object) -> object:
    """A TOML list as a tuple; anything else is left to the checks."""
    return tuple(value) if isinstance(value, list) else value


Number = Annotated[Decimal, BeforeValidator(decimal_number), WithJsonSchema({"type": "number"})]
Dollars = Annotated[
    Fraction,
    PlainValidator(_dollars),
    WithJsonSchema({"type": ["string", "integer"], "description": 'Decimal in quotes, or "p/q".'}),
]
Positive = Annotated[Number, Field(gt=0)]
PositiveOrInf = Annotated[
    Decimal,
    Field(allow_inf_nan=True),
    BeforeValidator(decimal_number),
    WithJsonSchema({"type": "number"}),
    Field(gt=0),
]
Rates = Annotated[
    dict[Annotated[int, Field(gt=0)], Positive],
    BeforeValidator(_by_bits),
    Field(min_length=1),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {"^[0-9]+$": {"type": "number", "exclusiveMinimum": 0}},
            "additionalProperties": False,
        }
    ),
]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """Strict, frozen, no unknown keys; ``description`` tells a user what a key wants."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sourced(Record):
    """Where a figure came from and when it was true."""

    source: str = Field(min_length=1, description="where the figures come from")
    as_of: str = Field(pattern=_DATE, description='the date of the source, "YYYY-MM"')
    note: str = Field(default="", description="a remark")


def scaled(value: float, power: int) -> Decimal:
    """``value`` times a power of ten, in the digits that ``value`` shows."""
    return Decimal(repr(value)).scaleb(power)
