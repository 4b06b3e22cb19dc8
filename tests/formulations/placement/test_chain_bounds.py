from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.placement.chain_bounds import FAR, PaceNeeded, Rivals, least_left
from formulations.placement.chain_tables import ChainTables
from tests.oracles.plain_chains import all_chains, plain_value, small_tables

_CHECKS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@_CHECKS
@given(small_tables())
def test_no_chain_is_faster_than_the_least_latency_left_from_its_start(tables: ChainTables) -> None:
    left = least_left(tables, tables.stage_time, tables.hop_time)
    for chain in all_chains(tables):
        first = chain[0][0]
        start = int(tables.hop_time[tables.n_orbits, first])
        assert start + int(left[0, first]) <= plain_value(tables, chain)[0]


@_CHECKS
@given(small_tables())
def test_no_chain_has_a_better_pace_than_its_hosts_need(tables: ChainTables) -> None:
    needed = PaceNeeded(tables).by_layers(tables.count)[tables.layers]
    assert all(needed <= plain_value(tables, chain)[1] for chain in all_chains(tables))


@_CHECKS
@given(small_tables(), st.integers(1, 4))
def test_no_chain_of_few_hosts_has_a_better_pace_than_so_many_need(
    tables: ChainTables, hosts: int
) -> None:
    needed = PaceNeeded(tables).by_layers(tables.count, at_most=hosts)[tables.layers]
    few = [chain for chain in all_chains(tables) if len(chain) <= hosts]
    assert all(needed <= plain_value(tables, chain)[1] for chain in few)


def test_two_hosts_of_three_hold_what_the_widest_two_hold() -> None:
    tables = ChainTables(
        name="three",
        layers=5,
        count=_ints(2, 1),
        orbit=_ints(0, 1),
        price=_ints(0, 0),
        allowed=np.array([[False, True, False, False], [False, True, True, True]]),
        stage_time=np.zeros((2, 4), dtype=np.int64),
        hop_time=np.zeros((3, 3), dtype=np.int64),
        linked=np.ones((3, 3), dtype=np.bool_),
        pace=np.repeat(np.arange(4)[None, :, None], 2, axis=0).repeat(3, axis=2),
        entry_pace=_ints(0, 0),
    )
    needed = PaceNeeded(tables)
    assert needed.by_layers(tables.count, at_most=2)[:6].tolist() == [1, 1, 1, 2, 3, FAR]
    assert needed.by_layers(tables.count)[:6].tolist() == [1, 1, 1, 1, 2, 3]


@_CHECKS
@given(small_tables())
def test_layers_that_hosts_cannot_hold_have_no_pace(tables: ChainTables) -> None:
    needed = PaceNeeded(tables).by_layers(tables.count)
    room = int(tables.count @ tables.most_layers)
    assert (needed[room + 1 :] == FAR).all()
    assert (needed[1 : room + 1] < FAR).all()


def test_rivals_beat_what_is_no_better_in_both() -> None:
    rivals = Rivals(by_cost=False)
    rivals.add(_ints(5, 2), _ints(1, 4))
    beaten = rivals.beat(_ints(1, 2, 3, 5, 5, 9), _ints(9, 4, 3, 1, 0, 1))
    assert beaten.tolist() == [False, True, False, True, False, True]


def test_by_cost_a_dearer_rival_beats_what_is_slower_and_costs_more_a_token() -> None:
    rivals = Rivals(by_cost=True)
    rivals.add(_ints(10), _ints(6))
    # 20 x 4 is more than 10 x 6, 20 x 3 is as much and stays.
    assert rivals.beat(_ints(20, 20, 9), _ints(4, 3, 5)).tolist() == [True, False, False]


def test_rivals_of_two_rounds_are_all_remembered() -> None:
    rivals = Rivals(by_cost=True)
    rivals.add(_ints(10), _ints(6))
    rivals.add(_ints(3), _ints(30))
    assert rivals.beat(_ints(3, 10, 5), _ints(30, 6, 10)).tolist() == [True, True, False]
