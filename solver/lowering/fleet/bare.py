"""A bare column problem (``fleet-columns/1``) as a fleet problem.

One covering row a workload, one limit row for the stock of each type and one for power. The cost of
a column is in cents per hour. A level is read as a latency in a unit nobody stated: its speed is
one over it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from formulations.fleet.problem import COST, POWER, SPEED, FleetProblem
from formulations.milp import INFINITY, IntArray
from solver.errors import InstanceError
from solver.instance.fleet.columns import ColumnFleet
from solver.lowering.fleet.dominance import undominated
from solver.lowering.fleet.rows import NamedRows
from solver.lowering.fleet.space import ColumnMeaning, FleetSpace, SpeedLevel
from solver.lowering.fleet.uppers import with_implied_uppers

__all__ = ["lower_columns"]


def lower_columns(fleet: ColumnFleet, *, prune: bool = True) -> FleetSpace:
    """The columns of ``fleet`` as a space; without ``prune`` every one of them.

    Raises
    ------
    InstanceError
        If a workload has demand and no column, a level is not positive, or power is limited and
        the watts of a type are missing.
    """
    levels, grade = _grades(fleet)
    problem = _problem(fleet, grade)
    kept = np.arange(problem.n_columns)
    if prune:
        kept = undominated(problem)
        problem = problem.over(kept)
    units = {COST: Fraction(1, 100)}
    if POWER in problem.measures:
        units[POWER] = Fraction(1)
    return FleetSpace(
        instance=fleet,
        problem=problem,
        columns=_meanings(fleet, kept.tolist()),
        units=units,
        speed_levels=levels,
        quality_levels=(),
        stated=len(fleet.column_type),
        pruned=problem.n_columns,
        limit_units={
            name: ("W" if name == "power" else "devices", Fraction(1))
            for name in problem.limit_names
        },
    )


def _grades(fleet: ColumnFleet) -> tuple[tuple[SpeedLevel, ...], IntArray]:
    if not fleet.column_latency_level:
        return (SpeedLevel(None, Fraction(1)),), np.zeros(len(fleet.column_type), dtype=np.int64)
    # Over one denominator levels are plain integers, which sort many times faster.
    common = math.lcm(*{level.denominator for level in fleet.column_latency_level})
    scaled = [
        level.numerator * (common // level.denominator) for level in fleet.column_latency_level
    ]
    distinct = sorted(set(scaled))
    if distinct[0] <= 0:
        raise InstanceError.one(
            f"a latency level is {Fraction(distinct[0], common)}",
            where=f"{fleet.source}: columns.latency_level",
            mend="Give positive levels, the smaller the faster",
        )
    rank = {level: k for k, level in enumerate(distinct)}
    grade = np.array([rank[level] for level in scaled], dtype=np.int64)
    return tuple(SpeedLevel(None, Fraction(common, level)) for level in distinct), grade


def _problem(fleet: ColumnFleet, grade: IntArray) -> FleetProblem:
    types = np.array(fleet.column_type, dtype=np.int64)
    gpus = np.array(fleet.column_gpus, dtype=np.int64)
    workload = np.array(fleet.column_workload, dtype=np.int64)
    capacity = np.array(fleet.column_capacity_milli_tok_per_s, dtype=np.int64)
    n = len(types)
    demand = np.array(fleet.demand_milli_tok_per_s, dtype=np.int64)
    _check_served(fleet, workload[capacity > 0])

    cover = NamedRows()
    for w, need in enumerate(demand.tolist()):
        cover.add(f"workload {w}", need)
    cover.put(workload, np.arange(n), capacity)

    price = np.array([entry.price_cents_per_h for entry in fleet.types], dtype=np.int64)
    measures = {COST: price[types] * gpus}
    watts = _watts(fleet)
    use = NamedRows()
    for k, entry in enumerate(fleet.types):
        if entry.stock is not None:
            columns = np.flatnonzero(types == k)
            use.put(use.add(f"stock of type {k}", entry.stock), columns, gpus[columns])
    if watts is not None:
        measures[POWER] = watts[types] * gpus
        if fleet.power_limit_w is not None:
            row = use.add("power", fleet.power_limit_w)
            use.put(row, np.arange(n), measures[POWER])
    problem = FleetProblem(
        name=fleet.name,
        upper=np.full(n, INFINITY, dtype=np.int64),
        measures=measures,
        grades={SPEED: grade},
        cover=cover.matrix(n),
        demand=demand,
        use=use.matrix(n),
        limit=use.side_array(),
        column_names=tuple(
            f"column {j} (workload {w}, type {t}, GPUs {g})"
            for j, (w, t, g) in enumerate(
                zip(workload.tolist(), types.tolist(), gpus.tolist(), strict=True)
            )
        ),
        cell_names=tuple(cover.names),
        limit_names=tuple(use.names),
    )
    return with_implied_uppers(problem)


def _check_served(fleet: ColumnFleet, served: npt.NDArray[np.int64]) -> None:
    able = set(served.tolist())
    for w, need in enumerate(fleet.demand_milli_tok_per_s):
        if need > 0 and w not in able:
            raise InstanceError.one(
                f"workload {w} asks for {need} milli-tok/s and no column serves it",
                where=f"{fleet.source}: demand_milli_tok_per_s",
                mend=f"Add a column of workload {w}, or take its demand away",
            )


def _watts(fleet: ColumnFleet) -> IntArray | None:
    """Watts of each type, ``None`` where the file leaves one out and nothing depends on it."""
    missing = [k for k, entry in enumerate(fleet.types) if entry.watts is None]
    if missing and fleet.power_limit_w is not None:
        raise InstanceError.one(
            f"power is limited and the watts of type {missing[0]} are missing",
            where=f"{fleet.source}: types.{missing[0]}.watts",
            mend="State them, or drop power_limit_w",
        )
    if missing:
        return None
    return np.array([entry.watts for entry in fleet.types], dtype=np.int64)


def _meanings(fleet: ColumnFleet, kept: list[int]) -> tuple[ColumnMeaning, ...]:
    replicas: dict[tuple[int, int], dict[str, Any]] = {}
    found = []
    for j in kept:
        kind, gpus = fleet.column_type[j], fleet.column_gpus[j]
        shared = replicas.get((kind, gpus))
        if shared is None:
            entry = fleet.types[kind]
            shared = replicas[kind, gpus] = {
                "machine": f"type {kind}",
                "devices": gpus,
                "usd_per_hour": Fraction(entry.price_cents_per_h * gpus, 100),
                "watts": Fraction((entry.watts or 0) * gpus),
            }
        found.append(
            ColumnMeaning(
                kind="replicas",
                workload=f"workload {fleet.column_workload[j]}",
                layout=f"column {j}",
                phase="aggregated",
                tok_per_s=Fraction(fleet.column_capacity_milli_tok_per_s[j], 1000),
                facts={"column": j},
                **shared,
            )
        )
    return tuple(found)
