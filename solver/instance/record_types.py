"""What the records of instance files are made of: exact numbers, lists, names, models.

Decimals become fractions at once, so that ``0.1`` in a file is one tenth.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from solver.instance.ranges import parse_integers

__all__ = [
    "INTEGERS_SCHEMA",
    "MAX_BITS",
    "MAX_TOKENS",
    "NUMBER_SCHEMA",
    "Bits",
    "CatalogKeys",
    "EntryName",
    "Exact",
    "Flag",
    "Integers",
    "ModelChoice",
    "ModelFromConfig",
    "Names",
    "Positive",
    "Record",
    "SeenOn",
    "Tokens",
    "Whole",
    "exact_fraction",
    "names_listed",
    "table_or_value",
]

_MAX_EXPONENT = 40
"""No price or rate has more digits; an exact 1e999999999 would fill the memory."""


def exact_fraction(value: object) -> Fraction:
    """A number as an exact fraction; text may be a decimal or ``p/q``."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str | Fraction | float):
        raise ValueError("write a number, or text such as '2.95' or '113/75'")
    if isinstance(value, int) and abs(value) >= 10**_MAX_EXPONENT:
        raise ValueError("out of range")
    try:
        if isinstance(value, float):
            # Only reachable from Python, where a float's shortest decimal is what was meant.
            value = Decimal(repr(value))
        if isinstance(value, str) and "/" not in value:
            value = Decimal(value)
        if isinstance(value, Decimal) and not -_MAX_EXPONENT < value.adjusted() < _MAX_EXPONENT:
            raise ValueError("out of range")
        if isinstance(value, str) and len(value) > 2 * _MAX_EXPONENT:
            raise ValueError("too long")
        return Fraction(value)
    except (ArithmeticError, ValueError) as error:
        raise ValueError("write a number, or text such as '2.95' or '113/75'") from error


def _whole(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("write a whole number, not true or false")
    return value


def _flag(value: object) -> object:
    # Text or a number in place of true is a slip, and "no" would count as one thing or the other.
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes")
    return value


MAX_BITS = 64
MAX_TOKENS = 10**9
_TEXT = r"^(\d+/\d+|\d+(\.\d*)?([eE][+-]?\d+)?)$"
NUMBER_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _TEXT}]}
INTEGERS_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "examples": ["1..4096", "1..4096 step 8", "powers of 2 to 256"]},
        {"type": "array", "items": {"type": ["integer", "string"]}},
    ]
}
Exact = Annotated[Fraction, BeforeValidator(exact_fraction), WithJsonSchema(NUMBER_SCHEMA)]
Positive = Annotated[Exact, Field(gt=0)]
Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
Tokens = Annotated[Whole, Field(ge=1, le=MAX_TOKENS)]
EntryName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w .+/()-]+$")]
"""Name of a table in a list, short enough for other tables and for ``--set``."""
Flag = Annotated[bool, BeforeValidator(_flag)]
SeenOn = Annotated[
    str, Field(pattern=r"^((19|20)\d{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?$")
]
Integers = Annotated[
    tuple[int, ...], BeforeValidator(parse_integers), WithJsonSchema(INTEGERS_SCHEMA)
]
Bits = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda value: parse_integers(value, maximum=MAX_BITS)),
    WithJsonSchema(INTEGERS_SCHEMA),
]


def names_listed(value: object) -> tuple[str, ...]:
    """A name or a list of different names as a tuple; ``ValueError`` where it is neither."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError("write a name, or a list of names")
    if any(not isinstance(name, str) or not name for name in names):
        raise ValueError("every name is a text that is not empty")
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return tuple(names)


_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Names = Annotated[tuple[str, ...], BeforeValidator(names_listed), WithJsonSchema(_NAMES)]


class Record(BaseModel):
    """Unknown keys are refused, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def table_or_value(value: object) -> str:
    """Tag of the branch of a union that may be a table or a plain value."""
    return "<table>" if isinstance(value, dict | BaseModel) else "<value>"


class ModelFromConfig(Record):
    """A model given by its Hugging Face ``config.json``."""

    config: str = Field(min_length=1, description="Path of config.json, beside the instance file.")


# A callable discriminator, so that a slip is reported once and not for every branch of the union.
ModelChoice = Annotated[
    Annotated[str, Field(min_length=1), Tag("<value>")]
    | Annotated[ModelFromConfig, Tag("<table>")],
    Discriminator(table_or_value),
]


class CatalogKeys(Record):
    """Where an instance file takes facts from besides the shipped catalog."""

    catalog: list[str] = Field(
        default=[], description="Catalog files that add or override entries."
    )
    accelerators: list[dict[str, Any]] = Field(default=[], description="Own catalog entries.")
    models: list[dict[str, Any]] = Field(default=[], description="Own catalog entries.")
    prices: list[dict[str, Any]] = Field(default=[], description="Own catalog entries.")
