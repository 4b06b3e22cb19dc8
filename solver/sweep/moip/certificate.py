"""Re-checking the result of a multi-objective integer program from its instance alone.

In exact arithmetic, and without any code of the search: every point is feasible and its objectives
follow from its columns; no point dominates another; the boxes are exactly the search region of the
points; every closed box, and every box from which a point could be dominated, is closed by its
claim, and no claim is refuted by a point of the file; all that follows from these (gap, ideal,
nadir, status) is computed anew and compared. Why this is enough: a feasible image that is missing
would lie in a closed box, so a claim would be false. Whether claims are true is what ``reprove``
asks another engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines import ENGINE_NAMES
from solver.engines.guard import violation
from solver.errors import FleetError, ResultError
from solver.result import canonical_digest
from solver.sweep.certificate import Check, Verification
from solver.sweep.checking import (
    below_point,
    check_derived,
    check_digest,
    first_faults,
    no_result,
    unreadable_instance,
)
from solver.sweep.moip.claims import Claim, Corner
from solver.sweep.moip.corners import greatest_corners
from solver.sweep.moip.document import images_of, outcome_to_dict
from solver.sweep.moip.outcome import SearchOutcome
from solver.sweep.moip.reading import MoipResult, outcome_from_dict

__all__ = ["LISTERS", "below_point", "verify_moip"]

LISTERS = ("labels", "packing")
"""They list boxes, or bound them, and are never asked whether one is empty; others never list."""
_EXACT_IN_INT64 = 2**62
_PAIRS_AT_ONCE = 2_000_000
Progress = Callable[[int, int], None]
Reprove = Callable[[MoipResult], Check]


def verify_moip(
    document: Mapping[str, Any],
    *,
    program: MultiObjectiveProgram | None = None,
    reprove: Reprove | None = None,
    on_progress: Progress | None = None,
) -> Verification:
    """Check a result document of kind ``moip``.

    Parameters
    ----------
    program
        The problem it should answer; the copy inside the document if left out.
    reprove
        Closes the boxes once more with another engine and reports (see ``reprove``); asked only
        where all other checks passed.
    on_progress
        Called with (done, to do) claims.

    Raises
    ------
    ResultError
        If the document is not a result of this kind at all.
    """
    if not isinstance(document, Mapping):
        raise no_result("not an object", "moip")
    try:
        read = outcome_from_dict(document)
        actual = canonical_digest(document)
    except ResultError:
        raise
    except FleetError as error:
        return unreadable_instance(error)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise no_result(f"damaged ({error!r})", "moip") from error
    outcome = read.outcome
    checks = [check_digest(document["digest"], actual), _check_instance(outcome.program, program)]
    feasible = _check_feasible(outcome)
    checks.append(feasible)
    if feasible.passed:
        checks.append(_check_derived(document, read))
        checks.append(_check_nondominance(outcome))
        checks.append(_check_tiling(outcome))
        checks.append(_check_proofs(outcome))
        checks.append(_check_claims(outcome, on_progress))
        checks.append(_check_conflict(read))
    if reprove is not None and all(check.passed for check in checks):
        checks.append(reprove(read))
    return Verification(tuple(checks))


def _check_instance(own: MultiObjectiveProgram, given: MultiObjectiveProgram | None) -> Check:
    faults = []
    if given is not None and given.digest != own.digest:
        faults.append(
            f"the result answers another problem: {own.name} ({own.digest[:12]}) instead of "
            f"{given.name} ({given.digest[:12]})"
        )
    return Check("instance", tuple(faults))


def _check_feasible(outcome: SearchOutcome) -> Check:
    designs = [(f"point {index}", point.x) for index, point in enumerate(outcome.points, 1)]
    designs += [(f"candidate {index}", p.x) for index, p in enumerate(outcome.candidates, 1)]
    broken = ((what, violation(outcome.program.milp, x, {})) for what, x in designs)
    faults = [f"{what} is not feasible: {fault}" for what, fault in broken if fault is not None]
    detail = f"{len(designs)} points against every row"
    return Check("points are feasible", first_faults(faults), detail)


def _check_derived(document: Mapping[str, Any], read: MoipResult) -> Check:
    """All that follows from columns, claims and boxes reads as it does when it is made anew."""
    ours = outcome_to_dict(read.outcome, conflict=read.conflict)
    for key in ("provenance", "digest"):
        del ours[key]
    return check_derived("objectives, gap, ideal, nadir and status", document, ours)


def _check_nondominance(outcome: SearchOutcome) -> Check:
    faults = []
    images = images_of(outcome)
    split = len(outcome.points)
    for kind, found in (("points", images[:split]), ("candidates", images[split:])):
        if any(a >= b for a, b in itertools.pairwise(found)):
            faults.append(f"{kind} are not sorted by their minimised objectives")
    distinct = sorted(set(images))
    if len(distinct) != len(images):
        faults.append("two points have the same objectives")
    faults += [
        f"{outcome.program.objective_names}: {one} is dominated by {other}"
        for one, other in _dominated(distinct)
    ]
    return Check("mutual nondominance", first_faults(faults))


def _dominated(images: Sequence[Image]) -> Iterator[tuple[Image, Image]]:
    """Pairs (dominated, by whom) of distinct images, sorted."""
    if not images:
        return
    array = _array(images)
    for index, row in enumerate(array):
        # What dominates comes before in sorted order.
        below = (array[:index] <= row).all(axis=1)
        if below.any():
            yield images[index], images[int(np.argmax(below))]


def _array(vectors: Sequence[Corner]) -> np.ndarray[Any, np.dtype[Any]]:
    """(n, p) int64 where that is exact with room for sums, Python integers otherwise."""
    largest = max((abs(value) for vector in vectors for value in vector), default=0)
    return np.array(vectors, dtype=np.int64 if largest < _EXACT_IN_INT64 else object)


def _check_tiling(outcome: SearchOutcome) -> Check:
    """Closed and open boxes are exactly the greatest boxes of what the points leave."""
    closed = [box.corner for box in outcome.closed_boxes]
    opened = [box.corner for box in outcome.open_boxes]
    faults = []
    for kind, corners in (("closed", closed), ("open", opened)):
        if any(a >= b for a, b in itertools.pairwise(corners)):
            faults.append(f"{kind} boxes are not sorted by corner, or one is there twice")
    faults += [f"box {corner} is both closed and open" for corner in set(closed) & set(opened)]
    expected = greatest_corners(images_of(outcome), outcome.program.ceiling)
    told = {*closed, *opened}
    faults += [f"box {corner} of the search region is missing" for corner in expected - told]
    faults += [f"box {corner} is not one of the search region" for corner in told - expected]
    if outcome.candidates and not opened:
        faults.append("candidates are left although every box is closed")
    for box in outcome.open_boxes:
        if any(a < b for a, b in zip(box.floor, outcome.program.floor, strict=True)):
            faults.append(
                f"open box {box.corner}: its floor {box.floor} is below all columns' reach"
            )
        if not box.reason.strip():
            faults.append(f"open box {box.corner}: no reason is given")
    detail = f"{len(closed)} closed, {len(opened)} open"
    return Check("boxes tile the search region", first_faults(faults), detail)


def _check_proofs(outcome: SearchOutcome) -> Check:
    """Each claim closes the box that it is given for."""
    faults = [
        f"closed box {box.corner} is not closed by its claim"
        for box in outcome.closed_boxes
        if not box.claim.closes(box.corner)
    ]
    for index, point in enumerate(outcome.points, start=1):
        faults += [
            f"point {index}: claim {k + 1} does not rule out better {name}"
            for k, name in enumerate(outcome.program.objective_names)
            if not point.proof[k].closes(below_point(point.image, k))
        ]
    return Check("claims close their boxes", first_faults(faults))


def _check_claims(outcome: SearchOutcome, on_progress: Progress | None) -> Check:
    """Claims are well-formed, and no point of the file lies where they say nothing does."""
    claims = {box.claim: None for box in outcome.closed_boxes}
    claims.update((claim, None) for point in outcome.points for claim in point.proof)
    faults = [f"claim of {claim.upper}: {text}" for claim in claims for text in _misnamed(claim)]
    images = images_of(outcome)
    if images and claims:
        faults += [
            f"point {images[index]} lies where the claim of {claim.upper} by {claim.engine} "
            "says that nothing does"
            for claim, index in _refuted(list(claims), images, on_progress)
        ]
    detail = f"{len(claims)} claims against {len(images)} points"
    return Check("no claim is refuted", first_faults(faults), detail)


def _misnamed(claim: Claim) -> Iterator[str]:
    """Engine, way and shape of a claim must fit together."""
    if claim.engine not in (*ENGINE_NAMES, *LISTERS):
        yield f"unknown engine {claim.engine!r:.60}"
    elif claim.closed_by == ("infeasible" if claim.engine in LISTERS else "enumeration"):
        yield f"{claim.engine} does not close by {claim.closed_by!r}"
    elif claim.closed_by == "infeasible" and claim.weights is not None:
        yield "an empty box has no bound"
    elif claim.closed_by == "bound" and claim.weights is None:
        yield "a bound is missing"


def _refuted(
    claims: Sequence[Claim], images: Sequence[Image], on_progress: Progress | None
) -> Iterator[tuple[Claim, int]]:
    """Claims with the index of an image that lies in the part claimed empty."""
    n_objectives = len(images[0])
    # Without weights the half-space is everything: zero weights, and a bound of 1 on their sum.
    all_weights = [claim.weights or (0,) * n_objectives for claim in claims]
    all_bounds = [(1 if claim.bound is None else claim.bound,) for claim in claims]
    largest = max(abs(value) for image in images for value in image)
    heaviest = max((max(weights) for weights in all_weights), default=0)
    farthest = max((abs(bound) for (bound,) in all_bounds), default=0)
    safe = max(n_objectives * largest * heaviest, heaviest, farthest) < _EXACT_IN_INT64
    points = _array(images) if safe else np.array(images, dtype=object)
    weights = np.array(all_weights, dtype=points.dtype)
    bounds = np.array(all_bounds, dtype=points.dtype)[:, 0]
    uppers = _array([claim.upper for claim in claims])
    step = max(1, _PAIRS_AT_ONCE // max(1, len(images)))
    for start in range(0, len(claims), step):
        part = slice(start, start + step)
        inside = np.ones((len(uppers[part]), len(points)), dtype=bool)
        for k in range(n_objectives):
            inside &= points[None, :, k] < uppers[part, None, k]
        rows, columns = np.nonzero(inside)
        if len(rows):
            sums = (weights[part][rows] * points[columns]).sum(axis=1)
            below = sums < bounds[part][rows]
            for row, column in zip(rows[below].tolist(), columns[below].tolist(), strict=True):
                yield claims[start + row], column
        if on_progress is not None:
            on_progress(min(start + step, len(claims)), len(claims))


def _check_conflict(read: MoipResult) -> Check:
    faults = []
    if read.conflict and read.outcome.status != "infeasible":
        faults.append("rows are said to conflict although the program was not proved infeasible")
    if len(set(read.conflict)) != len(read.conflict):
        faults.append("a row is named twice")
    return Check("conflict", tuple(faults))
