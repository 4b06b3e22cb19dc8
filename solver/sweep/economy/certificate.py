"""Re-checking an economic result from its instance alone, without code of the search.

The question inside the file is lowered again. Designs are found in it and evaluated by the scalar
path, every figure from its definition; points, images, claims, open boxes, ideal and nadir are made
anew from them and compared; no point dominates another. Of a result that says that it is complete,
*all* candidates are looked at, one by one and unpruned: each must have a point that is at least as
good (``completeness``). A conflict is worked out again. What cannot be recomputed (versions, times,
the reason of a stop) is covered by the digest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import FleetError, ResultError
from solver.instance.domain import ReplicaInstance
from solver.instance.resolved import instance_from_resolved, resolved_instance
from solver.lowering.economy.cells import FamilyCells, cells_of
from solver.lowering.economy.design import Alone, alone, find_design
from solver.lowering.economy.lowering import lower_economy
from solver.lowering.economy.space import EconomicSpace
from solver.result import canonical_digest
from solver.sweep.certificate import Check, Verification
from solver.sweep.checking import (
    MAX_DETAILS,
    check_derived,
    check_digest,
    differences,
    first_faults,
    no_result,
    unreadable_instance,
)
from solver.sweep.economy.completeness import missing_candidates
from solver.sweep.economy.conflict import explain_economic_conflict
from solver.sweep.economy.document import (
    ENUMERATION,
    derived,
    instance_part,
    notes_of,
    objectives_part,
)
from solver.sweep.economy.model_error import error_of_economy
from solver.sweep.economy.objectives import Goal, goals_of
from solver.sweep.economy.outcome import Image, levels_of, ranks_of
from solver.sweep.error_of_kinds import check_model_error

__all__ = ["ECONOMY_KEYS", "Checked", "verify_economy"]

ECONOMY_KEYS = {
    "schema", "status", "instance", "objectives", "points", "claims", "open_boxes", "conflict",
    "ideal", "nadir", "model_error", "provenance", "digest",
}  # fmt: skip
_STATUSES = ("complete", "partial", "infeasible")
_WRONG_KIND = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a value of the wrong kind somewhere inside ends in: whatever it is, no valid result."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A result whose points were recomputed: what closing its boxes once more starts from."""

    every: tuple[FamilyCells, ...]
    goals: tuple[Goal, ...]
    images: Sequence[Image]
    tables: Sequence[Sequence[Fraction | int]]
    corners: Sequence[Image]


Reprove = Callable[[Checked], Check]


def verify_economy(
    document: Mapping[str, Any],
    *,
    instance: ReplicaInstance | None = None,
    reprove: Reprove | None = None,
    on_progress: Progress | None = None,
) -> Verification:
    """Check a result document of an economic replica question.

    Parameters
    ----------
    instance
        The question it should answer; its own ``resolved`` copy if left out.
    reprove
        Closes the boxes once more with an engine and reports; asked only where all else passed.
    on_progress
        Called with (candidates looked at, candidates to look at).

    Raises
    ------
    ResultError
        If the document is not a result of this kind at all.
    """
    _check_shape(document)
    try:
        told = document["instance"]
        own = instance_from_resolved(told.get("resolved", {}), sha256=str(told.get("sha256")))
        space = lower_economy(own)
    except FleetError as error:
        return unreadable_instance(error)
    except _WRONG_KIND as error:
        return Verification((Check("instance", (_told_wrong(error),)),))
    checks = [check_digest(document["digest"], canonical_digest(document))]
    try:
        _recompute(document, space, checks, instance, reprove, on_progress)
    except _WRONG_KIND as error:
        checks.append(Check("well-formed", (_told_wrong(error),)))
    return Verification(tuple(checks))


def _told_wrong(error: Exception) -> str:
    return f"a value is of the wrong kind ({error!r:.200})"


def _check_shape(document: Mapping[str, Any]) -> None:
    if type(document.get("schema")) is not int or document["schema"] != 1:
        raise no_result("is not a fleetfront result of schema 1", "solve")
    if set(document) != ECONOMY_KEYS:
        odd = ", ".join(sorted(set(document) ^ ECONOMY_KEYS, key=str))
        raise no_result(f"has keys missing or unknown: {odd}", "solve")
    for key in ("instance", "ideal", "nadir", "model_error", "provenance"):
        if not isinstance(document[key], Mapping):
            raise no_result(f"is damaged ({key} is no object)", "solve")
    for key in ("objectives", "points", "claims", "open_boxes", "conflict"):
        entries = document[key]
        if not isinstance(entries, list) or not all(isinstance(e, Mapping) for e in entries):
            raise no_result(f"is damaged ({key} is no list of objects)", "solve")
    if document["status"] not in _STATUSES:
        raise no_result(f"has an unknown status {document['status']!r:.80}", "solve")


