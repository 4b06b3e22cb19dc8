from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings

from formulations.placement.chain_bounds import FAR
from formulations.placement.chain_loads import TrunkLoads, most_hosts
from formulations.placement.chain_tables import ChainTables, Trunk
from tests.oracles.limited_chains import limited_chains, limited_tables, limited_value, loads_of

_CHECKS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _tables(*trunks: Trunk, hop: int = 5) -> ChainTables:
    """Two hosts of one orbit, one or two layers each, hops of 5."""
    return ChainTables(
        name="t",
        layers=2,
        count=np.array([2]),
        orbit=np.array([0]),
        price=np.array([0]),
        allowed=np.array([[False, True, True]]),
        stage_time=np.array([[0, 3, 6]]),
        hop_time=np.full((2, 2), hop),
        linked=np.ones((2, 2), dtype=np.bool_),
        pace=np.zeros((1, 3, 2), dtype=np.int64),
        entry_pace=np.array([0]),
        trunks=trunks,
    )


def _between(load: int, **rate: int) -> Trunk:
    """Loaded by the hop between the two hosts."""
    return Trunk("between", np.array([[load, 0], [0, 0]]), **rate)


def _kept(tables: ChainTables, *, least_pace: int, joint: bool = False) -> int:
    return len(TrunkLoads(tables, least_pace=least_pace, joint=joint))


def test_a_trunk_at_the_pace_of_every_chain_is_left_out() -> None:
    assert _kept(_tables(_between(4, factor=2)), least_pace=8) == 0


def test_a_trunk_that_can_be_slower_than_the_fastest_chain_stays() -> None:
    assert _kept(_tables(_between(4, factor=2)), least_pace=7) == 1


def test_a_trunk_that_is_always_faster_than_the_latency_is_left_out_with_time() -> None:
    # Two hosts: 6 for both layers and 15 for three hops; the hop between them takes up to 21.
    assert _kept(_tables(_between(7, factor=3)), least_pace=0, joint=True) == 0
    assert _kept(_tables(_between(11, factor=2)), least_pace=0, joint=True) == 1


def test_a_trunk_without_load_on_any_link_is_left_out() -> None:
    tables = replace(_tables(_between(9, factor=9)), linked=np.array([[False, True], [True, True]]))
    assert _kept(tables, least_pace=-FAR) == 0


def test_the_pace_of_loads_is_that_of_the_slowest_trunk() -> None:
    tables = _tables(_between(4, factor=2), _between(3, capacity=100))
    loads = TrunkLoads(tables, least_pace=-FAR, joint=False)
    found = loads.pace(np.array([[4, 3], [0, 3], [0, 0]]))
    assert found.tolist() == [8, -33, -FAR]


def test_a_load_that_can_still_show_is_kept_and_any_other_is_dropped() -> None:
    loads = TrunkLoads(_tables(_between(4, factor=2)), least_pace=0, joint=False)
    # One layer is done and none or one host is left: no hop between hosts can follow any more.
    pace = np.array([7, 8])
    settled = loads.settled(np.array([[4], [4]]), np.array([1, 1]), pace, 0, hosts_left=1)
    assert settled.tolist() == [[4], [0]]
    # Nothing is done: a hop of 4 may follow, unless no further host is left.
    start = np.array([[0]])
    for left, known in ((1, 4), (0, 0)):
        assert loads.pace_at_least(start, np.array([0]), 0).tolist() == [-FAR]
        at = loads.settled(np.array([[4]]), np.array([0]), np.array([8]), 0, hosts_left=left)
        assert at.tolist() == [[known]]


@_CHECKS
@given(limited_tables())
def test_trunks_left_out_change_the_value_of_no_chain(tables: ChainTables) -> None:
    chains = list(limited_chains(tables))
    for joint in (False, True):
        values = [limited_value(tables, chain) for chain in chains]
        measures = [max(v[:2]) if joint else v[1] for v in values]
        least = min(measures, default=0)
        kept = TrunkLoads(tables, least_pace=least, joint=joint).trunks
        without = replace(tables, trunks=tuple(kept))
        again = [limited_value(without, chain) for chain in chains]
        assert [max(v[:2]) if joint else v[1] for v in again] == measures


@_CHECKS
@given(limited_tables())
def test_no_chain_has_more_hosts_than_the_most(tables: ChainTables) -> None:
    assert all(len(chain) <= most_hosts(tables) for chain in limited_chains(tables))


@_CHECKS
@given(limited_tables())
def test_no_chain_has_a_better_pace_than_its_first_host_leaves(tables: ChainTables) -> None:
    loads = TrunkLoads(tables, least_pace=-FAR, joint=False)
    known = [next(i for i, t in enumerate(tables.trunks) if t is kept) for kept in loads.trunks]
    for chain in limited_chains(tables):
        first = chain[0][0]
        start = loads.load[tables.n_orbits, first][None, :]
        least = int(loads.pace_at_least(start, np.array([0]), first)[0])
        whole = np.array([[loads_of(tables, chain)[place] for place in known]], dtype=np.int64)
        assert least <= int(loads.pace(whole.reshape(1, len(known)))[0])
