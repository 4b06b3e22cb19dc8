"""Speculative decoding as pydantic sees it, in files of replicas and of fleets."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from solver.instance.ranges import parse_integers
from solver.instance.record_types import (
    INTEGERS_SCHEMA,
    Exact,
    Integers,
    ModelChoice,
    Record,
    Whole,
)

__all__ = ["DraftRecord"]

MAX_DRAFT_TOKENS = 64
DraftLengths = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda value: parse_integers(value, minimum=0, maximum=MAX_DRAFT_TOKENS)),
    WithJsonSchema(INTEGERS_SCHEMA),
]


class DraftRecord(Record):
    """Speculative decoding with a smaller model, or with the model's own prediction layer."""

    model: ModelChoice = Field(
        description="The draft model; 'mtp': the served model's own prediction layer (calibrated)."
    )
    acceptance: Annotated[Exact, Field(ge=0, lt=1)] = Field(
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
