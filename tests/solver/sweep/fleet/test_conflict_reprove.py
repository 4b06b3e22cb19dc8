"""A conflict is believed only after its limits were lifted and moved once more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from solver.instance.fleet.domain import FleetInstance, Period, RackOrbit
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.conflict import explain_infeasible
from solver.sweep.fleet.conflict_reprove import reprove_conflict
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.outcome import FleetOutcome

F = Fraction
Build = Callable[[Any], FleetInstance]


def explained(instance: FleetInstance) -> FleetOutcome:
    """An infeasible question with its conflict, as it is read from a file."""
    space = lower_fleet(instance)
    conflict = json.loads(json.dumps(explain_infeasible(space)))
    return replace(sweep_fleet(space), conflict=tuple(conflict))


def faults(outcome: FleetOutcome, engine: str = "cp-sat") -> tuple[str, ...]:
    """Of the conflict, with a minute for each question."""
    return reprove_conflict(outcome, engine=engine, limit_s=60.0).faults


def asked(make: Any, demand: int, *, machine: Any = None, **more: Any) -> FleetInstance:
    """One workload on one machine, a request/s a device."""
    box = machine or make.machine(
        "box", make.contract("1.3"), stock_devices=more.pop("stock", None)
    )
    question: FleetInstance = make.question(
        [make.workload(demand, make.point("box", 1))], [box], **more
    )
    return question


def of_money(make: Any) -> FleetInstance:
    """9.1 US$/h are needed."""
    return asked(make, 7, limits=make.limits(max_usd_per_hour=F(5)))


def of_power(make: Any) -> FleetInstance:
    """3.5 kW are needed."""
    return asked(make, 7, limits=make.limits(max_watts=F(1000)))


def of_stock(make: Any) -> FleetInstance:
    """Seven devices are needed."""
    return asked(make, 7, stock=3)


def of_racks(make: Any) -> FleetInstance:
    """Seven racks of three are needed, two are there."""
    return asked(make, 20, racks=(RackOrbit("row", 2, slots=3),))


def of_small_racks(make: Any) -> FleetInstance:
    """No number of racks of three holds a replica of four."""
    box = make.machine("box", make.contract("1"))
    load = make.workload(10, make.point("box", 10, devices=4))
    question: FleetInstance = make.question([load], [box], racks=(RackOrbit("row", 2, slots=3),))
    return question


def of_spot(make: Any) -> FleetInstance:
    """Three of five devices must be spot, and two may be had otherwise."""
    box = make.machine(
        "box", make.contract("2", stock_devices=2), make.contract("1", "spot", "spot")
    )
    return asked(make, 5, machine=box, limits=make.limits(max_spot_fraction=F(1, 4)))


def of_no_spot(make: Any) -> FleetInstance:
    """The same where none may be spot."""
    question = of_spot(make)
    return replace(question, limits=make.limits(max_spot_fraction=F(0)))


def of_periods(make: Any) -> FleetInstance:
    """Five devices are needed by day, three by night."""
    box = make.machine("box", make.contract("1"), stock_devices=2)
    load = replace(make.workload(5, make.point("box", 1)), by_period=(F(1), F(3, 5)))
    periods = (Period("day", F(12)), Period("night", F(12)))
    question: FleetInstance = make.question([load], [box], periods=periods)
    return question


def of_stock_and_money(make: Any) -> FleetInstance:
    """Seven devices are needed; neither stock nor money alone is to blame for all of it."""
    cheap = make.machine("cheap", make.contract("1"), stock_devices=3)
    dear = make.machine("dear", make.contract("4"))
    load = make.workload(7, make.point("cheap", 1), make.point("dear", 1))
    question: FleetInstance = make.question(
        [load], [cheap, dear], limits=make.limits(max_usd_per_hour=F(10))
    )
    return question


EVERY = [
    of_money, of_power, of_stock, of_racks, of_small_racks, of_spot, of_no_spot,
    of_periods, of_stock_and_money,
]  # fmt: skip


@pytest.mark.parametrize("build", EVERY)
def test_what_the_search_found_is_proved_again(make: Any, build: Build) -> None:
    assert faults(explained(build(make))) == ()


def test_another_engine_proves_it_too(make: Any) -> None:
    assert faults(explained(of_stock_and_money(make)), "highs") == ()


def with_needed(outcome: FleetOutcome, needed: str | None, *, of: str) -> FleetOutcome:
    """With another value said to be needed of a limit."""
    changed = [
        {**entry, "needed_exact": needed} if entry["limit"] == of else entry
        for entry in outcome.conflict
    ]
    assert changed != list(outcome.conflict)
    return replace(outcome, conflict=tuple(changed))


@pytest.mark.parametrize(
    ("build", "limit", "needed", "fault"),
    [
        (of_money, "budget", "78/10", "39/5 is not enough"),
        (of_money, "budget", "92/10", "less than 46/5 does too"),
        (of_money, "budget", "10", "less than 10 does too"),
        (of_power, "power", "3", "3 is not enough"),
        (of_power, "power", "4", "less than 4 does too"),
        (of_stock, "stock of box", "6", "6 is not enough"),
        (of_stock, "stock of box", "8", "less than 8 does too"),
        (of_racks, "racks", "4", "4 is not enough"),
        (of_racks, "racks", "6", "less than 6 does too"),
        (of_small_racks, "racks", "6", "6 is not enough"),
        (of_spot, "spot share", "1/2", "1/2 is not enough"),
        (of_spot, "spot share", "2/3", "less than 2/3 does too"),
        (of_no_spot, "spot share", "1/2", "1/2 is not enough"),
        (of_no_spot, "spot share", "2/3", "less than 2/3 does too"),
        (of_periods, "stock of box", "3", "3 is not enough"),
        (of_periods, "stock of box", "6", "less than 6 does too"),
        (of_money, "budget", None, "another value mends this alone, though none is said to"),
        (of_racks, "racks", None, "another value mends this alone, though none is said to"),
    ],
)
def test_another_value_than_the_least_that_does_is_a_fault(
    make: Any, build: Build, limit: str, needed: str | None, fault: str
) -> None:
    lie = with_needed(explained(build(make)), needed, of=limit)
    assert f"{limit}: {fault}" in faults(lie)


def test_a_limit_with_no_part_in_the_conflict_is_found_out(make: Any) -> None:
    box = make.machine("box", make.contract("1.3"), stock_devices=3)
    instance = asked(make, 7, machine=box, limits=make.limits(max_usd_per_hour=F(50)))
    outcome = explained(instance)
    idle = {**outcome.conflict[0], "limit": "budget", "needed_exact": None}
    found = faults(replace(outcome, conflict=(*outcome.conflict, idle)))
    assert "the others conflict without budget" in found


def test_limits_that_do_not_conflict_are_found_out(make: Any) -> None:
    box = make.machine("box", make.contract("1.3"), stock_devices=3)
    instance = asked(make, 7, machine=box, limits=make.limits(max_usd_per_hour=F(50)))
    lie = {**explained(instance).conflict[0], "limit": "budget", "needed_exact": "60"}
    found = faults(replace(explained(instance), conflict=(lie,)))
    assert "the limits named are met together by a plan" in found


def test_a_set_that_is_not_smallest_is_found_out(make: Any) -> None:
    """The number of devices alone is to blame; money and power together are as well."""
    cheap = make.machine("cheap", make.contract("1"), watts_per_device=F(1000))
    dear = make.machine("dear", make.contract("2"), watts_per_device=F(500))
    load = make.workload(4, make.point("cheap", 1), make.point("dear", 1))
    limits = make.limits(max_usd_per_hour=F(6), max_watts=F(2500), max_devices=3)
    instance = make.question([load], [cheap, dear], limits=limits)
    outcome = explained(instance)
    assert [entry["limit"] for entry in outcome.conflict] == ["devices"]
    pair = tuple(
        {**outcome.conflict[0], "limit": name, "needed_exact": None} for name in ("budget", "power")
    )
    assert "a smaller set conflicts: devices" in faults(replace(outcome, conflict=pair))


def test_nobody_to_blame_is_found_out(make: Any) -> None:
    outcome = replace(explained(of_money(make)), conflict=())
    assert faults(outcome) == ("the limits named are met together by a plan",)


def test_what_nobody_settles_in_time_is_not_reproved(make: Any) -> None:
    check = reprove_conflict(explained(of_money(make)), engine="cp-sat", limit_s=-1.0)
    assert check.faults
    assert all("not reproved" in fault for fault in check.faults)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stocks=st.lists(st.integers(0, 3), min_size=2, max_size=2),
    prices=st.lists(st.integers(1, 4), min_size=2, max_size=2),
    rates=st.lists(st.integers(1, 3), min_size=2, max_size=2),
    budget=st.integers(1, 8),
    demand=st.integers(3, 9),
    watts=st.integers(1, 5),
)
def test_every_conflict_found_is_proved_again(
    make: Any,
    stocks: list[int],
    prices: list[int],
    rates: list[int],
    budget: int,
    demand: int,
    watts: int,
) -> None:
    names = ("one", "two")
    machines = [
        make.machine(name, make.contract(str(price)), stock_devices=stock)
        for name, price, stock in zip(names, prices, stocks, strict=True)
    ]
    points = [make.point(name, rate) for name, rate in zip(names, rates, strict=True)]
    limits = make.limits(max_usd_per_hour=F(budget), max_watts=F(500 * watts))
    space = lower_fleet(make.question([make.workload(demand, *points)], machines, limits=limits))
    outcome = sweep_fleet(space)
    assume(outcome.status == "infeasible")
    conflict = explain_infeasible(space)
    assert faults(replace(outcome, conflict=conflict)) == ()
    for entry in conflict:
        if entry["needed_exact"] is not None:
            lie = with_needed(
                replace(outcome, conflict=conflict),
                str(F(entry["needed_exact"]) + 1),
                of=entry["limit"],
            )
            assert faults(lie) != ()
