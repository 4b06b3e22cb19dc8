"""A deployment as data, between the engines that name its flags and the forms it is written in.

One ``Role`` is one kind of replica: the same command, started ``replicas`` times. Every argument
says which decision of the plan it carries, and that remark goes into every form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "Addresses",
    "Argument",
    "Deployment",
    "Environment",
    "OptionFile",
    "Phase",
    "ReplicaDesign",
    "Role",
    "Upstream",
]

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
        Tokens that the plan counts on for a request, prompt and output together: of the largest
        size it knows, and real ones vary around that; None where not stated.
    hbm_fraction
        Share of HBM that the plan lets the engine use: 1 - reserve.
    counts_engine
        ``hbm_used_fraction`` holds what the engine itself takes (context, graphs, activations),
        as the calibrated model counts it; otherwise it is weights and caches alone.
    is_measured
        The replica is a measured point: its engine ran with settings that nobody states.
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
    other_accelerators: tuple[str, ...] = ()
    """Of a placement over several kinds of device: those beside ``accelerator``."""
    layers_by_stage: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    """Of a placement: the host of each stage, in order."""
    region_or_rack: str = ""
    prefix_hit: str | None = None
    paired_with: tuple[str, ...] = ()
    """Of a prefill or decode replica: names of those it hands over to or takes over from."""
    draft_weight_bits: int | None = None
    visible_devices: tuple[int, ...] = ()
    """Of a placement within one machine: the number of each stage's device, in order."""
    hbm_used_fraction: str | None = None
    """Share of HBM that the plan fills; None where the result is silent."""
    counts_engine: bool = False
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One flag of a command with its value (empty for a switch), and the decision it carries.

    Parameters
    ----------
    is_file
        The value is the name of one of the role's option files; the form puts its path there.
    """

    flag: str
    value: str
    why: str
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Addresses:
    """Stands in an option file for the list of ``host:port`` of every replica of a role."""

    role: str


@dataclass(frozen=True, slots=True)
class OptionFile:
    """A YAML file that a command reads beside its flags, such as TensorRT-LLM's extra options.

    Parameters
    ----------
    name
        File name without a folder: ``options.yaml``.
    options
        Its tables; a leaf is text, a number, a boolean, a list or ``Addresses``.
    whys
        Dotted key of ``options`` to the decision it carries, as a comment above that key.
    """

    name: str
    options: Mapping[str, Any]
    whys: Mapping[str, str]


def _addressed(tree: Any) -> Iterator[str]:
    if isinstance(tree, Addresses):
        yield tree.role
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from _addressed(value)
    elif isinstance(tree, list | tuple):
        for entry in tree:
            yield from _addressed(entry)


@dataclass(frozen=True, slots=True)
class Upstream:
    """How a router is told of the replicas of a role: ``flag URL more...`` for each of them.

    Parameters
    ----------
    once
        The flag stands once, before all URLs; else it is repeated for each.
    more
        Values after each URL, such as a bootstrap port.
    """

    flag: str
    role: str
    why: str
    once: bool = False
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment variable, and the decision it carries.

    Parameters
    ----------
    is_address
        The value is where other servers reach this one; the form puts it there (``value`` is
        empty).
    """

    name: str
    value: str
    why: str
    is_address: bool = False


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
        Flags for replicas of several hosts; values may hold ``{rank}`` and ``{leader}``, the
        number of the host from 0 and the name or address of host 0.
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
    worker_arguments: tuple[Argument, ...] = ()
    """Flags that only the hosts of rank 1 and above carry, such as vLLM's ``--headless``."""
    files: tuple[OptionFile, ...] = ()
    upstreams: tuple[Upstream, ...] = ()
    """Of a router: the roles that it spreads requests over."""

    def asked_roles(self) -> tuple[str, ...]:
        """Roles whose addresses this one needs, in flags or in files, each once and in order."""
        names = [upstream.role for upstream in self.upstreams]
        for file in self.files:
            names += _addressed(file.options)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything needed to write a point's files.

    Parameters
    ----------
    result
        For the head of each file: the result's name, digest, the point's number and objectives.
    engine, engine_version, flags_source
        Which engine, the version the flags are of, and where the table of flags came from.
    routers
        What spreads the requests of one workload over its roles, where there are several or where
        prefill and decode are apart; none where one server is enough.
    notes
        What the files cannot carry and a person has to do: clocks, pairing, drivers.
    """

    title: str
    result: str
    engine: str
    engine_version: str
    flags_source: str
    roles: tuple[Role, ...]
    routers: tuple[Role, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def router_of(self, role: Role) -> Role | None:
        """The router that sends requests to ``role``; None where nothing stands before it."""
        return next((each for each in self.routers if role.name in each.asked_roles()), None)
