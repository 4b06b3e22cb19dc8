from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_pool import chain_pool, joined_pools
from formulations.placement.chain_problem import (
    ChainOption,
    ChainProblem,
    ChainSetting,
    SharedLink,
)
from formulations.placement.chain_tables import ChainTables, Trunk, throughput_tables
from formulations.placement.packing_lattice import lattice_levels
from formulations.placement.pool_column import SHARE_PARTS, PoolColumn, column_of
from formulations.placement.pool_gate import gate_of_levels
from tests.oracles.plain_chains import plain_frontier
from tests.oracles.plain_replicas import (
    every_chain,
    small_questions,
    small_rated_tables,
    worth_having,
)

_CHECKS = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _wanted(question: ChainProblem | ChainTables) -> list[tuple[int, ...]]:
    """(time, -rate, hosts, shares) of chains that none worth having replaces."""
    return plain_frontier(
        {(one.time, -one.rate, *one.used, *one.shares) for one in worth_having(question)}
    )


def _found(question: ChainProblem | ChainTables) -> list[tuple[int, ...]]:
    columns = chain_pool(question).columns
    return sorted((one.time, -one.rate, *one.used, *one.shares) for one in columns)


@_CHECKS
@given(small_questions(most_links=2))
def test_the_pool_of_a_problem_is_what_plain_comparison_of_all_chains_leaves(
    problem: ChainProblem,
) -> None:
    assert _found(problem) == _wanted(problem)


@_CHECKS
@given(small_rated_tables(most_links=2))
def test_the_pool_of_measured_machines_is_what_plain_comparison_leaves(
    tables: ChainTables,
) -> None:
    assert _found(tables) == _wanted(tables)


