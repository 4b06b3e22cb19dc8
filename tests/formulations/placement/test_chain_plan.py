from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from formulations.placement.chain_tables import ChainTables, Trunk
from tests.oracles.limited_chains import limited_chains, limited_tables, limited_value
from tests.oracles.plain_chains import all_chains, plain_value, small_tables


def _tables() -> ChainTables:
    linked = np.ones((3, 3), dtype=np.bool_)
    linked[1, 0] = linked[2, 1] = False
    return ChainTables(
        name="t",
        layers=3,
        count=np.array([1, 2]),
        orbit=np.array([0, 1]),
        price=np.array([1, 1]),
        allowed=np.array([[False, True, True], [False, True, False]]),
        stage_time=np.zeros((2, 3), dtype=np.int64),
        hop_time=np.zeros((3, 3), dtype=np.int64),
        linked=linked,
        pace=np.zeros((2, 3, 3), dtype=np.int64),
        entry_pace=np.zeros(2, dtype=np.int64),
    )


def _faults(*stages: tuple[int, int, int]) -> list[str]:
    return violations(_tables(), ChainPlan(tuple(ChainStage(*stage) for stage in stages)))


def test_a_chain_that_keeps_all_rules_breaks_nothing() -> None:
    assert _faults((0, 0, 2), (1, 1, 1)) == []


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        ((), "the chain has no stage"),
        (((2, 0, 1),), "stage 0: orbit 2 is unknown"),
        (((0, 1, 1),), "stage 0: orbit 0 has no option 1"),
        (((0, 0, 2), (1, 1, 2)), "stage 1: option 1 may not hold 2 layers"),
        (((0, 0, 3),), "stage 0: option 0 may not hold 3 layers"),
        (((0, 0, 2),), "the chain holds 2 of 3 layers"),
        (((0, 0, 2), (0, 0, 1)), "2 hosts of orbit 0, which has 1"),
        (((1, 1, 1), (0, 0, 2)), "no link from orbit 1 to orbit 0"),
        (((1, 1, 1), (1, 1, 1), (1, 1, 1)), "no link from the way in or out to orbit 1"),
    ],
)
def test_what_a_chain_breaks_is_named(stages: tuple[tuple[int, int, int], ...], fault: str) -> None:
    assert fault in _faults(*stages)


def test_a_chain_without_stages_has_no_value() -> None:
    with pytest.raises(ValueError, match="without stages"):
        value_of(_tables(), ChainPlan(()))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(small_tables(most_hosts=4, most_layers=4))
def test_every_chain_has_the_value_of_a_plain_loop(tables: ChainTables) -> None:
    for chain in all_chains(tables):
        plan = ChainPlan(tuple(ChainStage(*stage) for stage in chain))
        assert value_of(tables, plan) == plain_value(tables, chain)
        assert violations(tables, plan) == []


def _trunk_value(trunk: Trunk) -> int:
    """Pace of two hosts in a row on the trunk, all other paces being 0 or less."""
    tables = replace(_tables(), trunks=(trunk,))
    tables = replace(tables, pace=tables.pace - 99, entry_pace=tables.entry_pace - 99)
    return value_of(tables, ChainPlan((ChainStage(0, 0, 2), ChainStage(1, 1, 1)))).pace


def test_a_trunk_adds_up_hand_overs_with_the_way_in_and_out() -> None:
    # From the entry to orbit 0: 5; to orbit 1: 7; to the exit: 11.
    load = np.array([[0, 7, 0], [0, 0, 11], [5, 0, 0]])
    assert _trunk_value(Trunk("t", load, factor=2)) == 2 * (5 + 7 + 11)


def test_a_trunk_of_capacity_lets_through_what_its_load_leaves() -> None:
    load = np.array([[0, 7, 0], [0, 0, 11], [5, 0, 0]])
    assert _trunk_value(Trunk("t", load, capacity=100)) == -(100 // 23)


def test_a_trunk_without_load_has_no_pace() -> None:
    # Back from orbit 1 to orbit 0 is no hop of this chain.
    load = np.array([[0, 0, 0], [7, 0, 0], [0, 0, 0]])
    assert _trunk_value(Trunk("t", load, factor=2)) == -99


def test_more_hosts_than_are_allowed_are_named() -> None:
    plan = ChainPlan((ChainStage(0, 0, 2), ChainStage(1, 1, 1)))
    assert violations(replace(_tables(), max_hosts=1), plan) == ["2 hosts, where 1 are allowed"]


def test_a_price_beyond_the_limit_is_named() -> None:
    plan = ChainPlan((ChainStage(0, 0, 2), ChainStage(1, 1, 1)))
    faults = violations(replace(_tables(), max_price=1), plan)
    assert faults == ["the hosts cost 2, where 1 is allowed"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(limited_tables(most_hosts=4, most_layers=4))
def test_with_trunks_and_limits_every_chain_has_the_value_of_a_plain_sum(
    tables: ChainTables,
) -> None:
    within = set(limited_chains(tables))
    for chain in all_chains(tables):
        plan = ChainPlan(tuple(ChainStage(*stage) for stage in chain))
        assert value_of(tables, plan) == limited_value(tables, chain)
        assert (violations(tables, plan) == []) == (chain in within)
