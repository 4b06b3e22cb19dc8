"""A fleet question once read: every choice spelled out, every fact attached, in SI units.

Money is an exact fraction of a US dollar, rates and shares are exact fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from solver.catalog.domain import Accelerator, Model
from solver.instance.domain import DesignSpace, NamedQuestion, Performance, Rules
from solver.instance.economics import EconomicsTerms
from solver.instance.energy import EnergyTerms
from solver.instance.ownership import Ownership
from solver.instance.quality import QualityPenalty
from solver.instance.services.shape import ServiceShape

__all__ = [
    "WRITTEN_WHERE_STATED",
    "Answers",
    "BatchJob",
    "Contract",
    "CostUnit",
    "CurrentFleet",
    "CurrentReplicas",
    "DraftOffer",
    "FleetInstance",
    "FleetLimits",
    "MachineOffer",
    "MeasuredPoint",
    "Ownership",
    "Period",
    "Phase",
    "Preference",
    "RackOrbit",
    "RequestSize",
    "Service",
    "Transfer",
    "Workload",
    "WorkloadModel",
]

Phase = Literal["aggregated", "prefill", "decode"]
"""What a replica does: whole requests, their prompts alone, or their output tokens alone."""

CostUnit = Literal["usd_per_hour", "usd_per_mtok", "usd"]
WRITTEN_WHERE_STATED = {"written": "where stated"}
"""Metadata of a field that plain JSON leaves out at its default: results written before the field
existed read as they did."""

ContractKind = Literal["on_demand", "reserved", "spot", "owned"]
TradeOff = Literal["speed", "cost", "power", "energy", "quality", "throughput"]


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the day: ``hours`` of every day, 24 together."""

    name: str
    hours: Fraction


@dataclass(frozen=True, slots=True)
class RequestSize:
    """One class of requests; ``share`` of the requests of its workload, together 1."""

    input_tokens: int
    output_tokens: int
    share: Fraction
    prefix_hit: Fraction | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    """Share of its prompt whose KV cache is there already; ``None``: that of its workload."""

    @property
    def name(self) -> str:
        """For tables: ``1000 in, 300 out``."""
        return f"{self.input_tokens} in, {self.output_tokens} out"


@dataclass(frozen=True, slots=True)
class WorkloadModel:
    """A model that may serve a workload.

    ``model`` is ``None`` where all its options are measured points, told apart by ``name``.
    ``quality`` is a score, the more the better; ``None`` where no quality is stated.
    """

    name: str
    model: Model | None
    quality: Fraction | None = None
    quality_source: str = field(default="", metadata=WRITTEN_WHERE_STATED)


@dataclass(frozen=True, slots=True)
class BatchJob:
    """Work that may wait: it arrives at the start of a period and is done by a deadline.

    Parameters
    ----------
    requests_per_day
        That arrive together, every day.
    arrives
        Name of the period at whose start they arrive.
    deadline_hours
        Hours from then; periods that end later than this do not count. At most 24.
    """

    requests_per_day: Fraction
    arrives: str
    deadline_hours: Fraction

    def periods_of_work(self, periods: Sequence[Period]) -> tuple[int, ...]:
        """Numbers of the periods that begin and end between arrival and deadline, in their order.

        The day repeats, so after the last period comes the first; empty where not even the first
        is over in time.

        Raises
        ------
        ValueError
            If no period has the name ``arrives``.
        """
        first = [period.name for period in periods].index(self.arrives)
        found: list[int] = []
        hours = Fraction(0)
        for step in range(len(periods)):
            number = (first + step) % len(periods)
            hours += periods[number].hours
            if hours > self.deadline_hours:
                break
            found.append(number)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class DraftOffer:
    """Speculative decoding for one workload, whose requests decide how often a draft is right.

    Parameters
    ----------
    model
        The draft; ``None``: the prediction layer of whichever model serves (then ``weight_bits``
        says nothing and there is one stage).
    acceptance
        Chance that one drafted token is accepted, each independently, from 0 to below 1.
    tokens
        Draft lengths on offer; 0: no draft.
    weight_bits
        The draft's own.
    pipeline_parallel
        Stages of the draft.
    """

    model: Model | None
    acceptance: Fraction
    tokens: tuple[int, ...]
    weight_bits: int
    pipeline_parallel: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """One row of a table of measured operating points.

    Parameters
    ----------
    workload, machine
        Names; empty: any workload, a machine without a name of its own.
    devices
        Devices of one replica.
    requests_per_s
        What one replica carries of requests of the workload's mean size, or of ``size`` alone.
    tpot_s, ttft_s
        ``None`` where not measured: then no limit on them can be met, unless the file says that
        all its points meet them.
    watts, usd_per_hour
        Of the whole replica; ``None``: from the machine.
    size
        (input, output) tokens of the class it was measured on; ``None``: the workload as a whole.
    where
        File and line, for messages.
    """

    workload: str
    model: str
    machine: str
    layout: str
    phase: Phase
    devices: int
    requests_per_s: Fraction
    tpot_s: Fraction | None
    ttft_s: Fraction | None
    watts: Fraction | None
    usd_per_hour: Fraction | None
    size: tuple[int, int] | None
    where: str


