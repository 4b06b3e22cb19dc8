"""Break-even prices derived by hand."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.problem import FleetProblem
from solver.errors import EngineError
from solver.instance.fleet.domain import Answers, Contract, FleetInstance, Ownership, Period
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.roads import Road, Stop

F = Fraction


def _answers(instance: FleetInstance, **more: Any) -> list[dict[str, Any]]:
    space = lower_fleet(replace(instance, answers=Answers(break_even=True)))
    found: list[dict[str, Any]] = answer_questions(space, sweep_fleet(space), **more)["break_even"]
    return found


def _prices(instance: FleetInstance) -> dict[tuple[str, str], dict[str, Any]]:
    return {(entry["machine"], entry["contract"]): entry for entry in _answers(instance)}


@pytest.fixture
def small_and_big(make: Any) -> FleetInstance:
    """Six small at 1 US$/h, or two big at 4 that do the work of three each."""
    asked: FleetInstance = make.question(
        [make.workload(6, make.point("small", 1), make.point("big", 3))],
        [make.machine("small", make.contract("1")), make.machine("big", make.contract("4"))],
    )
    return asked


@pytest.fixture
def four_kinds(make: Any) -> FleetInstance:
    """20 requests/s: h (4 or, two together, 7) at 2.5 and l (1.5 or, two together, 2.5) at 1.1."""
    machines = [
        make.machine("h", make.contract("5/2"), stock_devices=4),
        make.machine("l", make.contract("11/10"), stock_devices=9),
    ]
    points = [
        make.point("h", 4),
        make.point("h", 7, devices=2),
        make.point("l", F(3, 2)),
        make.point("l", F(5, 2), devices=2),
    ]
    asked: FleetInstance = make.question([make.workload(20, *points)], machines)
    return asked


def _with_budget(instance: FleetInstance, usd: str) -> FleetInstance:
    return replace(instance, limits=replace(instance.limits, max_usd_per_hour=F(usd)))


def test_a_kind_in_use_leaves_for_the_plan_that_is_best_beyond(
    small_and_big: FleetInstance,
) -> None:
    """6 p, 3 p + 4 (three small and a big one) and 8 (two big) meet at 4/3; beyond 8 is least."""
    small = _prices(small_and_big)["small", "on_demand"]
    assert (small["in_use"], small["above"]["break_even_exact"]) == (True, "4/3")
    assert small["above"]["after"] == {"big on_demand": 2.0}


def test_a_kind_not_in_use_enters_where_it_costs_what_it_replaces(
    small_and_big: FleetInstance,
) -> None:
    big = _prices(small_and_big)["big", "on_demand"]
    assert (big["in_use"], big["below"]["break_even_exact"]) == (False, "3")
    assert big["before"] == {"small on_demand": 6.0}
    assert big["above"]["break_even"] is None


def test_a_kind_in_use_is_used_more_where_it_gets_cheaper(make: Any) -> None:
    """Five requests/s: a (3) and b (2) cost 11; two of a less than that below 4."""
    machines = [make.machine("a", make.contract("7")), make.machine("b", make.contract("4"))]
    asked = make.question([make.workload(5, make.point("a", 3), make.point("b", 2))], machines)
    entry = _prices(asked)["a", "on_demand"]
    # Three of b cost 12: above 8.
    assert (entry["above"]["break_even_exact"], entry["below"]["break_even_exact"]) == ("8", "4")
    assert entry["text"] == (
        "a on_demand at 7 US$/h of a device, in use (now 1 a on_demand, 1 b on_demand): "
        "above 8 the plan would change to 3 b on_demand; "
        "below 4 the plan would change to 2 a on_demand"
    )


def test_a_kind_beyond_the_budget_today_may_enter_when_it_gets_cheaper(
    make: Any, four_kinds: FleetInstance
) -> None:
    """Five of h at 2.5 serve all for 12.5: one z that serves all enters below that."""
    (load,) = four_kinds.workloads
    h, low = four_kinds.machines
    asked = replace(
        four_kinds,
        machines=(replace(h, stock_devices=None), low, make.machine("z", make.contract("60"))),
        workloads=(replace(load, points=(*load.points, make.point("z", 20))),),
    )
    entry = _prices(_with_budget(asked, "19"))["z", "on_demand"]
    assert (entry["in_use"], entry["below"]["break_even_exact"]) == (False, "25/2")
    assert entry["below"]["after"] == {"z on_demand": 1.0}


def test_a_rise_that_the_budget_cannot_pay_leaves_no_plan(four_kinds: FleetInstance) -> None:
    """Four of h and three of l cost 13.3; with h at 2.65 that is the budget of 13.9, and no other
    plan is cheaper before 2.75."""
    entry = _prices(_with_budget(four_kinds, "13.9"))["h", "on_demand"]
    assert entry["above"] == {
        "break_even": 2.65, "break_even_exact": "53/20", "possible": False, "after": None,
    }  # fmt: skip
    assert entry["text"].endswith(
        "above 2.65 no plan is left within the budget of 13.9 US$/h; "
        "no price is low enough for another plan"
    )


def test_without_the_budget_the_same_rise_changes_the_plan(four_kinds: FleetInstance) -> None:
    above = _prices(four_kinds)["h", "on_demand"]["above"]
    assert (above["break_even_exact"], above["possible"]) == ("11/4", True)


@pytest.mark.parametrize(("other", "possible"), [("2", True), ("5/2", False)])
def test_at_the_end_of_the_budget_only_a_plan_without_the_contract_is_left(
    make: Any, other: str, possible: bool
) -> None:
    """Two of a at 1 cost the whole budget of 4 at 2; so do two of b at 2, but not at 2.5."""
    machines = [make.machine("a", make.contract("1")), make.machine("b", make.contract(other))]
    asked = make.question([make.workload(2, make.point("a", 1), make.point("b", 1))], machines)
    above = _prices(_with_budget(asked, "4"))["a", "on_demand"]["above"]
    assert (above["break_even_exact"], above["possible"]) == ("2", possible)


def test_a_contract_nobody_could_do_without_has_no_break_even_price(make: Any) -> None:
    asked = make.question(
        [make.workload(3, make.point("box", 1))], [make.machine("box", make.contract("1"))]
    )
    entry = _prices(asked)["box", "on_demand"]
    stays = {"break_even": None, "break_even_exact": None, "possible": True, "after": None}
    assert (entry["above"], entry["below"]) == (stays, stays)
    assert "no price is high or low enough for another plan" in entry["text"]


def test_a_machine_that_serves_nobody_has_no_break_even_price(make: Any) -> None:
    asked = make.question(
        [make.workload(3, make.point("box", 1))],
        [make.machine("box", make.contract("1")), make.machine("idle", make.contract("1"))],
    )
    assert "nothing on offer uses it" in _prices(asked)["idle", "on_demand"]["text"]


def test_what_nobody_would_take_for_nothing_has_no_break_even_price(make: Any) -> None:
    """A box of rate 1 saves nothing beside one that serves all at any number."""
    box = make.machine("box", make.contract("0"))
    asked = make.question(
        [make.workload(3, make.point("box", 3), make.point("slow", 1))],
        [box, make.machine("slow", make.contract("1"))],
    )
    text = _prices(asked)["slow", "on_demand"]["text"]
    assert text.endswith("not in use, and would not be for nothing")


def test_what_is_owned_breaks_even_at_a_price_to_buy_it(make: Any) -> None:
    """A bought device costs P / 17520 an hour and 0.06 to run, a rented one 2:
    1.94 17520 = 33988.8 US$."""
    owned = Ownership(F(40000), F(4), F(1, 2), F(6, 5), F(1, 10), F(0))
    box = make.machine(
        "box", make.contract("2"), Contract("bought", "owned", None, True, ownership=owned)
    )
    asked = make.question([make.workload(3, make.point("box", 1))], [box])
    entry = _prices(asked)["box", "bought"]
    assert (entry["in_use"], entry["unit"]) == (False, "US$ to buy a device")
    assert F(entry["below"]["break_even_exact"]) == F("33988.8")
    assert (entry["before"], entry["below"]["after"]) == (
        {"box on_demand": 3.0}, {"box bought": 3.0},
    )  # fmt: skip


def test_a_reservation_breaks_even_at_the_share_of_the_day_it_is_used(make: Any) -> None:
    """Two at all hours and two more by day: on demand at 4 for 6 hours is 1 US$/h a device, so
    a third and fourth reservation pay below 1; the first two are had at 2 already."""
    box = make.machine("box", make.contract("4"), make.contract("2", "reserved", "reserved"))
    day = replace(make.workload(4, make.point("box", 1)), by_period=(F(1), F(1, 2)))
    asked = make.question([day], [box], periods=(Period("day", F(6)), Period("night", F(18))))
    found = _prices(asked)
    reserved, on_demand = found["box", "reserved"], found["box", "on_demand"]
    # Reserved: dearer than 4 nobody would. On demand: above 8 (6 hours of 8 cost 2).
    assert [reserved[side]["break_even_exact"] for side in ("above", "below")] == ["4", "1"]
    # On demand at all hours replaces the reservation below 2.
    assert [on_demand[side]["break_even_exact"] for side in ("above", "below")] == ["8", "2"]
    assert on_demand["before"] == {"box on_demand": 0.5, "box reserved": 2.0}


def test_where_the_throughput_is_free_there_is_nothing_to_compare(make: Any) -> None:
    asked = make.question(
        [make.workload(1, make.point("box", 1))], [make.machine("box", make.contract("1"))],
        trade_off=("throughput", "cost"), limits=make.limits(max_devices=3),
    )  # fmt: skip
    (entry,) = _answers(asked)
    assert "serves nobody" in entry["unanswered"]


def test_what_there_was_no_time_for_is_listed(small_and_big: FleetInstance) -> None:
    found = _answers(small_and_big, stop=Stop(time.monotonic() - 1))
    assert [entry["unanswered"] for entry in found] == ["time limit"] * 2


@pytest.mark.parametrize("failing", range(1, 7))
def test_what_an_engine_gave_up_on_is_named_and_the_rest_is_true(make: Any, failing: int) -> None:
    machines = [make.machine("a", make.contract("7")), make.machine("b", make.contract("4"))]
    asked = make.question([make.workload(5, make.point("a", 3), make.point("b", 2))], machines)
    calls = 0

    def road(problem: FleetProblem) -> Road:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise EngineError.one("out of order", where="test", mend="none")
        return Road(problem)

    silent = 0
    for entry, true in zip(_answers(asked, road=road), _answers(asked), strict=True):
        silent += "unanswered" in entry
        for side in ("above", "below") if "above" in entry else ():
            silent += "unanswered" in entry[side]
            assert "unanswered" in entry[side] or entry[side] == true[side]
    assert silent == 1


def test_break_even_prices_are_json(four_kinds: FleetInstance) -> None:
    found = _answers(_with_budget(four_kinds, "13.9"))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
