from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from formulations.placement.chain_tables import ChainTables
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
