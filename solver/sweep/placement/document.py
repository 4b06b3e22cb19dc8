"""The result file of a placement question: from what a search found to plain JSON.

Everything but ``provenance`` and ``conflict`` follows from the instance, the designs and the
claims, so that a reader can build the file again and compare; ``model_error`` follows from the
instance and the catalog of that day.
"""

from __future__ import annotations

from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.resolved import resolved_placement
from solver.result import canonical_digest
from solver.sweep.document_parts import software
from solver.sweep.placement.image import Image, described_objectives, values_of
from solver.sweep.placement.model_error import error_of_placement
from solver.sweep.placement.outcome import Claim, OpenRegion, PlacementAnswer
from solver.sweep.placement.strips import region_text, strip_to_dict, strips_between

__all__ = ["PLACEMENT", "answer_to_dict", "asked_of", "derived", "proof_of"]

PLACEMENT = "placement"


def answer_to_dict(answer: PlacementAnswer) -> dict[str, Any]:
    """The result document, digest included."""
    error = error_of_placement(answer.instance)
    document = {
        **derived(answer),
        "conflict": [dict(entry) for entry in answer.conflict],
        **({} if error is None else {"model_error": error}),
        "provenance": _provenance(answer),
    }
    document["digest"] = canonical_digest(document)
    return document


def derived(answer: PlacementAnswer) -> dict[str, Any]:
    """All that follows from instance, points, claims and open regions."""
    instance = answer.instance
    told: dict[str, Any] = {
        "schema": 1,
        "status": answer.status,
        "instance": {
            "name": instance.name,
            "kind": PLACEMENT,
            "sha256": instance.sha256,
            "resolved": resolved_placement(instance),
        },
        "objectives": described_objectives(instance.trade_off),
        "points": [
            {
                **values_of(instance.trade_off, point.image),
                "design": dict(point.design),
                "proof": proof_of(answer, place),
            }
            for place, point in enumerate(answer.points)
        ],
        "claims": [_claim(answer, claim) for claim in answer.claims],
        "open_boxes": [_open(answer, region) for region in answer.open_regions],
        **_extremes(answer),
    }
    if answer.bracket is not None:
        bracket = [values_of(instance.trade_off, image) for image in answer.bracket]
        told["bracket"] = [entry["objectives"] for entry in bracket]
        told["bracket_exact"] = [entry["exact"] for entry in bracket]
    return told


def proof_of(answer: PlacementAnswer, place: int) -> dict[str, Any]:
    """What says that nothing dominates a point: the claims of the strips on both sides of it.

    What would dominate it is faster, and then lies in the strip before, or as fast and better in
    the second objective, in the strip after. With one objective there is one strip.
    """
    width = len(answer.instance.trade_off)
    strips = strips_between([point.image for point in answer.points], width=width)
    needed = strips[place : place + 2] if width == 2 else strips
    claims = [claim for claim in answer.claims if claim.strip in needed]
    if len(claims) < len(needed):
        return {"nondominated": "not proved", "engine": "", "closed_by": "open"}
    return {
        "nondominated": "proved",
        "engine": claims[0].engine,
        "closed_by": claims[0].closed_by,
        **claims[0].facts,
    }


def _claim(answer: PlacementAnswer, claim: Claim) -> dict[str, Any]:
    return {
        **strip_to_dict(answer.instance.trade_off, claim.strip),
        "engine": claim.engine,
        "closed_by": claim.closed_by,
        "facts": dict(claim.facts),
    }


def _open(answer: PlacementAnswer, region: OpenRegion) -> dict[str, Any]:
    return {
        "region": region_text(answer.instance.trade_off, region.strip),
        "reason": region.reason,
        **strip_to_dict(answer.instance.trade_off, region.strip),
        "facts": dict(region.facts),
    }


def _extremes(answer: PlacementAnswer) -> dict[str, Any]:
    """Best and worst of each objective over the frontier; known only of a complete one."""
    if answer.status != "complete":
        return {"ideal": {}, "nadir": {}}
    columns = list(zip(*(point.image for point in answer.points), strict=True))
    ideal: Image = tuple(min(column) for column in columns)
    nadir: Image = tuple(max(column) for column in columns)
    trade_off = answer.instance.trade_off
    return {"ideal": values_of(trade_off, ideal), "nadir": values_of(trade_off, nadir)}


def asked_of(instance: PlacementInstance) -> dict[str, Any]:
    """The part of the provenance that the question says by itself."""
    model = "measured" if instance.is_measured else instance.performance.model
    return {"performance_model": model, "seed": instance.seed}


def _provenance(answer: PlacementAnswer) -> dict[str, Any]:
    instance = answer.instance
    return {
        **software(answer.engines),
        "formulation": answer.formulation,
        **asked_of(instance),
        "settings": {key: str(value) for key, value in instance.settings.items()},
        "warnings": list(instance.warnings),
        "notes": list(answer.notes),
        "sizes": dict(answer.sizes),
        "solves": answer.solves,
        "wall_s": round(answer.wall_s, 6),
        "cpu_s": round(answer.cpu_s, 6),
    }
