"""The door: a placement file as pydantic sees it. Unknown keys are refused, decimals stay exact.

The field descriptions are what the JSON Schema shows in an editor.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, field_validator

from solver.instance.fleet.plausible import DeviceBandwidth, DeviceRent
from solver.instance.placement.domain import PlacementTradeOff
from solver.instance.placement.network_records import (
    HostsRecord,
    LinksRecord,
    SwitchesRecord,
    TopologyRecord,
)
from solver.instance.record_types import (
    CatalogKeys,
    EntryName,
    Exact,
    Integers,
    ModelChoice,
    Positive,
    Record,
    SeenOn,
    Whole,
)
from solver.instance.validation import slip

__all__ = [
    "TRADE_OFFS",
    "MachineRecord",
    "PlacementDesignRecord",
    "PlacementFile",
    "PlacementPerformanceRecord",
]

TRADE_OFFS: tuple[tuple[PlacementTradeOff, ...], ...] = (
    ("speed", "cost"),
    ("speed", "throughput"),
    ("throughput",),
)
_Bits = Annotated[Whole, Field(gt=0, le=64)]
_Layers = Annotated[Whole, Field(gt=0, le=10_000)]
_Bytes = Annotated[Whole, Field(gt=0, le=10**9)]


class ShapeRecord(Record):
    """All that is asked of a model whose machines are measured."""

    layers: _Layers = Field(description="Layers to be placed.")
    activation_bytes: _Bytes = Field(description="Of one token between two stages.")
    token_bytes: _Bytes = Field(
        description="Of one token from the entry to the first stage and from the last to the exit."
    )


class PlacementWorkloadRecord(Record):
    """What is served: a model, or the shape of one where machines are measured."""

    model: ModelChoice | None = Field(
        default=None, description="A catalog name, or { config = 'path/config.json' }."
    )
    shape: ShapeRecord | None = Field(
        default=None, description="In place of a model, with [measured]."
    )
    context_tokens: Annotated[Whole, Field(ge=0, le=10**9)] | None = Field(
        default=None,
        description="With a model: tokens in the KV cache of every sequence; 0 if left out.",
    )


class MachineRecord(Record):
    """A kind of host."""

    name: EntryName = Field(description="By which hosts and tables name it.")
    accelerator: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Catalog name; left out exactly where machines are measured."
    )
    devices: Annotated[Whole, Field(gt=0, le=4096)] | None = Field(
        default=None,
        description="Devices in one host; as many as share a scale-up network if left out, 1 where "
        "measured.",
    )
    hbm_gb: Annotated[Exact, Field(gt=0, le=100_000)] | None = Field(
        default=None, description="Measured machines: memory of one device, gigabytes (10^9)."
    )
    device_gb_per_s: DeviceBandwidth | None = Field(
        default=None,
        description="Bandwidth out of one device to the others of its host, gigabytes/s one way; "
        "the catalog's scale-up bandwidth if left out.",
    )
    device_latency_us: Annotated[Exact, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="Latency between two devices of a host, microseconds."
    )
    max_layers: _Layers | None = Field(
        default=None, description="Most layers one such host may hold; what fits if left out."
    )
    usd_per_hour: DeviceRent | None = Field(
        default=None, description="US$ per device and hour, exact; a host costs devices times it."
    )
    tier: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="In place of usd_per_hour: a tier of the price catalog; on-demand if both are "
        "left out and cost counts.",
    )
    as_of: SeenOn = Field(default="", description="When the price was seen: YYYY-MM.")
    source: str = Field(default="", description="Where the price comes from.")


class MeasuredRecord(Record):
    """Tables of what was measured of whole machines."""

    rates: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="CSV with columns machine, layers_held, tok_per_s; needed for throughput.",
    )
    layer_times: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="CSV with columns machine, microbatch, ms_per_layer; needed for speed.",
    )


class PlacementDesignRecord(Record):
    """The design space: every value each choice may take."""

    tensor_parallel: Integers | None = Field(
        default=None,
        description="Degrees within one host; those above its devices are passed over. Default "
        "1, 2, 4, 8.",
    )
    microbatch: Integers | None = Field(
        default=None,
        description="Sequences in a microbatch; default powers of 2 to 64. Measured: the ones "
        "that layer_times is read at.",
    )
    in_flight: Integers | None = Field(
        default=None,
        description="Microbatches in flight; default 1, 2, 4, and 1 for throughput alone.",
    )
    weight_bits: _Bits | None = Field(
        default=None, description="Width of the weights; the model's own if left out."
    )
    weight_format: Literal["bf16", "fp8", "fp8_block", "int8", "int4", "mxfp4", "nvfp4"] | None = (
        Field(
            default=None,
            description="calibrated: in place of weight_bits, a format that every machine runs; a "
            "width stands for the likeliest format of it on each machine.",
        )
    )
    kv_bits: _Bits | None = Field(
        default=None,
        description="Width of the KV cache, and in epoch2025 of activations (calibrated: 16 bits); "
        "the model's own if left out.",
    )
    replicas: Literal["one", "several"] = Field(
        default="one",
        description="One pipeline, or several on hosts of their own (speed against throughput).",
    )


class PlacementLimitsRecord(Record):
    """What every pipeline must meet."""

    min_speed_tok_per_s: Positive | None = Field(
        default=None, description="Tokens/s one user sees, at least."
    )
    max_cost_usd_per_mtok: Positive | None = Field(
        default=None, description="US$ per million tokens, at most."
    )
    max_usd_per_hour: Positive | None = Field(
        default=None, description="Price of all hosts in use an hour, at most."
    )
    max_hosts: Annotated[Whole, Field(gt=0, le=10**6)] | None = Field(
        default=None, description="Hosts in use, at most."
    )


class PlacementRulesRecord(Record):
    """How hand-overs and memory are counted."""

    hand_over: Literal["transfer", "latency"] = Field(
        default="transfer",
        description="Latency of the path and the bytes at its bottleneck, or the latency alone.",
    )
    hbm_reserve_fraction: Annotated[Exact, Field(ge=0, lt=1)] = Field(
        default=Fraction(0), description="Share of every device's HBM kept free."
    )


class PlacementPerformanceRecord(Record):
    """How the times of layers are computed where machines are not measured."""

    model: str = Field(
        default="calibrated", min_length=1, description="The performance model, by name."
    )
    flop_efficiency: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="epoch2025: share of the arithmetic peak reached; 1 if left out."
    )
    hbm_efficiency: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="epoch2025: share of the HBM bandwidth reached; 1 if left out."
    )


class PlacementFile(CatalogKeys):
    """One model over the unequal hosts of a network: the exact frontier over all pipelines."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this format.")
    kind: Literal["placement"] = Field(description="The kind of problem.")
    name: str = Field(min_length=1, pattern=r"^[\w.+-]+$", description="Short, for files and logs.")
    title: str = Field(default="", description="The question in a sentence.")
    expected_exit_status: Whole = Field(
        default=0, ge=0, le=4, description="What 'fleetfront solve' should end with."
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**31)] = Field(
        default=0, description="For searches that draw at random; the answer is the same."
    )
    trade_off: list[PlacementTradeOff] = Field(
        default=["speed", "cost"],
        description='["speed", "cost"] or ["speed", "throughput"] over pipelines that are chains; '
        '["throughput"]: the greatest flow of tokens through the whole cluster.',
    )
    workload: PlacementWorkloadRecord = Field(description="What is served.")
    machines: list[MachineRecord] = Field(default=[], description="Kinds of host.")
    measured: MeasuredRecord | None = Field(
        default=None, description="Tables in place of a performance model; needs workload.shape."
    )
    hosts: list[HostsRecord] = Field(default=[], description="Hosts of the network, inline.")
    switches: list[SwitchesRecord] = Field(default=[], description="Its switches, inline.")
    links: list[LinksRecord] = Field(default=[], description="Its links, inline.")
    topology: TopologyRecord = Field(
        default_factory=TopologyRecord, description="Where the network comes from, and its rules."
    )
    design: PlacementDesignRecord = Field(
        default_factory=PlacementDesignRecord, description="What a pipeline may choose."
    )
    limits: PlacementLimitsRecord = Field(
        default_factory=PlacementLimitsRecord, description="Limits; none if left out."
    )
    rules: PlacementRulesRecord = Field(
        default_factory=PlacementRulesRecord, description="How hand-overs and memory count."
    )
    performance: PlacementPerformanceRecord = Field(
        default_factory=PlacementPerformanceRecord, description="The performance model."
    )

    @field_validator("trade_off")
    @classmethod
    def _known(cls, value: list[PlacementTradeOff]) -> list[PlacementTradeOff]:
        if tuple(value) not in TRADE_OFFS:
            known = " or ".join(str(list(choice)).replace("'", '"') for choice in TRADE_OFFS)
            raise slip(f"{value} cannot be traded off", f"Write {known}")
        return value
