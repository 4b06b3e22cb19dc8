"""The published clusters of Helix: greatest flow, its proof, an independent replay, frontiers.

Run from the checkout:

    python scripts/measure_placement.py [FOLDER] [--only NAME] [--time-limit S] [--json FILE]

FOLDER holds ``helix-*.toml``; if left out it is ``instances/placement``. Machines, links and rates
are those of the source, rates and capacities rounded down to micro-tokens per second; the published
objective is a float of the same model. "replayed" is the greatest flow that networkx finds through
the machines and ranges of the plan, in integers, over links as the file states them. The bound is
an exact integer in the same unit; "proved by" says which argument or engine stands behind it.

The other tables are what the published objective leaves out: complete frontiers of latency against
throughput over single pipelines.

CPU seconds are those of one solve in this process, one worker, reading not counted.

Exit status: 0 if every replay confirms its plan and every answer verifies, 1 otherwise, 2 for bad
input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
from rich.console import Console
from rich.table import Table

from solver.api import read_instance, solve, verify
from solver.errors import FleetError
from solver.instance.placement.domain import PlacementInstance
from solver.placement_frontier import PlacementFrontier
from solver.report.placement_short import design_in_short

FOLDER = Path(__file__).resolve().parents[1] / "instances" / "placement"
PUBLISHED = {
    "quality10_l30b": ("286.587, proved in 3803 s", 286.587),
    "l4x8_l30b": ("214.98", 252.65),
    "t4x12_l30b": ("397.69", 397.69),
    "a100x4_l30b": ("1044.53", 1044.53),
    "single24_l70b": ("1289.56, gap 5953 %", 2045.64),
    "noprune24_l70b": ("952.11", 1754.38),
    "noprune42_l70b": ("4892.24", 5905.79),
}
"""Case -> what Gurobi reached with 20 threads, and what is to be reached here, tokens/s."""
CHAINS = ("quality10_l30b-latency", "single24_l70b-latency")
MICRO = 10**6


def replayed_rate(instance: PlacementInstance, stages: Sequence[Mapping[str, Any]]) -> int:
    """Greatest flow through hosts that hold these ranges, by networkx, in micro-tokens/s.

    Links are looked up in the topology itself: each joins two hosts, or a gateway and a host.
    """
    shape = instance.shape
    if shape is None or instance.entry is None or instance.exit is None:
        raise ValueError(f"{instance.name}: no published cluster")
    network = nx.DiGraph()
    network.add_nodes_from(["source", "sink"])

    def joined(a: str, b: str, tail: Any, head: Any, token_bytes: int) -> None:
        if instance.topology.graph.has_edge(a, b):
            bytes_per_s = instance.topology.link(a, b).bytes_per_s
            network.add_edge(tail, head, capacity=bytes_per_s * MICRO // token_bytes)

    for stage in stages:
        here, end = stage["host"], stage["first_layer"] + stage["layers"]
        measured = instance.machine(instance.topology.host(here).accelerator).measured
        if measured is None:
            raise ValueError(f"{instance.name}: {here} is not measured")
        rate = int(measured.tok_per_s[stage["layers"] - 1] * MICRO)
        network.add_edge((here, "in"), (here, "out"), capacity=rate)
        if stage["first_layer"] == 0:
            joined(instance.entry, here, "source", (here, "in"), shape.token_bytes)
        if end == shape.layers:
            joined(here, instance.exit, (here, "out"), "sink", shape.token_bytes)
        for after in stages:
            if after["first_layer"] == end:
                there = after["host"]
                joined(here, there, (here, "out"), (there, "in"), shape.activation_bytes)
    value, _ = nx.maximum_flow(network, "source", "sink")
    return int(value)


def solved(path: Path, time_limit_s: float | None) -> tuple[PlacementInstance, PlacementFrontier]:
    """The question of a file and its answer.

    Raises
    ------
    FleetError
        If the file cannot be read or solved.
    """
    instance = read_instance(path)
    if not isinstance(instance, PlacementInstance):
        raise ValueError(f"{path}: not a placement question")
    return instance, solve(instance, time_limit_s=time_limit_s)


def flow_row(case: str, path: Path, time_limit_s: float) -> dict[str, Any]:
    """One line of the first table as plain values; rates in tokens per second."""
    instance, frontier = solved(path, time_limit_s)
    document = frontier.to_dict()
    point = document["points"][0] if document["points"] else None
    proof = (point["proof"] if point else None) or {}
    rate = Fraction(point["exact"]["throughput"]) if point else Fraction(0)
    bound = _bound(document)
    replayed = replayed_rate(instance, point["design"]["stages"]) if point else 0
    published, to_reach = PUBLISHED[case]
    return {
        "instance": case,
        "published": published,
        "to_reach": to_reach,
        "value": float(rate),
        "bound": float(bound) if bound is not None else None,
        "gap": float((bound - rate) / rate) if rate and bound is not None else None,
        "cpu_s": document["provenance"]["cpu_s"],
        "wall_s": document["provenance"]["wall_s"],
        "proved_by": proof.get("argument", ""),
        "replayed": replayed / MICRO,
        "confirmed": replayed == rate * MICRO,
        "verified": bool(verify(document, instance=instance)),
        "machines": len(point["design"]["stages"]) if point else 0,
        "solves": document["provenance"]["solves"],
    }


def _bound(document: Mapping[str, Any]) -> Fraction | None:
    """The proved bound, of the point or of what is left open."""
    told = [point["proof"] for point in document["points"]] + list(document["open_boxes"])
    return next((Fraction(entry["bound"]) for entry in told if "bound" in entry), None)


def flow_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The first table for people."""
    table = Table(title="greatest token rate, tok/s")
    table.add_column("instance", no_wrap=True)
    table.add_column("published (Gurobi, 20 threads)")
    for head in ("to reach", "value", "bound", "gap %", "CPU s", "replayed", "verified"):
        table.add_column(head, justify="right")
    table.add_column("proved by")
    for row in rows:
        table.add_row(
            row["instance"],
            row["published"],
            f"{row['to_reach']:.2f}",
            f"{row['value']:.3f}",
            "-" if row["bound"] is None else f"{row['bound']:.3f}",
            "-" if row["gap"] is None else f"{100 * row['gap']:.3f}",
            f"{row['cpu_s']:.2f}",
            "yes" if row["confirmed"] else f"NO: {row['replayed']:.3f}",
            "yes" if row["verified"] else "NO",
            row["proved_by"],
        )
    return table


