"""Costs add up by what set them."""

from __future__ import annotations

import numpy as np

from solver.performance.calibrated.cost import Cost, total

ONE = Cost(1.0, 2.0, 4.0, 3.0, 8.0)


def test_the_fixed_part_of_the_network_is_not_counted_twice() -> None:
    assert ONE.seconds == 15


def test_costs_add_part_by_part() -> None:
    two = ONE + ONE
    parts = (two.arithmetic_s, two.hbm_s, two.network_s, two.network_fixed_s, two.launch_s)
    assert parts == (2, 4, 8, 6, 16)


def test_a_cost_many_times_over_is_that_many_times_as_long() -> None:
    assert ONE.times(3).seconds == 45


def test_a_cost_holds_where_its_condition_does() -> None:
    assert ONE.where(np.array([True, False])).seconds.tolist() == [15, 0]


def test_no_costs_sum_to_nothing() -> None:
    assert total([]).seconds == 0
