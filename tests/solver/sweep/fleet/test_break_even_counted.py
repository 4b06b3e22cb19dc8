"""Break-even prices against plans counted one by one at prices around them.

The counting knows nothing of columns or rows: replicas of every kind, the fewest nodes that hold
them under every choice of contracts, and a budget on the sum.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from solver.instance.fleet.domain import (
    Answers,
    Contract,
    FleetInstance,
    MachineOffer,
    MeasuredPoint,
    Ownership,
)
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.frontier import sweep_fleet

F = Fraction
HOURS = 8760
# Less than any two prices at which plans change are apart.
HAIR = F(1, 10**6)
DEMAND = 6
ENERGY = F(1, 4)
"""US$/h of an owned device of 500 W in use, at half a dollar a kWh."""


@dataclass(frozen=True)
class Way:
    """A contract: US$/h of a device, most devices (enough where not limited), and energy."""

    name: str
    usd: Fraction
    most: int
    energy: Fraction


@dataclass(frozen=True)
class Kind:
    """A machine: nodes of so many devices, requests/s and size of its replicas, contracts."""

    node: int
    rate: int
    size: int
    ways: tuple[Way, ...]


def _held(ways: tuple[Way, ...], node: int, devices: int) -> Fraction | None:
    """Least US$/h to have at least so many devices under these contracts, by whole nodes."""
    nodes = -(-devices // node)
    costs = [
        sum((count * node * way.usd for count, way in zip(counts, ways, strict=True)), F(0))
        for counts in itertools.product(*(range(nodes + 1) for _ in ways))
        if sum(counts) >= nodes
        and all(count * node <= way.most for count, way in zip(counts, ways, strict=True))
    ]
    return min(costs, default=None)


def _supply(kind: Kind, replicas: int) -> Fraction | None:
    """Least US$/h for so many replicas of a kind: each on owned devices alone, or on rented."""
    owned = tuple(way for way in kind.ways if way.energy)
    rented = tuple(way for way in kind.ways if not way.energy)
    best = None
    for own in range(replicas + 1 if owned else 1):
        ours = _held(owned, kind.node, own * kind.size)
        theirs = _held(rented, kind.node, (replicas - own) * kind.size)
        if ours is not None and theirs is not None:
            usd = ours + theirs + own * kind.size * ENERGY
            best = usd if best is None else min(best, usd)
    return best


@cache
def _least(kinds: tuple[Kind, ...], budget: Fraction | None) -> Fraction | None:
    """Least US$/h that serves the demand, within the budget."""
    best = None
    supply = [[_supply(kind, n) for n in range(DEMAND + 1)] for kind in kinds]
    for counts in itertools.product(range(DEMAND + 1), repeat=len(kinds)):
        if sum(n * kind.rate for n, kind in zip(counts, kinds, strict=True)) < DEMAND:
            continue
        parts = [prices[n] for prices, n in zip(supply, counts, strict=True)]
        known = [part for part in parts if part is not None]
        usd = sum(known, F(0))
        if len(known) == len(parts) and (budget is None or usd <= budget):
            best = usd if best is None else min(best, usd)
    return best


def _instance(make: Any, kinds: tuple[Kind, ...], budget: Fraction | None) -> FleetInstance:
    machines: list[MachineOffer] = []
    points: list[MeasuredPoint] = []
    for k, kind in enumerate(kinds):
        contracts = []
        for way in kind.ways:
            stock = way.most if way.most < 99 else None
            owned = Ownership(way.usd * HOURS, F(1), F(1), F(1), F(1, 2), F(0))
            contracts.append(
                Contract("owned", "owned", None, True, stock, owned)
                if way.energy
                else make.contract(str(way.usd), way.name, stock_devices=stock)
            )
        machines.append(make.machine(f"m{k}", *contracts, node_devices=kind.node))
        points.append(make.point(f"m{k}", kind.rate, devices=kind.size))
    asked: FleetInstance = make.question(
        [make.workload(DEMAND, *points)], machines,
        limits=make.limits(max_usd_per_hour=budget), answers=Answers(break_even=True),
    )  # fmt: skip
    return asked


def _repriced(kinds: tuple[Kind, ...], k: int, name: str, usd: Fraction) -> tuple[Kind, ...]:
    ways = tuple(replace(way, usd=usd) if way.name == name else way for way in kinds[k].ways)
    return (*kinds[:k], replace(kinds[k], ways=ways), *kinds[k + 1 :])


@st.composite
def _kinds(draw: st.DrawFn) -> tuple[Kind, ...]:
    price = st.integers(1, 8).map(F)
    stock = st.sampled_from([99, 1, 2, 4])
    found = []
    for _ in range(draw(st.sampled_from([2, 3]))):
        ways = [Way("on_demand", draw(price), draw(stock), F(0))]
        other = draw(st.sampled_from(["", "reserved", "owned"]))
        if other:
            energy = ENERGY if other == "owned" else F(0)
            ways.append(Way(other, draw(price), draw(stock), energy))
        size = draw(st.sampled_from([1, 2]))
        node = draw(st.sampled_from([1, 2, size]))
        found.append(Kind(node, draw(st.integers(1, 5)), size, tuple(ways)))
    return tuple(found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kinds=_kinds(), spare=st.none() | st.integers(0, 8))
def test_the_plan_stays_between_both_prices_and_not_beyond(
    make: Any, kinds: tuple[Kind, ...], spare: int | None
) -> None:
    base = _least(kinds, None)
    assume(base is not None)
    assert base is not None
    budget = None if spare is None else base + F(spare, 2)
    space = lower_fleet(_instance(make, kinds, budget))
    entries = answer_questions(space, sweep_fleet(space))["break_even"]
    assert len(entries) == sum(len(kind.ways) for kind in kinds)
    for entry in entries:
        k, name = int(entry["machine"][1:]), entry["contract"]
        # What is bought is told in US$ to buy it, written off over a year of 8760 hours.
        unit = HOURS if name == "owned" else 1
        price = next(way.usd for way in kinds[k].ways if way.name == name)
        held = F(entry["before"].get(f"m{k} {name}", 0))
        assert entry["in_use"] == (held > 0)

        def best(usd: Fraction, k: int = k, name: str = name) -> Fraction | None:
            return _least(_repriced(kinds, k, name, usd), budget)

        def stays(usd: Fraction, held: Fraction = held, price: Fraction = price) -> Fraction:
            assert base is not None
            return base + held * (usd - price)

        for side, sign, far in (("above", 1, price + 1000), ("below", -1, F(0))):
            told = entry[side]
            if told["break_even_exact"] is None:
                event(f"{side}: stays")
                assert best(far) == stays(far)
                continue
            at = F(told["break_even_exact"]) / unit
            beyond = at + sign * HAIR
            assert best(at) == stays(at)
            found = best(beyond)
            if not told["possible"]:
                event(f"{side}: beyond the budget")
                assert budget is not None
                assert found is None
                assert stays(beyond) > budget
                continue
            event(f"{side}: another plan")
            after = F(told["after"].get(f"m{k} {name}", 0))
            assert (after - held) * sign < 0
            assert found is not None
            # The plan beyond holds so much of the contract: its cost rises by that with the price.
            assert (
                best(beyond + sign * HAIR)
                == found + after * sign * HAIR
                < stays(beyond + sign * HAIR)
            )
