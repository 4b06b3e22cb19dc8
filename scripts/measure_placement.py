"""The fastest placement of published clusters: rate, bound, gap, time, and a replay of the plan.

Run from the checkout:

    python scripts/measure_placement.py [FOLDER] [--only NAME] [--time-limit S] [--json FILE]

FOLDER holds ``instances.json``, ``nodes.csv``, ``node_throughput.csv`` and ``links.csv``; if left
out it is ``../shared/data/placement/helix`` beside the checkout. Rates and capacities are rounded
down to micro-tokens per second; the published objective is a float of the same model. "replayed" is
the greatest flow that networkx finds through the machines and ranges of the plan, in integers.
Bounds are exact integers in the same unit; "proved by" says which argument or engine stands behind.

CPU seconds are those of one solve in this process, one worker, reading not counted.

Exit status: 0 if every replay confirms its plan, 1 otherwise, 2 for bad input.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from rich.console import Console
from rich.table import Table

from formulations.placement.plan import PlacementPlan
from formulations.placement.problem import PlacementProblem
from solver.sweep.placement.solve import PlacementOutcome, solve_placement

FOLDER = Path(__file__).resolve().parents[1] / "../shared/data/placement/helix"
CASES = (
    "quality10_l30b",
    "l4x8_l30b",
    "t4x12_l30b",
    "a100x4_l30b",
    "single24_l70b",
    "noprune24_l70b",
    "noprune42_l70b",
)
MICRO = 10**6


def _rows(folder: Path, file: str, name: str) -> list[dict[str, str]]:
    with (folder / file).open(newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["instance"] == name]


def read_cluster(folder: Path, name: str) -> tuple[PlacementProblem, float]:
    """The problem in micro-tokens per second, and the published rate in tokens per second.

    Raises
    ------
    OSError, KeyError, ValueError, InvalidOperation
        If a file is missing or does not say what it should.
    """
    facts = json.loads((folder / "instances.json").read_text())[name]
    nodes = _rows(folder, "nodes.csv", name)
    table: dict[tuple[str, int], int] = {
        (row["gpu_type"], int(row["layers_held"])): int(Decimal(row["tokens_per_s"]) * MICRO)
        for row in _rows(folder, "node_throughput.csv", name)
    }
    place = {row["node"]: i for i, row in enumerate(nodes)}
    n = len(nodes)
    source, sink = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    links = np.zeros((n, n), dtype=np.int64)
    for row in _rows(folder, "links.csv", name):
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
    problem = PlacementProblem(
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
    return problem, float(facts["published_objective"])


def replayed_rate(problem: PlacementProblem, plan: PlacementPlan) -> int:
    """Greatest flow through the machines of a plan of single machines, by networkx."""
    network = nx.DiGraph()
    network.add_nodes_from(["source", "sink"])
    for held in plan.ranges:
        here = held.orbit
        rate = int(problem.rates[here][held.layers - 1])
        network.add_edge((here, "in"), (here, "out"), capacity=rate)
        if held.first == 0:
            network.add_edge("source", (here, "in"), capacity=int(problem.source[here]))
        if held.end == problem.layers:
            network.add_edge((here, "out"), "sink", capacity=int(problem.sink[here]))
        for after in plan.ranges:
            if after.first == held.end:
                capacity = int(problem.links[here, after.orbit])
                network.add_edge((here, "out"), (after.orbit, "in"), capacity=capacity)
    value, _ = nx.maximum_flow(network, "source", "sink")
    return int(value)


def row_of(
    problem: PlacementProblem, outcome: PlacementOutcome, published: float
) -> dict[str, Any]:
    """One line of the table as plain values; rates in tokens per second."""
    replayed = replayed_rate(problem, outcome.plan)
    return {
        "instance": problem.name,
        "published": published,
        "value": outcome.rate / MICRO,
        "bound": outcome.bound / MICRO,
        "gap": (outcome.bound - outcome.rate) / outcome.rate if outcome.rate else None,
        "cpu_s": outcome.cpu_s,
        "wall_s": outcome.wall_s,
        "proved_by": outcome.proof.argument,
        "replayed": replayed / MICRO,
        "confirmed": replayed == outcome.rate,
        "machines": len(outcome.plan.ranges),
        "solves": outcome.solves,
    }


def table_of(rows: Sequence[dict[str, Any]]) -> Table:
    """The table for people."""
    table = Table(title="greatest token rate, tok/s")
    table.add_column("instance", no_wrap=True)
    for head in ("published", "value", "bound", "gap %", "CPU s", "wall s", "replayed"):
        table.add_column(head, justify="right")
    table.add_column("proved by")
    for row in rows:
        table.add_row(
            row["instance"],
            *(f"{row[key]:.3f}" for key in ("published", "value", "bound")),
            "-" if row["gap"] is None else f"{100 * row['gap']:.3f}",
            f"{row['cpu_s']:.2f}",
            f"{row['wall_s']:.2f}",
            "yes" if row["confirmed"] else f"NO: {row['replayed']:.3f}",
            row["proved_by"],
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Solve, replay, print; returns the exit status."""
    parser = argparse.ArgumentParser(description="Fastest placements of published clusters.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=CASES, action="append", help="this case; repeatable")
    parser.add_argument("--time-limit", type=float, default=120.0, help="seconds a case")
    parser.add_argument("--json", type=Path, help="write the rows here too")
    options = parser.parse_args(arguments)
    if not options.time_limit > 0:
        print(f"--time-limit: {options.time_limit} is not positive", file=sys.stderr)
        return 2
    rows = []
    for name in options.only or CASES:
        try:
            problem, published = read_cluster(options.folder, name)
        except (OSError, KeyError, ValueError, InvalidOperation) as error:
            print(f"{options.folder}: {name} cannot be read: {error!r}", file=sys.stderr)
            return 2
        outcome = solve_placement(problem, time_limit_s=options.time_limit)
        rows.append(row_of(problem, outcome, published))
        print(f"{name} done in {outcome.wall_s:.1f} s", file=sys.stderr)
    Console(width=140).print(table_of(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["confirmed"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
