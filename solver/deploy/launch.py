"""A deployment as data, between the engines that name its flags and the forms it is written in.

One ``Role`` is one kind of replica: the same command, started ``replicas`` times. Every argument
says which decision of the plan it carries, and that remark goes into every form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Argument", "Deployment", "Environment", "Phase", "ReplicaDesign", "Role"]

Phase = Literal["aggregated", "prefill", "decode"]


@dataclass(frozen=True, slots=True)
class ReplicaDesign:
    """What one replica of a point is, read from a result, whatever the kind of question.

    Parameters
    ----------
    name
        Unique among the replicas of the point; letters, digits and hyphens only.
    model
        The catalog's name of the model.
    count
        Replicas of this design; ``node_devices`` devices are had together (None: not stated).
    max_sequences
        Sequences that one replica decodes together (the batch), over all its attention groups;
        None for a prefill replica.
    context_tokens
        The longest request in tokens, prompt and output together; None where not stated.
    hbm_fraction
        Share of HBM that the plan lets the engine use: 1 - reserve.
    layers_by_stage
        Of a pipeline with unequal stages; empty where they are equal.
    """

    name: str
    model: str
    workload: str
    phase: Phase
    count: int
    machine: str
    accelerator: str
    devices: int
    node_devices: int | None
    tensor_parallel: int
    tensor_parallel_2d: int
    pipeline_parallel: int
    expert_parallel: int
    attention_data_parallel: int
    weight_bits: int | None
    weight_format: str | None
    kv_bits: int | None
    max_sequences: int | None
    microbatches: int
    context_tokens: int | None
    hbm_fraction: str
    draft_model: str | None = None
    draft_tokens: int = 0
    clock_mhz: int | None = None
    layers_by_stage: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    """Of a placement: the host of each stage, in order."""
    region_or_rack: str = ""
    prefix_hit: str | None = None
    paired_with: tuple[str, ...] = ()
    """Of a prefill or decode replica: names of those it hands over to or takes over from."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One flag of a command with its value (empty for a switch), and the decision it carries."""

    flag: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment variable, and the decision it carries."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Role:
    """One kind of server: how it is started, how often, on what.

    Parameters
    ----------
    command
        The program and its subcommand, without flags: ``("vllm", "serve")``.
    positional
        What follows the subcommand before the flags, such as the model; checked by the engine.
    nodes
        Hosts that one replica spans; above 1 every host runs the command with its rank.
    node_arguments
        Flags for replicas of several hosts; values may hold ``{rank}`` and ``{leader}``.
    """

    name: str
    design: ReplicaDesign
    phase: Phase
    replicas: int
    command: tuple[str, ...]
    positional: tuple[Argument, ...]
    arguments: tuple[Argument, ...]
    environment: tuple[Environment, ...]
    image: str
    port: int
    health_path: str
    nodes: int = 1
    devices_per_node: int = 1
    node_arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything needed to write a point's files.

    Parameters
    ----------
    result
        For the head of each file: the result's name, digest, the point's number and objectives.
    engine, engine_version, flags_source
        Which engine, the version the flags are of, and where the table of flags came from.
    router
        What spreads requests over the roles where there are several or where prefill and decode
        are apart; None where one server is enough.
    notes
        What the files cannot carry and a person has to do: clocks, pairing, drivers.
    """

    title: str
    result: str
    engine: str
    engine_version: str
    flags_source: str
    roles: tuple[Role, ...]
    router: Role | None = None
    notes: tuple[str, ...] = field(default=())
