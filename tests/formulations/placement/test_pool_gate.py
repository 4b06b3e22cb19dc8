from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.placement import pool_gate
from formulations.placement.chain_plan import ChainPlan
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.pool_column import PoolColumn
from formulations.placement.pool_gate import gate_of_copies, gate_of_levels, rate_of_times
from tests.oracles.plain_replicas import every_chain, small_questions

_NONE = ChainPlan(())
# One orbit of 4 hosts: 10 a second on one host in 5 ps, 30 on two in 8 ps.
_COLUMNS = [PoolColumn(0, _NONE, (1,), 5, 10), PoolColumn(0, _NONE, (2,), 8, 30)]
_FOUR = np.array([4])


def _refused(gate: pool_gate.RateGate, hosts: int, time: int, rate: int) -> bool:
    return bool(gate.refuses((hosts,), np.array([time]), np.array([rate]))[0])


@pytest.mark.parametrize(
    ("hosts", "time", "rate", "refused"),
    [
        # Two copies on one host each carry 20 at 5 ps; from 8 ps on the pair carries 30.
        (2, 5, 20, True), (2, 7, 20, True), (2, 5, 21, False), (2, 8, 30, True),
        (2, 8, 31, False), (3, 8, 40, True), (2, 4, 1, False),
    ],
)  # fmt: skip
def test_copies_replace_a_chain_that_carries_no_more_in_no_less_time(
    hosts: int, time: int, rate: int, refused: bool
) -> None:
    assert _refused(gate_of_copies(_COLUMNS, _FOUR), hosts, time, rate) == refused


@pytest.mark.parametrize(
    ("hosts", "time", "rate", "refused"),
    [
        # 40 without links at 5 ps, where 35 are reached: with 30 of the other three hosts a chain
        # on one host must carry more than 5. At 8 ps all that is possible is reached.
        (1, 5, 5, True), (1, 5, 6, False), (2, 5, 15, True), (2, 5, 16, False), (1, 3, 6, False),
        (1, 8, 10**9, True),
    ],
)  # fmt: skip
def test_a_chain_must_make_some_open_level_better(
    hosts: int, time: int, rate: int, refused: bool
) -> None:
    gate = gate_of_levels(_COLUMNS, _FOUR, {5: 35, 8: 60})
    assert gate is not None
    assert _refused(gate, hosts, time, rate) == refused


def test_there_is_no_gate_where_every_level_is_reached() -> None:
    assert gate_of_levels(_COLUMNS, _FOUR, {5: 40, 8: 60}) is None


def test_a_later_open_level_keeps_a_chain_that_an_earlier_one_has_no_use_for() -> None:
    # At 8 ps 60 are possible and 50 reached: on one host more than 50 - 40 counts at any time.
    gate = gate_of_levels(_COLUMNS, _FOUR, {5: 40, 8: 50})
    assert gate is not None
    assert not _refused(gate, 1, 5, 11)
    assert _refused(gate, 1, 5, 10)


@pytest.mark.parametrize("room", [1, 10])
def test_a_gate_with_few_levels_refuses_nothing_that_the_whole_one_lets_through(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    reached = {5: 35, 8: 50}
    copies, levels = gate_of_copies(_COLUMNS, _FOUR), gate_of_levels(_COLUMNS, _FOUR, reached)
    monkeypatch.setattr(pool_gate, "MOST_GATE_NUMBERS", room)
    thin = gate_of_copies(_COLUMNS, _FOUR), gate_of_levels(_COLUMNS, _FOUR, reached)
    assert levels is not None
    for mine, whole in zip(thin, (copies, levels), strict=True):
        assert mine is not None
        for hosts, time, rate in itertools.product(range(1, 5), range(3, 11), range(0, 70, 5)):
            if _refused(mine, hosts, time, rate):
                assert _refused(whole, hosts, time, rate)


def test_rates_of_times_do_not_fall_short_of_whole_micro_tokens() -> None:
    times = np.array([1, 3, 7 * 10**9, 10**15])
    exact = [5 * 10**18 // int(time) for time in times]
    told = rate_of_times(5, times) * (1 + 1e-9)
    assert all(float(rate) >= whole for rate, whole in zip(told, exact, strict=True))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(small_questions(most_hosts=4))
def test_what_copies_of_all_chains_refuse_some_packing_of_them_replaces(
    problem: ChainProblem,
) -> None:
    chains = sorted(every_chain(problem), key=lambda one: one.time)
    columns = [PoolColumn(c.setting, _NONE, c.used, c.time, c.rate) for c in chains]
    gate = gate_of_copies(columns, problem.count)
    for one in chains:
        # A chain replaces itself, so all are refused; and none that carries more than any packing.
        rate = np.array([one.rate])
        assert gate.refuses(one.used, np.array([one.time]), rate)[0]
        most = sum(one.used) * max(other.rate for other in chains)
        assert not gate.refuses(one.used, np.array([one.time]), np.array([most + 1]))[0]
