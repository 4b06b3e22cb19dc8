"""What one more and one less of a limit is worth, against plans counted one by one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.instance.fleet.domain import Answers, FleetInstance, Period, RackOrbit
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.roads import Stop

F = Fraction
Cheapest = Callable[[FleetSpace], Fraction | None]


def _worth(instance: FleetInstance, **more: Any) -> dict[str, Any]:
    space = lower_fleet(replace(instance, answers=Answers(limits=True)))
    return answer_questions(space, sweep_fleet(space), **more)


def _by_limit(instance: FleetInstance) -> dict[str, dict[str, Any]]:
    return {entry["limit"]: entry for entry in _worth(instance)["limits"]}


def _fleet(make: Any, stocks: list[int], prices: list[int], rates: list[int], **limits: Any) -> Any:
    machines = [
        make.machine(f"m{k}", make.contract(str(usd)), stock_devices=stock)
        for k, (stock, usd) in enumerate(zip(stocks, prices, strict=True))
    ]
    points = [make.point(f"m{k}", rate) for k, rate in enumerate(rates)]
    return make.question([make.workload(6, *points)], machines, limits=make.limits(**limits))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stocks=st.lists(st.integers(1, 4), min_size=2, max_size=2),
    prices=st.lists(st.integers(1, 6), min_size=2, max_size=2),
    rates=st.lists(st.integers(1, 4), min_size=2, max_size=2),
    watts=st.integers(1, 4),
)
def test_one_more_and_one_less_are_the_difference_of_two_best_plans(
    make: Any, cheapest: Cheapest, stocks: list[int], prices: list[int], rates: list[int],
    watts: int,
) -> None:  # fmt: skip
    def cost(stocks: list[int], watts: int) -> Fraction | None:
        asked = _fleet(make, stocks, prices, rates, max_watts=F(1000 * watts))
        return cheapest(lower_fleet(asked))

    base = cost(stocks, watts)
    if base is None:
        return
    found = _by_limit(_fleet(make, stocks, prices, rates, max_watts=F(1000 * watts)))
    steps = {
        "power": lambda step: cost(stocks, watts + step),
        "stock of m0": lambda step: cost([stocks[0] + step, stocks[1]], watts),
        "stock of m1": lambda step: cost([stocks[0], stocks[1] + step], watts),
    }
    for name, entry in found.items():
        more, less = steps[name](1), steps[name](-1)
        assert F(entry["more"]["exact"]) == base - more
        expected = None if less is None else str(less - base)
        assert entry["less"]["exact"] == expected


def test_a_device_more_of_the_cheap_kind_saves_what_it_replaces(make: Any) -> None:
    """Two at 1 US$ in stock, one at 3 US$ for the rest: a third cheap one saves 2 US$/h."""
    asked = _fleet(make, [2, 9], [1, 3], [2, 2])
    entry = _by_limit(asked)["stock of m0"]
    assert (entry["more"]["gain"], entry["less"]["cost"]) == (2.0, 2.0)
    assert "one more device is worth 2 US$/h" in entry["text"]


def test_a_limit_that_does_not_bind_is_worth_nothing(make: Any) -> None:
    entry = _by_limit(_fleet(make, [9, 9], [1, 3], [2, 2]))["stock of m1"]
    assert (entry["more"]["gain"], entry["less"]["cost"]) == (0.0, 0.0)


def test_less_than_no_plan_can_do_with_is_told(make: Any) -> None:
    entry = _by_limit(_fleet(make, [3, 0], [1, 3], [2, 2]))["stock of m0"]
    assert entry["less"]["cost"] is None
    assert "no plan is left" in entry["text"]


def test_a_percentage_point_of_spot_devices_is_worth_what_it_lets_in(make: Any) -> None:
    """Of 100 devices half may be spot at 1 US$/h, the others cost 2: a hundredth saves 1."""
    box = make.machine("box", make.contract("2"), make.contract("1", "spot", "spot"))
    asked = make.question(
        [make.workload(100, make.point("box", 1))], [box],
        limits=make.limits(max_spot_fraction=F(1, 2)),
    )  # fmt: skip
    entry = _by_limit(asked)["spot share"]
    assert (entry["more"]["exact"], entry["less"]["exact"]) == ("1", "1")


def test_a_device_more_in_stock_is_one_more_at_every_hour(make: Any) -> None:
    """Four wanted in both halves of the day, two cheap ones in stock: a third saves 2 US$/h."""
    machines = [
        make.machine("cheap", make.contract("1"), stock_devices=2),
        make.machine("dear", make.contract("3")),
    ]
    points = make.point("cheap", 1), make.point("dear", 1)
    load = replace(make.workload(4, *points), by_period=(F(1), F(1)))
    periods = (Period("day", F(12)), Period("night", F(12)))
    found = _by_limit(make.question([load], machines, periods=periods))
    assert list(found) == ["stock of cheap"]
    assert found["stock of cheap"]["more"]["gain"] == 2.0


def _by_nodes(make: Any, stock: int, **limits: Any) -> Any:
    """Sixteen requests/s on devices of rate 1: cheap by nodes of four at 1, or dear at 3."""
    machines = [
        make.machine("cheap", make.contract("1"), node_devices=4, stock_devices=stock),
        make.machine("dear", make.contract("3"), node_devices=limits.pop("dear_nodes", 1)),
    ]
    points = make.point("cheap", 1), make.point("dear", 1)
    return make.question([make.workload(16, *points)], machines, limits=make.limits(**limits))


@pytest.mark.parametrize("stock", [8, 10])
def test_the_unit_of_a_stock_had_by_nodes_is_a_node(make: Any, stock: int) -> None:
    """Two nodes are in stock (with 10 devices too): a third takes the place of four at 3 US$."""
    entry = _by_limit(_by_nodes(make, stock))["stock of cheap"]
    assert (entry["more"]["value"], entry["less"]["value"]) == (12.0, 4.0)
    assert (entry["more"]["gain"], entry["less"]["cost"]) == (8.0, 8.0)
    assert "one more node of 4 devices is worth 8 US$/h" in entry["text"]


def test_a_limit_on_devices_had_by_nodes_and_one_by_one_counts_devices(make: Any) -> None:
    entry = _by_limit(_by_nodes(make, 8, max_devices=16))["devices"]
    assert (entry["more"]["value"], entry["less"]["value"]) == (17.0, 15.0)


def test_a_limit_on_devices_had_by_nodes_of_two_sizes_counts_what_both_come_in(make: Any) -> None:
    """Sixteen devices of 8 cheap and 8 dear ones: without four of them no plan is left."""
    entry = _by_limit(_by_nodes(make, 8, max_devices=16, dear_nodes=8))["devices"]
    assert (entry["more"]["value"], entry["less"]["cost"]) == (20.0, None)
    assert "with 4 less devices no plan is left" in entry["text"]


def test_a_rack_more_holds_what_had_to_be_dearer(make: Any) -> None:
    """Two racks of two slots: four devices of rate 1 serve 4, rate 6 needs two big ones."""
    box = make.machine("box", make.contract("1"))
    tub = make.machine("tub", make.contract("5"))
    points = make.point("box", 1), make.point("tub", 2)
    asked = make.question(
        [make.workload(6, *points)], [box, tub], racks=(RackOrbit("row", count=2, slots=2),)
    )
    entry = _by_limit(asked)["racks of row"]
    # 2 big and 2 small cost 12; six small in three racks cost 6; in one rack two big serve 4 only.
    assert (entry["more"]["gain"], entry["less"]["cost"]) == (6.0, None)


def test_more_throughput_is_worth_tokens(make: Any) -> None:
    """Ten devices, 10 tokens/s each: an eleventh is worth 10 tokens/s."""
    box = make.machine("box", make.contract("1"))
    asked = make.question(
        [make.workload(1, make.point("box", 1))], [box], trade_off=("throughput",),
        limits=make.limits(max_devices=10),
    )  # fmt: skip
    entry = _by_limit(asked)["devices"]
    assert (entry["money_unit"], entry["more"]["gain"], entry["less"]["cost"]) == (
        "tok/s", 10.0, 10.0,
    )  # fmt: skip


def test_answers_say_what_they_compare_with(make: Any) -> None:
    found = _worth(_fleet(make, [9, 9], [1, 3], [2, 2]))["reference"]
    assert (found["cost"], found["unit"]) == (3.0, "US$/h")
    assert found["objectives"] == {"speed": 100.0, "cost": 3.0}


def test_answers_are_json(make: Any) -> None:
    found = _worth(_fleet(make, [2, 9], [1, 3], [2, 2]))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_what_there_was_no_time_for_is_listed(make: Any) -> None:
    found = _worth(_fleet(make, [2, 9], [1, 3], [2, 2]), stop=Stop(time.monotonic() - 1))
    assert {entry["more"]["unanswered"] for entry in found["limits"]} == {"time limit"}


def test_a_question_without_a_plan_has_nothing_to_compare_with(make: Any) -> None:
    found = _worth(_fleet(make, [1, 1], [1, 3], [2, 2]))
    assert found == {"unanswered": "no plan is known"}


def test_nothing_is_answered_that_nobody_asked(make: Any) -> None:
    space = lower_fleet(_fleet(make, [9, 9], [1, 3], [2, 2]))
    assert answer_questions(space, sweep_fleet(space)) == {}
