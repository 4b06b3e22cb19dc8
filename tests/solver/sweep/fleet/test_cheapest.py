"""A first look at a fleet: the cheapest plan within a time limit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.plan import measures_of
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.cheapest import first_look


@pytest.fixture
def space(make: Any) -> FleetSpace:
    small = make.machine("small", make.contract("2"), stock_devices=9)
    large = make.machine("large", make.contract("5"))
    chat = make.workload(7, make.point("small", 2), make.point("large", 6))
    return lower_fleet(make.question([chat], [small, large]))


def test_the_plan_of_a_first_look_is_the_cheapest(space: FleetSpace, cheapest: Any) -> None:
    look = first_look(space, time_limit_s=30)
    assert look.plan is not None
    cost = measures_of(space.problem, look.plan.counts)["cost"] * space.units["cost"]
    assert (cost, look.unproved) == (cheapest(space), "")
    assert cost == Fraction(7)


def test_a_look_without_time_says_so(space: FleetSpace) -> None:
    look = first_look(space, time_limit_s=0.0)
    assert not look.infeasible
    assert look.unproved == "time limit"


def test_limits_nobody_meets_are_told_from_too_little_time(make: Any) -> None:
    small = make.machine("small", make.contract("2"), stock_devices=1)
    question = make.question(
        [make.workload(7, make.point("small", 2))],
        [small],
        limits=make.limits(max_watts=Fraction(1)),
    )
    look = first_look(lower_fleet(question), time_limit_s=30)
    assert look.infeasible
