"""Speculative decoding as pydantic sees it, in files of replicas and of fleets."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator

from solver.instance.ranges import parse_integers
from solver.instance.record_types import (
    INTEGERS_SCHEMA,
    Exact,
    Integers,
    ModelChoice,
    Record,
    Whole,
)
from solver.instance.validation import slip

__all__ = ["DraftRecord"]

MAX_DRAFT_TOKENS = 64
DraftLengths = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda value: parse_integers(value, minimum=0, maximum=MAX_DRAFT_TOKENS)),
    WithJsonSchema(INTEGERS_SCHEMA),
]


def _below_one(value: Fraction) -> Fraction:
    if not 0 <= value < 1:
        raise slip(
            f"a chance of acceptance should be at least 0 and less than 1 (got {float(value):g})",
            "Write the share of drafted tokens that the model accepts, such as 0.7; it is measured "
            "on the workload, and no draft is always right",
        )
    return value


class DraftRecord(Record):
    """Speculative decoding with a smaller model, or with the model's own prediction layer."""

    model: ModelChoice = Field(
        description="The draft model; 'mtp': the served model's own prediction layer (calibrated)."
    )
    acceptance: Annotated[Exact, AfterValidator(_below_one)] = Field(
        description="Chance that a drafted token is accepted, at least 0 and below 1."
    )
    tokens: DraftLengths = Field(
        default=(0, 1, 2, 3, 4, 5), description="Draft lengths on offer; 0 is no draft."
    )
    weight_bits: Whole | None = Field(default=None, gt=0, description="The draft's own width.")
    pipeline_parallel: Integers = Field(default=(1,), description="Stages of the draft.")

    @field_validator("tokens", "pipeline_parallel")
    @classmethod
    def _some(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value == ():
            raise ValueError("an empty list leaves no draft; leave the key out for its default")
        return value
