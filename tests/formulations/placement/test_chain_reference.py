"""Latency against throughput on two published clusters, by labels and by a second road."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from formulations.placement.chain_frontier import RatedChain, throughput_frontier
from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_tables import ChainTables
from formulations.placement.circuit import build_circuit
from solver.engines.contract import Termination
from solver.engines.cp_sat import CpSatEngine
from tests.oracles.published_clusters import FOLDER, read_tables

_CASES = ("quality10_l30b", "single24_l70b")

pytestmark = pytest.mark.skipif(
    not (FOLDER / "links.csv").is_file(), reason="the reference data are not beside this checkout"
)


@lru_cache
def _tables(case: str) -> tuple[tuple[str, ...], ChainTables]:
    """Types of machines, and the case with one orbit a type, at a batch of 30 tokens."""
    return read_tables(case, 30)


@lru_cache
def _frontier(case: str) -> tuple[RatedChain, ...]:
    return tuple(throughput_frontier(_tables(case)[1]))


def _least_latency(tables: ChainTables, rate: int) -> int | None:
    """Least latency at this rate or more, machine by machine: all hops here take the same time.

    Knapsack over machines in any order; none of it is shared with the labels.
    """
    hop = int(tables.hop_time[0, 0])
    least = {0: hop}
    for orbit, count in enumerate(tables.count.tolist()):
        fit = [
            n for n in np.flatnonzero(tables.allowed[orbit]).tolist()
            if -tables.pace[orbit, n].max() >= rate
        ]  # fmt: skip
        for _ in range(count):
            longer = dict(least)
            for done, latency in least.items():
                for n in fit:
                    more = latency + int(tables.stage_time[orbit, n]) + hop
                    longer[done + n] = min(more, longer.get(done + n, more))
            least = longer
    return least.get(tables.layers)


def _by_ranks(tables: ChainTables) -> list[tuple[int, int]]:
    """Frontier by the least latency at every rate that a machine or link can have."""
    best: list[tuple[int, int]] = []
    for rate in sorted({-int(pace) for pace in tables.pace[tables.allowed].flat}, reverse=True):
        latency = _least_latency(tables, rate)
        if latency is not None and (not best or latency < best[-1][0]):
            best.append((latency, rate))
    return best[::-1]


@pytest.mark.parametrize("case", _CASES)
def test_the_frontier_is_that_of_a_knapsack_at_every_rate(case: str) -> None:
    found = [(point.latency, point.rate) for point in _frontier(case)]
    assert found == _by_ranks(_tables(case)[1])


@pytest.mark.parametrize("case", _CASES)
def test_every_chain_keeps_the_rules_and_has_its_value(case: str) -> None:
    _, tables = _tables(case)
    for point in _frontier(case):
        assert violations(tables, point.plan) == []
        value = value_of(tables, point.plan)
        assert (value.latency, -value.pace) == (point.latency, point.rate)


def test_the_greatest_rate_of_24_machines_is_that_of_eight_three_and_two_layers() -> None:
    kinds, _ = _tables("single24_l70b")
    best = _frontier("single24_l70b")[-1]
    held = {(kinds[stage.orbit], stage.layers) for stage in best.plan.stages}
    assert held == {("A100", 8), ("L4", 3), ("T4", 2)}
    assert best.rate == 2_045_641_047


def test_the_greatest_rate_of_ten_machines_is_the_published_one() -> None:
    assert _frontier("quality10_l30b")[-1].rate == 286_587_409


def test_a_circuit_over_ten_machines_finds_the_same_points_and_nothing_between() -> None:
    _, tables = _tables("quality10_l30b")
    engine = CpSatEngine()
    program = build_circuit(tables)
    engine.load(program.statement)
    upper: dict[str, int] = {}
    for point in _frontier("quality10_l30b"):
        # One unit better than the point before: the next point of the frontier, nothing between.
        result = engine.minimise("latency", upper=upper)
        assert result.dual_bound == result.objective == point.latency
        upper = {"pace": -point.rate - 1}
    assert engine.minimise("latency", upper=upper).termination is Termination.INFEASIBLE
