"""A replica question once read: every choice spelled out, every fact attached, in SI units."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from solver.catalog.domain import Accelerator, Model, Price
from solver.instance.economics import EconomicsTerms
from solver.instance.energy import EnergyTerms
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.services.shape import ServiceShape

__all__ = [
    "SPEED_AND_COST",
    "DesignSpace",
    "Draft",
    "Limits",
    "Machine",
    "NamedFile",
    "NamedQuestion",
    "Performance",
    "ReplicaInstance",
    "ReplicaObjective",
    "Rules",
    "Traffic",
]

ReplicaObjective = Literal["speed", "cost", "energy", "power", "quality"]
SPEED_AND_COST: tuple[ReplicaObjective, ...] = ("speed", "cost")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a question names: its name there, and its text as it was read."""

    name: str
    text: str = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of the text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Machine:
    """An accelerator on offer, what an hour of it costs, and the clock its cores are set to.

    ``clock_mhz`` ``None``: left alone, which is the highest of its range.
    """

    accelerator: Accelerator
    price: Price
    clock_mhz: int | None = None

    @property
    def clock_share(self) -> float:
        """The clock as a share of the highest."""
        power = self.accelerator.power
        if self.clock_mhz is None or power is None or power.clocks is None:
            return 1.0
        return power.clocks.share(self.clock_mhz)


@dataclass(frozen=True, slots=True)
class DesignSpace:
    """Every value each choice may take; each tuple is sorted and without repeats.

    ``tensor_parallel_2d`` holds total degrees (perfect squares), none where 2D is not offered.
    """

    tensor_parallel: tuple[int, ...]
    tensor_parallel_2d: tuple[int, ...]
    pipeline_parallel: tuple[int, ...]
    expert_parallel: tuple[int, ...]
    attention_data_parallel: tuple[int, ...]
    batch: tuple[int, ...]
    weight_bits: tuple[int, ...]
    kv_bits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft model for speculative decoding.

    ``acceptance`` is the chance that one drafted token is accepted, each independently, below 1;
    ``tokens`` the draft lengths on offer (0: no draft); ``weight_bits`` the draft's own.
    ``own_layer``: the draft is the served model's prediction layer
    (``solver.catalog.prediction_layers``), stored and laid out as the model is.
    """

    model: Model
    acceptance: Fraction
    tokens: tuple[int, ...]
    weight_bits: int
    pipeline_parallel: tuple[int, ...]
    own_layer: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a design must meet; ``None`` is no limit."""

    min_speed_tok_per_s: Fraction | None = None
    max_cost_usd_per_mtok: Fraction | None = None
    max_devices: int | None = None
    max_tok_per_s: Fraction | None = None
    max_usd_per_hour: Fraction | None = None
    max_ttft_s: Fraction | None = None
    max_j_per_token: Fraction | None = None
    """Energy of one output token, devices and hosts."""
    max_watts: Fraction | None = None
    """Mean power of the whole replica, devices and hosts."""
    max_g_co2_per_mtok: Fraction | None = None
    """Grams of CO2 for a million output tokens, site included."""
    min_quality: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests whose prompts are served beside the output (continuous batching).

    Parameters
    ----------
    input_tokens, output_tokens
        Mean lengths of a prompt and of its answer, at least 1.
    prefix_hit
        Share of a prompt whose KV cache is there already, from 0 to below 1.
    """

    input_tokens: int
    output_tokens: int
    prefix_hit: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if self.input_tokens < 1 or self.output_tokens < 1:
            raise ValueError("prompt and answer hold at least one token")
        if not 0 <= self.prefix_hit < 1:
            raise ValueError(f"prefix_hit is {self.prefix_hit}, not from 0 to below 1")

    @property
    def mean_context_tokens(self) -> int:
        """Tokens of a sequence half way through its answer, rounded up."""
        return self.input_tokens + -(-self.output_tokens // 2)


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a layout deployable.

    Parameters
    ----------
    degrees_divide
        Tensor degrees divide heads and widths, stages divide layers.
    stages_divide_batch
        The batch splits into equal microbatches.
    hbm_account
        ``per-device`` (the fullest device, activations and draft included) or ``published``
        (weights and KV cache against the sum of all HBM, each model alone).
    hbm_reserve_fraction
        Share of every device's HBM kept free.
    """

    degrees_divide: bool = True
    stages_divide_batch: bool = True
    hbm_account: str = "per-device"
    hbm_reserve_fraction: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Performance:
    """Which performance model, and the share of the peaks it may assume."""

    model: str = "epoch2025"
    flop_efficiency: Fraction = Fraction(1)
    hbm_efficiency: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuestion:
    """What every kind of question carries, beside what it asks."""

    name: str
    title: str
    expected_exit_status: int = 0
    source: str = "instance"
    """Where the question came from, for error messages."""
    sha256: str = ""
    """Of the file and the changes made to it; empty for one built in memory."""
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Changes made to the file, ``key: value``."""


@dataclass(frozen=True, slots=True)
class ReplicaInstance(NamedQuestion):
    """One question: which layouts and batches of one replica are worth having?

    Attributes
    ----------
    weight_formats
        Formats of the weights on offer, by name, in place of ``design.weight_bits`` (then empty).
    traffic
        Prompts served beside the output; ``None``: a step of decoding alone.
    constants
        A calibration file whose constants come before the catalog's on its accelerator.
    trade_off
        Two or three objectives.
    energy
        What energy costs and emits; ``None``: not told.
    alternatives
        Models that may serve, with their scores; ``model`` is the first of them. Empty: ``model``
        alone, without a score.
    penalties
        What precisions take off a score.
    economics
        What ``fleetfront economics`` compares with; ``None``: its defaults.
    service
        What the prompts and answers of ``traffic`` are the mean of, as it was stated;
        ``limits.max_ttft_s`` is then what its retrieval leaves. ``None``: stated as lengths.
    """

    model: Model
    context_tokens: int
    machines: tuple[Machine, ...]
    design: DesignSpace
    limits: Limits
    rules: Rules
    performance: Performance
    draft: Draft | None = None
    weight_formats: tuple[str, ...] = ()
    traffic: Traffic | None = None
    constants: NamedFile | None = None
    trade_off: tuple[ReplicaObjective, ...] = SPEED_AND_COST
    energy: EnergyTerms | None = None
    alternatives: tuple[ServedModel, ...] = ()
    penalties: tuple[QualityPenalty, ...] = ()
    economics: EconomicsTerms | None = None
    service: ServiceShape | None = None

    @property
    def kind(self) -> str:
        """The kind of problem."""
        return "replica"

    @property
    def is_economic(self) -> bool:
        """Whether more than speed and cost is weighed (``solver.lowering.economy``)."""
        limits = self.limits
        return (
            self.trade_off != SPEED_AND_COST
            or bool(self.alternatives)
            or (self.energy is not None and self.energy.billed)
            or any(
                limit is not None
                for limit in (
                    limits.max_j_per_token,
                    limits.max_watts,
                    limits.max_g_co2_per_mtok,
                    limits.min_quality,
                )
            )
        )
