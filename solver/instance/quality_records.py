"""Scores of models and what precisions take off them, as instance files write them.

A score or a penalty without a source is refused: neither is ever invented.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from solver.catalog.domain import Model
from solver.instance.fleet.plausible import plain
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.record_types import MAX_BITS, Exact, ModelChoice, Record, Whole
from solver.instance.validation import slip

__all__ = ["QualityPenaltyRecord", "ServedModelRecord", "WeightFormat"]

WeightFormat = Literal["bf16", "fp8", "fp8_block", "int8", "int4", "mxfp4", "nvfp4"]
_Width = Annotated[Whole, Field(gt=0, le=MAX_BITS)]
_PRECISIONS = ("weight_bits", "weight_format", "kv_bits")


class ServedModelRecord(Record):
    """A model that may serve, with its score."""

    model: ModelChoice = Field(description="A catalog name, or { config = 'path/config.json' }.")
    # Before the score, whose check looks at it.
    source: str = Field(default="", description="Where the score comes from: card, paper, date.")
    quality: Annotated[Exact, Field(ge=0)] | None = Field(
        default=None, description="A score, the more the better; needs a source."
    )

    @field_validator("quality")
    @classmethod
    def _sourced(cls, value: Fraction | None, info: ValidationInfo) -> Fraction | None:
        if value is not None and not str(info.data.get("source", "")).strip():
            raise slip(
                f"the score {plain(value)} has no source",
                "Say where it comes from: source = 'model card, MMLU 5-shot, 2024-07'; "
                "or leave the score out",
            )
        return value

    def to_domain(self, model: Model) -> ServedModel:
        """The entry of ``model``, which is the one that ``self.model`` names."""
        return ServedModel(model=model, quality=self.quality, source=self.source)


class QualityPenaltyRecord(Record):
    """Points that a precision takes off a score; whatever it names has to match."""

    points: Annotated[Exact, Field(ge=0)] = Field(description="Points off the score, at least 0.")
    source: str = Field(description="Where the figure comes from; it is never invented.")
    weight_bits: _Width | None = Field(default=None, description="Width of the weights.")
    weight_format: WeightFormat | None = Field(
        default=None, description="Format of the weights (calibrated)."
    )
    kv_bits: _Width | None = Field(default=None, description="Width of the KV cache.")
    model: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Only this model, by name; every one if left out."
    )

    @field_validator("source")
    @classmethod
    def _sourced(cls, value: str) -> str:
        if not value.strip():
            raise slip(
                "the penalty has no source",
                "Say where it was measured: source = 'card of the quantised model, 2024-11'",
            )
        return value

    @model_validator(mode="after")
    def _of_some_precision(self) -> QualityPenaltyRecord:
        if all(getattr(self, key) is None for key in _PRECISIONS):
            raise slip(
                "the penalty names no precision that it is for",
                f"Give {', '.join(_PRECISIONS[:-1])} or {_PRECISIONS[-1]}",
            )
        return self

    def to_domain(self) -> QualityPenalty:
        """The penalty, exact."""
        return QualityPenalty(**dict(self))
