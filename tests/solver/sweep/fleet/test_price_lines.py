"""Costs as lines in a price, by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from solver.instance.fleet.domain import Contract, Ownership, Period
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.price_lines import Line, integers_of, offers, sum_of_lines

F = Fraction


def test_lines_meet_where_both_cost_the_same() -> None:
    first, second = Line(F(1), F(2)), Line(F(4), F(1))
    assert first.meets(second) == 3
    assert first.at(F(3)) == second.at(F(3)) == 7


def test_a_plan_is_the_sum_of_its_columns() -> None:
    lines = [Line(F(1), F(2)), Line(F(4), F(0)), Line(F(9), F(9))]
    assert sum_of_lines(lines, np.array([2, 1, 0])) == Line(F(6), F(4))


def test_a_rented_replica_costs_its_devices_times_the_price(make: Any) -> None:
    asked = make.question(
        [make.workload(3, make.point("box", 1, devices=2))],
        [make.machine("box", make.contract("5"))],
    )
    (offer,) = offers(asked)
    assert offer.lines(lower_fleet(asked)) == [Line(F(0), F(2))]


def test_an_owned_device_pays_for_energy_at_any_price_to_buy_it(make: Any) -> None:
    """Two years at half use and a tenth of the price for upkeep: 1/8760 and 1/87600 of it; 500 W
    at 0.2 US$/kWh and a PUE of 1.5: 0.15 US$/h."""
    owned = Ownership(F(8760), F(2), F(1, 2), F(3, 2), F(1, 5), F(1, 10))
    box = make.machine("box", Contract("bought", "owned", None, True, ownership=owned))
    asked = make.question([make.workload(3, make.point("box", 1))], [box])
    (offer,) = offers(asked)
    (line,) = offer.lines(lower_fleet(asked))
    assert line == Line(F(15, 100), F(11, 87600))


def test_a_price_by_the_hour_counts_for_the_share_of_the_day(make: Any) -> None:
    box = make.machine("box", make.contract("4"))
    load = replace(make.workload(3, make.point("box", 1)), by_period=(F(1), F(1)))
    asked = make.question([load], [box], periods=(Period("day", F(6)), Period("night", F(18))))
    (offer,) = offers(asked)
    slopes = {line.slope for line in offer.lines(lower_fleet(asked, prune=False))}
    assert slopes == {F(1, 4), F(3, 4)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([F(1, 2), F(1, 3)], ([3, 2], F(6))),
        ([F(10), F(4)], ([5, 2], F(1, 2))),
        ([F(0), F(0)], ([0, 0], F(1))),
    ],
)
def test_fractions_become_the_smallest_integers(
    values: list[Fraction], expected: tuple[list[int], Fraction]
) -> None:
    found = integers_of(values)
    assert found is not None
    assert (found[0].tolist(), found[1]) == expected


def test_fractions_too_fine_for_64_bits_have_no_integers() -> None:
    assert integers_of([F(1), F(1, 2**61 - 1), F(1, 2**31 - 1)]) is None
