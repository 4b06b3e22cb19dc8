"""A fleet plan and its plain check: counts, shares and racks against the problem, in integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.fleet.racks import Racks
from formulations.fleet.routing import Routing
from formulations.milp import IntArray

__all__ = ["FilledRack", "FleetPlan", "grades_of", "measures_of", "violations"]


@dataclass(frozen=True, slots=True)
class FilledRack:
    """``times`` racks of one orbit that hold the same: column -> units in each of them."""

    orbit: int
    times: int
    holds: Mapping[int, int] = field(hash=False)


@dataclass(frozen=True, slots=True, eq=False)
class FleetPlan:
    """What to run, and where.

    Parameters
    ----------
    counts : (n,) int64
    shares
        For each routing of the problem: (column, class) -> traffic, exact, in every part of the
        class that the column does.
    racks
        Empty where the problem has none.
    """

    counts: IntArray
    shares: tuple[Mapping[tuple[int, int], Fraction], ...] = ()
    racks: tuple[FilledRack, ...] = ()

    def __post_init__(self) -> None:
        self.counts.setflags(write=False)


def measures_of(problem: FleetProblem, counts: IntArray) -> dict[str, int]:
    """Every measure of the plan, exact."""
    used = np.flatnonzero(counts)
    return {
        key: sum(
            value * count
            for value, count in zip(array[used].tolist(), counts[used].tolist(), strict=True)
        )
        for key, array in problem.measures.items()
    }


def grades_of(problem: FleetProblem, counts: IntArray) -> dict[str, int]:
    """Every grade of the plan: the worst over columns in use, 0 where none is."""
    used = np.flatnonzero(counts)
    return {key: int(array[used].max(initial=0)) for key, array in problem.grades.items()}


def violations(problem: FleetProblem, plan: FleetPlan) -> list[str]:
    """All that the plan breaks, in words; empty for a feasible plan."""
    if plan.counts.shape != (problem.n_columns,):
        return [f"{len(plan.counts)} counts for {problem.n_columns} columns"]
    faults = []
    counts = plan.counts.tolist()
    for name, count, most in zip(problem.column_names, counts, problem.upper.tolist(), strict=True):
        if not 0 <= count <= most:
            faults.append(f"{name}: {count} is not within 0 to {most}")
    for name, have, need in zip(
        problem.cell_names, problem.cover.dot(counts), problem.demand.tolist(), strict=True
    ):
        if have < need:
            faults.append(f"demand {name}: {have} of {need}")
    for name, have, most in zip(
        problem.limit_names, problem.use.dot(counts), problem.limit.tolist(), strict=True
    ):
        if have > most:
            faults.append(f"limit {name}: {have} of {most}")
    if len(plan.shares) != len(problem.routings):
        faults.append(f"{len(plan.shares)} tables of shares for {len(problem.routings)} routings")
    else:
        for routing, shares in zip(problem.routings, plan.shares, strict=True):
            faults.extend(_routing_faults(routing, shares, counts))
    if problem.racks is not None:
        faults.extend(_rack_faults(problem, problem.racks, plan))
    return faults


def _routing_faults(
    routing: Routing, shares: Mapping[tuple[int, int], Fraction], counts: list[int]
) -> list[str]:
    faults = []
    place = {column: k for k, column in enumerate(routing.columns.tolist())}
    busy = dict.fromkeys(place, Fraction(0))
    n_classes = len(routing.demand)
    carried = routing.carried()
    served = [Fraction(0)] * routing.rate.shape[1]
    for (column, size), traffic in shares.items():
        if column not in place or not 0 <= size < n_classes or traffic < 0:
            faults.append(f"{routing.name}: a share of column {column}, class {size} is unknown")
            continue
        rate = int(carried[place[column], size])
        if traffic and not rate:
            faults.append(f"{routing.name}: column {column} cannot serve class {size}")
            continue
        busy[column] += traffic / rate if rate else Fraction(0)
        for row in range(size, len(served), n_classes):
            if routing.rate[place[column], row]:
                served[row] += traffic
    for column, load in busy.items():
        if load > counts[column]:
            faults.append(f"{routing.name}: load {load} on {counts[column]} of column {column}")
    needs = routing.demand_at(counts) * routing.n_parts
    for row, (have, need) in enumerate(zip(served, needs, strict=True)):
        if have < need:
            faults.append(f"{routing.name}: {have} of {need} of class {routing.part_name(row)}")
    return faults


def _rack_faults(problem: FleetProblem, racks: Racks, plan: FleetPlan) -> list[str]:
    faults = []
    place = {column: k for k, column in enumerate(racks.items.tolist())}
    stands = dict.fromkeys(place, 0)
    used = [0] * len(racks.count)
    for filled in plan.racks:
        if not 0 <= filled.orbit < len(used) or filled.times < 0:
            return [f"rack orbit {filled.orbit} is unknown"]
        if any(column not in place or units < 0 for column, units in filled.holds.items()):
            return [f"orbit {racks.orbit_names[filled.orbit]} holds what stands in no rack"]
        used[filled.orbit] += filled.times
        load = [0] * racks.size.shape[1]
        for column, units in filled.holds.items():
            stands[column] += units * filled.times
            k = place[column]
            if units and not racks.admits[filled.orbit, k]:
                faults.append(
                    f"{problem.column_names[column]} may not stand in "
                    f"{racks.orbit_names[filled.orbit]}"
                )
            load = [
                have + units * more for have, more in zip(load, racks.size[k].tolist(), strict=True)
            ]
        for name, have, most in zip(
            racks.dimension_names, load, racks.capacity[filled.orbit].tolist(), strict=True
        ):
            if have > most and filled.times:
                faults.append(
                    f"a rack of {racks.orbit_names[filled.orbit]}: {name} {have} of {most}"
                )
        if racks.survive_loss and filled.times:
            faults.extend(_loss_faults(problem, racks, plan, filled))
    for orbit, (have, most) in enumerate(zip(used, racks.count.tolist(), strict=True)):
        if have > most:
            faults.append(f"{have} racks of {racks.orbit_names[orbit]}, which has {most}")
    for column, have in stands.items():
        if have != plan.counts[column]:
            faults.append(
                f"{problem.column_names[column]}: {plan.counts[column]} wanted, {have} in racks"
            )
    return faults


def _loss_faults(
    problem: FleetProblem, racks: Racks, plan: FleetPlan, lost: FilledRack
) -> list[str]:
    left = plan.counts.copy()
    for column, units in lost.holds.items():
        left[column] -= units
    return [
        f"demand {name} without a rack of {racks.orbit_names[lost.orbit]}: {have} of {need}"
        for name, have, need in zip(
            problem.cell_names,
            problem.cover.dot(left),
            problem.demand.tolist(),
            strict=True,
        )
        if have < need
    ]
