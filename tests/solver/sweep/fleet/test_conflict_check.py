"""What a result says of conflicting limits must be what the program writes for its question."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.fleet.domain import FleetInstance, Period, RackOrbit
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.conflict import explain_infeasible
from solver.sweep.fleet.conflict_check import check_conflict, needed_of
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.roads import Stop

F = Fraction
Entry = dict[str, Any]


def explained(instance: FleetInstance, **more: Any) -> FleetOutcome:
    """An infeasible question with its conflict, as it is read from a file."""
    space = lower_fleet(instance)
    conflict = json.loads(json.dumps(explain_infeasible(space, **more)))
    return replace(sweep_fleet(space), conflict=tuple(conflict))


@pytest.fixture
def dear(make: Any) -> FleetInstance:
    """Seven devices at 1.3 US$/h are needed, five US$/h are there."""
    box = make.machine("box", make.contract("1.3"))
    limits = make.limits(max_usd_per_hour=F(5))
    load = make.workload(7, make.point("box", 1))
    question: FleetInstance = make.question([load], [box], limits=limits)
    return question


def of_racks(make: Any) -> FleetInstance:
    """Twenty devices are needed, two racks of three are there."""
    box = make.machine("box", make.contract("1"))
    load = make.workload(20, make.point("box", 1))
    question: FleetInstance = make.question([load], [box], racks=(RackOrbit("row", 2, slots=3),))
    return question


def of_periods(make: Any) -> FleetInstance:
    """Both periods need more devices than are in stock."""
    box = make.machine("box", make.contract("1"), stock_devices=2)
    load = replace(make.workload(5, make.point("box", 1)), by_period=(F(1), F(3, 5)))
    periods = (Period("day", F(12)), Period("night", F(12)))
    question: FleetInstance = make.question([load], [box], periods=periods)
    return question


def of_spot(make: Any) -> FleetInstance:
    """Three of five devices must be spot, a quarter may."""
    box = make.machine(
        "box", make.contract("2", stock_devices=2), make.contract("1", "spot", "spot")
    )
    limits = make.limits(max_spot_fraction=F(1, 4))
    load = make.workload(5, make.point("box", 1))
    question: FleetInstance = make.question([load], [box], limits=limits)
    return question


def of_two_that_no_one_mends(make: Any) -> FleetInstance:
    """Three devices of 500 W are needed: two are in stock, and there is power for two."""
    box = make.machine("box", make.contract("1"), stock_devices=2)
    limits = make.limits(max_watts=F(1000))
    load = make.workload(3, make.point("box", 1))
    question: FleetInstance = make.question([load], [box], limits=limits)
    return question


@pytest.mark.parametrize("build", [of_racks, of_periods, of_spot, of_two_that_no_one_mends])
def test_what_the_search_writes_passes(make: Any, build: Callable[[Any], FleetInstance]) -> None:
    check = check_conflict(explained(build(make)))
    assert check.faults == ()
    assert check.detail.endswith("limits as the question has them")


@pytest.mark.parametrize("build", [of_racks, of_periods, of_spot])
def test_what_a_stopped_search_writes_passes(
    make: Any, build: Callable[[Any], FleetInstance]
) -> None:
    outcome = explained(build(make), stop=Stop(deadline=0.0))
    assert outcome.conflict[0]["set"] == "not reduced"
    assert check_conflict(outcome).passed


def forged(outcome: FleetOutcome, **changes: Any) -> FleetOutcome:
    """With the first entry of the conflict changed."""
    first, *rest = outcome.conflict
    return replace(outcome, conflict=({**first, **changes}, *rest))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"limit": "patience"}, "not a limit of the question"),
        ({"limit": ["budget"]}, "not a limit of the question"),
        ({"stated": 6.0}, "stated is 6.0, recomputed 5.0"),
        ({"unit": "EUR/h"}, "unit is 'EUR/h', recomputed 'US$/h'"),
        ({"text": "budget: buy less"}, "text is 'budget: buy less'"),
        ({"needed": 6.5}, "needed is 6.5, recomputed 9.1"),
        ({"needed_exact": "13/2"}, "needed is 9.1, recomputed 6.5"),
        ({"needed_exact": "6.5"}, "not a fraction"),
        ({"needed_exact": "1e999999999"}, "not a fraction"),
        ({"needed_exact": 9}, "not a fraction"),
        ({"needed": None, "needed_exact": None}, "no other value mends this"),
        ({"set": "irreducible"}, "no conflict is called irreducible"),
        ({"set": "some"}, "the set is 'some'"),
        ({"unanswered": ""}, "no reason is given"),
        ({"unanswered": "time limit"}, "needed is 9.1, recomputed None"),
        ({"more": 1}, "keys missing or unknown"),
    ],
)
def test_a_forged_entry_fails(dear: FleetInstance, changes: Entry, word: str) -> None:
    check = check_conflict(forged(explained(dear), **changes))
    assert any(word in fault for fault in check.faults)


def test_a_value_that_is_stated_already_cannot_be_what_is_needed(dear: FleetInstance) -> None:
    told = "budget: 5 US$/h stated; 5 US$/h would do, while every other limit stays"
    outcome = forged(explained(dear), needed=5.0, needed_exact="5", text=told)
    assert check_conflict(outcome).faults == (
        "entry 1: budget: 5 would do, though 5 is stated and does not",
    )


def test_half_a_rack_is_no_answer(make: Any) -> None:
    outcome = forged(explained(of_racks(make)), needed=4.5, needed_exact="9/2")
    assert any("no whole number" in fault for fault in check_conflict(outcome).faults)


def test_a_limit_named_twice_fails(dear: FleetInstance) -> None:
    outcome = explained(dear)
    twice = check_conflict(replace(outcome, conflict=outcome.conflict * 2))
    assert twice.faults == ("a limit is named twice",)


def test_an_empty_conflict_fails_where_a_plan_shows_that_limits_are_to_blame(
    dear: FleetInstance,
) -> None:
    check = check_conflict(replace(explained(dear), conflict=()))
    assert check.faults == ("no limit is named, though there is a plan without the limits",)


def test_a_conflict_of_a_question_with_plans_fails(make: Any, dear: FleetInstance) -> None:
    rich = replace(dear, limits=make.limits(max_usd_per_hour=F(10)))
    outcome = replace(sweep_fleet(lower_fleet(rich)), conflict=explained(dear).conflict)
    assert not check_conflict(outcome).passed


@pytest.mark.parametrize(("told", "value"), [("9/2", F(9, 2)), ("7", F(7)), (None, None)])
def test_what_is_needed_is_read_exactly(told: str | None, value: Fraction | None) -> None:
    assert needed_of({"needed_exact": told}) == value
