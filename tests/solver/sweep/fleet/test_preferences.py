"""What wishes cost, against plans counted one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.fleet.domain import Answers, FleetInstance, Preference
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.frontier import sweep_fleet

F = Fraction


def _cost(instance: FleetInstance, wish: Preference) -> dict[str, Any]:
    space = lower_fleet(replace(instance, answers=Answers(preferences=(wish,))))
    (entry,) = answer_questions(space, sweep_fleet(space))["preferences"]
    return dict(entry)


RATES = {"a": (2, 3), "b": (5, 3), "c": (4, 5)}
"""Requests/s of a device at either workload."""
PRICES = {"a": 2, "b": 4, "c": 5}


@pytest.fixture
def mixed(make: Any) -> FleetInstance:
    """Two workloads of 7 and 8 requests/s on three kinds of machine, two of each at most."""
    machines = [
        make.machine(name, make.contract(str(usd)), stock_devices=3) for name, usd in PRICES.items()
    ]
    first = [make.point(name, rates[0]) for name, rates in RATES.items()]
    second = [make.point(name, rates[1]) for name, rates in RATES.items()]
    loads = [make.workload(7, *first), make.workload(8, *second, name="code")]
    instance: FleetInstance = make.question(loads, machines)
    return instance


def _by_hand(most_types: int) -> int | None:
    """Least cost on at most so many kinds of machine."""
    costs = []
    for chat in itertools.product(range(4), repeat=3):
        for code in itertools.product(range(4), repeat=3):
            both = [x + y for x, y in zip(chat, code, strict=True)]
            if max(both) > 3 or sum(x > 0 for x in both) > most_types:
                continue
            served = [
                sum(n * rates[k] for n, rates in zip(counts, RATES.values(), strict=True))
                for k, counts in enumerate((chat, code))
            ]
            if served[0] >= 7 and served[1] >= 8:
                costs.append(sum(n * usd for n, usd in zip(both, PRICES.values(), strict=True)))
    return min(costs, default=None)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_few_kinds_of_machine_cost_what_counting_says(mixed: FleetInstance, most: int) -> None:
    entry = _cost(mixed, Preference("few kinds", max_machine_types=most))
    best, free = _by_hand(most), _by_hand(3)
    assert free is not None
    assert entry["amount"] == best
    assert entry["extra"] == (None if best is None else best - free)
    assert entry["possible"] is (best is not None)


def test_only_one_machine_is_the_question_without_the_others(
    mixed: FleetInstance, cheapest: Any
) -> None:
    entry = _cost(mixed, Preference("only b and c", machines=("b", "c")))
    alone = replace(
        mixed,
        machines=mixed.machines[1:],
        workloads=tuple(replace(w, points=w.points[1:]) for w in mixed.workloads),
    )
    assert entry["amount"] == cheapest(lower_fleet(alone))
    assert set(entry["devices"]) <= {"b on_demand", "c on_demand"}


def test_no_spot_costs_the_difference_and_its_percentage(make: Any) -> None:
    box = make.machine("box", make.contract("2"), make.contract("1", "spot", "spot"))
    asked = make.question([make.workload(3, make.point("box", 1))], [box])
    entry = _cost(asked, Preference("no spot", no_contract=("spot",)))
    assert (entry["extra_exact"], entry["percent"]) == ("3", 100.0)
    assert entry["text"] == "no spot: costs 3 US$/h more (100 %)"


def test_fewer_layouts_cost_what_the_mix_saved(make: Any) -> None:
    """Three and two requests/s for 7 and 4 US$: 5 are served best by one of each at 11; one
    layout alone takes two of the first at 14 or three of the second at 12."""
    machines = [make.machine("a", make.contract("7")), make.machine("b", make.contract("4"))]
    asked = make.question([make.workload(5, make.point("a", 3), make.point("b", 2))], machines)
    entry = _cost(asked, Preference("one layout", max_layouts=1))
    assert entry["extra_exact"] == "1"


def test_a_wish_that_changes_nothing_costs_nothing(make: Any) -> None:
    box = make.machine("box", make.contract("2"))
    asked = make.question([make.workload(3, make.point("box", 1))], [box])
    entry = _cost(asked, Preference("no spot", no_contract=("spot",)))
    assert (entry["extra"], entry["text"]) == (0.0, "no spot: costs nothing")


def test_a_wish_that_leaves_nobody_to_serve_is_impossible(make: Any) -> None:
    machines = [make.machine("a", make.contract("7")), make.machine("b", make.contract("4"))]
    asked = make.question([make.workload(5, make.point("a", 3))], machines)
    entry = _cost(asked, Preference("only b", machines=("b",)))
    assert entry["possible"] is False
    assert "nothing is left that serves chat" in entry["text"]


def test_a_wish_that_the_stock_cannot_meet_is_impossible(mixed: FleetInstance) -> None:
    entry = _cost(mixed, Preference("only a", machines=("a",)))
    assert entry["possible"] is False
    assert "no plan meets it and every limit" in entry["text"]


def test_points_with_a_price_of_their_own_outlive_the_contracts_of_their_machine(make: Any) -> None:
    box = make.machine("box", make.contract("1", "spot", "spot"))
    points = make.point("box", 1), make.point("box", 2, usd_per_hour=F(5))
    asked = make.question([make.workload(4, *points)], [box])
    entry = _cost(asked, Preference("no spot", no_contract=("spot",)))
    assert (entry["amount"], entry["extra"]) == (10.0, 6.0)
