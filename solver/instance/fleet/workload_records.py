"""Workloads and periods of a fleet file as pydantic sees them."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from solver.instance.draft_records import DraftRecord
from solver.instance.fleet.plausible import DemandRate, FirstTokenTime
from solver.instance.quality_records import ServedModelRecord
from solver.instance.record_types import (
    EntryName,
    Exact,
    Flag,
    ModelChoice,
    Positive,
    Record,
    Tokens,
)
from solver.instance.services.records import ServiceRecord
from solver.instance.validation import slip

__all__ = [
    "BatchRecord",
    "Filled",
    "PeriodRecord",
    "SizeRecord",
    "WorkloadEntry",
    "WorkloadModelRecord",
]


def _filled(value: list[Any]) -> list[Any]:
    if not value:
        raise slip("the list is empty", "Give an entry, or leave the key out")
    return value


Filled = AfterValidator(_filled)
"""A list that stands in place of another key says something only with an entry in it."""


class PeriodRecord(Record):
    """A part of every day."""

    name: EntryName = Field(description="Short, for tables.")
    hours: Annotated[Exact, Field(gt=0, le=24)] = Field(
        description="Hours of every day; all periods together have 24."
    )


class SizeRecord(Record):
    """One class of requests."""

    input_tokens: Tokens = Field(description="Tokens of the prompt.")
    output_tokens: Tokens = Field(description="Tokens of the answer.")
    share: Positive | None = Field(
        default=None, description="Share of the requests; all shares together are 1."
    )
    weight: Positive | None = Field(
        default=None, description="In place of shares: any numbers in proportion."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> SizeRecord:
        if (self.share is None) == (self.weight is None):
            raise slip(
                "a class needs either share or weight", "Give shares that add up to 1, or weights"
            )
        return self


class WorkloadModelRecord(ServedModelRecord):
    """A model that may serve a workload."""


def _within_a_day(value: Fraction) -> Fraction:
    if not 0 < value <= 24:
        raise slip(
            f"a deadline should be more than 0 and at most 24 hours away (got {float(value):g})",
            "The next day's work arrives after 24 hours; state work that takes longer as a rate",
        )
    return value


class BatchRecord(Record):
    """Work that may wait until a deadline."""

    requests_per_day: Positive = Field(description="Requests that arrive together, every day.")
    arrives: EntryName = Field(description="Name of the period at whose start they arrive.")
    deadline_hours: Annotated[Exact, AfterValidator(_within_a_day)] = Field(
        description="Hours from then until all are done; at most 24."
    )


class WorkloadEntry(Record):
    """A stream of requests to one service."""

    name: EntryName = Field(description="Short, for tables and for --set.")
    model: ModelChoice | None = Field(
        default=None, description="A catalog name, or { config = 'path/config.json' }."
    )
    models: Annotated[list[WorkloadModelRecord], Filled] = Field(
        default=[], description="In place of model: any of these may serve it."
    )
    input_tokens: Tokens | None = Field(default=None, description="Tokens of every prompt.")
    output_tokens: Tokens | None = Field(default=None, description="Tokens of every answer.")
    sizes: Annotated[list[SizeRecord], Filled] = Field(
        default=[], description="In place of one size: classes of requests and their shares."
    )
    histogram: str | None = Field(
        default=None,
        min_length=1,
        description="In place of sizes: a CSV of input_tokens, output_tokens, weight.",
    )
    service: ServiceRecord | None = Field(
        default=None,
        description="In place of sizes, prefix_hit and a rate: what a service does.",
    )
    requests_per_s: DemandRate | None = Field(default=None, description="Demand in requests/s.")
    tok_per_s: DemandRate | None = Field(default=None, description="Demand in output tokens/s.")
    by_period: list[Annotated[Exact, Field(ge=0)]] | None = Field(
        default=None, description="Factor on the demand in each period; 1 if left out."
    )
    batch: BatchRecord | None = Field(
        default=None,
        description="In place of a rate: requests of a day, and the hours until they are done.",
    )
    draft: DraftRecord | None = Field(
        default=None,
        description="Speculative decoding, with this workload's acceptance (calibrated).",
    )
    min_speed_tok_per_s: Positive | None = Field(
        default=None, description="Output tokens/s one user sees, at least."
    )
    max_ttft_s: FirstTokenTime | None = Field(
        default=None, description="Seconds to the first token, at most."
    )
    target_speed_tok_per_s: Positive | None = Field(
        default=None, description="Its own target: its speed counts as a share of it."
    )
    prefix_hit: Annotated[Exact, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="Share of a prompt found in the prefix cache (calibrated); 0 if left out.",
    )
    points: str | None = Field(
        default=None, min_length=1, description="A CSV of measured operating points."
    )
    points_meet_limits: Flag = Field(
        default=False,
        description="The points are known to meet both limits, although they do not show it.",
    )
