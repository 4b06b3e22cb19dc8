"""Indicator rows by hand: what holds where its layout rules, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.indicator import IndicatorProgram
from formulations.replica.factored_big_m import build_factored_big_m
from formulations.replica.factored_indicator import build_factored_indicator
from formulations.replica.problem import ReplicaProblem


@pytest.fixture
def statement() -> IndicatorProgram:
    problem = ReplicaProblem(
        "hand",
        memory_latency=np.array([[1, 4], [3, 9]]),
        arithmetic_latency=np.array([[2, 3], [1, 0]]),
        cost=np.array([[5, 2], [4, 0]]),
        allowed=np.array([[True, True], [True, False]]),
    )
    statement = build_factored_indicator(problem).statement
    assert isinstance(statement, IndicatorProgram)
    return statement


def implied(statement: IndicatorProgram, row: int) -> tuple[int, dict[int, int], int]:
    """Its binary, its coefficients by column, its lower bound."""
    entries = slice(statement.row_start[row], statement.row_start[row + 1])
    columns = statement.column_index[entries].tolist()
    values = statement.value[entries].tolist()
    return (
        int(statement.binary[row]),
        dict(zip(columns, values, strict=True)),
        int(statement.row_lower[row]),
    )


def test_the_implied_rows_are_those_of_the_disjunction(statement: IndicatorProgram) -> None:
    # Columns y_0 y_1 z_0 z_1 T C; lowest latency 2, lowest cost 2.
    assert [implied(statement, row) for row in range(len(statement.binary))] == [
        (0, {4: 1, 3: -2}, 2),  # memory of layout 0: max(1, 2) and 4
        (1, {4: 1, 2: -1}, 2),  # memory of layout 1: 3, forbidden
        (0, {4: 1, 3: -1}, 2),  # arithmetic of layout 0: 2 and 3; of layout 1 nothing above 2
        (0, {5: 1, 2: -3}, 2),  # cost of layout 0: 5 and 2
        (1, {5: 1, 2: -2}, 2),  # cost of layout 1: 4, forbidden
    ]


def test_no_plain_row_bounds_latency_or_cost(statement: IndicatorProgram) -> None:
    assert not set(statement.milp.column_index.tolist()) & {4, 5}


def test_columns_stand_as_in_big_m() -> None:
    tables = np.array([[1, 2]])
    problem = ReplicaProblem("one", tables, tables, tables, tables > 0)
    ours, big_m = (build(problem) for build in (build_factored_indicator, build_factored_big_m))
    x = np.array([1, 0, 1, 2, 2])
    assert ours.attained(x) == big_m.attained(x)
