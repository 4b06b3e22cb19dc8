"""The published clusters read straight from the reference data, apart from any question file."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from formulations.placement.chain_tables import ChainTables, throughput_tables
from formulations.placement.problem import PlacementProblem

FOLDER = Path(__file__).resolve().parents[2] / "../shared/data/placement/helix"
MODEL = {"quality10_l30b": "llama1_30b", "single24_l70b": "llama2_70b"}
"""Case -> the model whose times per layer apply."""
PS_PER_MS, MICRO = 10**9, 10**6


def _rows(file: str) -> list[dict[str, str]]:
    with (FOLDER / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _facts(case: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((FOLDER / "instances.json").read_text(encoding="utf-8"))
    mine: dict[str, Any] = facts[case]
    return mine


def _of(file: str, case: str) -> list[dict[str, str]]:
    return [row for row in _rows(file) if row["instance"] == case]


def read_cluster(name: str) -> PlacementProblem:
    """The problem in micro-tokens per second, names of machines as ``type-number``."""
    facts = _facts(name)
    nodes = _of("nodes.csv", name)
    table: dict[tuple[str, int], int] = {
        (row["gpu_type"], int(row["layers_held"])): int(Decimal(row["tokens_per_s"]) * MICRO)
        for row in _of("node_throughput.csv", name)
    }
    place = {row["node"]: i for i, row in enumerate(nodes)}
    n = len(nodes)
    source, sink = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    links = np.zeros((n, n), dtype=np.int64)
    for row in _of("links.csv", name):
        outside = row["a"] == "source" or row["b"] == "sink"
        size = facts["token_bytes" if outside else "activation_bytes"]
        capacity = int(Fraction(row["bandwidth_MB_per_s"]) * 10**6 * MICRO / size)
        if row["a"] == "source":
            source[place[row["b"]]] = capacity
        elif row["b"] == "sink":
            sink[place[row["a"]]] = capacity
        else:
            a, b = place[row["a"]], place[row["b"]]
            links[a, b] = links[b, a] = capacity
    return PlacementProblem(
        name=name,
        layers=facts["layers"],
        count=np.ones(n, dtype=np.int64),
        rates=tuple(
            np.array(
                [table[row["gpu_type"], k] for k in range(1, int(row["max_layers"]) + 1)],
                dtype=np.int64,
            )
            for row in nodes
        ),
        source=source,
        sink=sink,
        links=links,
        names=tuple(f"{row['gpu_type']}-{row['node']}" for row in nodes),
    )


def read_tables(case: str, batch: int) -> tuple[tuple[str, ...], ChainTables]:
    """Types of machines, and the case with one orbit a type; in ps and micro-tokens/s."""
    facts = _facts(case)
    machines = [row for row in _rows("nodes.csv") if row["instance"] == case]
    kind = {row["node"]: row["gpu_type"] for row in machines}
    kinds = tuple(sorted(set(kind.values())))
    held = {row["gpu_type"]: int(row["max_layers"]) for row in machines}
    rate = np.zeros((len(kinds), max(held.values()) + 1), dtype=np.int64)
    for row in _rows("node_throughput.csv"):
        if row["instance"] == case and int(row["layers_held"]) <= held[row["gpu_type"]]:
            place = kinds.index(row["gpu_type"]), int(row["layers_held"])
            rate[place] = int(Decimal(row["tokens_per_s"]) * MICRO)
    layer_ms = _layer_times(MODEL[case], kinds, batch)
    link_time, link_rate = _links(case, facts, kind, kinds)
    count = Counter(kind.values())
    return kinds, throughput_tables(
        case,
        layers=facts["layers"],
        count=np.array([count[name] for name in kinds]),
        layer_time=np.array([int(ms * PS_PER_MS) for ms in layer_ms]),
        most_layers=np.array([held[name] for name in kinds]),
        rate=rate,
        link_time=link_time,
        link_rate=link_rate,
    )


def _layer_times(model: str, kinds: Sequence[str], batch: int) -> list[Decimal]:
    """Milliseconds a layer of one decode step, by type of machine."""
    times: dict[str, dict[int, Decimal]] = {name: {} for name in kinds}
    for row in _rows("layer_time_ms.csv"):
        if (row["model"], row["phase"]) == (model, "decode"):
            for name in kinds:
                if name.lower() == row["machine"]:
                    times[name][int(row["batch_tokens"])] = Decimal(row["ms_per_layer"])
    for name, known in times.items():
        if batch not in known:
            raise ValueError(
                f"layer_time_ms.csv has no decode time of {name} at batch {batch}; "
                f"it has {', '.join(map(str, sorted(known)))}"
            )
    return [times[name][batch] for name in kinds]


def _links(
    case: str, facts: dict[str, Any], kind: dict[str, str], kinds: tuple[str, ...]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Latency and capacity by orbit; the last row is the source, the last column the sink."""
    ends = len(kinds)
    found: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for row in _rows("links.csv"):
        if row["instance"] != case:
            continue
        a, b = (
            ends if node in ("source", "sink") else kinds.index(kind[node])
            for node in (row["a"], row["b"])
        )
        token = facts["token_bytes" if ends in (a, b) else "activation_bytes"]
        tokens = Decimal(row["bandwidth_MB_per_s"]) * 10**6 * MICRO // token
        link = int(Decimal(row["latency_ms"]) * PS_PER_MS), int(tokens)
        for hop in ((a, b), (b, a)):
            found.setdefault(hop, set()).add(link)
    link_time, link_rate = np.zeros((2, ends + 1, ends + 1), dtype=np.int64)
    for hop, links in found.items():
        if len(links) > 1:
            raise ValueError(f"{case}: machines of one type differ in their links")
        link_time[hop], link_rate[hop] = next(iter(links))
    return link_time, link_rate
