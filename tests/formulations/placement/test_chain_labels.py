from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.placement.chain_bounds import Rivals
from formulations.placement.chain_labels import LabelLimitError, LabelStop, nondominated_chains
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from formulations.placement.chain_search import ChainSearch
from formulations.placement.chain_stop import Watch
from formulations.placement.chain_tables import ChainTables, Trunk
from tests.oracles.limited_chains import limited_chains, limited_tables, limited_value
from tests.oracles.plain_chains import all_chains, plain_frontier, plain_value, small_tables

_CHECKS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
_MODES = [(False, False), (True, False), (False, True), (True, True)]


def _criteria(value: tuple[int, int, int], *, joint: bool, priced: bool) -> tuple[int, ...]:
    latency, pace, price = value
    first = (max(latency, pace),) if joint else (latency, pace)
    return first + ((price,) if priced else ())


@_CHECKS
@given(small_tables())
def test_labels_find_the_frontier_of_plain_enumeration_in_every_mode(tables: ChainTables) -> None:
    values = {plain_value(tables, chain) for chain in all_chains(tables)}
    for joint, priced in _MODES:
        wanted = plain_frontier({_criteria(v, joint=joint, priced=priced) for v in values})
        plans = nondominated_chains(tables, joint=joint, priced=priced)
        found = [_criteria(value_of(tables, p), joint=joint, priced=priced) for p in plans]
        assert found == wanted


@_CHECKS
@given(small_tables(most_layers=5))
def test_every_chain_found_keeps_all_rules(tables: ChainTables) -> None:
    for joint, priced in _MODES:
        for plan in nondominated_chains(tables, joint=joint, priced=priced):
            assert violations(tables, plan) == []


@_CHECKS
@given(small_tables())
def test_with_by_cost_all_best_pairs_of_time_and_cost_remain(tables: ChainTables) -> None:
    values = {plain_value(tables, chain) for chain in all_chains(tables)}
    costs = {(max(v[:2]), max(v[:2]) * v[2]) for v in values}
    plans = nondominated_chains(tables, joint=True, priced=True, by_cost=True)
    found = [value_of(tables, plan) for plan in plans]
    assert set(plain_frontier(costs)) <= {(v.time, v.time * v.price) for v in found}


def _two_orbits() -> ChainTables:
    """Two hosts of one orbit at 1 a layer, one of another at 3; a hop takes 1."""
    held = np.arange(4)
    stage_time = np.stack([held, 3 * held]).astype(np.int64)
    hop = np.ones((3, 3), dtype=np.int64)
    return ChainTables(
        name="two",
        layers=4,
        count=np.array([2, 1]),
        orbit=np.array([0, 1]),
        price=np.array([5, 1]),
        allowed=np.array([[False, True, True, True], [False, True, True, True]]),
        stage_time=stage_time,
        hop_time=hop,
        linked=np.ones((3, 3), dtype=np.bool_),
        pace=np.repeat(stage_time[:, :, None], 3, axis=2),
        entry_pace=np.zeros(2, dtype=np.int64),
    )


def test_a_frontier_found_by_hand_is_found() -> None:
    # 4 layers on at most 3 a host: two hosts at least. Both fast: latency 4 + 3 hops, pace 2, price
    # 10. One fast with 3 layers and the slow one with 1: latency 3 + 3 + 3, pace 3, price 6; with
    # 2 and 2 or 1 and 3 both are worse. All three hosts: one hop more, pace still 2 at best.
    tables = _two_orbits()
    plans = nondominated_chains(tables, joint=False, priced=True)
    assert [tuple(value_of(tables, plan)) for plan in plans] == [(7, 2, 10), (9, 3, 6)]


def test_without_a_link_to_the_exit_no_chain_is_found() -> None:
    linked = np.ones((3, 3), dtype=np.bool_)
    linked[:, 2] = False
    assert nondominated_chains(replace(_two_orbits(), linked=linked), joint=True, priced=True) == []


def test_a_model_larger_than_all_hosts_has_no_chain() -> None:
    assert nondominated_chains(replace(_two_orbits(), layers=10), joint=False, priced=False) == []


def test_too_many_labels_are_refused_and_not_cut_off() -> None:
    with pytest.raises(LabelLimitError, match="more than 1 labels at 1 hosts"):
        nondominated_chains(_two_orbits(), joint=False, priced=False, most_labels=1)


def test_cost_without_a_price_is_refused() -> None:
    with pytest.raises(ValueError, match="cost is that of time and price"):
        nondominated_chains(_two_orbits(), joint=True, priced=False, by_cost=True)


def test_what_is_worse_than_chains_elsewhere_is_left_out() -> None:
    plans = nondominated_chains(
        _two_orbits(), joint=True, priced=True, by_cost=True, elsewhere=[(7, 50.0)]
    )
    assert plans == []


