"""The result file of a multi-objective integer program: from what a search found to plain JSON.

Objectives of points are told in the stated senses; corners and claims in the minimised integers
that were compared, which ``instance.units`` explains. Everything but ``provenance`` follows from
the program, the points and the boxes, so that a reader can build the file again and compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.instance.moip import program_to_dict
from solver.result import canonical_digest
from solver.sweep.document_parts import extremes, software
from solver.sweep.moip.claims import Claim
from solver.sweep.moip.infeasible import row_text
from solver.sweep.moip.outcome import SearchOutcome
from solver.sweep.moip.volume import dominated_volume, union_volume

__all__ = ["EXACT_IN_JSON", "KIND", "exact_number", "images_of", "outcome_to_dict", "stated_values"]

KIND = "moip"
EXACT_IN_JSON = 2**53
"""Larger integers are written as text: readers that hold numbers as floats would change them."""


def outcome_to_dict(outcome: SearchOutcome, *, conflict: Sequence[str] = ()) -> dict[str, Any]:
    """The result document, digest included.

    Parameters
    ----------
    conflict
        Names of rows that cannot hold together, for an infeasible program.

    Returns
    -------
    dict
        Keys of every result (``schema``, ``status``, ``instance``, ``objectives``, ``points``,
        ``open_boxes``, ``conflict``, ``ideal``, ``nadir``, ``provenance``, ``digest``) and, for
        this kind alone, ``candidates``, ``closed_boxes`` and ``gap``.
    """
    program = outcome.program
    document: dict[str, Any] = {
        "schema": 1,
        "status": outcome.status,
        "instance": {
            "name": program.name,
            "kind": KIND,
            "sha256": program.digest,
            "units": _units(program),
            "resolved": program_to_dict(program),
        },
        "objectives": [
            {"name": name, "unit": "", "sense": sense}
            for name, sense in zip(program.objective_names, program.senses, strict=True)
        ],
        "points": [
            {
                **stated_values(program, point.image),
                "design": _design(program, point.x),
                "proof": _proof(point.proof),
            }
            for point in outcome.points
        ],
        "candidates": [
            {**stated_values(program, found.image), "design": _design(program, found.x)}
            for found in outcome.candidates
        ],
        "closed_boxes": [
            {"corner": list(box.corner), "claim": _claim(box.claim)} for box in outcome.closed_boxes
        ],
        "open_boxes": [
            {"corner": list(box.corner), "floor": list(box.floor), "reason": box.reason}
            for box in outcome.open_boxes
        ],
        "gap": gap_of(outcome),
        "conflict": [{"row": name, "text": row_text(program, name)} for name in conflict],
        **extremes(
            outcome.status,
            (point.image for point in outcome.points),
            lambda image: stated_values(program, image),
        ),
        "provenance": _provenance(outcome),
    }
    document["digest"] = canonical_digest(document)
    return document


def exact_number(value: Fraction | int) -> int | str:
    """An exact value for JSON: an integer, or text where it is ``p/q`` or beyond 2^53."""
    number = Fraction(value)
    if number.denominator == 1 and abs(number.numerator) <= EXACT_IN_JSON:
        return number.numerator
    return str(number)


def stated_values(program: MultiObjectiveProgram, image: Image) -> dict[str, Any]:
    """``objectives`` (floats, for people) and ``exact`` values of an image, in stated senses."""
    stated = dict(zip(program.objective_names, program.stated(image), strict=True))
    return {
        "objectives": {name: float(value) for name, value in stated.items()},
        "exact": {name: exact_number(value) for name, value in stated.items()},
    }


def gap_of(outcome: SearchOutcome) -> dict[str, Any]:
    """How much of objective space is left open, in integer vectors of minimised objectives.

    Returns
    -------
    dict
        ``open``: vectors in the union of the open boxes, each from its floor to its corner;
        ``region``: all vectors from ``program.floor`` to below ``program.ceiling``, where the
        search began; ``relative``: the first over the second; ``hypervolume_found``: vectors below
        the ceiling that a point or candidate weakly dominates; ``hypervolume_bound``: those that a
        point, a candidate or the floor of an open box does, which no set of feasible points
        exceeds.
    """
    program = outcome.program
    boxes = outcome.open_boxes
    region = math.prod(high - low for low, high in zip(program.floor, program.ceiling, strict=True))
    left = union_volume([(box.floor, box.corner) for box in boxes])
    images = images_of(outcome)
    # A box whose floor has met its corner holds nothing, and so bounds nothing.
    floors = [
        box.floor
        for box in boxes
        if all(low < high for low, high in zip(box.floor, box.corner, strict=True))
    ]
    found = dominated_volume(images, program.ceiling)
    bound = dominated_volume([*images, *floors], program.ceiling) if floors else found
    return {
        "open": exact_number(left),
        "region": exact_number(region),
        "relative": float(Fraction(left, region)),
        "hypervolume_found": exact_number(found),
        "hypervolume_bound": exact_number(bound),
    }


def images_of(outcome: SearchOutcome) -> list[Image]:
    """Images of points and candidates, in this order."""
    images = [point.image for point in outcome.points]
    return images + [found.image for found in outcome.candidates]


def _units(program: MultiObjectiveProgram) -> str:
    """What one unit of a corner or a claim is."""
    told = []
    for name, sense, scale, offset in zip(
        program.objective_names, program.senses, program.scales, program.offsets, strict=True
    ):
        value = name if scale == 1 else f"{scale} * {name}"
        if offset:
            value += f" - {offset}" if offset > 0 else f" + {-offset}"
        told.append(value if sense == "min" else f"-({value})")
    return (
        "corners, floors and claims are vectors of minimised integers, in this order: "
        + "; ".join(told)
    )


def _design(program: MultiObjectiveProgram, x: IntArray) -> dict[str, Any]:
    pairs = zip(program.column_names, x.tolist(), strict=True)
    return {"columns": {name: value for name, value in pairs if value}}


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "upper": list(claim.upper),
        "weights": None if claim.weights is None else list(claim.weights),
        "bound": claim.bound,
        "engine": claim.engine,
        "closed_by": claim.closed_by,
    }


def _proof(claims: Sequence[Claim]) -> dict[str, Any]:
    """All claims of a point; the first one's engine and way stand for the proof in tables."""
    return {
        "engine": claims[0].engine,
        "closed_by": claims[0].closed_by,
        "claims": [_claim(claim) for claim in claims],
    }


def _provenance(outcome: SearchOutcome) -> dict[str, Any]:
    claims: list[Claim] = [claim for point in outcome.points for claim in point.proof]
    claims += [box.claim for box in outcome.closed_boxes]
    engines = sorted({claim.engine for claim in claims} | set(outcome.solves))
    return {
        **software(engines),
        "solves": sum(outcome.solves.values()),
        "solves_by_engine": dict(sorted(outcome.solves.items())),
        "wall_s": round(outcome.wall_s, 6),
        "cpu_s": round(outcome.cpu_s, 6),
        "notes": list(outcome.notes),
    }
