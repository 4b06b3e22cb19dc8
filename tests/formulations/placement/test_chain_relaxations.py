"""Linear relaxations of the programs of single pipelines stand as their texts prove."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from formulations.indicator import IndicatorProgram
from formulations.placement.chain_labels import nondominated_chains
from formulations.placement.chain_plan import value_of
from formulations.placement.chain_program import CRITERIA, most_stages
from formulations.placement.chain_registry import get_chain_formulation
from formulations.placement.chain_tables import ChainTables
from solver.engines.relaxation import LinearRelaxation
from tests.oracles.limited_chains import limited_tables

_CHECKS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    derandomize=True,
)
_TIME = 1
"""Column of the time in every program, the second."""


def _linear_tables() -> st.SearchStrategy[ChainTables]:
    return limited_tables(most_hosts=5, most_layers=5, most_trunks=1).map(
        lambda tables: replace(tables, trunks=tuple(t for t in tables.trunks if t.factor))
    )


def relaxed(tables: ChainTables, name: str, objective: str, *, time_most: int) -> float:
    """Least value of the linear relaxation under a limit of time; infinite where there is none."""
    statement = get_chain_formulation(name).build(tables).statement
    milp = statement.milp if isinstance(statement, IndicatorProgram) else statement
    upper = milp.upper.copy()
    upper[_TIME] = min(int(upper[_TIME]), time_most)
    if upper[_TIME] < milp.lower[_TIME]:
        return float("inf")
    goal = milp.objectives[objective].astype(np.float64)
    solved = LinearRelaxation(replace(milp, upper=upper)).solve(goal)
    return float("inf") if solved is None else float(goal @ solved[0])


def _some_time(tables: ChainTables, data: st.DataObject) -> int:
    """A time that some chain attains."""
    plans = nondominated_chains(tables, joint=True, priced=True)
    assume(plans)
    return data.draw(st.sampled_from([value_of(tables, plan).time for plan in plans]))


@pytest.mark.parametrize("objective", CRITERIA)
@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [("chain_layered", "chain_layer_flow"), ("chain_layer_flow", "chain_indicator")],
)
@_CHECKS
@given(tables=_linear_tables(), data=st.data())
def test_the_stronger_relaxation_bounds_no_less(
    stronger: str, weaker: str, objective: str, tables: ChainTables, data: st.DataObject
) -> None:
    most = _some_time(tables, data)
    bounds = [relaxed(tables, name, objective, time_most=most) for name in (stronger, weaker)]
    assert bounds[0] >= bounds[1] - 1e-5


@pytest.mark.parametrize("objective", CRITERIA)
@_CHECKS
@given(tables=_linear_tables(), data=st.data())
def test_with_a_stage_for_each_layer_the_flow_bounds_no_less_than_order_variables(
    objective: str, tables: ChainTables, data: st.DataObject
) -> None:
    assume(most_stages(tables) == tables.layers)
    most = _some_time(tables, data)
    flow = relaxed(tables, "chain_layer_flow", objective, time_most=most)
    order = relaxed(tables, "chain_mtz", objective, time_most=most)
    assert flow >= order - 1e-5


@_CHECKS
@given(tables=_linear_tables(), data=st.data())
def test_no_relaxation_bounds_the_price_above_that_of_a_chain(
    tables: ChainTables, data: st.DataObject
) -> None:
    most = _some_time(tables, data)
    plans = nondominated_chains(tables, joint=True, priced=True)
    values = [value_of(tables, plan) for plan in plans]
    least = min(value.price for value in values if value.time <= most)
    for name in ("chain_positions", "chain_mtz", "chain_layer_flow", "chain_layered"):
        assert relaxed(tables, name, "price", time_most=most) <= least + 1e-5
