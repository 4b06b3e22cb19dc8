"""The optimal zone and the inflection point."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.curve import Curve, CurvePoint
from solver.economics.service import COST, HBM, LAST, SPEED
from solver.economics.zone import inflection, zone


def curve(points: list[CurvePoint]) -> Curve:
    return Curve("m", "x", "TP1", 1, tuple(points))


def affine(a: int, b: int, levels: range | list[int]) -> Curve:
    return curve([CurvePoint(c, a + b * c, Fraction(1)) for c in levels])


def of_costs(costs: dict[int, int], broken: dict[int, str] | None = None) -> Curve:
    """A curve whose average costs are in the proportions stated."""
    limits = broken or {}
    return curve(
        [
            CurvePoint(c, cost * c, Fraction(1), broken=(limits[c],) if c in limits else ())
            for c, cost in costs.items()
        ]
    )


def test_an_affine_step_is_cheapest_at_the_last_batch_on_offer() -> None:
    found = zone(affine(10, 1, range(1, 33)), Fraction(1, 10))
    assert found is not None
    assert (found.best.concurrency, found.place, found.ended_by) == (32, "upper end", (LAST,))


def test_the_zone_holds_what_is_within_the_tolerance_exactly() -> None:
    # AC = 10/c + 1: least 1.3125 at 32; within 10 %: 10/c <= 0.44375, c >= 22.54.
    found = zone(affine(10, 1, range(1, 33)), Fraction(1, 10))
    assert found is not None
    assert (found.lowest, found.highest) == (23, 32)


def test_a_cost_right_on_the_tolerance_is_inside() -> None:
    found = zone(of_costs({1: 110, 2: 100, 3: 111}), Fraction(1, 10))
    assert found is not None
    assert found.runs == ((1, 2),)


def test_a_limit_that_the_next_batch_breaks_ends_the_zone() -> None:
    found = zone(of_costs({1: 5, 2: 4, 3: 3}, {3: HBM}), Fraction(1, 10))
    assert found is not None
    assert (found.best.concurrency, found.ended_by) == (2, (HBM,))


def test_an_optimum_with_dearer_neighbours_on_both_sides_is_interior() -> None:
    found = zone(of_costs({1: 9, 2: 4, 3: 9, 4: 10}), Fraction(1, 10))
    assert found is not None
    assert (found.place, found.reaches_end, found.ended_by) == ("interior", False, (COST,))


def test_an_interior_optimum_may_have_a_zone_up_to_the_end() -> None:
    found = zone(of_costs({1: 900, 2: 400, 3: 401}, None), Fraction(1, 10))
    assert found is not None
    assert (found.place, found.reaches_end, found.ended_by) == ("interior", True, (LAST,))


def test_a_zone_may_have_a_hole() -> None:
    found = zone(of_costs({1: 100, 2: 150, 3: 101}), Fraction(1, 10))
    assert found is not None
    assert found.runs == ((1, 1), (3, 3))


def test_nothing_keeps_the_level_leaves_no_zone() -> None:
    assert zone(of_costs({1: 3, 2: 2}, {1: SPEED, 2: SPEED}), Fraction(0)) is None


def test_of_equal_costs_the_fewest_users_are_best() -> None:
    found = zone(of_costs({1: 3, 2: 2, 3: 2}), Fraction(0))
    assert found is not None
    assert found.best.concurrency == 2


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        zone(affine(1, 1, [1, 2]), Fraction(-1, 10))


def test_throughput_of_an_affine_step_turns_at_a_over_b() -> None:
    found = inflection(affine(500, 5, range(1, 400)))
    assert found is not None
    assert (found.at, found.side, found.again) == (100, "inside", False)


def test_at_the_turn_a_token_costs_twice_the_limit() -> None:
    line = affine(500, 5, range(1, 400))
    turn = inflection(line)
    assert turn is not None
    point = next(p for p in line.points if p.concurrency == turn.at)
    assert point.average == 2 * replace(point, latency_ps=5, concurrency=1).average


@given(st.integers(1, 10**6), st.integers(1, 10**4))
def test_the_turn_is_where_a_over_b_lies_between_geometric_means(a: int, b: int) -> None:
    levels = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]
    found = inflection(affine(a, b, levels))
    assert found is not None
    middles = [math.sqrt(x * y) for x, y in itertools.pairwise(levels)]
    if found.side == "below":
        assert a / b <= middles[0]
    elif found.side == "above":
        assert a / b >= middles[-1]
    else:
        place = levels.index(found.at or 0)
        assert middles[place - 1] <= a / b <= middles[place]


@given(st.integers(1, 10**5), st.integers(1, 10**3))
def test_the_turn_is_where_the_second_difference_over_ln_users_changes_sign(a: int, b: int) -> None:
    """Another road: divided differences of throughput on a fine grid of ln c."""
    c = Fraction(a, b)
    step = 1e-3

    def throughput(u: float) -> float:
        return math.exp(u) / (a + b * math.exp(u))

    def bend(u: float) -> float:
        return throughput(u + step) - 2 * throughput(u) + throughput(u - step)

    assert bend(math.log(c) - 0.2) > 0 > bend(math.log(c) + 0.2)


def test_a_single_batch_has_no_turn() -> None:
    assert inflection(affine(1, 1, [4])) is None


def test_a_second_turn_is_told() -> None:
    points = [CurvePoint(c, t, Fraction(1)) for c, t in ((1, 10), (2, 10), (4, 20), (8, 20))]
    found = inflection(curve(points))
    assert found is not None
    assert found.again
