"""Re-checking a result from its instance alone, without trusting what produced it.

Recomputed are: points by the scalar path of the performance model, with their designs; boxes,
ideal, nadir, status, conflict and the number of candidates; emptiness of every closed box, by
looking at *all* candidates of the space, one by one and without any pruning; the list of near
designs, where there is one. The comparison that decides is made in integers and fractions. What
cannot be recomputed (versions, times, which engine closed a box, the error that the performance
model had when the question was solved) is covered by the digest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.engines import ENGINE_NAMES
from solver.errors import FleetError, ResultError
from solver.instance.domain import ReplicaInstance
from solver.instance.resolved import instance_from_resolved, resolved_instance
from solver.lowering.design import design_alone, evaluate_alone, locate
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.result import canonical_digest, result_from_dict, result_to_dict
from solver.result.document import Result
from solver.sweep.assemble import OBJECTIVES, extremes, objective_values
from solver.sweep.conflict import explain_conflict
from solver.sweep.error_of_space import error_of_space
from solver.sweep.near import near_section, parse_tolerance, stopped_section
from solver.sweep.scan import candidates_in_strips
from solver.sweep.strips import Strip, box_of, strips

__all__ = ["Check", "Verification", "verify_document"]

MAX_DETAILS = 5
Pair = tuple[int, Fraction]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, and what is wrong with it (empty when nothing is)."""

    name: str
    faults: tuple[str, ...] = ()
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of one result."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def __bool__(self) -> bool:
        return self.passed


def verify_document(
    document: Mapping[str, Any],
    *,
    instance: ReplicaInstance | None = None,
    reprove: Callable[[ReplicaSpace, Sequence[Strip], Collection[int]], Check] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    representatives: Callable[[Result], Sequence[int]] | None = None,
) -> Verification:
    """Check a result document.

    Parameters
    ----------
    instance
        The question it should answer; its own ``resolved`` copy if left out.
    reprove
        Closes the strips once more with another engine and reports.
    representatives
        Positions of the points at which a list of near designs has to tell the simplest one; at
        every point if left out.

    Raises
    ------
    ResultError
        If the document is not a result at all.
    """
    checks: list[Check] = []
    result = result_from_dict(document)
    stated, actual = document.get("digest"), canonical_digest(document)
    checks.append(
        Check("digest", () if stated == actual else (f"stated {stated}, recomputed {actual}",))
    )
    try:
        _recompute(result, checks, instance, reprove, on_progress, representatives)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A value of the wrong kind somewhere inside: whatever it is, this is no valid result.
        checks.append(Check("well-formed", (f"a value is of the wrong kind ({error!r})",)))
    return Verification(tuple(checks))


def _recompute(
    result: Result,
    checks: list[Check],
    instance: ReplicaInstance | None,
    reprove: Callable[[ReplicaSpace, Sequence[Strip], Collection[int]], Check] | None,
    on_progress: Callable[[int, int], None] | None,
    representatives: Callable[[Result], Sequence[int]] | None,
) -> None:
    """Append every check that can be made; stops where the rest would have no ground."""
    try:
        own = instance_from_resolved(
            result.instance.get("resolved", {}), sha256=str(result.instance.get("sha256"))
        )
        space = lower_replica(own)
    except FleetError as error:
        checks.append(Check("instance", tuple(str(fault) for fault in error.faults)))
        return
    checks.append(_check_instance(result, own, instance))
    checks.append(_check_objectives(result))
    pairs, point_check = _check_points(space, result)
    checks.append(point_check)
    if not point_check.passed:
        return
    checks.append(_check_order(pairs))
    ideal, nadir = extremes(pairs)
    faults = [
        f"{name} is {told}, recomputed {ours}"
        for name, told, ours in (("ideal", result.ideal, ideal), ("nadir", result.nadir, nadir))
        if any(_differences(told, ours))
    ]
    checks.append(Check("ideal and nadir", tuple(faults)))
    all_strips = strips(pairs)
    checks.append(_check_boxes(result, pairs, all_strips))
    checks.append(_check_empty(space, result, pairs, all_strips, on_progress))
    checks.append(_check_status(space, result))
    checks.append(_check_counts(space, result))
    if result.model_error is not None:
        checks.append(_check_model_error(space, result.model_error))
    if result.near is not None:
        points = range(len(pairs)) if representatives is None else representatives(result)
        checks.append(_check_near(space, result, result.near, pairs, points))
    if reprove is not None and all(check.passed for check in checks):
        open_in = _open_by_strip(result, all_strips)
        closed = [index for index in range(len(all_strips)) if index not in open_in]
        checks.append(reprove(space, all_strips, closed))


def _check_instance(result: Result, own: ReplicaInstance, given: ReplicaInstance | None) -> Check:
    faults = []
    told = result.instance
    if told.get("name") != own.name or told.get("kind") != own.kind or set(told) != {
        "name", "kind", "sha256", "resolved",
    }:  # fmt: skip
        faults.append("name or kind differ from the resolved instance")
    if any(_differences(told["resolved"], resolved_instance(own))):
        faults.append("the resolved instance does not read back as itself")
    if given is not None:
        if given.sha256 and told.get("sha256") != given.sha256:
            faults.append("the file, or what was set beside it, is not the one that was solved")
        ours = resolved_instance(given)
        differing = [key for key in ours if told["resolved"].get(key) != ours[key]]
        if differing:
            faults.append(f"the result answers another question: {', '.join(differing)} differ")
    return Check("instance", tuple(faults))


