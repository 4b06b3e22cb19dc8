"""The answers of a fleet result: whether all that was asked is there, and whether it is so.

Without solving it shows that no part is missing, and that the plan compared with is the cheapest
point. Every number besides is the outcome of further solves: it is worked out again, by the code
that wrote it, and compared. Equal optima may be told by different plans, so where the first way
tells something else, each engine that the result names is asked as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import Any

from formulations.fleet.registry import FORMULATIONS
from solver.engines import ENGINE_NAMES
from solver.instance.fleet.domain import FleetInstance
from solver.sweep.certificate import Check
from solver.sweep.checking import differences, first_faults
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.asking import MakeRoad
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.reference import find_reference
from solver.sweep.fleet.roads import BLOCKS, Road, Stop
from solver.sweep.fleet.settling import Roads

__all__ = ["check_answers", "parts_asked", "reprove_answers"]

NAME = "answers"
REFERENCE = "reference"
UNANSWERED = "unanswered"
_PARTS = {
    "limits": "worth of limits",
    "break_even": "break-even prices",
    "preferences": "cost of preferences",
}


def parts_asked(outcome: FleetOutcome) -> dict[str, str]:
    """Key of each part of the answers that the question asks for, and its name in sentences."""
    instance = outcome.objectives.space.instance
    if not isinstance(instance, FleetInstance) or not outcome.points:
        return {}
    return {key: text for key, text in _PARTS.items() if getattr(instance.answers, key)}


def check_answers(outcome: FleetOutcome) -> Check:
    """Whether the answers have the parts that were asked for, and compare with the right plan."""
    told, asked = outcome.answers, parts_asked(outcome)
    if not asked:
        faults = ["answers are given though nothing is asked"] if told else []
    elif set(told) == {UNANSWERED}:
        faults = [*_unanswered_faults(outcome)]
    else:
        faults = [*_part_faults(outcome, asked)]
    return Check("parts of the answers", first_faults(faults))


def _unanswered_faults(outcome: FleetOutcome) -> Iterator[str]:
    if not (isinstance(outcome.answers[UNANSWERED], str) and outcome.answers[UNANSWERED]):
        yield "no reason is given for what is not answered"
    if outcome.status == "complete":
        yield "said to be unanswered though the cheapest plan is proved"


def _part_faults(outcome: FleetOutcome, asked: Mapping[str, str]) -> Iterator[str]:
    told = outcome.answers
    for key in asked:
        if key not in told:
            yield f"the {asked[key]} asked for is missing ({NAME}.{key})"
        elif not isinstance(told[key], list):
            yield f"{NAME}.{key} is no list"
    for key in sorted(set(told) - set(asked) - {REFERENCE}, key=str):
        yield f"{NAME}.{key!s:.40} was not asked for"
    if REFERENCE not in told:
        yield f"{NAME}.{REFERENCE} is missing"
    elif outcome.status == "complete":
        space = outcome.objectives.space
        ours = find_reference(space, outcome, road=Road, stop=Stop())
        if isinstance(ours, str):
            yield f"no plan to compare with: {ours}"
        else:
            yield from differences(told[REFERENCE], ours.as_json(), f"{NAME}.{REFERENCE}")


def reprove_answers(outcome: FleetOutcome, *, limit_s: float) -> Check:
    """Work out every answer again and compare.

    Parameters
    ----------
    limit_s
        For each way that is tried; what stays open is a fault, but where the file says itself that
        it was not answered.
    """
    first: list[str] | None = None
    for road in _ways(outcome):
        ours = answer_questions(
            outcome.objectives.space, outcome, road=road, stop=Stop(monotonic() + limit_s)
        )
        faults = [*_answer_differences(outcome.answers, ours, NAME)]
        if not faults:
            first = []
            break
        first = faults if first is None else first
    left = sum(1 for _ in _left_open(outcome.answers))
    detail = ", ".join(parts_asked(outcome).values())
    if left:
        detail += f"; {left} not checked, which the file says were not worked out"
    return Check("answers worked out again", first_faults(first or ()), detail)


def _ways(outcome: FleetOutcome) -> Sequence[MakeRoad]:
    """The way of the run as far as the file tells it, then with each engine that it names."""
    known = (BLOCKS, *(entry.name for entry in FORMULATIONS))
    formulation = outcome.formulation if outcome.formulation in known else None
    named = [engine for engine in outcome.engines if engine in ENGINE_NAMES]
    return [Roads(formulation, engine) for engine in (None, *named)]


def _answer_differences(told: Any, ours: Any, place: str) -> Iterator[str]:
    """Like ``differences``, but the file may leave open what is not open now, not the reverse."""
    if not (isinstance(told, Mapping) and isinstance(ours, Mapping)):
        if isinstance(told, list) and isinstance(ours, list) and len(told) == len(ours):
            for one, other in zip(told, ours, strict=True):
                yield from _answer_differences(one, other, f"{place}.{_label(other)}")
        else:
            yield from differences(told, ours, place)
    elif UNANSWERED in ours and told.get(UNANSWERED) != ours[UNANSWERED]:
        yield f"{place}: not reproved ({ours[UNANSWERED]})"
    else:
        open_here = UNANSWERED in told and UNANSWERED not in ours
        reasons = [str(entry[UNANSWERED]) for entry in _left_open(told)]
        odd = set(told) - {UNANSWERED} - set(ours) if open_here else set(told) ^ set(ours)
        if odd:
            yield f"{place} has keys missing or unknown: {sorted(odd, key=str)!r:.120}"
        for key in ours:
            if key == "text" and reasons:
                # A sentence repeats what stands beside it; where that is open it says why.
                if key in told and any(reason not in str(told[key]) for reason in reasons):
                    yield f"{place}.{key} does not say why something is not answered"
            elif key in told:
                yield from _answer_differences(told[key], ours[key], f"{place}.{key}")


def _label(entry: Any) -> str:
    """An entry by its limit, machine and contract, or preference."""
    if not isinstance(entry, Mapping):
        return "entry"
    words = [entry[key] for key in ("limit", "machine", "contract", "preference") if key in entry]
    return " ".join(map(str, words)) or "entry"


def _left_open(told: Any) -> Iterator[Mapping[str, Any]]:
    """Objects inside that the file says were not answered."""
    if isinstance(told, Mapping):
        if UNANSWERED in told:
            yield told
        for value in told.values():
            yield from _left_open(value)
    elif isinstance(told, list):
        for value in told:
            yield from _left_open(value)
