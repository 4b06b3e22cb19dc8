"""Re-checking a placement result from its instance, without code of the search.

The question inside the file is read again. Every design is replayed host by host and link by link
from the instance, its objectives compared exactly, and written anew; no point dominates another;
claims and open boxes are exactly the strips that the points leave. Bounds on a flow that are
arguments in integers are gone through again. What rests on the word of a search (labels, an engine)
is listed as not checked, unless ``reprove`` asks an independent road.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from solver.engines import ENGINE_NAMES
from solver.errors import FleetError, ResultError
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.resolved import resolved_placement
from solver.result import canonical_digest
from solver.sweep.certificate import Check, Verification
from solver.sweep.checking import (
    NotChecked,
    check_derived,
    check_digest,
    differences,
    first_faults,
    no_result,
    unreadable_instance,
)
from solver.sweep.error_of_kinds import check_model_error
from solver.sweep.placement.bracket import strip_is_closed
from solver.sweep.placement.chains import LABELS
from solver.sweep.placement.conflict_entries import conflict_faults
from solver.sweep.placement.document import asked_of, derived
from solver.sweep.placement.flow_bounds import ARGUMENTS, INTEGERS, bound_fault
from solver.sweep.placement.flows import flow_space_of
from solver.sweep.placement.image import is_within, values_of
from solver.sweep.placement.model_error import error_of_placement
from solver.sweep.placement.outcome import PlacementAnswer
from solver.sweep.placement.reading import answer_from_dict, instance_of
from solver.sweep.placement.replayed import DesignReader
from solver.sweep.placement.replicas import LATTICE
from solver.sweep.placement.strips import strip_to_dict, strips_between

__all__ = ["Reprove", "verify_placement"]

Reprove = Callable[[PlacementAnswer], Sequence[Check]]
_PROVERS = (*ENGINE_NAMES, LABELS, LATTICE, INTEGERS)
_UNREADABLE = (ArithmeticError, AttributeError, FleetError, LookupError, TypeError, ValueError)
"""What reading a value of the wrong kind ends in."""


def verify_placement(
    document: Mapping[str, Any],
    *,
    instance: PlacementInstance | None = None,
    reprove: Reprove | None = None,
) -> Verification:
    """Check a result document of kind ``placement``.

    Parameters
    ----------
    instance
        The question it should answer; the copy inside the document if left out.
    reprove
        Closes every strip once more by an independent road; asked only where all else passed.
        Otherwise what rests on the search is ``NotChecked``.

    Raises
    ------
    ResultError
        If the document is not a result of this kind at all.
    """
    try:
        own = instance_of(document)
        answer = answer_from_dict(document, own)
        actual = canonical_digest(document)
    except ResultError:
        raise
    except FleetError as error:
        return unreadable_instance(error)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise no_result(f"is damaged ({error!r:.200})", "solve") from error
    checks = [check_digest(document["digest"], actual), _check_question(document, own, instance)]
    replayed = _check_designs(answer)
    checks.append(replayed)
    if replayed.passed:
        name = "objectives, strips, ideal, nadir and status"
        checks.append(check_derived(name, document, derived(answer)))
        checks.append(_check_order(answer))
        checks.append(_check_strips(answer))
        checks += _check_conflict(answer)
        if own.trade_off == ("throughput",):
            checks.append(_check_bounds(answer))
        if answer.bracket is not None:
            checks.append(_check_bracket(answer))
        if "model_error" in document:
            checks.append(check_model_error(document["model_error"], error_of_placement(own)))
    if reprove is not None and all(check.passed for check in checks):
        checks.extend(reprove(answer))
    else:
        checks.extend(_not_checked(answer))
    return Verification(tuple(checks))


def _check_question(
    document: Mapping[str, Any], own: PlacementInstance, given: PlacementInstance | None
) -> Check:
    told = document["instance"]
    faults = list(differences(told["resolved"], resolved_placement(own), "resolved"))
    asked = asked_of(own)
    said = {key: value for key, value in document["provenance"].items() if key in asked}
    faults += differences(said, asked, "provenance")
    if given is not None:
        if given.sha256 and told["sha256"] != given.sha256:
            faults.append("the file, or what was set beside it, is not the one that was solved")
        faults += differences(told["resolved"], resolved_placement(given), "the question")
        if told["name"] != given.name:
            faults.append(f"the result is of {told['name']!r:.60}, not of {given.name!r:.60}")
    return Check("instance", first_faults(faults))


def _check_designs(answer: PlacementAnswer) -> Check:
    """Every design replayed from the instance, and written again."""
    faults: list[str] = []
    reader = DesignReader(answer.instance)
    for number, point in enumerate(answer.points, start=1):
        where = f"point {number}"
        try:
            image, broken = reader.replayed(point.design)
            if not broken and image != point.image:
                told = values_of(answer.instance.trade_off, point.image)["exact"]
                ours = values_of(answer.instance.trade_off, image)["exact"]
                broken = [f"objectives {told}, recomputed {ours}"]
            if not broken:
                broken = list(differences(point.design, reader.written(point.design), "design"))
        except (
            ArithmeticError,
            AttributeError,
            FleetError,
            LookupError,
            TypeError,
            ValueError,
        ) as e:
            broken = [f"the design cannot be read ({e!r:.160})"]
        faults += [f"{where}: {fault}" for fault in broken[:2]]
    told_of = f"{len(answer.points)} designs, host by host and link by link"
    return Check("designs replayed", first_faults(faults), told_of)


def _check_order(answer: PlacementAnswer) -> Check:
    images = [point.image for point in answer.points]
    faults = []
    for a, b in itertools.pairwise(images):
        if a >= b:
            faults.append("points are not sorted from fastest to cheapest, or one is there twice")
        elif is_within(a, b):
            faults.append(f"{_told(answer, b)} is dominated by {_told(answer, a)}")
    if len(answer.instance.trade_off) == 1 and len(images) > 1:
        faults.append("one objective has one best point")
    return Check("mutual nondominance", first_faults(faults))


def _told(answer: PlacementAnswer, image: tuple[Any, ...]) -> str:
    return str(values_of(answer.instance.trade_off, image)["objectives"])


def _check_strips(answer: PlacementAnswer) -> Check:
    """Claims and open boxes are the strips that the points leave, each once."""
    trade_off = answer.instance.trade_off
    strips = strips_between([point.image for point in answer.points], width=len(trade_off))
    closed = [claim.strip for claim in answer.claims]
    opened = [region.strip for region in answer.open_regions]
    faults = []
    for strip in strips:
        times = closed.count(strip) + opened.count(strip)
        if times != 1:
            how = "neither closed nor open" if not times else f"told {times} times"
            faults.append(f"{strip_to_dict(trade_off, strip)} is {how}")
    faults += [
        f"{strip_to_dict(trade_off, strip)} is no strip that the points leave"
        for strip in (*closed, *opened)
        if strip not in strips
    ]
    for claim in answer.claims:
        if claim.engine not in _PROVERS:
            faults.append(f"unknown prover {claim.engine!r:.60}")
        if claim.engine == LABELS and claim.closed_by != "enumeration":
            faults.append(f"labels enumerate, and close nothing by {claim.closed_by!r:.60}")
    if trade_off != ("throughput",) and any(claim.facts for claim in answer.claims):
        faults.append("a claim states facts that no search over pipelines makes")
    for region in answer.open_regions:
        if not region.reason:
            faults.append("an open box has no reason")
    return Check(
        "claims close the space", first_faults(faults), f"{len(closed)} closed, {len(opened)} open"
    )


def _check_conflict(answer: PlacementAnswer) -> Iterator[Check]:
    """Limits are named exactly where nothing meets them, and told as the question states them."""
    infeasible = answer.status == "infeasible"
    if infeasible or answer.conflict:
        try:
            faults = conflict_faults(answer.instance, answer.conflict, infeasible=infeasible)
        except (ArithmeticError, TypeError, ValueError) as error:
            faults = [f"a limit cannot be read ({error!r:.160})"]
        yield Check("limits in conflict", first_faults(faults), f"{len(answer.conflict)} limits")


def _check_bounds(answer: PlacementAnswer) -> Check:
    """Bounds of a flow that integers confirm; others are left to ``reprove``."""
    problem = flow_space_of(answer.instance).problem
    rate = -int(answer.points[0].image[0]) if answer.points else 0
    faults = []
    confirmed = 0
    for facts, closed in (
        *((claim.facts, True) for claim in answer.claims),
        *((region.facts, False) for region in answer.open_regions if region.facts),
    ):
        try:
            if closed and values_of(("throughput",), (-rate,))["exact"] != {
                "throughput": facts["bound"]
            }:
                faults.append(f"the bound {facts['bound']!r:.60} does not meet the plan")
            if facts["argument"] in ARGUMENTS:
                fault = bound_fault(problem, facts)
                faults += [] if fault is None else [fault]
                confirmed += fault is None
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            faults.append(f"a bound cannot be read ({error!r:.160})")
    return Check("bounds on the flow", first_faults(faults), f"{confirmed} confirmed in integers")


def _check_bracket(answer: PlacementAnswer) -> Check:
    """The bracket is a frontier, no point beats it, and strips are closed exactly where it says."""
    bracket = answer.bracket or ()
    faults = []
    if answer.instance.rounding is None:
        faults.append("a bracket, though no link is rounded")
    if any(a >= b or is_within(a, b) for a, b in itertools.pairwise(bracket)):
        faults.append("the bracket is not sorted, or holds an image that another dominates")
    for number, point in enumerate(answer.points, start=1):
        if not any(is_within(image, point.image) for image in bracket):
            faults.append(f"point {number} is better than the bracket")
    faults += [
        "a strip is closed though the bracket reaches into it"
        for claim in answer.claims
        if not strip_is_closed(claim.strip, bracket)
    ]
    return Check("bracket", first_faults(faults), f"{len(bracket)} images")


def _not_checked(answer: PlacementAnswer) -> Iterator[NotChecked]:
    """What rests on the word of whoever solved it."""
    resting = [claim for claim in answer.claims if claim.facts.get("argument") not in ARGUMENTS]
    bounds = [
        region
        for region in answer.open_regions
        if "argument" in region.facts and region.facts["argument"] not in ARGUMENTS
    ]
    if bounds:
        told = f"{bounds[0].facts['bound']} tok/s rests on an engine; --reprove asks again"
        yield NotChecked("bound on the flow", (), told)
    if resting:
        who = ", ".join(sorted({claim.engine for claim in resting}))
        told = f"{len(resting)} by {who} say that nothing better is there; --reprove asks again"
        yield NotChecked("claims", (), told)
    if answer.bracket is not None:
        told = f"{len(answer.bracket)} images that nothing beats; --reprove asks again"
        yield NotChecked("bracket claims", (), told)
    if answer.conflict:
        told = "which limits conflict and how far each must give; --reprove works it out again"
        yield NotChecked("conflict", (), told)
