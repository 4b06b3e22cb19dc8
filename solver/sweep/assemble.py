"""From what a sweep found to a result document: designs, proofs, boxes, ideal and nadir."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from solver.instance.resolved import resolved_instance
from solver.lowering.design import designs
from solver.lowering.families import PS_PER_S
from solver.lowering.space import ReplicaSpace
from solver.result import Conflict, OpenBox, Point, Result, Status
from solver.result.document import Objective
from solver.sweep.enumeration import Candidate
from solver.sweep.error_of_space import error_of_space
from solver.sweep.strips import OpenRegion, Strip, box_of, is_proved, open_boxes, strips

__all__ = ["OBJECTIVES", "assemble", "describe_all", "extremes", "objective_values", "proof_of"]

OBJECTIVES = (
    Objective("speed", "tok/s/user", "max"),
    Objective("cost", "usd/Mtok", "min"),
)


def objective_values(latency_ps: int, cost: Fraction) -> dict[str, float]:
    """What people read: output tokens/s one user sees, US$ per million output tokens."""
    return {"speed": PS_PER_S / latency_ps, "cost": float(cost)}


def extremes(points: Sequence[tuple[int, Fraction]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ideal point (best of each objective) and nadir point (worst along the frontier)."""
    if not points:
        return {}, {}
    fastest, cheapest = points[0], points[-1]

    def told(latency_ps: int, cost: Fraction) -> dict[str, Any]:
        exact = {"latency_ps": latency_ps, "cost": str(cost)}
        return {**objective_values(latency_ps, cost), "exact": exact}

    return told(fastest[0], cheapest[1]), told(cheapest[0], fastest[1])


def _closed(box: OpenBox | None, closer: tuple[str, str]) -> dict[str, str]:
    return {"engine": closer[0], "closed_by": closer[1] if box is None else "open"}


def proof_of(
    strip: Strip,
    box: OpenBox | None,
    *,
    closer: tuple[str, str],
    proved: bool,
    faster: tuple[Strip, OpenBox | None, tuple[str, str]] | None,
) -> dict[str, Any]:
    """The proof that stands with a point.

    ``box`` is the strip of slower, cheaper designs behind the point; the fastest point also answers
    for the strip of all faster designs.
    """
    proof: dict[str, Any] = {
        **_closed(box, closer),
        "nondominated": "proved" if proved else "not proved",
        "box": box_of(strip),
    }
    if faster is not None:
        proof["faster"] = {**_closed(faster[1], faster[2]), "box": box_of(faster[0])}
    return proof


def describe_all(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Designs of all candidates, one array evaluation a family."""
    members: dict[int, list[int]] = {}
    for index, candidate in enumerate(candidates):
        members.setdefault(id(candidate.family), []).append(index)
    found: list[dict[str, Any]] = [{} for _ in candidates]
    for indices in members.values():
        rows = np.array([candidates[index].row for index in indices], dtype=np.intp)
        columns = np.array([candidates[index].column for index in indices], dtype=np.intp)
        family = candidates[indices[0]].family
        for index, design in zip(indices, designs(family, rows, columns), strict=True):
            found[index] = design
    return found


def assemble(
    space: ReplicaSpace,
    candidates: Sequence[Candidate],
    regions: Sequence[OpenRegion],
    *,
    closers: Sequence[tuple[str, str]],
    reason: str,
    conflict: Conflict | None,
    provenance: Mapping[str, Any],
) -> Result:
    """Result document of a replica question.

    Parameters
    ----------
    candidates
        Points found, fastest first, mutually nondominated.
    regions
        Where something unseen may be; empty when the sweep was complete.
    closers
        For each strip (see ``strips``) who closed it and how: engine and ``enumeration``, ``bound``
        or ``infeasible``. Ignored where the strip is open.
    reason
        Why regions are open.
    """
    pairs = [(candidate.latency_ps, candidate.cost) for candidate in candidates]
    all_strips = strips(pairs)
    boxes = open_boxes(all_strips, regions, reason)
    points = []
    described = describe_all(candidates)
    for index, candidate in enumerate(candidates):
        points.append(
            Point(
                objectives=objective_values(candidate.latency_ps, candidate.cost),
                exact={"latency_ps": candidate.latency_ps, "cost": str(candidate.cost)},
                design=described[index],
                proof=proof_of(
                    all_strips[index + 1],
                    boxes[index + 1],
                    closer=closers[index + 1],
                    proved=is_proved(candidate.latency_ps, candidate.cost, regions),
                    faster=(all_strips[0], boxes[0], closers[0]) if index == 0 else None,
                ),
            )
        )
    left = tuple(box for box in boxes if box is not None)
    status: Status = "partial" if left else "complete" if points else "infeasible"
    ideal, nadir = extremes(pairs)
    instance = space.instance
    return Result(
        status=status,
        instance={
            "name": instance.name,
            "kind": instance.kind,
            "sha256": instance.sha256,
            "resolved": resolved_instance(instance),
        },
        objectives=OBJECTIVES,
        points=tuple(points),
        open_boxes=left,
        conflict=conflict,
        ideal=ideal,
        nadir=nadir,
        model_error=error_of_space(space),
        provenance=provenance,
    )
