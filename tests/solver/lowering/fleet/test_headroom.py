"""The table of loads: against a birth-death chain solved state by state, and on the safe side."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.fleet.domain import Service
from solver.lowering.fleet.headroom import greatest_load, pool_loads, share_that_waits
from solver.lowering.fleet.lowering import lower_fleet

F = Fraction
STEP = F(1, 10**9)


def waits_in_a_chain(k: int, load: float, mu_t: float) -> float:
    """Share that waits longer than t, from the states of M/M/k one by one.

    A request that finds n >= k in the system waits for n - k + 1 departures at rate k mu: longer
    than t with the chance of at most n - k Poisson departures in t.
    """
    states = [1.0]
    for n in range(1, 4000):
        states.append(states[-1] * load / min(n, k))
        if n > k and states[-1] < 1e-30:
            break
    total = sum(states)
    share, poisson, tail = 0.0, math.exp(-k * mu_t), math.exp(-k * mu_t)
    for n in range(k, len(states)):
        share += states[n] / total * tail
        poisson *= k * mu_t / (n - k + 1)
        tail += poisson
    return share


@pytest.mark.parametrize("k", [1, 2, 5, 16])
@pytest.mark.parametrize("part", [0.3, 0.8])
@pytest.mark.parametrize("mu_t", [0.0, 0.5, 2.0])
def test_the_formula_agrees_with_the_states_of_the_queue(k: int, part: float, mu_t: float) -> None:
    load = F(part).limit_denominator(100) * k
    by_formula = float(share_that_waits(k, load, F(mu_t)))
    assert by_formula == pytest.approx(waits_in_a_chain(k, float(load), mu_t), rel=1e-9)


def test_one_server_waits_as_often_as_it_is_busy() -> None:
    assert float(share_that_waits(1, F(2, 5), F(0))) == pytest.approx(0.4, rel=1e-15)


@pytest.mark.parametrize("k", [1, 3, 8])
@pytest.mark.parametrize("mu_t", [F(1, 100), F(1), F(30)])
def test_the_greatest_load_meets_the_percentile_and_one_step_more_does_not(
    k: int, mu_t: Fraction
) -> None:
    load = greatest_load(k, mu_t, F(95, 100))
    assert float(share_that_waits(k, load, mu_t)) <= 0.05
    assert load + STEP >= k or share_that_waits(k, load + STEP, mu_t) > F(5, 100)


def test_one_server_without_patience_may_be_busy_one_time_in_twenty() -> None:
    # P(W > 0) = a for one server; the last decimal may fall to the safe side.
    assert F(5, 100) - STEP <= greatest_load(1, F(0), F(95, 100)) <= F(5, 100)


def test_larger_pools_carry_more_for_each_replica() -> None:
    shares = [greatest_load(k, F(1, 2), F(99, 100)) / k for k in range(1, 9)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] < 1


def test_a_percentile_lies_between_0_and_1() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        greatest_load(1, F(1), F(1))


def test_a_load_is_below_the_servers() -> None:
    with pytest.raises(ValueError, match="not below 2 servers"):
        share_that_waits(2, F(2), F(1))


def test_spare_replicas_carry_nothing(make: dict[str, Any]) -> None:
    asked = make["question"](service=Service(spare_replicas=1, max_pool=3))
    assert pool_loads(asked, F(5)) == ((2, 1), (3, 2))


def test_pools_take_a_slightly_slower_line_of_the_table(make: dict[str, Any]) -> None:
    asked = make["question"](service=Service(F(9, 10), F(2), 2))
    loads = dict(pool_loads(asked, F("0.61785")))
    # mu t = 1.2357 is read as 1.23.
    assert loads[1] == greatest_load(1, F("1.23"), F(9, 10))
    assert loads[1] <= greatest_load(1, F("1.2357"), F(9, 10))


def test_a_pool_is_a_column_of_its_own(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"](devices=2), requests_per_s=F(1)),
        service=Service(spare_replicas=1, max_pool=3),
    )
    space = lower_fleet(asked)
    assert [(c.replicas, c.devices, c.requests_per_s) for c in space.columns] == [
        (2, 4, 1),
        (3, 6, 2),
    ]
    assert space.problem.cover.row(0)[1].tolist() == [1, 2]


def test_waiting_needs_both_of_its_numbers(make: dict[str, Any]) -> None:
    asked = make["question"](service=Service(wait_percentile=F(9, 10)))
    with pytest.raises(InstanceError, match="go together"):
        pool_loads(asked, F(1))


def test_pools_of_spares_alone_are_refused(make: dict[str, Any]) -> None:
    asked = make["question"](service=Service(spare_replicas=4, max_pool=4))
    with pytest.raises(InstanceError, match="with 4 spare carry nothing"):
        pool_loads(asked, F(1))
