from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from solver.report.choose import (
    MAX_ROWS,
    RECOMMENDATIONS,
    best_value,
    cheapest_at_least,
    knee,
    marks,
    path_positions,
    recommended,
    spread,
)
from solver.result import Point, Result


def at(latency_ps: int, cost: str) -> Point:
    """A point with nothing but its objectives."""
    return Point(
        objectives={"speed": 10**12 / latency_ps, "cost": float(Fraction(cost))},
        exact={"latency_ps": latency_ps, "cost": cost},
        design={},
        proof={},
    )


def test_the_knee_of_a_hand_made_frontier_is_its_corner() -> None:
    # Speeds 100, 10, 1 and costs 100, 2, 1: in logarithms (1, 1), (0.5, 0.15), (0, 0).
    points = [at(10**10, "100"), at(10**11, "2"), at(10**12, "1")]
    assert knee(points) is points[1]


def test_the_knee_does_not_depend_on_the_currency() -> None:
    points = [at(10**10, "100"), at(2 * 10**10, "8"), at(10**11, "2"), at(10**12, "1")]
    scaled = [at(int(p.exact["latency_ps"]), f"{float(str(p.exact['cost'])):g}7") for p in points]
    assert points.index(knee(points)) == scaled.index(knee(scaled))


def test_a_straight_frontier_has_its_knee_at_the_fast_end() -> None:
    points = [at(10**10, "100"), at(10**11, "10"), at(10**12, "1")]
    assert knee(points) is points[0]


def test_the_knee_of_two_points_is_the_faster_one() -> None:
    points = [at(10**10, "100"), at(10**12, "1")]
    assert knee(points) is points[0]


def test_an_empty_frontier_has_no_knee() -> None:
    with pytest.raises(ValueError, match="no knee"):
        knee([])


def test_an_empty_frontier_has_no_best_value() -> None:
    with pytest.raises(ValueError, match="no best value"):
        best_value([])


def test_twice_the_speed_is_worth_just_under_sixteen_times_the_price() -> None:
    points = [at(10**11, "159/10"), at(2 * 10**11, "1")]
    assert best_value(points) is points[0]


def test_twice_the_speed_is_not_worth_more_than_sixteen_times_the_price() -> None:
    points = [at(10**11, "161/10"), at(2 * 10**11, "1")]
    assert best_value(points) is points[1]


def test_equal_value_goes_to_the_faster_point() -> None:
    points = [at(10**11, "16"), at(2 * 10**11, "1")]
    assert best_value(points) is points[0]


def test_best_value_tells_apart_what_floats_cannot() -> None:
    # The slow point is better by one part in 10^20.
    points = [at(10**11, f"{16 * 10**20 + 1}/{10**20}"), at(2 * 10**11, "1")]
    assert best_value(points) is points[1]


def test_best_value_equals_a_plain_search(big_result: Result) -> None:
    points = big_result.points[::25]

    def score(point: Point) -> Fraction:
        return Fraction(str(point.exact["cost"])) * int(point.exact["latency_ps"]) ** 4

    assert score(best_value(points)) == min(score(point) for point in points)


def test_fastest_and_cheapest_are_the_ends(big_result: Result) -> None:
    found = recommended(big_result)
    assert found["fastest"] is big_result.points[0]
    assert found["cheapest"] is big_result.points[-1]


def test_every_kind_is_recommended(big_result: Result) -> None:
    assert list(recommended(big_result)) == list(RECOMMENDATIONS)


def test_nothing_is_recommended_without_points(infeasible_result: Result) -> None:
    assert recommended(infeasible_result) == {}


def test_a_lone_point_answers_to_every_recommendation(
    make_result: Callable[..., Result], few_points: list[Point]
) -> None:
    assert marks(make_result(few_points[:1])) == {0: tuple(RECOMMENDATIONS)}


def test_positions_run_from_nought_to_one(big_result: Result) -> None:
    positions = path_positions(big_result.points)
    assert positions[0] == 0
    assert positions[-1] == 1
    assert (np.diff(positions) > 0).all()


def test_a_spread_has_at_most_twenty_rows(big_result: Result) -> None:
    assert len(spread(big_result)) <= MAX_ROWS


def test_a_spread_holds_every_recommended_point(big_result: Result) -> None:
    assert set(marks(big_result)) <= set(spread(big_result))


def test_a_spread_holds_both_ends(big_result: Result) -> None:
    chosen = spread(big_result)
    assert (chosen[0], chosen[-1]) == (0, len(big_result.points) - 1)


def test_a_spread_leaves_no_wide_gap(big_result: Result) -> None:
    positions = path_positions(big_result.points)[spread(big_result, rows=16)]
    assert max(b - a for a, b in pairwise(positions)) < 2 / 15


def test_a_short_frontier_is_shown_whole(
    make_result: Callable[..., Result], few_points: list[Point]
) -> None:
    assert spread(make_result(few_points[:20])) == list(range(20))


def test_too_many_rows_are_refused(big_result: Result) -> None:
    with pytest.raises(ValueError, match="rows must lie between"):
        spread(big_result, rows=17)


def test_the_cheapest_of_a_speed_may_have_exactly_that_speed(few_points: list[Point]) -> None:
    assert cheapest_at_least(few_points, min_speed=few_points[7].objectives["speed"]) == 7


def test_the_cheapest_of_a_speed_between_two_points_is_the_faster_one(
    few_points: list[Point],
) -> None:
    middle = 0.5 * (few_points[7].objectives["speed"] + few_points[8].objectives["speed"])
    assert cheapest_at_least(few_points, min_speed=middle) == 7


def test_no_point_is_as_fast_as_an_unattainable_speed(few_points: list[Point]) -> None:
    assert cheapest_at_least(few_points, min_speed=1e9) is None
