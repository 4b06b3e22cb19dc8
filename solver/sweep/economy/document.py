"""The result file of an economic question: from what the enumeration found to plain JSON.

Images, claims and corners are ranks: the k-th number of an image counts the levels of objective k
among the points that are better. A claim ``upper`` says that no candidate is, in every objective k,
strictly better than level ``upper[k]`` of the points (or of any value, where it is past the last
level). Together the claims cover all that no point is at least as good as. An enumeration that was
stopped claims nothing: its boxes are open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from solver.instance.resolved import resolved_instance
from solver.lowering.economy.cells import FamilyCells
from solver.lowering.economy.design import economic_designs
from solver.lowering.economy.low_clocks import low_clock_notes
from solver.lowering.economy.space import EconomicSpace, Worth
from solver.result import canonical_digest
from solver.sweep.economy.model_error import error_of_economy
from solver.sweep.economy.objectives import EXACT_KEYS, Goal, told_exact, told_floats
from solver.sweep.economy.outcome import EconomyOutcome, EconomyPoint, Image, levels_of, ranks_of
from solver.sweep.moip.corners import greatest_corners
from solver.sweep.provenance import Stopwatch, provenance

__all__ = [
    "ENUMERATION",
    "derived",
    "instance_part",
    "notes_of",
    "objectives_part",
    "outcome_to_dict",
]

ENUMERATION = "enumeration"


def outcome_to_dict(outcome: EconomyOutcome, watch: Stopwatch) -> dict[str, Any]:
    """The result document, digest included; ``watch`` has run since the question was asked."""
    space = outcome.space
    worths = [point.worth for point in outcome.points]
    designs = _designs(outcome.points)
    status = outcome.status
    document = {
        "schema": 1,
        "status": status,
        "instance": instance_part(space),
        "objectives": objectives_part(outcome.goals),
        **derived(outcome.goals, worths, designs, status, outcome.stopped_by),
        "conflict": [dict(entry) for entry in outcome.conflict],
        "model_error": error_of_economy(space),
        "provenance": {
            **provenance(
                space.instance,
                watch,
                formulation=ENUMERATION,
                engine=None,
                solves=0,
                candidates={
                    "stated": space.n_stated,
                    "deployable": space.n_candidates,
                    "evaluated": outcome.evaluated,
                },
            ),
            "notes": notes_of(space, designs),
        },
    }
    document["digest"] = canonical_digest(document)
    return document


def notes_of(space: EconomicSpace, designs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Models that were left out, and points where the performance model is known to be off."""
    return [*space.notes, *low_clock_notes(space.instance, designs)]


def instance_part(space: EconomicSpace) -> dict[str, Any]:
    """The question as it stands in a result."""
    instance = space.instance
    return {
        "name": instance.name,
        "kind": instance.kind,
        "sha256": instance.sha256,
        "resolved": resolved_instance(instance),
    }


def objectives_part(goals: Sequence[Goal]) -> list[dict[str, str]]:
    """Names, units and senses."""
    return [
        {"name": d.name, "unit": d.unit, "sense": d.sense}
        for d in (goal.described for goal in goals)
    ]


def _designs(points: Sequence[EconomyPoint]) -> list[dict[str, Any]]:
    """Designs of all points, one array evaluation a family."""
    members: dict[int, list[int]] = {}
    for index, point in enumerate(points):
        members.setdefault(id(point.cells), []).append(index)
    found: list[dict[str, Any]] = [{} for _ in points]
    for indices in members.values():
        rows = np.array([points[index].row for index in indices], dtype=np.intp)
        columns = np.array([points[index].column for index in indices], dtype=np.intp)
        cells: FamilyCells = points[indices[0]].cells
        worths = [points[index].worth for index in indices]
        told = economic_designs(cells, rows, columns, worths)
        for index, design in zip(indices, told, strict=True):
            found[index] = design
    return found


def derived(
    goals: Sequence[Goal],
    worths: Sequence[Worth],
    designs: Sequence[Mapping[str, Any]],
    status: str,
    reason: str,
) -> dict[str, Any]:
    """Points, claims, open boxes, ideal and nadir: all that follows from designs and status."""
    images, tables = ranks_of(levels_of(goals, worths))
    proved = status != "partial"
    corners = _corners(images, len(goals))
    return {
        "points": [
            {
                "objectives": told_floats(goals, levels),
                "exact": told_exact(worth),
                "image": list(image),
                "design": dict(design),
                "proof": {
                    "nondominated": "proved" if proved else "not proved",
                    "engine": ENUMERATION,
                    "closed_by": ENUMERATION if proved else "open",
                },
            }
            for worth, levels, image, design in zip(
                worths, levels_of(goals, worths), images, designs, strict=True
            )
        ],
        "claims": [
            {"upper": list(corner), "engine": ENUMERATION, "closed_by": ENUMERATION}
            for corner in (corners if proved else ())
        ],
        "open_boxes": [
            {
                "corner": list(corner),
                "floor": [0] * len(goals),
                "reason": reason,
                "region": _region_text(goals, tables, corner),
            }
            for corner in (() if proved else corners)
        ],
        **_extremes(goals, tables, status),
    }


def _corners(images: Sequence[Image], p: int) -> list[Image]:
    """Greatest corners of what no point is at least as good as, sorted."""
    ceiling = tuple(max(column) + 1 for column in zip(*images, strict=True)) if images else (1,) * p
    return sorted(greatest_corners(images, ceiling))


def _region_text(
    goals: Sequence[Goal], tables: Sequence[Sequence[Fraction | int]], corner: Image
) -> str:
    """Where unseen candidates may be, in the units people read."""
    parts = []
    for k, goal in enumerate(goals):
        if tables and corner[k] < len(tables[k]):
            word = "above" if goal.described.sense == "max" else "below"
            parts.append(f"{goal.name} {word} {goal.stated(tables[k][corner[k]]):.6g}")
    return " and ".join(parts) or "anywhere"


def _extremes(
    goals: Sequence[Goal], tables: Sequence[Sequence[Fraction | int]], status: str
) -> dict[str, Any]:
    """Best and worst level of each objective over the points; known only of a complete set."""
    if status != "complete":
        return {"ideal": {}, "nadir": {}}

    def told(at: int) -> dict[str, Any]:
        levels = [table[at] for table in tables]
        return {
            "objectives": told_floats(goals, levels),
            "exact": {
                EXACT_KEYS[goal.name]: goal.exact(level)
                for goal, level in zip(goals, levels, strict=True)
            },
        }

    return {"ideal": told(0), "nadir": told(-1)}
