"""The door: an instance file as pydantic sees it. Unknown keys are refused, decimals stay exact.

The field descriptions are what the JSON Schema shows in an editor.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    field_validator,
)

from solver.instance.ranges import parse_integers

__all__ = ["ReplicaFile"]


_MAX_EXPONENT = 40
"""No price or rate has more digits; an exact 1e999999999 would fill the memory."""


def _fraction(value: object) -> Fraction:
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


MAX_DRAFT_TOKENS = 64
MAX_BITS = 64
_TEXT = r"^(\d+/\d+|\d+(\.\d*)?([eE][+-]?\d+)?)$"
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _TEXT}]}
_INTEGERS = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "examples": ["1..4096", "1..4096 step 8", "powers of 2 to 256"]},
        {"type": "array", "items": {"type": ["integer", "string"]}},
    ]
}
Exact = Annotated[Fraction, BeforeValidator(_fraction), WithJsonSchema(_NUMBER)]
Positive = Annotated[Exact, Field(gt=0)]
Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
Integers = Annotated[tuple[int, ...], BeforeValidator(parse_integers), WithJsonSchema(_INTEGERS)]
DraftLengths = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda value: parse_integers(value, minimum=0, maximum=MAX_DRAFT_TOKENS)),
    WithJsonSchema(_INTEGERS),
]
Bits = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda value: parse_integers(value, maximum=MAX_BITS)),
    WithJsonSchema(_INTEGERS),
]


def _names(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError("write a name, or a list of names")
    if any(not isinstance(name, str) or not name for name in names):
        raise ValueError("every name is a text that is not empty")
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return tuple(names)


_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Names = Annotated[tuple[str, ...], BeforeValidator(_names), WithJsonSchema(_NAMES)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _tag(value: object) -> str:
    return "<table>" if isinstance(value, dict | BaseModel) else "<value>"


class ModelFromConfig(_Record):
    """A model given by its Hugging Face ``config.json``."""

    config: str = Field(min_length=1, description="Path of config.json, beside the instance file.")


# A callable discriminator, so that a slip is reported once and not for every branch of the union.
ModelChoice = Annotated[
    Annotated[str, Field(min_length=1), Tag("<value>")]
    | Annotated[ModelFromConfig, Tag("<table>")],
    Discriminator(_tag),
]
PriceChoice = Annotated[
    Annotated[Positive, Tag("<value>")] | Annotated[dict[str, Positive], Tag("<table>")],
    Discriminator(_tag),
]


class WorkloadRecord(_Record):
    """What is served."""

    model: ModelChoice = Field(description="A catalog name, or { config = 'path/config.json' }.")
    context_tokens: Whole = Field(
        default=0,
        ge=0,
        le=10**9,
        description="Tokens in the KV cache of every sequence, taken as constant.",
    )


class DesignRecord(_Record):
    """The design space: every value each choice may take."""

    accelerator: Names = Field(description="Catalog name, or a list of names.")
    tensor_parallel: Integers = Field(default=(1, 2, 4, 8), description="Degrees of 1D sharding.")
    tensor_parallel_2d: Integers = Field(
        default=(),
        description="Total degrees of 2D sharding; from a range the perfect squares are taken.",
    )
    pipeline_parallel: Integers = Field(default=(1,), description="Pipeline stages.")
    expert_parallel: Integers = Field(default=(1,), description="Expert-parallel degrees.")
    attention_data_parallel: Integers = Field(
        default=(1,), description="Attention data-parallel degrees."
    )
    batch: Integers = Field(
        default=tuple(range(1, 1025)), description="Sequences decoded together."
    )
    weight_bits: Bits | None = Field(
        default=None, description="Width of the weights; the model's own if left out."
    )
    kv_bits: Bits | None = Field(
        default=None,
        description="Width of KV cache and activations; the model's own if left out.",
    )

    @field_validator("tensor_parallel_2d", mode="before")
    @classmethod
    def _squares(cls, value: Any) -> Any:
        if value in ([], ()):
            return ()
        numbers = parse_integers(value)
        squares = tuple(n for n in numbers if math.isqrt(n) ** 2 == n)
        if not isinstance(value, str) and squares != numbers:
            odd = next(n for n in numbers if n not in squares)
            raise ValueError(f"{odd} is not a perfect square, which a 2D layout needs")
        return squares

    @field_validator("tensor_parallel", mode="before")
    @classmethod
    def _maybe_none(cls, value: Any) -> Any:
        return () if value == [] else value


class DraftRecord(_Record):
    """Speculative decoding with a smaller model."""

    model: ModelChoice = Field(description="The draft model.")
    acceptance: Annotated[Exact, Field(ge=0, lt=1)] = Field(
        description="Chance that a drafted token is accepted, at least 0 and below 1."
    )
    tokens: DraftLengths = Field(
        default=(0, 1, 2, 3, 4, 5), description="Draft lengths on offer; 0 is no draft."
    )
    weight_bits: Whole | None = Field(default=None, gt=0, description="The draft's own width.")
    pipeline_parallel: Integers = Field(default=(1,), description="Stages of the draft.")


class PriceRecord(_Record):
    """What an hour of one device costs."""

    tier: str | None = Field(default=None, description="A tier of the price catalog.")
    usd_per_hour: PriceChoice | None = Field(
        default=None, description="US$ per device and hour, or a table by accelerator."
    )
    as_of: str = Field(
        default="",
        pattern=r"^((19|20)\d{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?$",
        description="When the price was seen: YYYY-MM.",
    )
    source: str = Field(default="", description="Where the price comes from.")


class LimitsRecord(_Record):
    """What every design must meet."""

    min_speed_tok_per_s: Positive | None = Field(
        default=None, description="Output tokens/s one user sees, at least."
    )
    max_cost_usd_per_mtok: Positive | None = Field(
        default=None, description="US$ per million output tokens, at most."
    )
    max_devices: Annotated[Whole, Field(gt=0)] | None = Field(
        default=None, description="Devices of one replica, at most."
    )
    max_tok_per_s: Positive | None = Field(
        default=None, description="Output tokens/s of the whole replica, at most."
    )
    max_usd_per_hour: Positive | None = Field(
        default=None, description="Price of the whole replica an hour, at most."
    )


class RulesRecord(_Record):
    """What makes a layout deployable; all on unless a published space is reproduced."""

    degrees_divide: bool = Field(
        default=True, description="Tensor degrees divide heads and widths, stages divide layers."
    )
    stages_divide_batch: bool = Field(
        default=True, description="The batch splits into equal microbatches."
    )
    hbm_account: Literal["per-device", "published"] = Field(
        default="per-device",
        description="The fullest device with activations and draft, or the published sum over all "
        "devices, target and draft each alone.",
    )
    hbm_reserve_fraction: Annotated[Exact, Field(ge=0, lt=1)] = Field(
        default=Fraction(0), description="Share of every device's HBM kept free."
    )


class PerformanceRecord(_Record):
    """How step times are computed."""

    model: str = Field(
        default="epoch2025", min_length=1, description="The performance model, by name."
    )
    flop_efficiency: Annotated[Exact, Field(gt=0, le=1)] = Field(
        default=Fraction(1), description="Share of the arithmetic peak that is reached."
    )
    hbm_efficiency: Annotated[Exact, Field(gt=0, le=1)] = Field(
        default=Fraction(1), description="Share of the HBM bandwidth that is reached."
    )


class ReplicaFile(_Record):
    """One replica of one model: the exact frontier of speed against cost."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this format.")
    kind: Literal["replica"] = Field(description="The kind of problem.")
    name: str = Field(min_length=1, pattern=r"^[\w.+-]+$", description="Short, for files and logs.")
    title: str = Field(default="", description="The question in a sentence.")
    expected_exit_status: Whole = Field(
        default=0, ge=0, le=4, description="What 'fleetfront solve' should end with."
    )
    catalog: list[str] = Field(
        default=[], description="Catalog files that add or override entries."
    )
    workload: WorkloadRecord
    design: DesignRecord
    draft: DraftRecord | None = None
    price: PriceRecord = Field(default_factory=PriceRecord)
    limits: LimitsRecord = Field(default_factory=LimitsRecord)
    rules: RulesRecord = Field(default_factory=RulesRecord)
    performance: PerformanceRecord = Field(default_factory=PerformanceRecord)
    accelerators: list[dict[str, Any]] = Field(default=[], description="Own catalog entries.")
    models: list[dict[str, Any]] = Field(default=[], description="Own catalog entries.")
    prices: list[dict[str, Any]] = Field(default=[], description="Own catalog entries.")
