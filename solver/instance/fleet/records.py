"""The door: a fleet file as pydantic sees it. Unknown keys are refused, decimals stay exact.

The field descriptions are what the JSON Schema shows in an editor.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from solver.instance.clocks import ClockChoice
from solver.instance.economics_records import EconomicsRecord
from solver.instance.energy_records import EnergyRecord
from solver.instance.fleet.machine_records import ContractKind, MachineEntry, RackRecord
from solver.instance.fleet.plausible import DeviceBandwidth, FleetKw, Share, Years
from solver.instance.fleet.workload_records import PeriodRecord, WorkloadEntry
from solver.instance.quality_records import QualityPenaltyRecord
from solver.instance.record_types import (
    CatalogKeys,
    EntryName,
    Exact,
    Flag,
    Integers,
    Names,
    Positive,
    Record,
    Whole,
)
from solver.instance.records import Formats, LayoutChoices, RulesRecord
from solver.instance.validation import slip

__all__ = ["FleetDesignRecord", "FleetFile", "FleetLimitsRecord", "ServiceRecord"]

_Count = Annotated[Whole, Field(gt=0, le=10**9)]
_TradeOff = Literal["speed", "cost", "power", "energy", "quality", "throughput"]


class FleetDesignRecord(LayoutChoices):
    """The design space: every value each choice may take, on every machine."""

    batch: Integers = Field(default=tuple(range(1, 257)), description="Sequences decoded together.")
    weight_format: Formats | None = Field(
        default=None,
        description="Formats of the weights, in place of weight_bits (calibrated).",
    )
    clock_mhz: ClockChoice | None = Field(
        default=None,
        description="Core clocks in MHz, or 'all': each machine takes those it has; needs "
        "[energy].",
    )
    phases: list[Literal["aggregated", "disaggregated"]] = Field(
        default=["aggregated"],
        min_length=1,
        description="Whole requests on one replica, prefill and decode apart, or both.",
    )


class TransferRecord(Record):
    """How KV caches travel from prefill to decode."""

    gb_per_s: DeviceBandwidth | None = Field(
        default=None,
        description="Gigabytes/s of one device that hands over; the accelerator's scale-out if "
        "left out.",
    )


class FleetLimitsRecord(Record):
    """What the whole fleet must meet."""

    max_usd_per_hour: Positive | None = Field(default=None, description="Budget, US$ per hour.")
    max_kw: FleetKw | None = Field(default=None, description="Power of all devices in use.")
    max_devices: _Count | None = Field(default=None, description="Devices, at most.")
    max_layouts: _Count | None = Field(
        default=None, description="Different pairs of workload and layout in use, at most."
    )
    max_spot_fraction: Share | None = Field(
        default=None, description="Share of the devices that may be spot."
    )
    max_j_per_token: Positive | None = Field(
        default=None,
        description="Joules of devices and hosts for one output token, mean over the day, at most; "
        "needs [energy].",
    )
    max_kg_co2_per_day: Positive | None = Field(
        default=None,
        description="Kilograms of CO2 a day, site included, at most; needs energy.g_co2_per_kwh.",
    )


class ServiceRecord(Record):
    """Headroom."""

    wait_percentile: Share | None = Field(
        default=None, description="Share of the requests that start within max_wait_s."
    )
    max_wait_s: Annotated[Exact, Field(ge=0, le=86400)] | None = Field(
        default=None, description="Seconds a request may wait before it starts."
    )
    max_pool: Annotated[Whole, Field(gt=0, le=10_000)] = Field(
        default=16, description="Most replicas behind one queue."
    )
    spare_replicas: Annotated[Whole, Field(ge=0, le=1000)] = Field(
        default=0, description="Replicas of each pool that may fail without a limit being missed."
    )
    survive_rack_loss: Flag = Field(
        default=False, description="Demand is met with any one rack gone."
    )

    @field_validator("wait_percentile")
    @classmethod
    def _below_certainty(cls, value: Fraction | None) -> Fraction | None:
        if value is not None and not 0 < value < 1:
            raise slip(
                f"no finite fleet promises a share of exactly {value}", "Write for example 0.95"
            )
        return value

    @model_validator(mode="after")
    def _sense(self) -> ServiceRecord:
        if (self.wait_percentile is None) != (self.max_wait_s is None):
            raise slip(
                "wait_percentile and max_wait_s come together", "Give both, or leave out both"
            )
        if self.spare_replicas >= self.max_pool:
            raise slip(
                f"{self.spare_replicas} spare replicas leave none at work in a pool of "
                f"{self.max_pool}",
                "Ask for fewer spare_replicas, or a larger max_pool",
            )
        return self


class CurrentReplicasRecord(Record):
    """Replicas that run today."""

    workload: str = Field(min_length=1, description="Name of a workload.")
    machine: str = Field(default="", description="Name of a machine.")
    layout: str = Field(min_length=1, description="As results name it.")
    count: Annotated[Whole, Field(ge=0, le=10**9)] = Field(description="How many run.")


class CurrentRecord(Record):
    """Today's fleet."""

    replicas: list[CurrentReplicasRecord] = Field(description="What runs today.")
    max_changes: Annotated[Whole, Field(ge=0, le=10**9)] | None = Field(
        default=None, description="Most replicas that may be started or stopped."
    )


