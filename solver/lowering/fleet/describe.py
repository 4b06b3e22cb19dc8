"""A plan in words and numbers: what to run, what to buy, how full every limit is.

Keys follow the result contract: ``replicas`` (workload, option, layout, machine, region_or_rack,
count and what such a replica does), ``utilisation`` by limit, ``usd_per_hour``, ``watts``,
``tok_per_s_per_gpu``; and ``nodes`` bought by contract, ``devices`` held; ``energy`` where the
question has its terms (``energy_account.py``). With several periods money, watts, tokens and
devices are means over the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from formulations.fleet.plan import FleetPlan
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.energy_account import energy_account
from solver.lowering.fleet.options import PS_PER_S
from solver.lowering.fleet.prices import period_weights
from solver.lowering.fleet.space import ColumnMeaning, FleetSpace
from solver.lowering.fleet.with_choices import CHANGES

__all__ = ["describe", "utilisation"]

_SHARED_FACTS = ("held", "model", "devices_per_replica")


def describe(space: FleetSpace, plan: FleetPlan) -> dict[str, Any]:
    """The design of ``plan``, JSON values only.

    Raises
    ------
    ValueError
        If the plan does not fit the space.
    """
    if len(plan.counts) != len(space.columns):
        raise ValueError(f"{len(plan.counts)} counts for {len(space.columns)} columns")
    used = [(j, count, space.columns[j]) for j, count in enumerate(plan.counts.tolist()) if count]
    weights = _weights(space)
    usd = sum((count * c.usd_per_hour for _, count, c in used), Fraction(0))
    watts = sum((count * c.watts * weights[c.period] for _, count, c in used), Fraction(0))
    devices = sum(
        (count * c.devices * weights[c.period] for _, count, c in used if c.kind == "replicas"),
        Fraction(0),
    )
    held = sum((count * _held(c) * weights[c.period] for _, count, c in used), Fraction(0))
    tokens = _tokens_per_s(space, plan)
    design: dict[str, Any] = {
        "replicas": [
            entry
            for j, count, column in used
            if column.kind == "replicas"
            for entry in _replica_entries(space, plan, j, count, column)
        ],
        "nodes": [
            entry
            for j, count, column in used
            if column.kind == "nodes"
            for entry in _node_entries(space, plan, j, count, column)
        ],
        "devices": _number(held),
        "devices_in_replicas": _number(devices),
        "utilisation": utilisation(space, plan),
        "usd_per_hour": float(usd),
        "watts": float(watts),
        "tok_per_s": None if tokens is None else float(tokens),
        "tok_per_s_per_gpu": None if tokens is None or not held else float(tokens / held),
    }
    if isinstance(space.instance, FleetInstance) and space.instance.energy is not None:
        design["energy"] = energy_account(
            space.instance, [(column, count) for _, count, column in used], tokens
        )
    if plan.shares:
        design["shares"] = list(_shares(space, plan))
    return design


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _weights(space: FleetSpace) -> dict[str, Fraction]:
    """Share of the day by name of period; what stands in every period has no name."""
    weights = {"": Fraction(1)}
    if isinstance(space.instance, FleetInstance) and len(space.instance.periods) > 1:
        names = [period.name for period in space.instance.periods]
        weights.update(zip(names, period_weights(space.instance), strict=True))
    return weights


def _held(column: ColumnMeaning) -> int:
    held = column.facts.get("held", column.devices if column.kind == "replicas" else 0)
    return int(held)


def _tokens_per_s(space: FleetSpace, plan: FleetPlan) -> Fraction | None:
    """Output tokens/s served: the demand, or what the rate column says where that is free."""
    instance = space.instance
    if isinstance(instance, ColumnFleet):
        return Fraction(sum(instance.demand_milli_tok_per_s), 1000)
    for column, count in zip(space.columns, plan.counts.tolist(), strict=True):
        if column.kind == "rate":
            return None if column.tok_per_s is None else column.tok_per_s * count
    return sum(
        (
            workload.requests_per_s * workload.output_tokens * factor * weight
            for workload in instance.workloads
            for factor, weight in zip(workload.by_period, period_weights(instance), strict=True)
        ),
        Fraction(0),
    )


def _places(space: FleetSpace, plan: FleetPlan, j: int, count: int) -> list[tuple[str, int]]:
    """(rack orbit, units) of column ``j``; one empty name where racks do not matter."""
    racks = space.problem.racks
    if racks is None or not plan.racks or j not in racks.items.tolist():
        return [("", count)]
    by_orbit: dict[int, int] = {}
    for filled in plan.racks:
        units = filled.times * filled.holds.get(j, 0)
        if units:
            by_orbit[filled.orbit] = by_orbit.get(filled.orbit, 0) + units
    return [(racks.orbit_names[orbit], units) for orbit, units in sorted(by_orbit.items())]


def _replica_entries(
    space: FleetSpace, plan: FleetPlan, j: int, count: int, column: ColumnMeaning
) -> Iterator[dict[str, Any]]:
    """One entry a place; rates and prices are of one replica, ``count`` counts replicas."""
    n = column.replicas
    facts = {key: value for key, value in column.facts.items() if key not in _SHARED_FACTS}
    for place, units in _places(space, plan, j, count):
        yield {
            "workload": column.workload,
            "option": space.problem.column_names[j],
            "layout": column.layout,
            "machine": column.machine,
            "region_or_rack": place,
            "count": units * n,
            "pools": units if n > 1 else None,
            "model": column.facts.get("model", ""),
            "phase": column.phase,
            "period": column.period,
            "contract": column.contract,
            "devices": column.facts.get("devices_per_replica", column.devices // n),
            "tpot_s": None if column.latency_ps is None else column.latency_ps / PS_PER_S,
            "ttft_s": None if column.ttft_s is None else float(column.ttft_s),
            "requests_per_s": _each(column.requests_per_s, n),
            "tok_per_s": _each(column.tok_per_s, n),
            **facts,
        }


def _each(value: Fraction | None, replicas: int) -> float | None:
    return None if value is None else float(value / replicas)


def _node_entries(
    space: FleetSpace, plan: FleetPlan, j: int, count: int, column: ColumnMeaning
) -> Iterator[dict[str, Any]]:
    for place, units in _places(space, plan, j, count):
        yield {
            "machine": column.machine,
            "contract": column.contract,
            "period": column.period,
            "region_or_rack": place,
            "count": units,
            "devices": units * column.devices,
            "usd_per_hour": float(units * column.usd_per_hour),
        }


def utilisation(space: FleetSpace, plan: FleetPlan) -> dict[str, dict[str, Any]]:
    """Of every limit: what is used and what there is, in its own unit, and the exact ratio.

    What columns supply (devices of nodes) counts to what there is, not against what is used. Rows
    that only tie helper columns to replicas are no limits and are left out.
    """
    found: dict[str, dict[str, Any]] = {}
    problem = space.problem
    for r, (name, side) in enumerate(zip(problem.limit_names, problem.limit.tolist(), strict=True)):
        columns, values = problem.use.row(r)
        if any(
            value < 0 and space.columns[j].kind == "other"
            for j, value in zip(columns.tolist(), values.tolist(), strict=True)
        ):
            continue  # a row that only ties a helper column to replicas
        parts = [
            value * int(plan.counts[j])
            for j, value in zip(columns.tolist(), values.tolist(), strict=True)
        ]
        gone = _gone(space, name, side)
        used = gone + sum(part for part in parts if part > 0)
        most = gone + side - sum(part for part in parts if part < 0)
        unit, per_unit = space.limit_units[name]
        found[name] = {
            "used": float(used / per_unit),
            "limit": float(most / per_unit),
            "unit": unit,
            "share": used / most if most else None,
        }
    found.update(_rack_utilisation(space, plan))
    return found


def _gone(space: FleetSpace, name: str, side: int) -> int:
    """Replicas of today that are on offer no more: changes too, though no row counts them."""
    current = space.instance.current if isinstance(space.instance, FleetInstance) else None
    if current is None or current.max_changes is None:
        return 0
    return current.max_changes - side if f"{name} ".startswith(f"{CHANGES} ") else 0


def _rack_utilisation(space: FleetSpace, plan: FleetPlan) -> dict[str, dict[str, Any]]:
    racks = space.problem.racks
    if racks is None:
        return {}
    used = dict.fromkeys(range(len(racks.count)), 0)
    for filled in plan.racks:
        used[filled.orbit] += filled.times if any(filled.holds.values()) else 0
    return {
        f"racks of {name}": {
            "used": float(used[o]),
            "limit": float(most),
            "unit": "racks",
            "share": used[o] / most if most else None,
        }
        for o, (name, most) in enumerate(zip(racks.orbit_names, racks.count.tolist(), strict=True))
    }


def _shares(space: FleetSpace, plan: FleetPlan) -> Iterator[Mapping[str, Any]]:
    """Which replicas carry which request sizes, in requests/s by the rates of the problem."""
    for routing, shares in zip(space.problem.routings, plan.shares, strict=True):
        demand = routing.demand_at(plan.counts)
        able = dict(zip(routing.columns.tolist(), routing.carried().tolist(), strict=True))
        for (j, size), traffic in sorted(shares.items()):
            if traffic:
                most = able[j][size] * int(plan.counts[j])
                yield {
                    "workload": space.columns[j].workload,
                    "option": space.problem.column_names[j],
                    # Where phases are apart the shares of each phase, with those of aggregated
                    # replicas, are all of the size.
                    **({"phase": space.columns[j].phase} if routing.parts else {}),
                    "size": routing.class_names[size],
                    "share": float(traffic / demand[size]) if demand[size] else None,
                    # Of what the replicas could do, the part that this takes.
                    "busy": float(traffic / most) if most else None,
                }
