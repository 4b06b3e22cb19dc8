"""Every program of single pipelines against label setting: whole frontiers, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.placement.chain_labels import nondominated_chains
from formulations.placement.chain_layered import build_chain_layered
from formulations.placement.chain_plan import value_of
from formulations.placement.chain_program import ChainProgram
from formulations.placement.chain_registry import CHAIN_FORMULATIONS, get_chain_formulation
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.size import ProgramSize, size_of
from solver.engines import get_engine
from solver.engines.contract import Termination
from tests.oracles.limited_chains import limited_tables
from tests.oracles.plain_chains import small_tables

_NAMES = [formulation.name for formulation in CHAIN_FORMULATIONS]
_MILPS = [one.name for one in CHAIN_FORMULATIONS if one.kind == "milp"]


def _checks(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
    )


def _linear_tables() -> st.SearchStrategy[ChainTables]:
    """Limits of price and hosts, and trunks with a factor."""
    return limited_tables(most_hosts=5, most_layers=4, most_trunks=2).map(
        lambda tables: replace(tables, trunks=tuple(t for t in tables.trunks if t.factor))
    )


def swept(stated: ChainProgram, engine_name: str = "cp-sat") -> list[tuple[int, int]]:
    """The (time, price) frontier, one level after the other; every point is that of its chain."""
    engine = get_engine(engine_name)
    engine.load(stated.statement)
    found: list[tuple[int, int]] = []
    upper: dict[str, int] = {}
    while True:
        result = engine.minimise("time", upper=upper)
        if result.termination is Termination.INFEASIBLE:
            return found
        assert result.termination is Termination.OPTIMAL
        assert result.objective is not None
        result = engine.minimise("price", upper={**upper, "time": result.objective})
        assert result.termination is Termination.OPTIMAL
        assert result.x is not None
        value = value_of(stated.problem, stated.decode(result.x))
        assert value.price == result.objective
        found.append((value.time, value.price))
        upper = {"price": value.price - 1}


def _wanted(tables: ChainTables) -> list[tuple[int, int]]:
    values = [value_of(tables, p) for p in nondominated_chains(tables, joint=True, priced=True)]
    return [(value.time, value.price) for value in values]


@pytest.mark.parametrize("name", _NAMES)
@_checks(15)
@given(tables=small_tables(most_hosts=5, most_layers=5))
def test_each_formulation_has_the_time_and_price_frontier_of_the_labels(
    name: str, tables: ChainTables
) -> None:
    assert swept(get_chain_formulation(name).build(tables)) == _wanted(tables)


@pytest.mark.parametrize("name", _NAMES)
@_checks(15)
@given(tables=_linear_tables())
def test_with_trunks_and_limits_each_formulation_has_the_frontier_of_the_labels(
    name: str, tables: ChainTables
) -> None:
    assert swept(get_chain_formulation(name).build(tables)) == _wanted(tables)


@pytest.mark.parametrize("name", _MILPS)
@_checks(6)
@given(tables=_linear_tables())
def test_highs_finds_the_same_frontier(name: str, tables: ChainTables) -> None:
    assert swept(get_chain_formulation(name).build(tables), "highs") == _wanted(tables)


@pytest.mark.parametrize("name", _NAMES)
@_checks(25)
@given(tables=_linear_tables())
def test_the_size_on_paper_is_that_of_the_program(name: str, tables: ChainTables) -> None:
    formulation = get_chain_formulation(name)
    built = size_of(formulation.build(tables).statement)
    paper = formulation.size(tables)
    assert paper == (
        built if paper.nonzeros is not None else ProgramSize(built.rows, built.columns)
    )


@_checks(25)
@given(tables=small_tables(), below=st.integers(0, 2000))
def test_a_layered_program_below_a_time_keeps_exactly_the_chains_below_it(
    tables: ChainTables, below: int
) -> None:
    stated = build_chain_layered(tables, time_most=below)
    assert swept(stated) == [point for point in _wanted(tables) if point[0] <= below]


def _one_host(**changes: object) -> ChainTables:
    tables = ChainTables(
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
    return replace(tables, **changes)


@pytest.mark.parametrize("name", _NAMES)
def test_the_one_chain_of_one_host_is_found(name: str) -> None:
    stated = get_chain_formulation(name).build(_one_host())
    assert swept(stated) == [(10, 3)]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize(
    "changes",
    [
        {"count": np.array([0])},
        {"linked": np.array([[True, False], [True, True]])},
        {"linked": np.array([[True, True], [False, True]])},
        {"allowed": np.array([[False, True, False]])},
        {"max_price": 2},
        {"max_hosts": 0},
    ],
    ids=["no host", "no way out", "no way in", "too many layers", "too dear", "no host allowed"],
)
def test_where_there_is_no_chain_each_formulation_is_infeasible(
    name: str, changes: dict[str, object]
) -> None:
    assert swept(get_chain_formulation(name).build(_one_host(**changes))) == []


def _equal_hosts() -> ChainTables:
    """Four equal hosts, a layer each at most 2; two of them are enough."""
    held = np.arange(3)
    return ChainTables(
        name="equal",
        layers=4,
        count=np.array([4]),
        orbit=np.array([0]),
        price=np.array([1]),
        allowed=np.array([[False, True, True]]),
        stage_time=held[None, :].astype(np.int64),
        hop_time=np.ones((2, 2), dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
        pace=np.repeat(5 * held[None, :, None], 2, axis=2).astype(np.int64),
        entry_pace=np.array([0]),
    )


@pytest.mark.parametrize("name", _NAMES)
def test_equal_hosts_trade_pace_for_price_as_computed_by_hand(name: str) -> None:
    # s hosts: latency 4 + s + 1, pace 5 x the layers of the fullest: 2 with two or three, else 1.
    stated = get_chain_formulation(name).build(_equal_hosts())
    assert swept(stated) == [(9, 4), (10, 2)]


@pytest.mark.parametrize("name", ["chain_mtz", "chain_layer_flow", "chain_indicator"])
def test_the_order_of_equal_hosts_may_be_left_open(name: str) -> None:
    tables = _equal_hosts()
    formulation = get_chain_formulation(name)
    free = formulation.builder()(tables, ordered=False)
    assert size_of(free.statement).rows == formulation.size(tables).rows - 3
    assert swept(free) == [(9, 4), (10, 2)]


@pytest.mark.parametrize("name", [n for n in _NAMES if n != "circuit"])
def test_a_trunk_with_a_capacity_does_not_apply_and_is_refused(name: str) -> None:
    trunk = Trunk("uplink", np.ones((2, 2), dtype=np.int64), capacity=9)
    tables = _one_host(trunks=(trunk,))
    formulation = get_chain_formulation(name)
    assert formulation.applies(tables) == (
        "the pace of uplink is a capacity over a load: no linear row"
    )
    for ask in (formulation.build, formulation.size):
        with pytest.raises(ValueError, match="uplink is a capacity over a load"):
            ask(tables)


def test_a_trunk_with_a_capacity_applies_to_the_circuit() -> None:
    trunk = Trunk("uplink", np.ones((2, 2), dtype=np.int64), capacity=9)
    assert get_chain_formulation("circuit").applies(_one_host(trunks=(trunk,))) is None


@pytest.mark.parametrize("name", _NAMES)
def test_columns_that_are_all_zero_stand_for_no_chain(name: str) -> None:
    stated = get_chain_formulation(name).build(_one_host())
    nothing = np.zeros(stated.statement.n_columns, dtype=np.int64)
    with pytest.raises(ValueError, match=r"without stages|no stage|no chain"):
        value_of(stated.problem, stated.decode(nothing))


def test_one_formulation_is_the_textbook_one() -> None:
    assert [one.name for one in CHAIN_FORMULATIONS if one.textbook] == ["chain_positions"]


@pytest.mark.parametrize("name", _NAMES)
def test_each_formulation_states_its_strength(name: str) -> None:
    assert len(get_chain_formulation(name).strength) > 20


def test_an_unknown_formulation_of_pipelines_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="circuit, chain_positions"):
        get_chain_formulation("labels")
