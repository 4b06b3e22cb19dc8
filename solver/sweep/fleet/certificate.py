"""Re-checking a fleet result from its instance alone, in integers, without code of the search.

The question inside the file is lowered again. Every plan meets demand and limits (shares and racks
included), its objectives follow from its counts, no point dominates another, and the search region
that the points leave is closed by claims but for the open boxes that the file names. All else in
the file (designs, units, ideal, nadir, status) is made anew and compared. A plan that were missing
would lie where a claim says that nothing does; whether claims are true is what ``reprove`` asks
another engine, together with what conflicts and answers say. Without it they are listed as not
checked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from formulations.fleet.plan import violations
from solver.engines import ENGINE_NAMES
from solver.errors import FleetError, ResultError
from solver.lowering.fleet.space import FleetSpace
from solver.result import canonical_digest
from solver.sweep.certificate import Check, Verification
from solver.sweep.checking import (
    MAX_DETAILS,
    NotChecked,
    below_point,
    check_derived,
    check_digest,
    first_faults,
    no_result,
    unreadable_instance,
)
from solver.sweep.error_of_kinds import check_model_error
from solver.sweep.fleet.answers_check import check_answers, parts_asked
from solver.sweep.fleet.conflict_check import check_conflict
from solver.sweep.fleet.document import derived
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.model_error import error_of_fleet
from solver.sweep.fleet.outcome import FleetOutcome, outside_range
from solver.sweep.fleet.reading import outcome_from_dict, space_of
from solver.sweep.fleet.roads import BLOCKS
from solver.sweep.moip.claims import Claim
from solver.sweep.moip.corners import greatest_corners

__all__ = ["MAX_DETAILS", "region_corners", "verify_fleet"]

Reprove = Callable[[FleetOutcome], Sequence[Check]]


def verify_fleet(
    document: Mapping[str, Any],
    *,
    space: FleetSpace | None = None,
    reprove: Reprove | None = None,
) -> Verification:
    """Check a result document of kind ``fleet``.

    Parameters
    ----------
    space
        The question it should answer, lowered; the copy inside the document if left out.
    reprove
        Closes the boxes once more with another engine, and works out again what conflicts and
        answers say; asked only where all else passed. Otherwise these are ``NotChecked``.

    Raises
    ------
    ResultError
        If the document is not a result of this kind at all.
    """
    try:
        own = space_of(document)
        outcome = outcome_from_dict(document, own)
        actual = canonical_digest(document)
    except ResultError:
        raise
    except FleetError as error:
        return unreadable_instance(error)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise no_result(f"is damaged ({error!r:.200})", "solve") from error
    checks = [check_digest(document["digest"], actual), _check_question(document, space)]
    feasible = _check_plans(outcome)
    checks.append(feasible)
    if feasible.passed:
        name = "objectives, designs, ideal, nadir and status"
        checks.append(check_derived(name, document, derived(outcome)))
        checks.append(_check_nondominance(outcome))
        checks.append(_check_region(outcome))
        checks.append(_check_claims(outcome))
        checks.append(check_conflict(outcome))
        if outcome.answers or parts_asked(outcome):
            checks.append(check_answers(outcome))
        if "model_error" in document:
            ours = error_of_fleet(own.instance)
            checks.append(check_model_error(document["model_error"], ours))
    if reprove is not None and all(check.passed for check in checks):
        checks.extend(reprove(outcome))
    else:
        checks.extend(_not_checked(outcome))
    return Verification(tuple(checks))


def _not_checked(outcome: FleetOutcome) -> Iterator[NotChecked]:
    """What rests on the word of whoever solved it."""
    trivial = outside_range(outcome.objectives)
    claims = sum(claim not in trivial for claim in outcome.claims)
    if claims:
        told = f"{claims} say that nothing better is there; --reprove asks another engine"
        yield NotChecked("claims", (), told)
    if outcome.conflict:
        told = "whether these limits conflict and how far each must give; --reprove asks again"
        yield NotChecked("conflict", (), told)
    asked = parts_asked(outcome)
    if asked:
        told = f"{', '.join(asked.values())}; --reprove works them out again"
        yield NotChecked("answers", (), told)


def _check_question(document: Mapping[str, Any], space: FleetSpace | None) -> Check:
    if space is None:
        return Check("instance", ())
    objectives_only = derived(_empty(space))["instance"]
    told = document["instance"]
    faults = [
        f"{key} of the result is that of another question"
        for key in ("name", "resolved")
        if told[key] != objectives_only[key]
    ]
    return Check("instance", tuple(faults))


def _empty(space: FleetSpace) -> FleetOutcome:
    return FleetOutcome(Objectives.of(space), (), (), (), 0, (), 0.0, 0.0, "")


def _check_plans(outcome: FleetOutcome) -> Check:
    problem = outcome.objectives.space.problem
    faults = []
    for number, point in enumerate(outcome.points, start=1):
        broken = violations(problem, point.plan)
        faults += [f"point {number}: {fault}" for fault in broken[:2]]
        if not broken:
            image = outcome.objectives.image(point.plan)
            if image != point.image:
                faults.append(f"point {number}: image {point.image}, recomputed {image}")
    return Check(
        "plans hold", first_faults(faults), f"{len(outcome.points)} plans against every limit"
    )


def _check_nondominance(outcome: FleetOutcome) -> Check:
    images = [point.image for point in outcome.points]
    faults = []
    if any(a >= b for a, b in itertools.pairwise(images)):
        faults.append("points are not sorted, or one is there twice")
    table = np.array(images, dtype=np.int64).reshape(-1, len(outcome.objectives.names))
    for index, row in enumerate(table):
        others = np.delete(table, index, axis=0)
        below = np.flatnonzero((others <= row).all(axis=1))
        if len(below):
            faults.append(f"{images[index]} is dominated by {tuple(others[below[0]].tolist())}")
    return Check("mutual nondominance", first_faults(faults))


def region_corners(outcome: FleetOutcome) -> set[Image]:
    """Greatest corners of what the points leave of objective space."""
    images = [point.image for point in outcome.points]
    ceiling = outcome.objectives.ceiling
    if len(ceiling) == 1:
        return {min([*images, ceiling])}
    return greatest_corners(images, ceiling)


def _check_region(outcome: FleetOutcome) -> Check:
    """Every corner is closed by a claim, or the file says that it is open."""
    corners = region_corners(outcome)
    opened = {region.corner for region in outcome.open_regions}
    faults = [f"box {corner} is not one of the search region" for corner in opened - corners]
    closed = 0
    for corner in sorted(corners):
        shut = any(claim.closes(corner) for claim in outcome.claims)
        closed += shut
        if shut == (corner in opened):
            what = (
                "is said to be open though a claim closes it" if shut else "is closed by no claim"
            )
            faults.append(f"box {corner} {what}")
    for number, point in enumerate(outcome.points, start=1):
        for k, claim in enumerate(point.proof):
            if claim is not None and (
                claim not in outcome.claims or not claim.closes(below_point(point.image, k))
            ):
                faults.append(f"point {number}: claim {k + 1} does not rule out a better one")
    for region in outcome.open_regions:
        low = outcome.objectives.floor
        if any(a < b for a, b in zip(region.floor, low, strict=True)) or not region.reason:
            faults.append(f"open box {region.corner}: its floor or its reason is missing")
        pivot = outcome.objectives.pivot
        if region.floor[pivot] > low[pivot] and not any(
            claim.upper[pivot] >= region.floor[pivot]
            and all(
                u <= v
                for k, (u, v) in enumerate(zip(region.corner, claim.upper, strict=True))
                if k != pivot
            )
            for claim in outcome.claims
        ):
            faults.append(f"open box {region.corner}: no claim stands behind its floor")
    return Check(
        "claims close the search region",
        first_faults(faults),
        f"{closed} closed, {len(opened)} open",
    )


def _check_claims(outcome: FleetOutcome) -> Check:
    """No point lies where a claim says that nothing does."""
    faults = [
        f"unknown engine {claim.engine!r:.60}"
        for claim in outcome.claims
        if claim.engine not in (*ENGINE_NAMES, BLOCKS)
        and claim not in outside_range(outcome.objectives)
    ]
    table = np.array([point.image for point in outcome.points], dtype=np.int64)
    for claim in outcome.claims if len(table) else ():
        inside = (table < np.array(claim.upper, dtype=np.int64)).all(axis=1)
        if inside.any():
            faults.append(_refutation(claim, outcome.points[int(np.argmax(inside))].image))
    return Check("no claim is refuted", first_faults(faults), f"{len(outcome.claims)} claims")


def _refutation(claim: Claim, image: Image) -> str:
    return f"point {image} lies where the claim of {claim.upper} by {claim.engine} says none does"
