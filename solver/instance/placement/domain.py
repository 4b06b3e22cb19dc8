"""A placement question once read: machines, the network between them, what is served, in SI units.

Money is an exact fraction of a US dollar; rates and times measured by others are exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from solver.catalog.domain import Accelerator, Model
from solver.instance.domain import NamedQuestion, Performance
from solver.topology import Topology

__all__ = [
    "HandOverAccount",
    "LevelRounding",
    "MeasuredMachine",
    "PlacementDesign",
    "PlacementInstance",
    "PlacementLimits",
    "PlacementMachine",
    "PlacementRules",
    "PlacementTradeOff",
    "ServedShape",
]

PlacementTradeOff = Literal["speed", "cost", "throughput"]
HandOverAccount = Literal["transfer", "latency"]
"""What a hand-over takes: latency and the bytes at the bottleneck, or the latency alone."""


@dataclass(frozen=True, slots=True)
class ServedShape:
    """All that is asked of the model where machines are measured.

    Parameters
    ----------
    layers
        L, at least 1.
    activation_bytes
        Of one token between two stages.
    token_bytes
        Of one token from the entry to the first and from the last stage to the exit.
    """

    layers: int
    activation_bytes: int
    token_bytes: int


@dataclass(frozen=True, slots=True)
class MeasuredMachine:
    """What was measured of a whole machine.

    Parameters
    ----------
    tok_per_s
        Tokens/s that pass it when it holds 1, 2, ... layers; it cannot hold more. May be empty
        where throughput is not traded off.
    layer_time_s
        Sequences in a microbatch -> seconds a layer. May be empty where speed is not traded off.
    """

    tok_per_s: tuple[Fraction, ...] = ()
    layer_time_s: tuple[tuple[int, Fraction], ...] = ()


@dataclass(frozen=True, slots=True)
class PlacementMachine:
    """A kind of host; the hosts of the network name it in ``Host.accelerator``.

    Parameters
    ----------
    accelerator
        ``None`` exactly where ``measured`` is given: then no performance model is asked.
    max_layers
        Most layers one host of this kind may hold; ``None``: what fits.
    """

    name: str
    accelerator: Accelerator | None
    measured: MeasuredMachine | None = None
    max_layers: int | None = None


@dataclass(frozen=True, slots=True)
class PlacementDesign:
    """What a pipeline may choose; each tuple is sorted and without repeats.

    Parameters
    ----------
    tensor_parallel
        Degrees within one host; those above its devices are passed over.
    microbatch
        Sequences in a microbatch.
    in_flight
        Microbatches in flight; the batch is the product of the two.
    weight_bits, kv_bits
        Width of weights, and of activations and KV cache. Not read of measured machines.
    weight_format
        The format of the weights by name; ``None``: what ``weight_bits`` stands for on each
        machine. Of the calibrated model alone.
    replicas
        ``one`` pipeline, or ``several`` on hosts of their own (with ``throughput``).
    """

    tensor_parallel: tuple[int, ...] = (1,)
    microbatch: tuple[int, ...] = (1,)
    in_flight: tuple[int, ...] = (1,)
    weight_bits: int = 16
    kv_bits: int = 16
    replicas: Literal["one", "several"] = "one"
    weight_format: str | None = None


@dataclass(frozen=True, slots=True)
class PlacementLimits:
    """What a pipeline must meet; ``None`` is no limit."""

    min_speed_tok_per_s: Fraction | None = None
    max_cost_usd_per_mtok: Fraction | None = None
    max_usd_per_hour: Fraction | None = None
    max_hosts: int | None = None


@dataclass(frozen=True, slots=True)
class PlacementRules:
    """How hand-overs and memory are counted.

    Parameters
    ----------
    hand_over
        See ``HandOverAccount``.
    hbm_reserve_fraction
        Share of every device's HBM kept free.
    """

    hand_over: HandOverAccount = "transfer"
    hbm_reserve_fraction: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class LevelRounding:
    """Levels that link figures are rounded to, to make hosts alike; the answer is then a bracket.

    ``bytes_per_s`` and ``latency_ps`` are sorted; empty: figures of this kind are kept.
    """

    bytes_per_s: tuple[int, ...] = ()
    latency_ps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacementInstance(NamedQuestion):
    """One question: which hosts form the pipeline, in which order, with how many layers each?

    Parameters
    ----------
    trade_off
        ``("speed", "cost")`` and ``("speed", "throughput")`` over pipelines that are single chains;
        ``("throughput",)``: the greatest flow of tokens through hosts that each hold a range.
    model, shape
        One of them is given; ``shape`` exactly where all machines are measured.
    topology
        Every host names a machine and, where cost counts, its price.
    through_hosts
        Whether hosts forward for others.
    entry, exit
        Names of the gateways where tokens come in and go out; ``None``: at no cost.
    """

    trade_off: tuple[PlacementTradeOff, ...]
    model: Model | None
    shape: ServedShape | None
    context_tokens: int
    machines: tuple[PlacementMachine, ...]
    topology: Topology
    design: PlacementDesign
    through_hosts: bool = False
    entry: str | None = None
    exit: str | None = None
    limits: PlacementLimits = PlacementLimits()
    rules: PlacementRules = PlacementRules()
    rounding: LevelRounding | None = None
    performance: Performance = field(default_factory=Performance)
    seed: int = 0

    @property
    def kind(self) -> str:
        """The kind of problem."""
        return "placement"

    @property
    def layers(self) -> int:
        """Layers of the model."""
        if self.shape is not None:
            return self.shape.layers
        if self.model is None:
            raise ValueError(f"{self.name}: neither a model nor a shape")
        return self.model.layers

    @property
    def is_measured(self) -> bool:
        """Whether times and rates come from tables."""
        return self.shape is not None

    def machine(self, name: str) -> PlacementMachine:
        """The machine of this name; ``KeyError`` if there is none."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise KeyError(name)
