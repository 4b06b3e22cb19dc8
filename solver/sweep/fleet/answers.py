"""Answers a buyer needs besides the frontier: worth of limits, break-even prices, preferences."""

from __future__ import annotations

from typing import Any

from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.asking import MakeRoad
from solver.sweep.fleet.break_even import break_even_prices
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.preferences import cost_of_preferences
from solver.sweep.fleet.reference import find_reference
from solver.sweep.fleet.roads import Road, Stop
from solver.sweep.fleet.worth import worth_of_limits

__all__ = ["answer_questions"]

_EVER = Stop()


def answer_questions(
    space: FleetSpace,
    outcome: FleetOutcome,
    *,
    road: MakeRoad | None = None,
    stop: Stop = _EVER,
) -> dict[str, Any]:
    """Whatever ``[answers]`` of the instance asks for, every number exact, JSON values.

    Parameters
    ----------
    road
        How problems are solved; ``Road`` where not given.
    stop
        When to give up; what is left out is listed as ``unanswered`` with the reason.

    Returns
    -------
    dict
        ``reference`` (the plan compared with: least cost, or else least of the first measure,
        among all points), then ``limits``, ``break_even`` and ``preferences``, whichever were asked
        for, each a list of entries with a ``text``. Empty where nothing is asked;
        ``{"unanswered": reason}`` where there is no proved plan to compare with.
    """
    instance = space.instance
    if not isinstance(instance, FleetInstance):
        return {}
    asked = instance.answers
    if not (asked.limits or asked.break_even or asked.preferences):
        return {}
    make = road or Road
    reference = find_reference(space, outcome, road=make, stop=stop)
    if isinstance(reference, str):
        return {"unanswered": reference}
    found: dict[str, Any] = {"reference": reference.as_json()}
    if asked.limits:
        found["limits"] = worth_of_limits(reference, road=make, stop=stop)
    if asked.break_even:
        found["break_even"] = break_even_prices(reference, road=make, stop=stop)
    if asked.preferences:
        found["preferences"] = cost_of_preferences(reference, road=make, stop=stop)
    return found