def test_chains_elsewhere_that_are_slower_leave_out_nothing() -> None:
    tables = _two_orbits()
    plans = nondominated_chains(
        tables, joint=True, priced=True, by_cost=True, elsewhere=[(10, 1.0)]
    )
    assert [value_of(tables, plan).time for plan in plans] == [7, 9]


def test_the_frontier_does_not_depend_on_the_quick_first_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = _two_orbits()
    before = nondominated_chains(tables, joint=True, priced=True)
    full = ChainSearch.run
    monkeypatch.setattr(ChainSearch, "run", lambda search: None if search.quick else full(search))
    after = nondominated_chains(tables, joint=True, priced=True)
    assert [value_of(tables, p) for p in before] == [value_of(tables, p) for p in after]


@_CHECKS
@given(limited_tables())
def test_with_trunks_and_limits_labels_find_the_frontier_of_plain_enumeration(
    tables: ChainTables,
) -> None:
    values = {limited_value(tables, chain) for chain in limited_chains(tables)}
    for joint, priced in _MODES:
        wanted = plain_frontier({_criteria(v, joint=joint, priced=priced) for v in values})
        plans = nondominated_chains(tables, joint=joint, priced=priced)
        assert all(violations(tables, plan) == [] for plan in plans)
        found = [_criteria(value_of(tables, p), joint=joint, priced=priced) for p in plans]
        assert found == wanted


@_CHECKS
@given(limited_tables())
def test_with_trunks_and_limits_by_cost_keeps_all_best_pairs_of_time_and_cost(
    tables: ChainTables,
) -> None:
    values = {limited_value(tables, chain) for chain in limited_chains(tables)}
    costs = {(max(v[:2]), max(v[:2]) * v[2]) for v in values}
    plans = nondominated_chains(tables, joint=True, priced=True, by_cost=True)
    found = [value_of(tables, plan) for plan in plans]
    assert set(plain_frontier(costs)) <= {(v.time, v.time * v.price) for v in found}


@_CHECKS
@given(limited_tables(), st.integers(1, 2000))
def test_below_a_time_the_fastest_chain_is_found_or_there_is_none(
    tables: ChainTables, below: int
) -> None:
    times = {max(limited_value(tables, chain)[:2]) for chain in limited_chains(tables)}
    plans = nondominated_chains(tables, joint=True, priced=False, time_below=below)
    found = [value_of(tables, plan).time for plan in plans]
    assert found == [time for time in [min(times, default=below)] if time < below]


def test_a_trunk_makes_the_way_around_it_the_better_one() -> None:
    # Between the two fast hosts runs a link that takes 9 for each hand-over: one fast host with
    # three layers and the slow one with one beat it, 9 in all as before.
    load = np.zeros((3, 3), dtype=np.int64)
    load[0, 0] = 5
    tables = replace(_two_orbits(), trunks=(Trunk("t", load, factor=2),))
    plans = nondominated_chains(tables, joint=True, priced=False)
    assert [value_of(tables, plan).time for plan in plans] == [9]


def test_with_a_limit_of_price_the_cheap_chain_remains() -> None:
    tables = replace(_two_orbits(), max_price=9)
    plans = nondominated_chains(tables, joint=False, priced=False)
    assert [tuple(value_of(tables, plan)) for plan in plans] == [(9, 3, 6)]


def test_with_a_limit_of_one_host_four_layers_do_not_fit() -> None:
    assert nondominated_chains(replace(_two_orbits(), max_hosts=1), joint=True, priced=True) == []


@pytest.mark.parametrize("joint", [True, False])
def test_chains_of_the_quick_run_outlive_a_limit_of_labels(joint: bool) -> None:
    tables = _two_orbits()
    with pytest.raises(LabelLimitError) as fault:
        nondominated_chains(tables, joint=joint, priced=True, most_labels=7)
    assert fault.value.plans
    assert all(violations(tables, plan) == [] for plan in fault.value.plans)


def test_a_search_that_is_told_to_stop_at_once_knows_nothing() -> None:
    with pytest.raises(LabelStop, match="told to stop") as fault:
        nondominated_chains(_two_orbits(), joint=True, priced=True, should_stop=lambda: True)
    assert fault.value.plans == []


def _stopped_after(asked: int) -> list[tuple[int, int]]:
    """(time, price) of what a search knows that is told to stop when asked so often."""
    tables = _two_orbits()
    answers = itertools.chain([False] * asked, itertools.repeat(True))
    try:
        plans = nondominated_chains(
            tables, joint=True, priced=True, should_stop=lambda: next(answers)
        )
    except LabelStop as fault:
        plans = fault.plans
    assert all(violations(tables, plan) == [] for plan in plans)
    values = [value_of(tables, plan) for plan in plans]
    return [(value.time, value.price) for value in values]


