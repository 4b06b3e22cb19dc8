"""Quality of what is served: scores of models, and what a narrower precision takes off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.catalog.domain import Model

__all__ = ["QualityPenalty", "ServedModel", "penalty_of", "quality_of"]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that may serve: itself, pruned, distilled. ``quality`` ``None``: no score stated."""

    model: Model
    quality: Fraction | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class QualityPenalty:
    """Points that a precision takes off the score of a model.

    Whatever is not ``None`` has to match: ``weight_bits``, ``weight_format``, ``kv_bits``,
    ``model`` (by name). Never invented: ``source`` is not empty.
    """

    points: Fraction
    source: str
    weight_bits: int | None = None
    weight_format: str | None = None
    kv_bits: int | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        if self.points < 0:
            raise ValueError(f"a penalty takes {self.points} points off a score, below zero")
        if not self.source.strip():
            raise ValueError("a penalty has a source")

    def applies(self, *, model: str, weight_bits: int, weight_format: str, kv_bits: int) -> bool:
        """Whether a design of ``model`` at these precisions pays it."""
        return (
            self.model in (None, model)
            and self.weight_bits in (None, weight_bits)
            and self.weight_format in (None, weight_format)
            and self.kv_bits in (None, kv_bits)
        )


def penalty_of(
    penalties: Sequence[QualityPenalty],
    *,
    model: str,
    weight_bits: int,
    weight_format: str,
    kv_bits: int,
) -> Fraction:
    """Points off: the sum of all penalties that apply."""
    return sum(
        (
            entry.points
            for entry in penalties
            if entry.applies(
                model=model,
                weight_bits=weight_bits,
                weight_format=weight_format,
                kv_bits=kv_bits,
            )
        ),
        Fraction(0),
    )


def quality_of(
    score: Fraction | None,
    penalties: Sequence[QualityPenalty],
    *,
    model: str,
    weight_bits: int,
    weight_format: str,
    kv_bits: int,
) -> Fraction | None:
    """Score of a design: that of its model less the penalties; ``None`` where none is stated."""
    if score is None:
        return None
    return score - penalty_of(
        penalties,
        model=model,
        weight_bits=weight_bits,
        weight_format=weight_format,
        kv_bits=kv_bits,
    )
