from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.placement import pool_labels
from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_stop import LabelLimitError, LabelStop, Watch
from formulations.placement.chain_tables import ChainTables
from formulations.placement.pool_labels import chains_by_hosts
from tests.oracles.limited_chains import limited_chains, limited_tables, limited_value, loads_of
from tests.oracles.plain_chains import plain_frontier
from tests.oracles.plain_replicas import small_rated_tables

_CHECKS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _row(
    tables: ChainTables,
    stages: tuple[tuple[int, int, int], ...],
    value: tuple[int, int, int],
    *,
    joint: bool,
) -> tuple[int, ...]:
    """Hosts by orbit, time or latency and pace, loads."""
    used = [sum(stage[0] == o for stage in stages) for o in range(tables.n_orbits)]
    first = [max(value[:2])] if joint else value[:2]
    return (*used, *first, *loads_of(tables, stages))


@pytest.mark.parametrize("joint", [True, False])
@_CHECKS
@given(limited_tables(most_hosts=5, most_layers=5))
def test_what_no_chain_beats_in_hosts_time_and_loads_is_found_and_nothing_else(
    joint: bool, tables: ChainTables
) -> None:
    everything = limited_chains(tables)
    wanted = plain_frontier(
        {_row(tables, c, limited_value(tables, c), joint=joint) for c in everything}
    )
    found = []
    for used, plan in chains_by_hosts(tables, joint=joint, most_labels=10**6, watch=Watch()):
        assert violations(tables, plan) == []
        assert list(used) == plan.hosts_used(tables.n_orbits)
        found.append(_row(tables, plan.stages, value_of(tables, plan), joint=joint))
    assert sorted(found) == wanted


def _stop_at(n: int) -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= n


def _four_alike() -> ChainTables:
    """Four hosts of up to 2 layers for a model of 4; chains of 2, 3 or 4 hosts."""
    held = np.arange(3)
    return ChainTables(
        name="four",
        layers=4,
        count=np.array([4]),
        orbit=np.array([0]),
        price=np.array([1]),
        allowed=np.array([[False, True, True]]),
        stage_time=np.array([2 * held]),
        hop_time=np.ones((2, 2), dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
        pace=np.repeat((5 * held)[None, :, None], 2, axis=2),
        entry_pace=np.zeros(1, dtype=np.int64),
    )


def test_more_hosts_are_worth_having_only_for_less_time() -> None:
    # Two hosts: latency 8 + 3, pace 10. Four: latency 8 + 5, pace 5. Three: pace 10 still.
    found = chains_by_hosts(_four_alike(), joint=False, most_labels=100, watch=Watch())
    assert [used for used, _ in found] == [(2,), (4,)]


def test_a_search_that_is_stopped_hands_out_what_it_found() -> None:
    with pytest.raises(LabelStop, match="stopped at 3 hosts") as stopped:
        chains_by_hosts(_four_alike(), joint=False, most_labels=100, watch=Watch(_stop_at(2)))
    assert [len(plan.stages) for plan in stopped.value.plans] == [2]


def test_labels_that_do_not_fit_are_refused_and_not_cut_off() -> None:
    with pytest.raises(LabelLimitError, match="more than 3 labels at 3 hosts"):
        chains_by_hosts(_four_alike(), joint=False, most_labels=3, watch=Watch())


def test_too_many_kinds_of_hosts_are_refused_before_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_labels, "MOST_CELLS", 4)
    with pytest.raises(LabelLimitError, match="5 combinations of hosts by kind, where 4"):
        chains_by_hosts(_four_alike(), joint=False, most_labels=100, watch=Watch())


def test_progress_ends_with_all_done() -> None:
    said: list[tuple[int, int]] = []
    watch = Watch(on_progress=lambda done, todo: said.append((done, todo)))
    chains_by_hosts(_four_alike(), joint=True, most_labels=100, watch=watch)
    assert said[0] == (0, 4)
    assert said[-1] == (4, 4)


@_CHECKS
@given(small_rated_tables(most_links=1))
def test_the_same_holds_for_measured_rates(tables: ChainTables) -> None:
    wanted = plain_frontier(
        {_row(tables, c, limited_value(tables, c), joint=False) for c in limited_chains(tables)}
    )
    plans = chains_by_hosts(tables, joint=False, most_labels=10**6, watch=Watch())
    found = [_row(tables, p.stages, value_of(tables, p), joint=False) for _, p in plans]
    assert sorted(found) == wanted
