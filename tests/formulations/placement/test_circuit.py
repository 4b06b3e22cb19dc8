from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.placement.chain_labels import nondominated_chains
from formulations.placement.chain_plan import value_of
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.placement.circuit import build_circuit
from solver.engines.contract import Termination
from solver.engines.cp_sat import CpSatEngine
from tests.oracles.limited_chains import limited_tables
from tests.oracles.plain_chains import small_tables

_CHECKS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _swept(tables: ChainTables, first: str, second: str) -> list[tuple[int, int]]:
    """Frontier of two objectives by epsilon-constraint on the circuit, one rank at a time."""
    program = build_circuit(tables)
    engine = CpSatEngine()
    engine.load(program.statement)
    found: list[tuple[int, int]] = []
    upper: dict[str, int] = {}
    while True:
        result = engine.minimise(first, upper=upper)
        if result.termination is Termination.INFEASIBLE:
            return found
        assert result.termination is Termination.OPTIMAL
        least = result.dual_bound
        assert least is not None
        result = engine.minimise(second, upper={**upper, first: least})
        assert result.termination is Termination.OPTIMAL
        assert result.x is not None
        value = value_of(tables, program.decode(result.x))
        found.append((getattr(value, first), getattr(value, second)))
        upper = {second: found[-1][1] - 1}


@_CHECKS
@given(small_tables(most_hosts=5, most_layers=5))
def test_the_circuit_has_the_latency_and_pace_frontier_of_the_labels(tables: ChainTables) -> None:
    values = [value_of(tables, p) for p in nondominated_chains(tables, joint=False, priced=False)]
    assert _swept(tables, "latency", "pace") == [(v.latency, v.pace) for v in values]


@_CHECKS
@given(small_tables(most_hosts=5, most_layers=5))
def test_the_circuit_has_the_time_and_price_frontier_of_the_labels(tables: ChainTables) -> None:
    values = [value_of(tables, p) for p in nondominated_chains(tables, joint=True, priced=True)]
    assert _swept(tables, "time", "price") == [(v.time, v.price) for v in values]


@_CHECKS
@given(limited_tables(most_hosts=5, most_layers=4, most_trunks=2))
def test_with_trunks_and_limits_the_circuit_has_the_latency_and_pace_frontier_of_the_labels(
    tables: ChainTables,
) -> None:
    values = [value_of(tables, p) for p in nondominated_chains(tables, joint=False, priced=False)]
    assert _swept(tables, "latency", "pace") == [(v.latency, v.pace) for v in values]


@_CHECKS
@given(limited_tables(most_hosts=5, most_layers=4, most_trunks=2))
def test_with_trunks_and_limits_the_circuit_has_the_time_and_price_frontier_of_the_labels(
    tables: ChainTables,
) -> None:
    values = [value_of(tables, p) for p in nondominated_chains(tables, joint=True, priced=True)]
    assert _swept(tables, "time", "price") == [(v.time, v.price) for v in values]


def _one_host() -> ChainTables:
    return ChainTables(
        name="one",
        layers=2,
        count=np.array([1]),
        orbit=np.array([0]),
        price=np.array([3]),
        allowed=np.array([[False, True, True]]),
        stage_time=np.array([[0, 4, 7]]),
        hop_time=np.array([[0, 2], [1, 0]]),
        linked=np.ones((2, 2), dtype=np.bool_),
        pace=np.array([[[0, 0], [4, 4], [9, 9]]]),
        entry_pace=np.array([0]),
    )


def test_the_one_chain_of_one_host_is_decoded() -> None:
    program = build_circuit(_one_host())
    engine = CpSatEngine()
    engine.load(program.statement)
    result = engine.minimise("time", upper={})
    assert result.objective == 10
    assert result.x is not None
    assert program.decode(result.x).stages == ((0, 0, 2),)


@pytest.mark.parametrize("objective", ["latency", "pace", "price", "time"])
def test_an_objective_called_too_low_is_a_violation(objective: str) -> None:
    statement = build_circuit(_one_host()).statement
    engine = CpSatEngine()
    engine.load(statement)
    x = engine.minimise("time", upper={"pace": 9}).x
    assert x is not None
    assert statement.violation(x) is None
    x = x.copy()
    x[statement.objectives[objective]] -= 1
    assert statement.violation(x) is not None


def test_tables_without_hosts_have_no_chain_in_either_road() -> None:
    tables = replace(_one_host(), count=np.array([0]))
    engine = CpSatEngine()
    engine.load(build_circuit(tables).statement)
    assert engine.minimise("time", upper={}).termination is Termination.INFEASIBLE
    assert nondominated_chains(tables, joint=True, priced=True) == []


def test_hosts_without_a_way_out_have_no_chain() -> None:
    linked = np.array([[True, False], [True, True]])
    engine = CpSatEngine()
    engine.load(build_circuit(replace(_one_host(), linked=linked)).statement)
    assert engine.minimise("time", upper={}).termination is Termination.INFEASIBLE


@pytest.mark.parametrize(("rate", "found"), [({"factor": 8}, 40), ({"capacity": 17}, -3)])
def test_a_trunk_paces_the_one_chain_by_its_load(rate: dict[str, int], found: int) -> None:
    # 2 on the way in and 3 on the way out; the host itself is never slower.
    load = np.array([[0, 3], [2, 0]])
    pace = np.full((1, 3, 2), -20)
    tables = replace(_one_host(), pace=pace, entry_pace=np.array([-20]))
    engine = CpSatEngine()
    engine.load(build_circuit(replace(tables, trunks=(Trunk("t", load, **rate),))).statement)
    assert engine.minimise("pace", upper={}).objective == found


def test_a_trunk_whose_rates_times_loads_do_not_fit_is_refused() -> None:
    trunk = Trunk("t", np.array([[0, 2**30], [1, 0]]), capacity=9)
    tables = replace(_one_host(), pace=np.full((1, 3, 2), -(2**40)), trunks=(trunk,))
    with pytest.raises(ValueError, match="t: rate x load can reach"):
        build_circuit(tables)


def test_terms_beyond_what_cp_sat_adds_up_are_refused() -> None:
    tables = replace(_one_host(), price=np.array([2**59]))
    with pytest.raises(ValueError, match="price terms add up to"):
        build_circuit(tables)


def test_values_without_arcs_are_no_chain() -> None:
    program = build_circuit(_one_host())
    x = np.zeros(program.statement.n_columns, dtype=np.int64)
    fault = program.statement.violation(x)
    assert fault == "the chain has no stage"