def test_a_search_stopped_anywhere_leaves_valid_chains_and_at_last_the_frontier() -> None:
    known = [_stopped_after(asked) for asked in range(40)]
    assert known[0] == []
    assert [(9, 6)] in known
    assert known[-1] == [(7, 10), (9, 6)]


def test_progress_rises_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    nondominated_chains(
        _two_orbits(),
        joint=True,
        priced=True,
        on_progress=lambda done, todo: told.append((done, todo)),
    )
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len({todo for _, todo in told}) == 1
    assert told[-1][0] == told[-1][1]


def _single_hosts() -> ChainTables:
    """Three unlike hosts of at most two of four layers: 1, 2 and 9 a layer, hops of 1, price 1."""
    held = np.arange(3)
    stage_time = np.stack([held, 2 * held, 9 * held]).astype(np.int64)
    return ChainTables(
        name="three",
        layers=4,
        count=np.array([1, 1, 1]),
        orbit=np.arange(3),
        price=np.ones(3, dtype=np.int64),
        allowed=np.repeat([[False, True, True]], 3, axis=0),
        stage_time=stage_time,
        hop_time=np.ones((4, 4), dtype=np.int64),
        linked=np.ones((4, 4), dtype=np.bool_),
        pace=np.repeat(stage_time[:, :, None], 4, axis=2),
        entry_pace=np.zeros(3, dtype=np.int64),
    )


def test_a_host_is_not_used_twice_though_it_were_the_best() -> None:
    # The fastest host twice would take 4 + 3; the two fastest, two layers each, 2 + 4 + 3.
    (plan,) = nondominated_chains(_single_hosts(), joint=True, priced=True)
    assert sorted(stage.orbit for stage in plan.stages) == [0, 1]
    assert value_of(_single_hosts(), plan).time == 9


def _run(counted: list[int]) -> ChainSearch:
    search = ChainSearch(
        replace(_single_hosts(), count=np.array([1, 1, 2])),
        joint=True,
        priced=True,
        most_labels=1000,
        rivals=Rivals(by_cost=False),
        watch=Watch(),
        quick=False,
        counted=counted,
    )
    search.run()
    return search


def test_a_run_that_counts_no_orbit_finds_a_chain_that_uses_a_host_twice() -> None:
    (plan,) = _run([]).chains()
    assert plan.hosts_used(3) == [2, 0, 0]


def test_a_run_that_counts_one_orbit_has_no_more_of_its_hosts_than_there_are() -> None:
    (plan,) = _run([0]).chains()
    assert plan.hosts_used(3) == [1, 1, 0]


@_CHECKS
@given(limited_tables(), st.sets(st.integers(0, 3)))
def test_a_run_that_counts_some_orbits_is_nowhere_worse_than_one_that_counts_all(
    tables: ChainTables, some: set[int]
) -> None:
    values = {limited_value(tables, chain) for chain in limited_chains(tables)}
    search = ChainSearch(
        tables,
        joint=True,
        priced=True,
        most_labels=10**6,
        rivals=Rivals(by_cost=False),
        watch=Watch(),
        quick=False,
        counted={orbit for orbit in some if orbit < tables.n_orbits},
    )
    search.run()
    found = [value_of(tables, plan) for plan in search.chains()]
    for latency, pace, price in values:
        assert any(v.time <= max(latency, pace) and v.price <= price for v in found)


@_CHECKS
@given(limited_tables(), st.data())
def test_chains_that_are_known_change_no_frontier(tables: ChainTables, data: st.DataObject) -> None:
    for joint, priced in _MODES:
        plans = nondominated_chains(tables, joint=joint, priced=priced)
        known = [plan for plan in plans if data.draw(st.booleans())]
        again = nondominated_chains(tables, joint=joint, priced=priced, known=known)
        assert [_worth(tables, p, joint, priced) for p in again] == [
            _worth(tables, p, joint, priced) for p in plans
        ]


def _worth(tables: ChainTables, plan: ChainPlan, joint: bool, priced: bool) -> tuple[int, ...]:
    return _criteria(value_of(tables, plan), joint=joint, priced=priced)


def test_a_chain_that_breaks_a_rule_is_not_taken_for_known() -> None:
    tables = _single_hosts()
    twice = ChainPlan((ChainStage(0, 0, 2), ChainStage(0, 0, 2)))
    (plan,) = nondominated_chains(tables, joint=True, priced=True, known=[twice])
    assert violations(tables, plan) == []


def test_a_limit_of_time_alone_is_refused_with_a_price() -> None:
    with pytest.raises(ValueError, match="for time alone"):
        nondominated_chains(_two_orbits(), joint=True, priced=True, time_below=3)