class PreferenceRecord(Record):
    """A wish whose price is asked for."""

    name: EntryName = Field(description="Short, for tables.")
    machines: Names | None = Field(default=None, description="Only these machines.")
    no_contract: list[ContractKind] = Field(default=[], description="No contract of these kinds.")
    max_machine_types: _Count | None = Field(default=None, description="Most machine types.")
    max_layouts: _Count | None = Field(default=None, description="Most layouts.")

    @model_validator(mode="after")
    def _something(self) -> PreferenceRecord:
        wishes = (self.machines, self.max_machine_types, self.max_layouts)
        if not self.no_contract and all(wish is None for wish in wishes):
            raise slip(
                "the preference wishes for nothing",
                "Give machines, no_contract, max_machine_types or max_layouts",
            )
        return self


class AnswersRecord(Record):
    """What to answer besides the frontier."""

    limits: Flag = Field(default=False, description="What one more unit of each limit is worth.")
    break_even: Flag = Field(
        default=False, description="For each machine, the price at which the plan would change."
    )
    preferences: list[PreferenceRecord] = Field(
        default=[], description="What each of these wishes would cost."
    )


class FleetPerformanceRecord(Record):
    """How times and rates of designs are computed."""

    model: str = Field(
        default="calibrated", min_length=1, description="The performance model, by name."
    )
    flop_efficiency: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="epoch2025: share of the arithmetic peak reached; 1 if left out."
    )
    hbm_efficiency: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="epoch2025: share of the HBM bandwidth reached; 1 if left out."
    )


class FleetFile(CatalogKeys):
    """A fleet for several workloads: the exact frontier of speed against cost."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this format.")
    kind: Literal["fleet"] = Field(description="The kind of problem.")
    name: str = Field(min_length=1, pattern=r"^[\w.+-]+$", description="Short, for files and logs.")
    title: str = Field(default="", description="The question in a sentence.")
    expected_exit_status: Whole = Field(
        default=0, ge=0, le=4, description="What 'fleetfront solve' should end with."
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**31)] = Field(
        default=0, description="For searches that draw at random; the answer is the same."
    )
    trade_off: list[_TradeOff] = Field(
        default=["speed", "cost"],
        description="Two or three of these, or throughput alone.",
    )
    cost_in: Literal["usd_per_hour", "usd_per_mtok", "usd"] = Field(
        default="usd_per_hour", description="What cost is counted in; usd needs horizon_years."
    )
    horizon_years: Years | None = Field(
        default=None, description="With cost_in = 'usd': years of 8760 hours."
    )
    periods: list[PeriodRecord] = Field(default=[], description="Parts of the day.")
    workloads: list[WorkloadEntry] = Field(min_length=1, description="What is served.")
    machines: list[MachineEntry] = Field(default=[], description="What is on offer.")
    design: FleetDesignRecord | None = Field(
        default=None, description="Layouts on offer for workloads without measured points."
    )
    transfer: TransferRecord = Field(
        default_factory=TransferRecord, description="From prefill to decode."
    )
    limits: FleetLimitsRecord = Field(
        default_factory=FleetLimitsRecord,
        description="Limits on the whole fleet; none if left out.",
    )
    racks: list[RackRecord] = Field(default=[], description="Where machines stand.")
    service: ServiceRecord = Field(
        default_factory=ServiceRecord, description="Waiting times, spares, racks lost."
    )
    current: CurrentRecord | None = Field(
        default=None, description="What runs now, to change little of it."
    )
    answers: AnswersRecord = Field(
        default_factory=AnswersRecord, description="Answers besides the frontier."
    )
    rules: RulesRecord = Field(
        default_factory=RulesRecord, description="Deployability of layouts; all rules are on."
    )
    performance: FleetPerformanceRecord = Field(
        default_factory=FleetPerformanceRecord, description="The performance model."
    )
    energy: EnergyRecord | None = Field(
        default=None,
        description="What electricity costs and emits; devices then draw power by what they do.",
    )
    penalties: list[QualityPenaltyRecord] = Field(
        default=[], description="What precisions take off the scores of models."
    )
    economics: EconomicsRecord | None = Field(
        default=None, description="What 'fleetfront economics' compares with."
    )

    @field_validator("trade_off")
    @classmethod
    def _two_or_three(cls, value: list[_TradeOff]) -> list[_TradeOff]:
        if len(set(value)) != len(value):
            raise slip(f"{value} names one thing twice", "Name each once")
        if {"power", "energy"} <= set(value):
            raise slip(
                "with demand given, energy per token is power in another unit",
                "Keep power or energy",
            )
        if {"throughput", "energy"} <= set(value):
            raise slip(
                "energy per token is divided by the throughput that is traded off",
                "Trade off power in place of energy",
            )
        if value != ["throughput"] and len(value) not in (2, 3):
            raise slip(
                f"{value} is neither two or three things nor throughput alone",
                'Write for example ["speed", "cost"] or ["throughput"]',
            )
        return value
