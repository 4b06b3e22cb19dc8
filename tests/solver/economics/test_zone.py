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
from solver.economics.service import COST, HBM, LAST, SPEED, TTFT
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


def test_a_cost_that_is_flat_up_to_the_end_is_not_interior() -> None:
    found = zone(of_costs({1: 9, 2: 4, 3: 4, 4: 4}), Fraction(1, 10))
    assert found is not None
    assert (found.best.concurrency, found.place, found.ended_by) == (2, "upper end", (LAST,))


def test_a_cost_that_is_the_same_everywhere_is_ended_by_a_limit() -> None:
    found = zone(affine(0, 7, [1, 2, 3]), Fraction(0))
    assert found is not None
    assert (found.best.concurrency, found.place, found.runs) == (1, "upper end", ((1, 3),))


def test_a_rise_that_rounding_can_make_is_no_interior_optimum() -> None:
    # 500 and 500 1/3 a user; the last step may have been rounded up by 1, which is 1/3 a user.
    line = curve([CurvePoint(c, t, Fraction(1)) for c, t in ((1, 900), (2, 1000), (3, 1501))])
    found = zone(line, Fraction(1, 10))
    assert found is not None
    assert (found.best.concurrency, found.place) == (2, "upper end")


def test_least_at_the_fewest_users_is_the_lower_end() -> None:
    found = zone(of_costs({1: 4, 2: 5, 3: 9}), Fraction(1, 10))
    assert found is not None
    assert (found.place, found.ended_by) == ("lower end", (COST,))


@st.composite
def any_curves(draw: st.DrawFn) -> Curve:
    """Jagged times, sparse batches, limits anywhere or nowhere."""
    levels = sorted(draw(st.sets(st.integers(1, 40), min_size=1, max_size=7)))
    points = []
    for level in levels:
        limits = draw(st.sampled_from([(), (), (SPEED,), (HBM,), (TTFT, SPEED)]))
        latency = draw(st.integers(1, 200))
        points.append(CurvePoint(level, latency, Fraction(2, 3), broken=limits))
    return curve(points)


@given(any_curves(), st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1), Fraction(3)]))
def test_the_zone_is_what_a_look_at_every_batch_finds(line: Curve, tolerance: Fraction) -> None:
    found = zone(line, tolerance)
    costs = {p.concurrency: Fraction(p.latency_ps, p.concurrency) for p in line.points}
    able = {p.concurrency for p in line.points if not p.broken}
    if not able:
        assert found is None
        return
    assert found is not None
    least = min(costs[users] for users in able)
    inside = {users for users in able if costs[users] <= least * (1 + tolerance)}
    told = {u for u in costs if any(low <= u <= high for low, high in found.runs)}
    assert told == inside
    assert found.best.concurrency == min(u for u in able if costs[u] == least)
    above = [p for p in line.points if p.concurrency > max(able)]
    if max(able) not in inside:
        assert found.ended_by == (COST,)
    else:
        assert found.ended_by == (above[0].broken if above else (LAST,))


@given(any_curves())
def test_an_interior_optimum_is_dearer_at_both_ends(line: Curve) -> None:
    found = zone(line, Fraction(1, 10))
    if found is not None and found.place == "interior":
        able = [p for p in line.points if not p.broken]
        assert able[0].average > found.best.average < able[-1].average


@given(any_curves())
def test_the_turn_is_the_first_pair_of_batches_with_an_elasticity_below_a_half(
    line: Curve,
) -> None:
    found = inflection(line)
    elastic = [
        2 * math.log(b.tok_per_s / a.tok_per_s) - math.log(b.concurrency / a.concurrency)
        for a, b in line.pairs
    ]
    if not elastic or any(abs(value) < 1e-9 for value in elastic):
        return  # floats cannot tell which side of a half; the comparison of integers can
    assert found is not None
    steep = [value > 0 for value in elastic]
    first = next((place for place, up in enumerate(steep) if not up), None)
    if first is None:
        assert found.side == "above"
    elif first == 0:
        assert found.side == "below"
    else:
        assert found.at == line.points[first].concurrency
    assert found.again == (first is not None and any(steep[first:]))


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