def _check_objectives(result: Result) -> Check:
    faults = () if result.objectives == OBJECTIVES else ("objectives are not speed and cost",)
    return Check("objectives", faults)


def _differences(told: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, exactly."""
    if isinstance(told, Mapping) and isinstance(ours, Mapping):
        for key in sorted({*told, *ours}, key=str):
            if key not in told or key not in ours:
                yield f"{path}{key} is {'missing' if key not in told else 'unknown'}"
            else:
                yield from _differences(told[key], ours[key], f"{path}{key}.")
    elif type(told) is not type(ours) or told != ours:
        yield f"{path.rstrip('.')} is {told!r}, recomputed {ours!r}"


def _check_points(space: ReplicaSpace, result: Result) -> tuple[list[Pair], Check]:
    pairs: list[Pair] = []
    faults: list[str] = []
    for index, point in enumerate(result.points):
        where = f"point {index + 1}"
        try:
            family, row, column = locate(space, point.design, where=where)
        except ResultError as error:
            faults.extend(str(fault) for fault in error.faults)
            continue
        alone = evaluate_alone(space, family, row, column)
        pairs.append((alone.latency_ps, alone.cost))
        if not alone.allowed:
            faults.append(f"{where}: breaks a limit of the instance")
        ours = {
            "objectives": objective_values(alone.latency_ps, alone.cost),
            "exact": {"latency_ps": alone.latency_ps, "cost": str(alone.cost)},
            "design": design_alone(space, family, row, column),
        }
        told = {
            "objectives": point.objectives, "exact": point.exact, "design": point.design,
        }  # fmt: skip
        faults.extend(f"{where}: {text}" for text in _differences(told, ours))
    detail = f"{len(pairs)} points recomputed by the scalar path"
    return pairs, Check("points", tuple(faults[:MAX_DETAILS]), detail)


def _check_order(pairs: Sequence[Pair]) -> Check:
    faults = [
        f"point {index + 2} does not follow point {index + 1} as slower and cheaper"
        for index, (a, b) in enumerate(itertools.pairwise(pairs))
        if not (a[0] < b[0] and a[1] > b[1])
    ]
    return Check("mutual nondominance", tuple(faults[:MAX_DETAILS]))


def _inside(box: Mapping[str, Any], strip: Strip) -> bool:
    """Whether an open box lies in a strip and reaches its cost bound."""
    told = box_of(strip)
    end, low = box["latency_ps_max"], box["latency_ps_min"]
    if box["cost_below"] != told["cost_below"] or low < strip.latency_ps_min:
        return False
    least = box["cost_min"]
    below = strip.cost_below
    if least is not None and below is not None and Fraction(least) >= below:
        return False
    if strip.latency_ps_max is None:
        return end is None or end >= low
    return end is not None and low <= end <= strip.latency_ps_max


def _check_boxes(result: Result, pairs: Sequence[Pair], all_strips: Sequence[Strip]) -> Check:
    """Proofs stand for exactly the strips of the points; every other strip holds an open box."""
    faults: list[str] = []
    open_in = _open_by_strip(result, all_strips)
    faults.extend(
        f"open box at latency {box.latency_ps_min} ps lies in no strip, or twice"
        for box in result.open_boxes
        if not any(box is found for found in open_in.values())
    )

    def check(where: str, told: Mapping[str, Any], index: int) -> None:
        if any(_differences(told.get("box"), box_of(all_strips[index]))):
            faults.append(f"{where}: box does not reach to the next point")
        closer = (told.get("engine"), told.get("closed_by"))
        ways = ("bound", "infeasible") if index == 0 else ("bound",)
        known = {("enumeration", "enumeration"), *itertools.product(ENGINE_NAMES, ways)}
        if index in open_in:
            known = {(name, "open") for name in ("enumeration", *ENGINE_NAMES)}
        if closer not in known:
            faults.append(f"{where}: {closer[1]!r} by {closer[0]!r} does not close this box")

    for index, point in enumerate(result.points):
        where = f"point {index + 1}"
        keys = {"engine", "closed_by", "nondominated", "box"}
        expected = keys | {"faster"} if index == 0 else keys
        if expected != set(point.proof):
            faults.append(f"{where}: proof has other keys than {sorted(expected)}")
            continue
        if index == 0 and set(point.proof["faster"]) != {"engine", "closed_by", "box"}:
            faults.append(f"{where}: the proof of the faster side has other keys than it should")
        check(where, point.proof, index + 1)
        if index == 0:
            check(f"{where} (faster)", point.proof["faster"], 0)
        proved = not _may_be_beaten(pairs[index], open_in.values())
        expected_word = "proved" if proved else "not proved"
        if point.proof["nondominated"] != expected_word:
            faults.append(f"{where}: nondominated should be {expected_word!r}")
    if not result.points and result.status == "partial" and 0 not in open_in:
        faults.append("no points and no open box that covers the space")
    return Check("boxes tile the objective space", tuple(faults[:MAX_DETAILS]))


def _open_by_strip(result: Result, all_strips: Sequence[Strip]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for box in result.open_boxes:
        told = {
            "latency_ps_min": box.latency_ps_min,
            "latency_ps_max": box.latency_ps_max,
            "cost_below": box.cost_below,
            "cost_min": box.cost_min,
        }
        for index, strip in enumerate(all_strips):
            if index not in found and _inside(told, strip):
                found[index] = box
                break
    return found


def _may_be_beaten(pair: Pair, boxes: Any) -> bool:
    latency, cost = pair
    return any(
        box.latency_ps_min <= latency
        and Fraction(box.cost_min or 0) <= cost
        and (box.latency_ps_min < latency or Fraction(box.cost_min or 0) < cost)
        for box in boxes
    )


def _check_empty(
    space: ReplicaSpace,
    result: Result,
    pairs: Sequence[Pair],
    all_strips: Sequence[Strip],
    on_progress: Callable[[int, int], None] | None,
) -> Check:
    """No candidate lies in a closed strip, and none outside the stated part of an open one."""
    open_in = _open_by_strip(result, all_strips)
    faults = []
    for index, latency, cost, *_ in candidates_in_strips(space, all_strips, on_progress):
        box = open_in.get(index)
        covered = (
            box is not None
            and box.latency_ps_min <= latency
            and (box.latency_ps_max is None or latency <= box.latency_ps_max)
            and (box.cost_min is None or Fraction(box.cost_min) <= cost)
        )
        if not covered:
            faults.append(
                f"a candidate with {latency} ps and {float(cost):.6g} US$/Mtok is missing"
            )
            if len(faults) == MAX_DETAILS:
                break
    detail = f"{space.n_candidates} candidates looked at, {len(pairs)} points"
    return Check("closed boxes are empty", tuple(faults), detail)


def _check_status(space: ReplicaSpace, result: Result) -> Check:
    expected = "partial" if result.open_boxes else "complete" if result.points else "infeasible"
    faults = []
    if result.status != expected:
        faults.append(f"status is {result.status!r}, the boxes say {expected!r}")
    if result.status == "infeasible":
        ours = result_to_dict(_with_conflict(result, space))["conflict"]
        if result_to_dict(result)["conflict"] != ours:
            faults.append("the conflict is not the recomputed one")
    elif result.conflict is not None:
        faults.append("a conflict is stated although there are points")
    return Check("status", tuple(faults))


def _check_counts(space: ReplicaSpace, result: Result) -> Check:
    told = result.provenance.get("candidates", {})
    ours = {"stated": space.n_stated, "deployable": space.n_candidates}
    faults = [
        f"{key} candidates are {told.get(key)!r}, recomputed {value}"
        for key, value in ours.items()
        if told.get(key) != value
    ]
    return Check("number of candidates", tuple(faults))


def _check_model_error(space: ReplicaSpace, told: Mapping[str, Any]) -> Check:
    """The error is that of the model and the kind of question that were asked.

    Its figures are recomputed where they are of the day of the shipped ones; those of another day
    were right for another version of the catalog.
    """
    ours, detail = error_of_space(space), ""
    day = told.get("as_of")
    if day != ours.get("as_of") and told["measured"] is isinstance(day, str):
        detail = "its figures are of another day's catalog, not recomputed"
        told, ours = ({k: v[k] for k in ("model", "question")} for v in (told, ours))
    return Check("model error", tuple(_differences(told, ours)), detail)


def _check_near(
    space: ReplicaSpace,
    result: Result,
    told: Mapping[str, Any],
    pairs: Sequence[Pair],
    points: Sequence[int],
) -> Check:
    """The near designs, all counted and condensed once more from the instance."""
    name = "designs within the tolerance"
    try:
        tolerance = parse_tolerance(told["tolerance"], where="near.tolerance")
    except FleetError as error:
        return Check(name, tuple(str(fault) for fault in error.faults))
    if told.get("status") == "stopped":
        ours: dict[str, Any] | None = stopped_section(tolerance, str(told.get("reason")))
        detail = "not listed: the run was stopped"
    else:
        ours = near_section(
            space, pairs, tolerance=tolerance, rows=points, complete=result.status != "partial"
        )
        detail = f"{told.get('count')} designs counted again"
    faults = _differences(_by_position(told), _by_position(ours or {}))
    return Check(name, tuple(itertools.islice(faults, MAX_DETAILS)), detail)


def _by_position(section: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as mappings, so that a missing or additional entry is told as such."""
    lists = ("layouts", "at_points")
    return {
        key: {str(position): entry for position, entry in enumerate(value)}
        if key in lists
        else value
        for key, value in section.items()
    }


def _with_conflict(result: Result, space: ReplicaSpace) -> Result:
    return Result(
        status=result.status,
        instance=result.instance,
        objectives=result.objectives,
        points=(),
        conflict=explain_conflict(space),
    )