@dataclass(frozen=True, slots=True)
class Workload:
    """A stream of requests to one service.

    Parameters
    ----------
    sizes
        At least one; shares together 1.
    requests_per_s
        Demand at the busiest period, before ``by_period``; with ``throughput`` traded off only the
        proportions between workloads count.
    by_period
        Factor of each period of the instance.
    min_speed_tok_per_s, max_ttft_s
        Limits every replica that serves it must meet.
    target_speed_tok_per_s
        Its own target: speed counts as a share of it. ``None``: plain tokens/s.
    points
        Measured operating points; where there are any, no design of ours is offered for it.
    points_meet_limits
        The file vouches that its points meet both limits, although it does not show them.
    prefix_hit
        Share of a prompt whose KV cache is there already, from 0 to below 1.
    batch
        Work with a deadline in place of a rate: ``requests_per_s`` is then its mean over the day,
        which no period asks for.
    draft
        Speculative decoding, where it is on offer.
    service
        What ``sizes`` and ``requests_per_s`` were made of, as it was stated; ``max_ttft_s`` is then
        what its retrieval leaves. ``None``: stated as requests.
    """

    name: str
    models: tuple[WorkloadModel, ...]
    sizes: tuple[RequestSize, ...]
    requests_per_s: Fraction
    by_period: tuple[Fraction, ...]
    min_speed_tok_per_s: Fraction | None = None
    max_ttft_s: Fraction | None = None
    target_speed_tok_per_s: Fraction | None = None
    points: tuple[MeasuredPoint, ...] = ()
    points_meet_limits: bool = False
    prefix_hit: Fraction = field(default=Fraction(0), metadata=WRITTEN_WHERE_STATED)
    batch: BatchJob | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    draft: DraftOffer | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    service: ServiceShape | None = field(default=None, metadata=WRITTEN_WHERE_STATED)

    @property
    def output_tokens(self) -> Fraction:
        """Mean output tokens of a request."""
        return sum((size.share * size.output_tokens for size in self.sizes), Fraction(0))

    @property
    def input_tokens(self) -> Fraction:
        """Mean input tokens of a request."""
        return sum((size.share * size.input_tokens for size in self.sizes), Fraction(0))


@dataclass(frozen=True, slots=True)
class Contract:
    """One way to get a machine.

    Parameters
    ----------
    usd_per_hour
        Of one device; ``None`` exactly where it is owned.
    committed
        Paid in every period, used or not (reserved and owned); else by the period.
    stock_devices
        Most devices under this contract; ``None`` is no limit.
    """

    name: str
    kind: ContractKind
    usd_per_hour: Fraction | None
    committed: bool
    stock_devices: int | None = None
    ownership: Ownership | None = None
    source: str = ""
    at_grid_price: bool = field(default=False, metadata=WRITTEN_WHERE_STATED)
    """Owned: energy is paid at the grid price of the hour; ``ownership`` holds its mean."""


@dataclass(frozen=True, slots=True)
class MachineOffer:
    """A kind of machine on offer.

    Parameters
    ----------
    accelerator
        ``None`` where only measured points run on it.
    node_devices
        Devices that are bought or rented together.
    watts_per_device
        Of a device in use, its share of the host included; ``None`` where unknown.
    contracts
        Empty only where nothing asks for its price.
    """

    name: str
    accelerator: Accelerator | None
    node_devices: int
    watts_per_device: Fraction | None
    contracts: tuple[Contract, ...]
    stock_devices: int | None = None
    clocks_mhz: tuple[int, ...] = field(default=(), metadata=WRITTEN_WHERE_STATED)
    """Clocks that its replicas may be set to; empty: left alone."""
    modelled_watts: bool = field(default=False, metadata=WRITTEN_WHERE_STATED)
    """Designs draw what the power model says; ``watts_per_device`` is that of measured points."""


