"""The door: a replica file as pydantic sees it. Unknown keys are refused, decimals stay exact.

The field descriptions are what the JSON Schema shows in an editor.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, field_validator

from solver.catalog.weight_formats import FORMAT_BITS
from solver.instance.clocks import ClockChoice
from solver.instance.domain import SPEED_AND_COST, ReplicaObjective
from solver.instance.draft_records import DraftRecord
from solver.instance.economics_records import EconomicsRecord
from solver.instance.energy_records import EnergyRecord
from solver.instance.quality_records import QualityPenaltyRecord, ServedModelRecord
from solver.instance.ranges import parse_integers
from solver.instance.record_types import (
    MAX_TOKENS,
    Bits,
    CatalogKeys,
    Exact,
    Flag,
    Integers,
    ModelChoice,
    Names,
    Positive,
    Record,
    SeenOn,
    Tokens,
    Whole,
    names_listed,
    table_or_value,
)
from solver.instance.services.records import ServiceRecord
from solver.instance.validation import slip

__all__ = [
    "DraftRecord",
    "LayoutChoices",
    "PerformanceRecord",
    "PriceRecord",
    "ReplicaFile",
    "ReplicaPerformanceRecord",
    "RulesRecord",
]

Formats = Annotated[
    tuple[Literal["bf16", "fp8", "fp8_block", "int8", "int4", "mxfp4", "nvfp4"], ...],
    BeforeValidator(names_listed),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(FORMAT_BITS)},
                {"type": "array", "items": {"enum": list(FORMAT_BITS)}},
            ]
        }
    ),
]
PriceChoice = Annotated[
    Annotated[Positive, Tag("<value>")] | Annotated[dict[str, Positive], Tag("<table>")],
    Discriminator(table_or_value),
]


def _not_empty(value: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """The list itself; a design needs some value of every choice."""
    if value == ():
        raise ValueError("an empty list leaves no design; leave the key out for its default")
    return value


class WorkloadRecord(Record):
    """What is served."""

    model: ModelChoice | None = Field(
        default=None, description="A catalog name, or { config = 'path/config.json' }."
    )
    models: list[ServedModelRecord] | None = Field(
        default=None,
        min_length=1,
        description="In place of model: any of these may serve; their scores and sources.",
    )
    context_tokens: Annotated[Whole, Field(ge=0, le=MAX_TOKENS)] | None = Field(
        default=None,
        description="Tokens in the KV cache of every sequence, taken as constant; left out: the "
        "input and half the output, or 0 where there is no input.",
    )
    input_tokens: Tokens | None = Field(
        default=None,
        description="Mean length of a prompt: prompts are then served beside the output "
        "(calibrated).",
    )
    output_tokens: Tokens | None = Field(
        default=None, description="Mean length of an answer; goes with input_tokens."
    )
    prefix_hit: Annotated[Exact, Field(ge=0, lt=1)] | None = Field(
        default=None, description="Share of a prompt found in the prefix cache; 0 if left out."
    )
    service: ServiceRecord | None = Field(
        default=None,
        description="In place of lengths: what a service does, turned into a mean request "
        "(calibrated).",
    )


class LayoutChoices(Record):
    """Layouts and batches on offer, whatever they run on."""

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

    @field_validator(
        "pipeline_parallel",
        "expert_parallel",
        "attention_data_parallel",
        "batch",
        "weight_bits",
        "kv_bits",
    )
    @classmethod
    def _some(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return _not_empty(value)


class DesignRecord(LayoutChoices):
    """The design space: every value each choice may take."""

    accelerator: Names = Field(description="Catalog name, or a list of names.")
    weight_format: Formats | None = Field(
        default=None,
        description="Formats of the weights, in place of weight_bits (calibrated).",
    )
    clock_mhz: ClockChoice | None = Field(
        default=None,
        description="Core clocks in MHz, or 'all' of the accelerator; its highest if left out.",
    )


class PriceRecord(Record):
    """What an hour of one device costs."""

    tier: str | None = Field(default=None, description="A tier of the price catalog.")
    usd_per_hour: PriceChoice | None = Field(
        default=None, description="US$ per device and hour, or a table by accelerator."
    )
    as_of: SeenOn = Field(default="", description="When the price was seen: YYYY-MM.")
    source: str = Field(default="", description="Where the price comes from.")


class LimitsRecord(Record):
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
        default=None,
        description="Price of the whole replica an hour, electricity included where it is billed, "
        "at most.",
    )
    max_ttft_s: Positive | None = Field(
        default=None,
        description="Seconds to the first token, at most; needs workload.input_tokens.",
    )
    max_j_per_token: Positive | None = Field(
        default=None, description="Joules of devices and hosts for one output token, at most."
    )
    max_watts: Positive | None = Field(
        default=None, description="Mean power of the whole replica with its hosts, at most."
    )
    max_g_co2_per_mtok: Positive | None = Field(
        default=None,
        description="Grams of CO2 per million output tokens, site included, at most; needs "
        "energy.g_co2_per_kwh.",
    )
    min_quality: Positive | None = Field(
        default=None, description="Score, at least; needs workload.models with scores."
    )


class RulesRecord(Record):
    """What makes a layout deployable; all on unless a published space is reproduced."""

    degrees_divide: Flag = Field(
        default=True, description="Tensor degrees divide heads and widths, stages divide layers."
    )
    stages_divide_batch: Flag = Field(
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


class PerformanceRecord(Record):
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


class ReplicaPerformanceRecord(Record):
    """How step times of a replica are computed."""

    model: str = Field(
        default="calibrated", min_length=1, description="The performance model, by name."
    )
    flop_efficiency: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="epoch2025: share of the arithmetic peak reached; 1 if left out."
    )
    hbm_efficiency: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="epoch2025: share of the HBM bandwidth reached; 1 if left out."
    )
    constants: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="calibrated: a calibration file, beside the instance file."
    )


class ReplicaFile(CatalogKeys):
    """One replica of one model: the exact frontier of speed against cost, or what is weighed."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this format.")
    kind: Literal["replica"] = Field(description="The kind of problem.")
    name: str = Field(min_length=1, pattern=r"^[\w.+-]+$", description="Short, for files and logs.")
    title: str = Field(default="", description="The question in a sentence.")
    expected_exit_status: Whole = Field(
        default=0, ge=0, le=4, description="What 'fleetfront solve' should end with."
    )
    trade_off: list[ReplicaObjective] = Field(
        default=list(SPEED_AND_COST),
        description="Two or three different of speed, cost, energy, power and quality.",
    )
    workload: WorkloadRecord = Field(description="The model served, and its context.")
    design: DesignRecord = Field(description="The layouts and batches on offer.")
    draft: DraftRecord | None = Field(default=None, description="Speculative decoding, if wanted.")
    price: PriceRecord = Field(default_factory=PriceRecord, description="What an hour costs.")
    limits: LimitsRecord = Field(
        default_factory=LimitsRecord, description="Limits on every design; none if left out."
    )
    rules: RulesRecord = Field(
        default_factory=RulesRecord, description="Deployability of layouts; all rules are on."
    )
    performance: ReplicaPerformanceRecord = Field(
        default_factory=ReplicaPerformanceRecord, description="The performance model."
    )
    energy: EnergyRecord | None = Field(
        default=None, description="What electricity costs and emits."
    )
    penalties: list[QualityPenaltyRecord] = Field(
        default=[], description="What precisions take off the scores of models."
    )
    economics: EconomicsRecord | None = Field(
        default=None, description="What 'fleetfront economics' compares with."
    )

    @field_validator("trade_off")
    @classmethod
    def _two_or_three(cls, value: list[ReplicaObjective]) -> list[ReplicaObjective]:
        if len(set(value)) != len(value):
            raise slip(f"{value} names one thing twice", "Name each once")
        if len(value) not in (2, 3):
            raise slip(
                f"{value} is not two or three things to weigh",
                'Write for example ["speed", "cost"] or ["quality", "speed", "cost"]',
            )
        return value
