"""The parts of the block solver, each against plain loops."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.milp import IntArray
from solver.engines.blocks.dual import best_bound, evaluate
from solver.engines.blocks.joining import best_choice
from solver.engines.blocks.ladder import Ladder
from solver.engines.blocks.listing import TooManyPlansError, list_halves, list_plans
from solver.engines.blocks.merging import merge, pairs_within
from solver.engines.blocks.pareto import undominated_rows
from solver.engines.blocks.plans import Plans, Single, columns_behind
from solver.engines.blocks.pricing import cheapest_plan
from solver.engines.blocks.structure import Block
from solver.engines.blocks.windows import Window, fits, window_beside

MULTIPLES = st.sampled_from([1, 2, 3, 4, 5, 6, 8])


def ladder_of(columns: list[tuple[int, int]], demand: int, vector: tuple[int, ...]) -> Ladder:
    return Ladder(
        np.array(vector, dtype=np.int64),
        [multiple for multiple, _ in columns],
        [cover for _, cover in columns],
        list(range(len(columns))),
        demand,
    )


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Ladder, list[tuple[int, int]]]:
    multiples = sorted(draw(st.sets(MULTIPLES, min_size=1, max_size=3)))
    columns = [(m, draw(st.integers(m, 12 * m))) for m in multiples]
    return ladder_of(columns, draw(st.integers(1, 400)), (1, 1)), columns


def covers_up_to(columns: list[tuple[int, int]], demand: int, units: int) -> list[int]:
    best = [0] * (units + 1)
    for k in range(1, units + 1):
        best[k] = best[k - 1]
        for multiple, cover in columns:
            if multiple <= k:
                best[k] = max(best[k], best[k - multiple] + min(cover, demand))
    return best


@given(ladders())
def test_a_ladder_is_the_unbounded_knapsack_at_every_number_of_units(
    case: tuple[Ladder, list[tuple[int, int]]],
) -> None:
    ladder, columns = case
    plain = covers_up_to(columns, ladder.demand, 300)
    assert ladder.most(np.arange(301)).tolist() == plain


@given(ladders(), st.integers(-5, 400))
def test_the_least_units_that_cover_a_need(
    case: tuple[Ladder, list[tuple[int, int]]], need: int
) -> None:
    ladder, columns = case
    # A column covers something, if only 1 where no more is asked for.
    plain = covers_up_to(columns, ladder.demand, max(need, 0) * columns[0][0])
    expected = next(k for k, cover in enumerate(plain) if cover >= need)
    assert ladder.least(np.array([need])).tolist() == [expected]


@given(ladders(), st.integers(0, 300))
def test_columns_of_some_units_cover_as_told_and_use_no_more(
    case: tuple[Ladder, list[tuple[int, int]]], k: int
) -> None:
    ladder, columns = case
    counts = ladder.columns_of(k)
    assert sum(columns[column][0] * count for column, count in counts.items()) <= k
    covered = sum(
        min(columns[column][1], ladder.demand) * count for column, count in counts.items()
    )
    assert covered == covers_up_to(columns, ladder.demand, k)[k]


@given(ladders(), st.integers(1, 50), st.integers(0, 400))
def test_rungs_are_the_steps_within_an_excess(
    case: tuple[Ladder, list[tuple[int, int]]], price: int, most: int
) -> None:
    ladder, columns = case
    plain = covers_up_to(columns, ladder.demand, 500)
    rho = price / max(cover / multiple for multiple, cover in columns) * (1 - 2**-40)
    rungs = ladder.rungs(price, rho, most + 1e-6)
    found = set(zip(rungs.k.tolist(), rungs.cover.tolist(), strict=True))
    for k, cover in enumerate(plain):
        new = k == 0 or (cover > plain[k - 1] and plain[k - 1] < ladder.demand)
        clipped = min(cover, ladder.demand)
        if new and price * k - rho * clipped <= most:
            assert (k, clipped) in found


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """One to three ladders, two limits, few plans."""
    demand = draw(st.integers(1, 40))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        multiples = sorted(draw(st.sets(MULTIPLES, min_size=1, max_size=2)))
        columns = [(m, draw(st.integers(4 * m, 12 * m))) for m in multiples]
        vector = (draw(st.integers(1, 9)), draw(st.integers(0, 4)), draw(st.integers(0, 4)))
        found.append(ladder_of(columns, demand, vector))
    return Block("cell", demand, tuple(found))


WEIGHTS = st.tuples(st.integers(1, 50), st.integers(0, 60), st.integers(0, 60)).map(
    lambda weights: np.array(weights, dtype=np.int64)
)


def covered_by(block: Block, units: Sequence[int]) -> int:
    """What so many units of every ladder cover."""
    return sum(
        int(ladder.most(np.array([k]))[0]) for ladder, k in zip(block.ladders, units, strict=True)
    )


def all_plans(block: Block) -> list[tuple[int, ...]]:
    """Vectors of every choice of units up to what covers alone."""
    reach = [int(ladder.least(np.array([block.demand]))[0]) for ladder in block.ladders]
    found = set()
    for units in itertools.product(*(range(most + 1) for most in reach)):
        if covered_by(block, units) >= block.demand:
            vectors = [k * ladder.vector for ladder, k in zip(block.ladders, units, strict=True)]
            found.add(tuple(int(v) for v in np.sum(vectors, axis=0)))
    return sorted(found)


SLOW = settings(max_examples=60, deadline=None)


@SLOW
@given(blocks(), WEIGHTS)
def test_the_cheapest_plan_is_that_of_brute_force(block: Block, weights: IntArray) -> None:
    plan = cheapest_plan(block, weights)
    assert plan.price == min(int(np.dot(vector, weights)) for vector in all_plans(block))
    assert plan.price == int(plan.vector @ weights)
    assert tuple(plan.vector.tolist()) in all_plans(block)


@SLOW
@given(blocks(), WEIGHTS, st.integers(0, 30))
def test_with_little_effort_the_price_is_a_lower_bound_and_the_plan_is_one(
    block: Block, weights: IntArray, effort: int
) -> None:
    plan = cheapest_plan(block, weights, effort=effort)
    assert plan.price <= min(int(np.dot(vector, weights)) for vector in all_plans(block))
    assert tuple(plan.vector.tolist()) in all_plans(block)


def beats(one: IntArray, other: tuple[int, ...]) -> bool:
    return bool((one <= np.array(other)).all())


@SLOW
@given(blocks(), WEIGHTS, st.integers(0, 2000))
def test_listed_plans_beat_or_equal_every_plan_within_the_price(
    block: Block, weights: IntArray, above: int
) -> None:
    most = cheapest_plan(block, weights).price + above
    plans = list_plans(block, weights, most, np.arange(3), room=10**6)
    assert isinstance(plans.origin, Single)
    for units, listed in zip(plans.origin.units, plans.vector, strict=True):
        # A plan may hold a unit more than it needs.
        assert covered_by(block, units.tolist()) >= block.demand
        total = sum(k * ladder.vector for k, ladder in zip(units, block.ladders, strict=True))
        assert listed.tolist() == total.tolist()
    for vector in all_plans(block):
        if np.dot(vector, weights) <= most:
            assert any(beats(row, vector) for row in plans.vector)


@SLOW
@given(blocks(), WEIGHTS, st.integers(0, 2000), st.tuples(*[st.integers(0, 60)] * 4))
def test_plans_listed_in_a_window_beat_or_equal_every_plan_in_it_but_those_below_it(
    block: Block, weights: IntArray, above: int, ends: tuple[int, ...]
) -> None:
    low = np.minimum(ends[:2], ends[2:]).astype(np.int64)
    high = np.maximum(ends[:2], ends[2:]).astype(np.int64)
    window = Window(low, high)
    most = cheapest_plan(block, weights).price + above
    plans = list_plans(block, weights, most, np.arange(3), room=10**6, window=window)
    one, other, first, second = list_halves(
        block, weights, most, np.arange(3), room=10**6, window=window
    )
    sums = [
        a + b
        for a, c in zip(one.vector, first, strict=True)
        for b, d in zip(other.vector, second, strict=True)
        if c + d >= block.demand
    ]
    every = all_plans(block)
    for vector in every:
        inside = (np.array(vector[1:]) <= high).all()
        # A plan may give way to one that uses less, which must then be in the window itself.
        below = any(
            beats(np.array(less), vector) and (np.array(less[1:]) < low).any() for less in every
        )
        if inside and not below and np.dot(vector, weights) <= most:
            assert any(beats(row, vector) for row in plans.vector)
            assert any(beats(row, vector) for row in sums)


def test_a_listing_without_room_says_so() -> None:
    block = Block(
        "cell",
        400,
        tuple(ladder_of([(1, 3), (2, 7)], 400, (2 + n, n, 5 - n)) for n in range(4)),
    )
    weights = np.array([10, 0, 0])
    most = 10 * cheapest_plan(block, weights).price
    with pytest.raises(TooManyPlansError):
        list_plans(block, weights, most, np.arange(3), room=10)


def test_a_listing_tells_at_least_as_much_work_as_it_lists() -> None:
    block = Block(
        "cell",
        40,
        tuple(ladder_of([(1, 3), (2, 7)], 40, (2 + n, n, 5 - n)) for n in range(3)),
    )
    weights = np.array([10, 1, 1])
    told: list[int] = []
    most = 2 * cheapest_plan(block, weights).price
    plans = list_plans(block, weights, most, np.arange(3), room=10_000, look=told.append)
    assert sum(told) >= len(plans) > 1


TABLES = st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=1, max_size=12, unique=True)


def table_of(rows: list[tuple[int, ...]]) -> Plans:
    block = Block("cell", 1, (ladder_of([(1, 1)], 1, (1, 0, 0)),))
    return Plans(
        np.array(rows, dtype=np.int64), Single(block, np.zeros((len(rows), 1), dtype=np.int64))
    )


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 4), min_size=1, max_size=120))
def test_filtered_rows_beat_or_equal_every_row(rows: list[tuple[int, ...]]) -> None:
    table = np.array(rows, dtype=np.int64)
    kept = table[undominated_rows(table)]
    assert all(any(beats(row, vector) for row in kept) for vector in rows)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60))
def test_with_two_columns_no_dominated_row_is_kept(rows: list[tuple[int, int]]) -> None:
    kept = np.array(rows, dtype=np.int64)[undominated_rows(np.array(rows, dtype=np.int64))]
    for number, row in enumerate(kept.tolist()):
        others = [other for k, other in enumerate(kept.tolist()) if k != number]
        assert not any(other[0] <= row[0] and other[1] <= row[1] for other in others)


@given(TABLES, TABLES, WEIGHTS, st.integers(0, 600), st.tuples(*[st.integers(0, 24)] * 2))
def test_merged_pairs_beat_or_equal_every_pair_within_gap_and_limits(
    left: list[tuple[int, ...]],
    right: list[tuple[int, ...]],
    weights: IntArray,
    gap: int,
    high: tuple[int, int],
) -> None:
    one, other = table_of(left), table_of(right)
    window = Window(np.zeros(2, dtype=np.int64), np.array(high, dtype=np.int64))
    merged = merge(one, other, weights, gap, np.arange(3), window, room=10**6)
    least = int((one.vector @ weights).min() + (other.vector @ weights).min())
    pairs = [a + b for a in one.vector for b in other.vector]
    near = [pair for pair in pairs if int(pair @ weights) - least <= gap]
    assert pairs_within(one, other, weights, gap) == len(near)
    inside = [tuple(pair.tolist()) for pair in near if (pair[1:] <= high).all()]
    assert {tuple(row) for row in merged.vector.tolist()} <= set(inside)
    assert all(any(beats(row, vector) for row in merged.vector) for vector in inside)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(TABLES, min_size=2, max_size=3),
    WEIGHTS,
    st.tuples(*[st.integers(-2, 30)] * 2),
    st.integers(0, 40),
)
def test_the_best_choice_is_that_of_plain_loops(
    rows: list[list[tuple[int, ...]]], weights: IntArray, limit: tuple[int, int], most: int
) -> None:
    tables = [np.array(table, dtype=np.int64) for table in rows]
    bound = np.array(limit, dtype=np.int64)
    found = best_choice(
        tables, weights, bound, most * int(weights[0]), pairs=10**9, look=lambda _: None
    )
    plain = min(
        (
            int(sum(choice)[0])
            for choice in itertools.product(*tables)
            if (sum(choice)[1:] <= bound).all()
        ),
        default=None,
    )
    if plain is not None and plain <= most:
        assert found is not None
        assert found[0] == plain
    if found is not None:
        chosen = sum(table[row] for table, row in zip(tables, found[1], strict=True))
        assert chosen[0] == found[0]
        assert (chosen[1:] <= bound).all()


def test_a_join_of_too_many_pairs_says_so() -> None:
    table = np.array(list(itertools.product(range(6), repeat=3)), dtype=np.int64)
    with pytest.raises(TooManyPlansError):
        best_choice(
            [table, table],
            np.array([1, 0, 0]),
            np.array([9, 9]),
            100,
            pairs=5,
            look=lambda _: None,
        )


def test_a_join_tells_every_pair_it_looks_at() -> None:
    table = np.array(list(itertools.product(range(6), repeat=3)), dtype=np.int64)
    told: list[int] = []
    weights, bound = np.array([1, 0, 0]), np.array([9, 9])
    best_choice([table, table], weights, bound, 100, pairs=10**9, look=told.append)
    fewer = sum(told) - len(table) - 1
    with pytest.raises(TooManyPlansError):
        best_choice([table, table], weights, bound, 100, pairs=fewer, look=told.append)


@given(TABLES, TABLES, WEIGHTS, st.tuples(*[st.integers(0, 24)] * 2), st.integers(0, 30))
def test_a_window_holds_every_row_that_a_fleet_within_the_gap_may_use(
    left: list[tuple[int, ...]],
    right: list[tuple[int, ...]],
    weights: IntArray,
    limit: tuple[int, int],
    target: int,
) -> None:
    one, other = np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)
    bound = np.array(limit, dtype=np.int64)
    least = int((one @ weights).min() + (other @ weights).min())
    gap = target * int(weights[0]) + int(weights[1:] @ bound) - least
    if gap < 0:
        return
    window = window_beside([other], False, weights, gap, np.arange(3), bound)
    kept = set(fits(one, window).tolist())
    for number, a in enumerate(one):
        for b in other:
            if (a + b)[0] <= target and ((a + b)[1:] <= bound).all():
                assert number in kept


@SLOW
@given(st.lists(blocks(), min_size=1, max_size=2), st.tuples(*[st.integers(0, 60)] * 2), WEIGHTS)
def test_a_bound_is_never_above_a_fleet_within_the_limits(
    groups: list[Block], limit: tuple[int, int], weights: IntArray
) -> None:
    bound = np.array(limit, dtype=np.int64)
    sums = [np.sum(choice, axis=0) for choice in itertools.product(*map(all_plans, groups))]
    costs = [int(vector[0]) for vector in sums if (vector[1:] <= bound).all()]
    if not costs:
        return
    start = weights * 20
    dearest = np.full(2, 10_000, dtype=np.int64)
    for found in (
        evaluate(groups, bound, start),
        evaluate(groups, bound, start, effort=3),
        best_bound(groups, bound, scale=int(start[0]), start=start, dearest=dearest),
    ):
        assert found.value <= min(costs) * int(start[0])


@SLOW
@given(blocks(), blocks(), WEIGHTS)
def test_columns_behind_a_merged_row_add_up_to_it(
    one: Block, other: Block, weights: IntArray
) -> None:
    every = np.arange(3)
    tables = [
        list_plans(block, weights, cheapest_plan(block, weights).price + 200, every, room=10**6)
        for block in (one, other)
    ]
    merged = merge(tables[0], tables[1], weights, 300, every, Window.open(2), room=10**6)
    for row in range(min(len(merged), 5)):
        counts = columns_behind(merged, row)
        # Column numbers are those of single ladders here, so only the total can be told.
        assert sum(counts.values()) > 0
        assert all(count > 0 for count in counts.values())
