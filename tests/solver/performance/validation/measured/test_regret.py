from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from solver.performance.validation.measured.points import MeasuredPoints
from solver.performance.validation.measured.regret import floor_regrets
from solver.performance.validation.measured.validate import compare_points

PointsOf = Callable[..., MeasuredPoints]
Scaled = Callable[..., Any]
Row = dict[str, Any]

SPEED = np.array([10.0, 20.0, 40.0])
COST = np.array([1.0, 2.0, 4.0])


def regrets_of(
    predicted_speed: list[float], predicted_cost: list[float], layouts: str = "abc"
) -> tuple[list[float], list[float]]:
    own, by_layout = floor_regrets(
        speed=SPEED,
        cost=COST,
        predicted_speed=np.array(predicted_speed),
        predicted_cost=np.array(predicted_cost),
        layouts=list(layouts),
    )
    return own.tolist(), by_layout.tolist()


def test_a_perfect_model_has_no_regret() -> None:
    assert regrets_of([10, 20, 40], [1, 2, 4]) == ([0, 0, 0], [0, 0, 0])


def test_a_wrong_order_of_costs_costs_the_difference() -> None:
    own, _ = regrets_of([10, 20, 40], [3, 2, 4])
    assert own == [1.0, 0.0, 0.0]


def test_a_choice_a_tenth_too_slow_is_missed() -> None:
    # It takes the 10 tok/s row for one of 30: at a floor of 20 that was measured at half of it.
    own, by_layout = regrets_of([30, 20, 40], [1, 2, 4])
    assert own == [0.0, math.inf, 0.0]
    assert by_layout == [0.0, math.inf, 0.0]


def test_a_choice_less_than_a_tenth_too_slow_counts_and_is_no_gain() -> None:
    own, _ = floor_regrets(
        speed=np.array([19.0, 20.0]),
        cost=np.array([1.0, 2.0]),
        predicted_speed=np.array([21.0, 22.0]),
        predicted_cost=np.array([1.0, 2.0]),
        layouts=["a", "b"],
    )
    assert own.tolist() == [0.0, 0.0]


def test_a_model_that_sees_no_way_has_failed() -> None:
    own, _ = regrets_of([9, 18, 36], [1, 2, 4])
    assert own == [1.0, 1.0, math.inf]


def test_the_layout_alone_is_judged_by_its_best_load() -> None:
    # It would run layout a at the load of 40 tok/s; the buyer of layout a can run it at 10 too.
    own, by_layout = regrets_of([10, 20, 40], [5, 6, 4], "aba")
    assert own == [3.0, 1.0, 0.0]
    assert by_layout == [0.0, 1.0, 0.0]


def rows_of(dense: Row, layouts: int) -> list[Row]:
    return [
        {
            **dense,
            "tp_size": 2**at,
            "concurrency": 8 * load,
            "batch_size": 8 * load,
            "tpot_s": 0.08 / 2**at + 0.002 * load,
        }
        for at in range(layouts)
        for load in (1, 4)
    ]


def test_a_sweep_needs_three_layouts(points_of: PointsOf, scaled: Scaled, dense: Row) -> None:
    points = points_of(*rows_of(dense, 2))
    report = compare_points(points, scaled(points))
    assert report.regrets.sweeps == ()
    assert report.regrets.share is None


def test_measured_times_have_no_regret(points_of: PointsOf, scaled: Scaled, dense: Row) -> None:
    points = points_of(*rows_of(dense, 3))
    report = compare_points(points, scaled(points))
    (sweep,) = report.regrets.sweeps
    assert (sweep.layouts, sweep.floors, sweep.median, sweep.worst) == (3, 6, 0.0, 0.0)
    assert report.regrets.share == 1.0


def test_rows_of_other_engines_are_other_sweeps(
    points_of: PointsOf, scaled: Scaled, dense: Row
) -> None:
    rows = rows_of(dense, 3)
    points = points_of(*rows, *({**row, "version": "2.0"} for row in rows))
    # Equal times under two versions are one measurement; other times are another.
    assert len(compare_points(points, scaled(points)).regrets.sweeps) == 1
    points = points_of(*rows, *({**r, "version": "2.0", "ttft_s": 0.2} for r in rows))
    assert len(compare_points(points, scaled(points)).regrets.sweeps) == 2


def test_a_cost_is_device_time_for_a_token(points_of: PointsOf, scaled: Scaled, dense: Row) -> None:
    # Twice the devices at equal times cost twice: a model that thinks the wide layout four times
    # as fast as it is buys it, and pays that factor and more.
    rows = [
        {**dense, "tp_size": tp, "tpot_s": tpot} for tp, tpot in ((1, 0.04), (2, 0.039), (4, 0.038))
    ]
    points = points_of(*rows)
    factors = [1.0, 1.0, 0.2]
    report = compare_points(points, scaled(points, tpot=factors, ttft=factors))
    (sweep,) = report.regrets.sweeps
    cost = [tp * (0.1 + 499 * tpot) for tp, tpot in ((1, 0.04), (2, 0.039), (4, 0.038))]
    assert sweep.worst == pytest.approx(cost[2] / cost[0] - 1)


def test_slack_lets_the_best_row_be_chosen_though_a_hair_too_slow() -> None:
    told = {
        "speed": SPEED,
        "cost": COST,
        "predicted_speed": 0.95 * SPEED,
        "predicted_cost": COST,
        "layouts": list("abc"),
    }
    assert floor_regrets(**told)[0].tolist() == [1.0, 1.0, math.inf]
    assert floor_regrets(**told, slack=0.1)[0].tolist() == [0.0, 0.0, 0.0]
