"""What a drawing of a placement needs of its result: nodes, links, who does what, what is carried.

Read from the document alone, as ``fleet_facts.py`` does: a result file is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solver.report.numbers import clean, short
from solver.report.placement_facts import chains_of, is_flow

__all__ = [
    "Carried",
    "Duty",
    "Network",
    "Node",
    "Wire",
    "carried_of",
    "duties_of",
    "layer_range",
    "network_of",
]

Design = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A host, switch or gateway; ``machine`` is empty where it is no host."""

    name: str
    kind: str
    machine: str = ""

    @property
    def is_host(self) -> bool:
        """Whether stages can run on it."""
        return self.kind == "host"


@dataclass(frozen=True, slots=True)
class Wire:
    """A link of the network, both ways."""

    name: str
    a: str
    b: str
    bytes_per_s: int
    latency_ps: int


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes and links by name, sorted."""

    nodes: Mapping[str, Node]
    wires: tuple[Wire, ...]

    def neighbours(self) -> dict[str, tuple[str, ...]]:
        """Names of each node's neighbours, sorted."""
        found: dict[str, set[str]] = {name: set() for name in self.nodes}
        for wire in self.wires:
            found[wire.a].add(wire.b)
            found[wire.b].add(wire.a)
        return {name: tuple(sorted(others)) for name, others in found.items()}


@dataclass(frozen=True, slots=True)
class Duty:
    """What a host does: its place in its pipeline (0 in a flow), layers and how it runs.

    Attributes
    ----------
    chain
        Which of several pipelines, from 0.
    first_layer, layers
        The range held.
    how
        ``TP 8``, or the rate of a flow.
    """

    chain: int
    place: int
    first_layer: int
    layers: int
    how: str

    @property
    def held(self) -> str:
        """``layers 21–40``, counted from 1."""
        return layer_range(self.first_layer, self.layers)


@dataclass(frozen=True, slots=True)
class Carried:
    """What one direction of a link carries.

    Attributes
    ----------
    chains
        Which pipelines use it, each once.
    uses
        Hand-overs across it.
    bytes_per_s
        Carried, not what it could.
    """

    name: str
    start: str
    end: str
    chains: tuple[int, ...]
    uses: int
    busy: float
    bytes_per_s: float


def layer_range(first: int, layers: int) -> str:
    """``layers 21–40`` for 20 layers from the one with index 20."""
    return f"layer {first + 1}" if layers == 1 else f"layers {first + 1}–{first + layers}"


def network_of(document: Mapping[str, Any]) -> Network:
    """The network of the question, from its node-link data."""
    data = document["instance"]["resolved"]["topology"]
    nodes = {
        str(entry["id"]): Node(
            str(entry["id"]), str(entry["kind"]), str(entry.get("accelerator", ""))
        )
        for entry in sorted(data["nodes"], key=lambda entry: str(entry["id"]))
    }
    edges = data["edges"] if "edges" in data else data["links"]
    wires = [
        Wire(
            str(entry.get("name") or "--".join(sorted((entry["source"], entry["target"])))),
            str(entry["source"]),
            str(entry["target"]),
            int(entry["bytes_per_s"]),
            int(entry["latency_ps"]),
        )
        for entry in edges
    ]
    return Network(nodes, tuple(sorted(wires, key=lambda wire: (wire.a, wire.b))))


def duties_of(design: Design) -> dict[str, Duty]:
    """What each used host does, by name."""
    found: dict[str, Duty] = {}
    flow = is_flow(design)
    for number, chain in enumerate(chains_of(design) or (design,)):
        for place, stage in enumerate(chain["stages"], start=1):
            degree = stage.get("tensor_parallel")
            told = f"TP {degree}" if degree else ""
            if flow:
                told = f"{short(float(stage['tok_per_s']), 3)} tok/s"
            found[str(stage["host"])] = Duty(
                number,
                0 if flow else place,
                int(stage["first_layer"]),
                int(stage["layers"]),
                clean(told, limit=30),
            )
    return found


def carried_of(design: Design) -> tuple[list[Carried], Carried | None]:
    """What every direction of a link in use carries, and the busiest of them."""
    found: dict[tuple[str, str], Carried] = {}
    names: set[str] = set()
    for number, chain in enumerate(chains_of(design) or (design,)):
        for entry in chain.get("links", ()):
            start, end = str(entry["from"]), str(entry["to"])
            busy = float(entry.get("busy_fraction") or 0.0)
            rate = busy * float(entry["bytes_per_s"])
            uses = max(len(entry.get("uses") or ()), 1)
            before = found.get((start, end))
            chains: tuple[int, ...] = (number,)
            if before is not None:
                # Two pipelines over one link: it is as busy as both make it.
                busy, rate = busy + before.busy, rate + before.bytes_per_s
                uses += before.uses
                chains = tuple(sorted({*before.chains, number}))
            found[start, end] = Carried(str(entry["name"]), start, end, chains, uses, busy, rate)
        if chain.get("busiest_link"):
            names.add(str(chain["busiest_link"]))
    carried = [found[key] for key in sorted(found)]
    # Of the links that pipelines name as their busiest, the one that all together keep most busy.
    rivals = [entry for entry in carried if entry.name in names]
    busiest = max(rivals, key=lambda entry: entry.busy, default=None)
    return carried, busiest