def chain_rows(case: str, path: Path, time_limit_s: float) -> dict[str, Any]:
    """The frontier of one case as plain values."""
    instance, frontier = solved(path, time_limit_s)
    document = frontier.to_dict()
    return {
        "instance": case,
        "status": frontier.status,
        "cpu_s": document["provenance"]["cpu_s"],
        "verified": bool(verify(document, instance=instance)),
        "points": [
            {
                "latency_ms": point["exact"]["latency_ps"] / 10**9,
                "tok_per_s": point["objectives"]["throughput"],
                "design": design_in_short(point["design"]),
            }
            for point in document["points"]
        ],
    }


def chain_table(row: Mapping[str, Any]) -> Table:
    """A frontier for people."""
    checked = "verified" if row["verified"] else "NOT verified"
    table = Table(
        title=f"{row['instance']}: {len(row['points'])} pipelines, {row['status']}, {checked}, "
        f"{row['cpu_s']:.2f} CPU s"
    )
    table.add_column("latency, ms", justify="right")
    table.add_column("tok/s", justify="right")
    table.add_column("pipeline")
    for point in row["points"]:
        table.add_row(f"{point['latency_ms']:.1f}", f"{point['tok_per_s']:.3f}", point["design"])
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Solve, replay, verify, print; returns the exit status."""
    parser = argparse.ArgumentParser(description="Fastest placements of published clusters.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument(
        "--only", choices=(*PUBLISHED, *CHAINS), action="append", help="this case; repeatable"
    )
    parser.add_argument("--time-limit", type=float, default=120.0, help="seconds a case")
    parser.add_argument("--json", type=Path, help="write the rows here too")
    options = parser.parse_args(arguments)
    asked = options.only or (*PUBLISHED, *CHAINS)
    flows: list[dict[str, Any]] = []
    chains: list[dict[str, Any]] = []
    for case in asked:
        path = options.folder / f"helix-{case}.toml"
        try:
            if case in CHAINS:
                chains.append(chain_rows(case, path, options.time_limit))
            else:
                flows.append(flow_row(case, path, options.time_limit))
        except FleetError as error:
            print(error, file=sys.stderr)
            return 2
        print(f"{case} done", file=sys.stderr)
    console = Console(width=150)
    if flows:
        console.print(flow_table(flows))
    for row in chains:
        console.print(chain_table(row))
    if options.json is not None:
        text = json.dumps({"flows": flows, "chains": chains}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    holds = all(row["confirmed"] and row["verified"] for row in flows)
    return 0 if holds and all(row["verified"] for row in chains) else 1


if __name__ == "__main__":
    sys.exit(main())