def _recompute(
    document: Mapping[str, Any],
    space: EconomicSpace,
    checks: list[Check],
    instance: ReplicaInstance | None,
    reprove: Reprove | None,
    on_progress: Progress | None,
) -> None:
    """Append every check that can be made; stops where the rest would have no ground."""
    goals = goals_of(space.instance.trade_off)
    every = cells_of(space.instance, space.parts)
    checks.append(_check_instance(document, space, instance))
    checks.append(check_derived("objectives", document, {"objectives": objectives_part(goals)}))
    found, check = _check_designs(every, document["points"])
    checks.append(check)
    if not check.passed:
        return
    worths = [one.worth for one in found]
    status, reason = _status_and_reason(document)
    ours = derived(goals, worths, [one.design for one in found], status, reason)
    checks.append(check_derived("points, boxes, ideal and nadir", document, ours))
    images, tables = ranks_of(levels_of(goals, worths))
    checks.append(_check_nondominance(images))
    checks.append(_check_status(document, space, status))
    if status != "partial":
        faults, looked_at = missing_candidates(
            every, goals, images, tables, at_most=MAX_DETAILS, on_progress=on_progress
        )
        detail = f"{looked_at} candidates looked at, {len(images)} points"
        checks.append(Check("nothing is missing", tuple(faults), detail))
    checks.append(_check_provenance(document, space, status))
    checks.append(check_model_error(document["model_error"], error_of_economy(space)))
    if reprove is not None and all(check.passed for check in checks):
        corners = [tuple(claim["upper"]) for claim in ours["claims"]]
        checks.append(reprove(Checked(every, goals, images, tables, corners)))


def _check_instance(
    document: Mapping[str, Any], space: EconomicSpace, given: ReplicaInstance | None
) -> Check:
    told = document["instance"]
    faults = list(differences(told, instance_part(space), "instance"))
    if given is not None:
        if given.sha256 and told.get("sha256") != given.sha256:
            faults.append("the file, or what was set beside it, is not the one that was solved")
        ours = resolved_instance(given)
        theirs = told["resolved"]
        differing = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        if differing:
            faults.append(f"the result answers another question: {', '.join(differing)} differ")
    return Check("instance", first_faults(faults))


def _check_designs(
    every: Sequence[FamilyCells], points: Sequence[Mapping[str, Any]]
) -> tuple[list[Alone], Check]:
    """Every design is one of the question and meets its limits, by the scalar path."""
    found: list[Alone] = []
    faults: list[str] = []
    for number, point in enumerate(points, start=1):
        where = f"point {number}"
        try:
            one = alone(*find_design(every, point["design"], where=where))
        except ResultError as error:
            faults.extend(str(fault) for fault in error.faults)
            continue
        found.append(one)
        if not one.allowed:
            faults.append(f"{where}: breaks a limit of the instance")
    detail = f"{len(found)} points recomputed by the scalar path"
    return found, Check("designs", first_faults(faults), detail)


def _status_and_reason(document: Mapping[str, Any]) -> tuple[str, str]:
    """What the status has to be, and why the search stopped where it did."""
    if document["status"] == "partial":
        reasons = {str(box.get("reason", "")) for box in document["open_boxes"]}
        if len(reasons) != 1 or "" in reasons:
            raise ValueError("a partial result tells one reason in its open boxes")
        return "partial", reasons.pop()
    return ("complete" if document["points"] else "infeasible"), ""


def _check_nondominance(images: Sequence[Image]) -> Check:
    faults = []
    if any(a >= b for a, b in itertools.pairwise(images)):
        faults.append("points are not sorted, or one is there twice")
    table = np.array(images, dtype=np.int64)
    for index, row in enumerate(table):
        below = (table <= row).all(axis=1)
        below[index] = False
        if below.any():
            faults.append(f"{images[index]} is dominated by {images[int(np.argmax(below))]}")
    return Check("mutual nondominance", first_faults(faults))


def _check_status(document: Mapping[str, Any], space: EconomicSpace, expected: str) -> Check:
    faults = []
    if document["status"] != expected:
        faults.append(f"status is {document['status']!r}, the points say {expected!r}")
    ours = explain_economic_conflict(space) if expected == "infeasible" else ()
    faults.extend(differences(document["conflict"], list(ours), "conflict"))
    return Check("status", first_faults(faults))


def _check_provenance(document: Mapping[str, Any], space: EconomicSpace, status: str) -> Check:
    """How the points were found, among how many candidates, and which models were left out."""
    told = document["provenance"]
    counts = told.get("candidates", {})
    looked_at = space.n_candidates
    faults: list[str] = []
    if status == "partial":
        looked_at = counts.get("evaluated")
        fewest = len(document["points"])
        if type(looked_at) is not int or not fewest <= looked_at <= space.n_candidates:
            faults.append(
                f"evaluated candidates are {looked_at!r}, not {fewest} to {space.n_candidates}"
            )
    ours = {
        "candidates": {
            "stated": space.n_stated,
            "deployable": space.n_candidates,
            "evaluated": looked_at,
        },
        "notes": notes_of(space, [point["design"] for point in document["points"]]),
        "formulation": ENUMERATION,
        "performance_model": space.instance.performance.model,
        "engines": {},
        "solves": 0,
    }
    for key, value in ours.items():
        faults.extend(differences(told.get(key), value, key))
    return Check("number of candidates", first_faults(faults))
