"""One bare column fleet in a process of its own; ``measure_fleet_speed.py`` starts it.

    python fleet_speed_child.py FILE ANSWER TIME_LIMIT LEVELS

FILE is a ``fleet-columns/1`` problem; what was found and what it took is written to ANSWER as JSON.
LEVELS 0 asks for the cheapest fleet of all columns; a greater number for the frontier of cost
against so many latency levels, evenly spread by rank over those of the columns.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from formulations.fleet.problem import COST
from solver.engines.blocks import find_blocks
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.columns_reader import read_column_fleet
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.roads import Box, Road, Stop


def spread(fleet: ColumnFleet, levels: int) -> ColumnFleet:
    """The fleet with every latency level raised to the next of ``levels`` that are kept."""
    ranks = sorted(set(fleet.column_latency_level))
    count = min(levels, len(ranks))
    kept = [ranks[((i + 1) * len(ranks)) // count - 1] for i in range(count)]
    raised = {rank: next(level for level in kept if level >= rank) for rank in ranks}
    return replace(
        fleet, column_latency_level=tuple(raised[level] for level in fleet.column_latency_level)
    )


def cheapest(space: FleetSpace, limit_s: float) -> dict[str, Any]:
    """The cheapest fleet of all columns, and how many limits it uses up to the last device."""
    problem = space.problem
    answer = Road(problem).least(COST, Box({}, {}), stop=Stop(time.monotonic() + limit_s))
    binding = 0
    if answer.plan is not None:
        used = problem.use.dot(answer.plan.counts)
        for r, total in enumerate(used):
            _, unit = problem.use.row(r)
            # A limit binds where not even the smallest column that uses it would still fit.
            binding += len(unit) > 0 and total + int(unit.min()) > int(problem.limit[r])
    return {
        "cost": answer.value,
        "bound": answer.bound,
        "proved": not answer.stopped,
        "stopped": answer.stopped,
        "engine": answer.engine,
        "binding": binding,
    }


def frontier(space: FleetSpace, limit_s: float) -> dict[str, Any]:
    """All levels; the cost and bound told are those of the loosest."""
    outcome = sweep_fleet(space, time_limit_s=limit_s)
    loosest = outcome.points[-1] if outcome.points else None
    return {
        "cost": None if loosest is None else loosest.image[-1],
        "bound": loosest.image[-1] if loosest is not None and loosest.proved else None,
        "proved": outcome.status != "partial",
        "stopped": "" if outcome.status != "partial" else outcome.open_regions[0].reason,
        "engine": "+".join(outcome.engines),
        "points": len(outcome.points),
        "points_proved": sum(point.proved for point in outcome.points),
        "solves": outcome.solves,
    }


def main(path: str, told: str, limit_s: str, levels: str) -> None:
    """Read, lower, solve, and write the answer."""
    fleet = read_column_fleet(Path(path))
    if int(levels):
        fleet = spread(fleet, int(levels))
    before_s = time.process_time()
    space = lower_fleet(fleet)
    lowered_s = time.process_time()
    solve = frontier if int(levels) else cheapest
    answer = solve(space, float(limit_s))
    answer["cpu_lower_s"] = lowered_s - before_s
    answer["cpu_solve_s"] = time.process_time() - lowered_s
    answer["levels"] = len(space.speed_levels)
    answer["columns_stated"] = len(fleet.column_type)
    answer["columns"] = space.problem.n_columns
    answer["workloads"] = len(fleet.demand_milli_tok_per_s)
    answer["separates"] = not isinstance(find_blocks(space.problem, COST), str)
    Path(told).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
