"""The result file of a fleet question: from what a sweep found to plain JSON.

Everything but ``provenance``, ``answers`` and ``conflict`` follows from the instance, the plans and
the claims, so that a reader can build the file again and compare; ``model_error`` follows from the
instance and the catalog of that day. Corners, floors, images and
claims are vectors of minimised integers: grades (0 is best) and measures in the units of
``instance.units``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import SPEED
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.columns_reader import resolved_columns
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.resolved import resolved_fleet
from solver.lowering.fleet.describe import describe
from solver.lowering.fleet.space import FleetSpace
from solver.result import canonical_digest
from solver.sweep.document_parts import extremes, software
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.model_error import error_of_fleet
from solver.sweep.fleet.outcome import FleetOutcome, FleetPoint, OpenRegion
from solver.sweep.moip.claims import Claim

__all__ = ["FLEET", "derived", "outcome_to_dict", "plan_to_dict"]

FLEET = "fleet"


def outcome_to_dict(outcome: FleetOutcome) -> dict[str, Any]:
    """The result document, digest included."""
    document = {
        **derived(outcome),
        "conflict": [dict(entry) for entry in outcome.conflict],
        "answers": dict(outcome.answers),
        **_told_error(outcome.objectives.space),
        "provenance": _provenance(outcome),
    }
    document["digest"] = canonical_digest(document)
    return document


def _told_error(space: FleetSpace) -> dict[str, Any]:
    """The key of the model's error, where the question has one."""
    told = error_of_fleet(space.instance)
    return {} if told is None else {"model_error": told}


def derived(outcome: FleetOutcome) -> dict[str, Any]:
    """All that follows from instance, plans, claims and open regions."""
    objectives = outcome.objectives
    space = objectives.space
    return {
        "schema": 1,
        "status": outcome.status,
        "instance": {
            "name": space.instance.name,
            "kind": FLEET,
            "sha256": space.instance.sha256,
            "units": _units(objectives),
            "resolved": _resolved(space),
        },
        "objectives": [
            {"name": o.name, "unit": o.unit, "sense": o.sense} for o in objectives.described()
        ],
        "points": [_point(objectives, point) for point in outcome.points],
        "claims": [_claim(claim) for claim in outcome.claims],
        "open_boxes": [_open(objectives, region) for region in outcome.open_regions],
        **extremes(
            outcome.status,
            (point.image for point in outcome.points),
            lambda image: _values(objectives, image),
        ),
    }


def _resolved(space: FleetSpace) -> dict[str, Any]:
    if isinstance(space.instance, FleetInstance):
        return resolved_fleet(space.instance)
    return resolved_columns(space.instance)


def _units(objectives: Objectives) -> dict[str, str]:
    """What one unit of every component of an image is."""
    told = {}
    for objective in objectives.described():
        unit = objectives.space.units.get(objective.name)
        told[objective.name] = "levels, 0 is best" if unit is None else f"{unit} {objective.unit}"
    return told


def plan_to_dict(space: FleetSpace, plan: FleetPlan) -> dict[str, Any]:
    """Counts by column name, shares and racks, as they are read back."""
    names = space.problem.column_names
    told: dict[str, Any] = {
        "counts": {names[j]: count for j, count in enumerate(plan.counts.tolist()) if count}
    }
    if plan.shares:
        told["shares"] = [
            [
                {"column": names[column], "class": size, "rate": str(traffic)}
                for (column, size), traffic in sorted(shares.items())
                if traffic
            ]
            for shares in plan.shares
        ]
    if plan.racks:
        told["racks"] = [
            {
                "orbit": rack.orbit,
                "times": rack.times,
                "holds": {names[column]: units for column, units in sorted(rack.holds.items())},
            }
            for rack in plan.racks
        ]
    return told


def _values(objectives: Objectives, image: Image) -> dict[str, Any]:
    stated = objectives.stated(image)
    exact: dict[str, str | int] = {name: str(value) for name, value in stated.items()}
    if SPEED in stated:
        level = objectives.space.speed_levels[image[objectives.names.index(SPEED)]]
        if level.latency_ps is not None:
            exact["latency_ps"] = level.latency_ps
    return {
        "objectives": {name: float(value) for name, value in stated.items()},
        "exact": exact,
    }


def _point(objectives: Objectives, point: FleetPoint) -> dict[str, Any]:
    first = next((claim for claim in point.proof if claim is not None), None)
    return {
        **_values(objectives, point.image),
        "design": describe(objectives.space, point.plan),
        "plan": plan_to_dict(objectives.space, point.plan),
        "image": list(point.image),
        "proof": {
            "nondominated": "proved" if point.proved else "not proved",
            "engine": "" if first is None else first.engine,
            "closed_by": "open" if first is None else first.closed_by,
            "claims": [None if claim is None else _claim(claim) for claim in point.proof],
        },
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {"upper": list(claim.upper), "engine": claim.engine, "closed_by": claim.closed_by}


def _open(objectives: Objectives, region: OpenRegion) -> dict[str, Any]:
    return {
        "corner": list(region.corner),
        "floor": list(region.floor),
        "reason": region.reason,
        "region": _region_text(objectives, region),
    }


def _region_text(objectives: Objectives, region: OpenRegion) -> str:
    """Where unseen plans may be, in the units people read."""
    parts = []
    space, ceiling = objectives.space, objectives.ceiling
    for k, name in enumerate(objectives.names):
        high, low = region.corner[k], region.floor[k]
        if name in space.problem.grades:
            if high < ceiling[k]:
                best = objectives.stated((*region.floor[:k], high, *region.floor[k + 1 :]))[name]
                parts.append(f"{name} above {float(best):.6g}")
        else:
            unit = space.units[name]
            if low > objectives.floor[k]:
                parts.append(f"{name} at least {float(low * unit):.6g}")
            if high < ceiling[k]:
                parts.append(f"{name} below {float(high * unit):.6g}")
    return " and ".join(parts) or "anywhere"


def _provenance(outcome: FleetOutcome) -> dict[str, Any]:
    space = outcome.objectives.space
    instance = space.instance
    settings: Mapping[str, Any] = {}
    warnings: tuple[str, ...] = ()
    performance, seed = "none", 0
    if not isinstance(instance, ColumnFleet):
        settings, warnings, seed = instance.settings, instance.warnings, instance.seed
        performance = instance.performance.model if instance.design is not None else "measured"
    return {
        **software(outcome.engines),
        "formulation": outcome.formulation,
        "performance_model": performance,
        "seed": seed,
        "settings": {key: str(value) for key, value in settings.items()},
        "warnings": list(warnings),
        "notes": [*space.notes, *outcome.notes],
        "columns": {"stated": space.stated, "kept": space.problem.n_columns},
        "solves": outcome.solves,
        "wall_s": round(outcome.wall_s, 6),
        "cpu_s": round(outcome.cpu_s, 6),
    }
