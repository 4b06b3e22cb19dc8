"""Latency against throughput of single chains on published clusters: the complete frontier.

Run from the checkout:

    python scripts/measure_chains.py [FOLDER] [--only NAME] [--batch TOKENS] [--json FILE]

FOLDER is as for ``measure_placement.py``, with ``layer_time_ms.csv`` besides. The latency of a
token is the sum over the chain of layers held x ms per layer at the batch, and of the latencies of
links, source and sink included; the rate is that of the slowest machine or link. Machines of one
type are one orbit, so all their links must be equal.

The greatest rate here is that of one chain; several chains side by side may carry more
(``measure_placement.py``). Every chain shown was evaluated again in integers.

Exit status: 0, 1 if a chain does not hold, 2 for bad input.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from formulations.placement.chain_frontier import RatedChain, throughput_frontier
from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_tables import ChainTables, throughput_tables

FOLDER = Path(__file__).resolve().parents[1] / "../shared/data/placement/helix"
CASES = {"quality10_l30b": "llama1_30b", "single24_l70b": "llama2_70b"}
"""Case -> the model whose times per layer apply."""
BATCH = 30
PS_PER_MS, MICRO = 10**9, 10**6


def _rows(folder: Path, file: str) -> list[dict[str, str]]:
    with (folder / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def read_tables(folder: Path, case: str, batch: int) -> tuple[tuple[str, ...], ChainTables]:
    """Types of machines, and the case with one orbit a type; ps and micro-tokens/s, rounded down.

    Raises
    ------
    OSError, KeyError, ValueError, InvalidOperation
        If a file is missing or does not say what it should, machines of one type differ in their
        links, or a machine has no time at this batch.
    """
    facts = json.loads((folder / "instances.json").read_text(encoding="utf-8"))[case]
    machines = [row for row in _rows(folder, "nodes.csv") if row["instance"] == case]
    kind = {row["node"]: row["gpu_type"] for row in machines}
    kinds = tuple(sorted(set(kind.values())))
    held = {row["gpu_type"]: int(row["max_layers"]) for row in machines}
    rate = np.zeros((len(kinds), max(held.values()) + 1), dtype=np.int64)
    for row in _rows(folder, "node_throughput.csv"):
        if row["instance"] == case and int(row["layers_held"]) <= held[row["gpu_type"]]:
            place = kinds.index(row["gpu_type"]), int(row["layers_held"])
            rate[place] = int(Decimal(row["tokens_per_s"]) * MICRO)
    layer_ms = _layer_times(folder, CASES[case], kinds, batch)
    link_time, link_rate = _links(folder, case, facts, kind, kinds)
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


def _layer_times(folder: Path, model: str, kinds: Sequence[str], batch: int) -> list[Decimal]:
    """Milliseconds a layer of one decode step, by type of machine."""
    times: dict[str, dict[int, Decimal]] = {name: {} for name in kinds}
    for row in _rows(folder, "layer_time_ms.csv"):
        if (row["model"], row["phase"]) == (model, "decode"):
            for name in kinds:
                if name.lower() == row["machine"]:
                    times[name][int(row["batch_tokens"])] = Decimal(row["ms_per_layer"])
    for name, known in times.items():
        if batch not in known:
            raise ValueError(
                f"layer_time_ms.csv has no decode time of {name} at --batch {batch}; "
                f"it has {', '.join(map(str, sorted(known)))}"
            )
    return [times[name][batch] for name in kinds]


def _links(
    folder: Path, case: str, facts: dict[str, Any], kind: dict[str, str], kinds: tuple[str, ...]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Latency and capacity by orbit; the last row is the source, the last column the sink."""
    ends = len(kinds)
    found: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for row in _rows(folder, "links.csv"):
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


def described(kinds: Sequence[str], point: RatedChain) -> str:
    """Stages that hold the same together: ``4 x A100 of 8``."""
    stages = Counter((kinds[stage.orbit], stage.layers) for stage in point.plan.stages)
    return ", ".join(f"{n} x {name} of {layers}" for (name, layers), n in sorted(stages.items()))


def table_of(case: str, kinds: Sequence[str], points: Sequence[RatedChain], cpu_s: float) -> Table:
    """The frontier for people."""
    table = Table(title=f"{case}: {len(points)} chains, complete, {cpu_s:.2f} CPU s")
    table.add_column("latency, ms", justify="right")
    table.add_column("tok/s", justify="right")
    table.add_column("machines x layers held")
    for point in points:
        latency, rate = point.latency / PS_PER_MS, point.rate / MICRO
        table.add_row(f"{latency:.1f}", f"{rate:.3f}", described(kinds, point))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, check, print; returns the exit status."""
    parser = argparse.ArgumentParser(description="Latency against throughput of single chains.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=tuple(CASES), action="append", help="repeatable")
    parser.add_argument("--batch", type=int, default=BATCH, help="tokens in a batch (default 30)")
    parser.add_argument("--json", type=Path, help="write the points here too")
    options = parser.parse_args(arguments)
    told: dict[str, Any] = {}
    holds = True
    for case in options.only or CASES:
        try:
            kinds, tables = read_tables(options.folder, case, options.batch)
        except (OSError, KeyError, ValueError, InvalidOperation) as error:
            print(f"{options.folder}: {case} cannot be read: {error}", file=sys.stderr)
            return 2
        begun_s = time.process_time()
        points = throughput_frontier(tables)
        cpu_s = time.process_time() - begun_s
        for point in points:
            value = value_of(tables, point.plan)
            faults = violations(tables, point.plan)
            if faults or (value.latency, -value.pace) != (point.latency, point.rate):
                print(f"{case}: a chain does not hold: {faults}", file=sys.stderr)
                holds = False
        Console(width=110).print(table_of(case, kinds, points, cpu_s))
        told[case] = [
            {
                "latency_s": point.latency / 10**12,
                "tok_per_s": point.rate / MICRO,
                "stages": [[kinds[stage.orbit], stage.layers] for stage in point.plan.stages],
            }
            for point in points
        ]
    if options.json is not None:
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