@dataclass(frozen=True, slots=True)
class RackOrbit:
    """Identical racks. ``None`` is no limit; ``machines`` empty admits all."""

    name: str
    count: int
    slots: int | None = None
    """Nodes (devices, where machines are had by the device)."""
    watts: Fraction | None = None
    uplink_bytes_per_s: Fraction | None = None
    machines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetLimits:
    """What the whole fleet must meet; ``None`` is no limit."""

    max_usd_per_hour: Fraction | None = None
    max_watts: Fraction | None = None
    max_devices: int | None = None
    max_layouts: int | None = None
    """Most different (workload, layout) pairs in use: what an operator can look after."""
    max_spot_fraction: Fraction | None = None
    max_j_per_token: Fraction | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    """Mean over the day, for one output token; devices and hosts."""
    max_kg_co2_per_day: Fraction | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    """Site included."""


@dataclass(frozen=True, slots=True)
class Service:
    """Headroom.

    Parameters
    ----------
    wait_percentile, max_wait_s
        A share ``wait_percentile`` of requests starts within ``max_wait_s``; ``None``: replicas
        may be loaded fully.
    max_pool
        Most replicas behind one queue; larger fleets are several pools.
    spare_replicas
        Replicas of each pool that may fail without a limit being missed.
    survive_rack_loss
        Demand is met with any one rack gone.
    """

    wait_percentile: Fraction | None = None
    max_wait_s: Fraction | None = None
    max_pool: int = 16
    spare_replicas: int = 0
    survive_rack_loss: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Prefill and decode apart: how KV caches travel between the pools.

    ``bytes_per_s`` of one prefill device; ``None``: the accelerator's scale-out bandwidth.
    """

    bytes_per_s: Fraction | None = None


@dataclass(frozen=True, slots=True)
class CurrentReplicas:
    """Replicas that run today; named as results name them."""

    workload: str
    machine: str
    layout: str
    count: int


@dataclass(frozen=True, slots=True)
class CurrentFleet:
    """Today's fleet, and the most replicas that may be started or stopped (``None``: any)."""

    replicas: tuple[CurrentReplicas, ...]
    max_changes: int | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """A wish whose price is asked for.

    ``machines`` (only these), ``no_contract`` (none of this kind), ``max_machine_types``,
    ``max_layouts``: whichever are given hold together.
    """

    name: str
    machines: tuple[str, ...] = ()
    no_contract: tuple[ContractKind, ...] = ()
    max_machine_types: int | None = None
    max_layouts: int | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What a buyer wants to know besides the frontier; each costs further solves."""

    limits: bool = False
    """What one more unit of every limit is worth."""
    break_even: bool = False
    """The price at which the plan would change, for every machine on offer."""
    preferences: tuple[Preference, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetInstance(NamedQuestion):
    """One question: which replicas on which machines meet all demand, and at what price?"""

    trade_off: tuple[TradeOff, ...]
    """Two or three, or ``("throughput",)`` alone."""
    cost_unit: CostUnit
    horizon_hours: Fraction | None
    """With ``cost_unit == "usd"``."""
    periods: tuple[Period, ...]
    workloads: tuple[Workload, ...]
    machines: tuple[MachineOffer, ...]
    design: DesignSpace | None
    """Layouts and batches offered for workloads without measured points; no weight or KV widths
    stated: each model's own."""
    phases: tuple[Phase, ...] = ("aggregated",)
    transfer: Transfer = Transfer()
    limits: FleetLimits = FleetLimits()
    racks: tuple[RackOrbit, ...] = ()
    service: Service = Service()
    current: CurrentFleet | None = None
    answers: Answers = Answers()
    rules: Rules = field(default_factory=Rules)
    performance: Performance = field(default_factory=Performance)
    seed: int = 0
    weight_formats: tuple[str, ...] = field(default=(), metadata=WRITTEN_WHERE_STATED)
    """Formats of the weights on offer, by name, in place of ``design.weight_bits``."""
    energy: EnergyTerms | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    """``None``: devices draw ``watts_per_device`` whatever they do, and carbon is not told."""
    penalties: tuple[QualityPenalty, ...] = field(default=(), metadata=WRITTEN_WHERE_STATED)
    """What precisions take off the scores of models."""
    economics: EconomicsTerms | None = field(default=None, metadata=WRITTEN_WHERE_STATED)
    """What ``fleetfront economics`` compares with; ``None``: its defaults."""

    @property
    def kind(self) -> str:
        """The kind of problem."""
        return "fleet"
