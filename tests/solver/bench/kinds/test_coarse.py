"""Coarser units: small numbers, and what keeps the coarse rules keeps the fine ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.fleet.problem import COST, FleetProblem
from formulations.fleet.sparse import SparseInts
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.placement.problem import PlacementProblem
from solver.bench.kinds.coarse import LARGEST, coarse_flow, coarse_tables
from solver.bench.kinds.coarse_fleet import coarse_fleet

TIMES = st.integers(0, 10**10)


def tables(stage: int, pace: int, hop: int, prices: list[int], load: int = 0) -> ChainTables:
    n = len(prices)
    held = np.zeros((n, 3), dtype=bool)
    held[:, 1:] = True
    hops = np.full((n + 1, n + 1), hop, dtype=np.int64)
    trunks = (Trunk("line", np.full((n + 1, n + 1), load, dtype=np.int64), factor=3),)
    return ChainTables(
        name="drawn",
        layers=2,
        count=np.ones(n, dtype=np.int64),
        orbit=np.arange(n, dtype=np.int64),
        price=np.array(prices, dtype=np.int64),
        allowed=held,
        stage_time=np.where(held, stage * np.arange(3), 0).astype(np.int64),
        hop_time=hops,
        linked=np.ones((n + 1, n + 1), dtype=bool),
        pace=np.where(held[:, :, None], pace, 0) * np.ones((1, 1, n + 1), dtype=np.int64),
        entry_pace=np.full(n, hop, dtype=np.int64),
        trunks=trunks if load else (),
    )


@given(TIMES, TIMES, TIMES, st.lists(TIMES, min_size=2, max_size=3), st.integers(0, 10**9))
def test_no_number_of_coarse_tables_is_large(
    stage: int, pace: int, hop: int, prices: list[int], load: int
) -> None:
    coarse = coarse_tables(tables(stage, pace, hop, prices, load))
    arrays = [coarse.price, coarse.stage_time, coarse.hop_time, coarse.pace, coarse.entry_pace]
    arrays += [trunk.load * trunk.factor for trunk in coarse.trunks]
    assert max(int(array.max()) for array in arrays) <= LARGEST


def test_a_coarse_time_is_never_below_the_fine_one() -> None:
    fine = tables(3_333_333_333, 7_777_777_777, 123_456_789, [10**9, 2 * 10**9])
    coarse = coarse_tables(fine)
    plan = ChainPlan((ChainStage(0, 0, 1), ChainStage(1, 1, 1)))
    unit = -(-7_777_777_777 // LARGEST)
    assert value_of(coarse, plan).time * unit >= value_of(fine, plan).time


def test_prices_keep_their_ratios_where_they_can() -> None:
    assert coarse_tables(tables(1, 1, 1, [3 * 10**9, 5 * 10**9])).price.tolist() == [3, 5]


def test_small_tables_stay_as_they_are() -> None:
    fine = tables(5, 7, 2, [3, 5])
    coarse = coarse_tables(fine)
    assert (coarse.stage_time == fine.stage_time).all()
    assert (coarse.pace == fine.pace).all()


def test_paces_that_are_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="rates"):
        coarse_tables(tables(1, -5, 1, [1, 2]))


def test_coarse_rates_are_small_and_not_above_the_fine_ones() -> None:
    rates = (np.array([9_876_543_210, 4_000_000_001]), np.array([123]))
    wide = np.full((2, 2), 2**49, dtype=np.int64)
    fine = PlacementProblem(
        name="drawn", layers=2, count=np.array([1, 1]), rates=rates,
        source=np.full(2, 2**49), sink=np.full(2, 2**49), links=wide, names=("a", "b"),
    )  # fmt: skip
    coarse = coarse_flow(fine)
    assert max(int(array.max()) for array in coarse.rates) <= LARGEST
    unit = -(-9_876_543_210 // LARGEST)
    assert (coarse.rates[0] * unit <= rates[0]).all()
    assert coarse.rates[1].tolist() == [1]


@given(
    st.lists(st.integers(1, 10**10), min_size=3, max_size=3),
    st.lists(st.integers(-(10**10), 10**10), min_size=3, max_size=3),
    st.integers(1, 10**11),
    st.integers(0, 10**11),
    st.lists(st.integers(0, 9), min_size=3, max_size=3),
)
def test_counts_that_hold_in_the_coarse_fleet_hold_in_the_fine_one(
    brings: list[int], uses: list[int], demand: int, limit: int, counts: list[int]
) -> None:
    fine = fleet(brings, uses, demand, limit)
    coarse = coarse_fleet(fine)
    held = coarse.cover.dot(counts)[0] >= int(coarse.demand[0])
    held = held and coarse.use.dot(counts)[0] <= int(coarse.limit[0])
    if held:
        assert fine.cover.dot(counts)[0] >= demand
        assert fine.use.dot(counts)[0] <= limit


def fleet(brings: list[int], uses: list[int], demand: int, limit: int) -> FleetProblem:
    return FleetProblem(
        name="drawn",
        upper=np.full(3, 9, dtype=np.int64),
        measures={COST: np.array([4, 6, 10**9], dtype=np.int64), "power": np.ones(3, np.int64)},
        grades={},
        cover=SparseInts.from_rows([list(enumerate(brings))], 3),
        demand=np.array([demand], dtype=np.int64),
        use=SparseInts.from_rows([list(enumerate(uses))], 3),
        limit=np.array([limit], dtype=np.int64),
        column_names=("a", "b", "c"),
        cell_names=("x",),
        limit_names=("y",),
    )


def test_a_coarse_fleet_has_small_rows_and_the_cost_alone() -> None:
    coarse = coarse_fleet(fleet([10**10, 5, 7], [10**10, 1, 0], 10**11, 10**11))
    assert list(coarse.measures) == [COST]
    assert coarse.measures[COST].max() <= LARGEST
    assert max(np.abs(coarse.cover.value).max(), np.abs(coarse.use.value).max()) <= LARGEST
