"""Placement formulations against each other: processor time, and what each proves.

Run from the checkout:

    python scripts/measure_placement_formulations.py [FOLDER] [--only TABLE] [--hosts N]
                                                     [--time-limit S] [--json FILE]

FOLDER holds the published clusters ``helix-*.toml``; if left out it is ``instances/placement``. The
other questions are of ours, one for each number of hosts: see ``placement_questions_of_size``.

Tables: ``flows`` (throughput alone: ``flow``, the default road, and each program by itself),
``chains`` (``labels`` against ``circuit``), ``replicas`` (dynamic programs against engines), and
``roots`` (bounds before any branching, over the proved value: the linear relaxation of
``stage_assignment`` against that of ``arc_flow``, and total work over layers, which needs none).

All rows of one table come from one process, one worker; ratios are against the first formulation.
CPU seconds are of one solve, reading not counted; the limit is on the wall clock, so on a busy
machine a stopped row may show less. "gap" is bound over value less one; of a frontier, how many
strips stayed open is told. A row that ends complete but differs from another complete row of its
question is an error.

Exit status: 0 if complete answers agree, 1 if not, 2 for bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from placement_questions_of_size import own_question
from rich.console import Console
from rich.table import Table

from formulations.milp import Milp
from formulations.placement.arc_flow import build_arc_flow
from formulations.placement.orbits import coarse_problem, twins
from formulations.placement.problem import THROUGHPUT
from formulations.placement.stage_assignment import build_stage_assignment
from solver.api import read_instance, solve
from solver.engines.relaxation import LinearRelaxation
from solver.errors import FleetError
from solver.instance.placement.domain import PlacementInstance
from solver.sweep.placement.flows import flow_space_of

FOLDER = Path(__file__).resolve().parents[1] / "instances" / "placement"
TABLES = ("flows", "chains", "replicas", "roots")
HOSTS = (4, 6, 8, 10, 12, 24)
PUBLISHED = {
    "flows": ("a100x4_l30b", "l4x8_l30b", "quality10_l30b", "t4x12_l30b", "single24_l70b"),
    "chains": ("quality10_l30b-latency", "single24_l70b-latency"),
    "replicas": (),
    "roots": ("quality10_l30b",),
}
KIND = {"flows": "flow", "chains": "chain", "replicas": "replicas"}
TRUNK_GBIT_PER_S = {"flows": 0.05, "chains": 10.0, "replicas": 10.0}
"""The racks of a flow share so narrow a link that it binds."""
ROADS: dict[str, tuple[tuple[str, str | None, str | None], ...]] = {
    "flows": tuple(
        (name, name, None) for name in ("flow", "arc_flow", "stage_assignment", "patterns")
    ),
    "chains": (("labels", "labels", None), ("circuit", "circuit", None)),
    "replicas": (
        ("lattice", None, None), ("cp-sat", None, "cp-sat"), ("highs", None, "highs")
    ),
}  # fmt: skip
"""What a row calls it, formulation, engine."""


def measured(path: Path, table: str, time_limit_s: float) -> list[dict[str, Any]]:
    """One question by every road, as plain rows.

    Raises
    ------
    FleetError
        If the question cannot be read or solved.
    """
    rows: list[dict[str, Any]] = []
    for name, formulation, engine in ROADS[table]:
        instance = read_instance(path)
        found = solve(
            instance, formulation=formulation, engine=engine, time_limit_s=time_limit_s
        ).to_dict()
        cpu_s = found["provenance"]["cpu_s"]
        points = [point["exact"] for point in found["points"]]
        rows.append(
            {
                "question": instance.name,
                "hosts": len(instance.topology.hosts),
                "road": name,
                "status": found["status"],
                "cpu_s": cpu_s,
                "ratio": cpu_s / rows[0]["cpu_s"] if rows else 1.0,
                "left": _left(table, found),
                "points": points,
                "value": _value(table, points),
            }
        )
        print(f"{instance.name} by {name}: {found['status']}, {cpu_s:.2f} s", file=sys.stderr)
    return rows


def _value(table: str, points: Sequence[Mapping[str, Any]]) -> str:
    if table == "flows":
        return f"{float(Fraction(points[0]['throughput'])):.3f} tok/s" if points else "no plan"
    return f"{len(points)} points"


def _left(table: str, found: Mapping[str, Any]) -> str:
    """What a row leaves open, in words; empty where it is complete."""
    boxes = found["open_boxes"]
    if not boxes:
        return ""
    if table != "flows":
        return f"{len(boxes)} strips open"
    facts = boxes[0].get("facts", boxes[0])
    if "bound" not in facts:
        return boxes[0]["reason"]
    if not found["points"]:
        return f"bound {float(Fraction(facts['bound'])):.3f}"
    rate = Fraction(found["points"][0]["exact"]["throughput"])
    return f"gap {100 * float(Fraction(facts['bound']) / rate - 1):.2f} %"


def disagreements(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Questions whose complete answers differ."""
    seen: dict[str, Any] = {}
    for row in rows:
        if row["status"] == "complete":
            seen.setdefault(row["question"], []).append(row["points"])
    return [name for name, answers in seen.items() if any(a != answers[0] for a in answers)]


