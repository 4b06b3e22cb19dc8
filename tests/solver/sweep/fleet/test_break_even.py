"""Break-even prices against the question asked again at prices around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.instance.fleet.domain import Answers, Contract, FleetInstance, Ownership, Period
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.frontier import sweep_fleet

F = Fraction
Cheapest = Callable[[FleetSpace], Fraction | None]
HAIR = F(1, 1000)


def _prices(instance: FleetInstance) -> dict[tuple[str, str], dict[str, Any]]:
    space = lower_fleet(replace(instance, answers=Answers(break_even=True)))
    found = answer_questions(space, sweep_fleet(space))["break_even"]
    return {(entry["machine"], entry["contract"]): entry for entry in found}


def _at(instance: FleetInstance, machine: str, contract: str, usd: Fraction) -> FleetInstance:
    return replace(
        instance,
        machines=tuple(
            replace(
                offer,
                contracts=tuple(
                    replace(c, usd_per_hour=usd) if (offer.name, c.name) == (machine, contract)
                    else c
                    for c in offer.contracts
                ),
            )
            for offer in instance.machines
        ),
    )  # fmt: skip


def test_the_price_at_which_two_kinds_cost_the_same(make: Any) -> None:
    """Six small at 1 US$ or two big at 4: small ones stay up to 8/6, big ones enter below 3."""
    asked = make.question(
        [make.workload(6, make.point("small", 1), make.point("big", 3))],
        [make.machine("small", make.contract("1")), make.machine("big", make.contract("4"))],
    )
    found = _prices(asked)
    small, big = found["small", "on_demand"], found["big", "on_demand"]
    # Three small ones and a big one leave first: 3 p + 4 is less than 6 p above 4/3 as well.
    assert (small["in_use"], small["break_even_exact"]) == (True, "4/3")
    assert (big["in_use"], big["break_even_exact"]) == (False, "3")
    assert big["before"] == {"small on_demand": 6.0}
    assert big["after"]["big on_demand"] >= 1.0


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    prices=st.lists(st.integers(1, 8), min_size=3, max_size=3),
    rates=st.lists(st.integers(1, 5), min_size=3, max_size=3),
    stock=st.integers(1, 4),
)
def test_the_plan_stays_up_to_the_price_and_not_beyond(
    make: Any, cheapest: Cheapest, prices: list[int], rates: list[int], stock: int
) -> None:
    machines = [
        make.machine("m0", make.contract(str(prices[0]), stock_devices=stock)),
        make.machine("m1", make.contract(str(prices[1]))),
        make.machine("m2", make.contract(str(prices[2]))),
    ]
    points = [make.point(f"m{k}", rate) for k, rate in enumerate(rates)]
    asked = make.question([make.workload(7, *points)], machines)
    base = cheapest(lower_fleet(asked, prune=False))
    assert base is not None
    for (machine, contract), entry in _prices(asked).items():
        now, held = F(entry["price"]), F(entry["before"].get(f"{machine} {contract}", 0))

        def best(price: Fraction, where: tuple[str, str] = (machine, contract)) -> Fraction:
            value = cheapest(lower_fleet(_at(asked, *where, price), prune=False))
            assert value is not None
            return value

        def stays(price: Fraction, held: Fraction = held, now: Fraction = now) -> Fraction:
            assert base is not None
            return base + held * (price - now)

        assert entry["in_use"] == (held > 0)
        if entry["break_even_exact"] is None:
            far = now + 1000 if held else F(0)
            assert best(far) == stays(far)
            continue
        price = F(entry["break_even_exact"])
        beyond = price + HAIR if held else price - HAIR
        assert best(price) == stays(price)
        assert best(beyond) < stays(beyond)


def test_a_contract_nobody_could_do_without_has_no_break_even_price(make: Any) -> None:
    asked = make.question(
        [make.workload(3, make.point("box", 1))], [make.machine("box", make.contract("1"))]
    )
    entry = _prices(asked)["box", "on_demand"]
    assert (entry["break_even"], entry["after"]) == (None, None)
    assert "no price is high enough" in entry["text"]


def test_a_machine_that_serves_nobody_has_no_break_even_price(make: Any) -> None:
    asked = make.question(
        [make.workload(3, make.point("box", 1))],
        [make.machine("box", make.contract("1")), make.machine("idle", make.contract("1"))],
    )
    assert "nothing on offer uses it" in _prices(asked)["idle", "on_demand"]["text"]


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
    assert F(entry["break_even_exact"]) == F("33988.8")
    assert (entry["before"], entry["after"]) == ({"box on_demand": 3.0}, {"box bought": 3.0})


def test_a_reservation_breaks_even_at_the_share_of_the_day_it_is_used(make: Any) -> None:
    """Two at all hours and two more by day: on demand at 4 for 6 hours is 1 US$/h a device, so
    a third and fourth reservation pay below 1; the first two are had at 2 already."""
    box = make.machine("box", make.contract("4"), make.contract("2", "reserved", "reserved"))
    day = replace(make.workload(4, make.point("box", 1)), by_period=(F(1), F(1, 2)))
    asked = make.question([day], [box], periods=(Period("day", F(6)), Period("night", F(18))))
    found = _prices(asked)
    # Reserved in use: dearer than 4 nobody would; on demand: above 8 (6 hours of 8 cost 2).
    assert found["box", "reserved"]["break_even_exact"] == "4"
    assert found["box", "on_demand"]["break_even_exact"] == "8"
    assert found["box", "on_demand"]["before"] == {"box on_demand": 0.5, "box reserved": 2.0}