def _pair(busy: int = 0) -> ChainProblem:
    """Two hosts of up to 2 layers for a model of 2, 1 us a layer; 3 settings of batch 1, 4, 4."""
    shape = (3, 2, 2)
    return ChainProblem(
        name="pair",
        layers=2,
        count=np.array([2]),
        settings=(ChainSetting(1, 1), ChainSetting(2, 2), ChainSetting(4, 1)),
        options=(ChainOption("a", 0, 3, 2, (10**6,) * 3, (1,) * 3, (0,) * 3),),
        hand_over_ps=np.zeros(shape, dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
        shared=(SharedLink("up", np.full(shape, busy, dtype=np.int64)),) if busy else (),
    )


def test_columns_are_those_of_the_best_setting_for_the_hosts() -> None:
    # One host: T = 2 us at (1, 1) and (4, 1), 4 us at (2, 2). (4, 1) gives the greatest rate at the
    # least time, so the others go; and two hosts are no faster, for latency stays 2 us.
    pool = chain_pool(_pair())
    assert [(c.setting, c.used, c.time, c.rate) for c in pool.columns] == [
        (2, (1,), 2 * 10**6, 4 * 10**18 // (2 * 10**6))
    ]


def test_the_share_of_a_link_is_its_busy_time_round_over_the_period_rounded_up() -> None:
    # Twice over the link, in and out, 10 ns each, of a period of 2 us; (2, 2): twice that of 4 us.
    problem = _pair(busy=10_000)
    one = ChainPlan((ChainStage(0, 0, 2),))
    assert column_of(problem, 2, one).shares == (-(-SHARE_PARTS // 100),)
    assert column_of(problem, 1, one).shares == (-(-SHARE_PARTS // 100),)


def test_a_link_that_is_too_slow_for_a_replica_slows_it_to_all_of_the_link() -> None:
    column = column_of(_pair(busy=2 * 10**6), 2, ChainPlan((ChainStage(0, 0, 2),)))
    assert (column.time, column.shares) == (4 * 10**6, (SHARE_PARTS,))


def _rated() -> ChainTables:
    return throughput_tables(
        "rated",
        layers=2,
        count=np.array([2]),
        layer_time=np.array([5]),
        most_layers=np.array([2]),
        rate=np.array([[0, 70, 30]]),
        link_time=np.zeros((2, 2), dtype=np.int64),
        link_rate=np.full((2, 2), 1000),
        trunks=(Trunk("wan", np.array([[3, 0], [0, 0]]), capacity=420),),
    )


def test_the_share_of_a_measured_replica_is_what_it_carries_of_the_capacity() -> None:
    # Two hosts hand over once, 3 a token at a rate of 70: 210 of 420.
    columns = {column.used: column for column in chain_pool(_rated()).columns}
    assert columns[2,].shares == (SHARE_PARTS // 2,)
    assert (columns[2,].rate, columns[2,].time) == (70, 10)
    assert columns[1,].shares == (0,)


def test_what_the_caller_does_not_keep_does_not_replace_what_he_keeps() -> None:
    pool = chain_pool(_pair(), keep=lambda column: column.setting != 2)
    assert {column.setting for column in pool.columns} == {0, 1}


def test_a_pool_without_room_for_its_labels_says_which_settings_it_lacks() -> None:
    # With one microbatch in flight a second host cannot help, so one label is enough.
    pool = chain_pool(_pair(), most_labels=1)
    assert pool.unsearched == (1,)
    assert "more than 1 labels at 2 hosts" in pool.reason
    assert [column.used for column in pool.columns] == [(1,)]


def test_a_pool_that_is_stopped_lacks_the_settings_from_there_on() -> None:
    asked = iter(range(100))
    pool = chain_pool(_pair(), should_stop=lambda: next(asked) > 2)
    assert pool.unsearched == (1, 2)
    assert "stopped" in pool.reason


def test_a_complete_pool_lacks_nothing() -> None:
    pool = chain_pool(_pair())
    assert (pool.unsearched, pool.reason) == ((), "")


def test_chains_that_let_nothing_through_are_no_columns() -> None:
    tables = replace(_rated(), pace=np.zeros_like(_rated().pace))
    assert chain_pool(tables).columns == ()


def test_a_chain_that_takes_no_time_is_refused() -> None:
    option = replace(_pair().options[0], layer_time_ps=(0, 0, 0))
    with pytest.raises(ValueError, match="takes no time"):
        chain_pool(replace(_pair(), options=(option,)))


def test_a_rate_that_does_not_fit_is_refused() -> None:
    option = replace(_pair().options[0], layer_time_ps=(1, 1, 1))
    with pytest.raises(ValueError, match="micro-tokens/s, 2\\^60 or more"):
        chain_pool(replace(_pair(), options=(option,)))


def test_two_links_of_one_name_are_refused() -> None:
    link = _pair(busy=1).shared[0]
    with pytest.raises(ValueError, match="two shared links have one name"):
        chain_pool(replace(_pair(), shared=(link, link)))


@_CHECKS
@given(small_questions(most_links=2))
def test_chains_found_apart_pack_as_well_as_all_chains_where_links_do_not_count(
    problem: ChainProblem,
) -> None:
    columns = chain_pool(problem, apart=True).columns
    found = {level.time: level.rate for level in lattice_levels(columns, problem.count)}
    every = sorted(every_chain(problem), key=lambda one: one.time)
    everything = [PoolColumn(c.setting, ChainPlan(()), c.used, c.time, c.rate) for c in every]
    reached = 0
    for level in lattice_levels(everything, problem.count):
        reached = max([reached, *(r for t, r in found.items() if t <= level.time)])
        assert level.rate == reached


@_CHECKS
@given(small_rated_tables(most_links=2))
def test_measured_chains_found_apart_pack_as_well_too(tables: ChainTables) -> None:
    columns = chain_pool(tables, apart=True).columns
    every = sorted(every_chain(tables), key=lambda one: one.time)
    everything = [PoolColumn(0, ChainPlan(()), c.used, c.time, c.rate) for c in every]
    found = [(level.time, level.rate) for level in lattice_levels(columns, tables.count)]
    for level in lattice_levels(everything, tables.count):
        assert level.rate == max([0, *(rate for time, rate in found if time <= level.time)])


@_CHECKS
@given(small_questions(most_links=1))
def test_a_gate_leaves_out_only_what_it_refuses(problem: ChainProblem) -> None:
    whole = chain_pool(problem)
    half = {level.time: level.rate // 2 for level in lattice_levels(whole.columns, problem.count)}
    gate = gate_of_levels(whole.columns, problem.count, half)
    if gate is None:
        return
    kept = set(chain_pool(problem, gate=gate).columns)
    for column in whole.columns:
        refused = gate.refuses(column.used, np.array([column.time]), np.array([column.rate]))[0]
        assert refused or any(
            one.time <= column.time
            and one.rate >= column.rate
            and all(a <= b for a, b in zip(one.used, column.used, strict=True))
            and all(a <= b for a, b in zip(one.shares, column.shares, strict=True))
            for one in kept
        )


def test_joined_pools_hold_what_none_of_either_replaces() -> None:
    pool = chain_pool(_pair())
    less = replace(pool, columns=(), unsearched=(1,), reason="time limit")
    joined = joined_pools(pool, less)
    assert (joined.columns, joined.unsearched, joined.reason) == (pool.columns, (1,), "time limit")


def test_pools_of_other_links_are_not_joined() -> None:
    pool = chain_pool(_pair())
    with pytest.raises(ValueError, match="other links"):
        joined_pools(pool, replace(pool, links=("wan",)))