def root_rows(path: Path, time_limit_s: float) -> list[dict[str, Any]]:
    """Bounds before branching on one cluster, in tokens/s, and over the best bound known."""
    instance = read_instance(path)
    if not isinstance(instance, PlacementInstance):
        raise ValueError(f"{path}: not a placement question")
    space = flow_space_of(instance)
    problem = space.problem
    merged = coarse_problem(problem, twins(problem), rounding="least")
    answer = solve(instance, time_limit_s=time_limit_s).to_dict()
    best = Fraction(answer["points"][0]["exact"]["throughput"])
    # Nothing but its own statement: a ceiling on rates would lend it the bound of total work.
    free = sum(problem.fastest(i) for i in range(problem.n_orbits))
    bounds = {
        "stage_assignment, linear relaxation": _relaxed(build_stage_assignment(problem).statement),
        "arc_flow, linear relaxation": _relaxed(build_arc_flow(merged, ceiling=free).statement),
        "total work over layers": float(problem.work_bound()),
    }
    return [
        {
            "question": instance.name,
            "bound_by": name,
            "bound": bound / 10**6,
            "times": bound / 10**6 / float(best),
        }
        for name, bound in bounds.items()
    ]


def _relaxed(statement: object) -> float:
    """What the linear relaxation lets flow, in the unit of the program; a float, no proof."""
    if not isinstance(statement, Milp):
        raise ValueError("only linear programs have a linear relaxation")
    costs = statement.objectives[THROUGHPUT].astype(np.float64)
    solved = LinearRelaxation(statement).solve(costs)
    if solved is None:
        raise ValueError(f"{statement.name}: no optimum of the relaxation")
    return -float(costs @ solved[0])


def table_of(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """One table for people."""
    table = Table(title=name)
    table.add_column("question", no_wrap=True)
    if name == "roots":
        table.add_column("bound by")
        table.add_column("tok/s", justify="right")
        table.add_column("times the optimum", justify="right")
        for row in rows:
            bound, times = f"{row['bound']:.3f}", f"{row['times']:.2f}"
            table.add_row(row["question"], row["bound_by"], bound, times)
        return table
    table.add_column("hosts", justify="right")
    table.add_column("by", no_wrap=True)
    for head in ("CPU s", "ratio", "found"):
        table.add_column(head, justify="right")
    table.add_column("proved")
    for row in rows:
        table.add_row(
            row["question"],
            str(row["hosts"]),
            row["road"],
            f"{row['cpu_s']:.2f}",
            f"{row['ratio']:.1f}",
            row["value"],
            "yes" if row["status"] == "complete" else row["left"] or row["status"],
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="Placement formulations against each other.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=TABLES, action="append", help="this table; repeatable")
    parser.add_argument(
        "--hosts", type=int, action="append", help="own questions of so many hosts; repeatable"
    )
    parser.add_argument(
        "--no-published", action="store_true", help="leave the published clusters out"
    )
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds a solve")
    parser.add_argument("--json", type=Path, help="write the rows here too")
    options = parser.parse_args(arguments)
    console = Console(width=130)
    told: dict[str, list[dict[str, Any]]] = {}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for table in options.only or TABLES:
            published = () if options.no_published else PUBLISHED[table]
            paths = [options.folder / f"helix-{case}.toml" for case in published]
            rows: list[dict[str, Any]] = []
            try:
                if table == "roots":
                    for path in paths:
                        rows += root_rows(path, options.time_limit)
                else:
                    paths += [
                        own_question(
                            Path(scratch), KIND[table], hosts,
                            trunk_gbit_per_s=TRUNK_GBIT_PER_S[table],
                        )
                        for hosts in options.hosts or HOSTS
                    ]  # fmt: skip
                    for path in paths:
                        rows += measured(path, table, options.time_limit)
                    wrong += disagreements(rows)
            except FleetError as error:
                print(error, file=sys.stderr)
                return 2
            console.print(table_of(table, rows))
            told[table] = rows
    if options.json is not None:
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for name in wrong:
        print(f"{name}: complete answers differ", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
