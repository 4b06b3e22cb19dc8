"""The optimum of a linear relaxation under bounds on objectives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from solver.engines.relaxation import linear_bound


def triangle(
    column_upper: int = 2, row: tuple[int, int] = (3, INFINITY), n_columns: int = 2
) -> Milp:
    """x + 2y >= 3, both from 0; ``cost`` is 3x + 2y and ``sum`` is x + y."""
    return Milp(
        name="triangle",
        lower=np.zeros(n_columns, dtype=np.int64),
        upper=np.full(n_columns, column_upper),
        is_integer=np.ones(n_columns, dtype=np.bool_),
        row_start=np.array([0, n_columns]),
        column_index=np.arange(n_columns),
        value=np.array([1, 2])[:n_columns],
        row_lower=np.array([row[0]]),
        row_upper=np.array([row[1]]),
        objectives={
            "cost": np.array([3, 2])[:n_columns],
            "gain": np.array([-3, -2])[:n_columns],
            "sum": np.ones(n_columns, dtype=np.int64),
        },
    )


def test_the_optimum_may_be_a_fraction() -> None:
    assert linear_bound(triangle(), "sum", {}) == pytest.approx(1.5)


def test_a_weighted_sum_is_minimised() -> None:
    # At (0, 1.5): 2 * 3 - 5 * 1.5; at (2, 2): 2 * 10 - 5 * 4; at (2, 0.5): 2 * 7 - 5 * 2.5.
    assert linear_bound(triangle(), {"cost": 2, "sum": -5}, {}) == pytest.approx(-2)


def test_an_upper_bound_on_another_objective_is_kept() -> None:
    # x + y <= 2 and x + 2y >= 3: the most that 3x + 2y can be is 5, at (1, 1).
    assert linear_bound(triangle(), "gain", {"sum": 2}) == pytest.approx(-5)


def test_an_upper_bound_on_the_goal_itself_is_kept() -> None:
    assert linear_bound(triangle(), "sum", {"sum": 2}) == pytest.approx(1.5)
    assert linear_bound(triangle(), "sum", {"sum": 1}) == math.inf


def test_an_infeasible_relaxation_has_an_infinite_bound() -> None:
    assert linear_bound(triangle(row=(7, INFINITY)), "sum", {}) == math.inf


def test_an_unbounded_relaxation_has_none() -> None:
    assert linear_bound(triangle(column_upper=INFINITY), "gain", {}) is None


def test_no_time_is_no_answer() -> None:
    # With presolve alone the triangle is solved at once, so the limit must not be reached later.
    rng = np.random.default_rng(0)
    n = 200
    big = Milp(
        name="dense",
        lower=np.zeros(n, dtype=np.int64),
        upper=np.full(n, 9),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=np.arange(0, n * n + 1, n),
        column_index=np.tile(np.arange(n), n),
        value=rng.integers(1, 99, n * n),
        row_lower=np.full(n, 5000),
        row_upper=np.full(n, INFINITY),
        objectives={"sum": np.ones(n, dtype=np.int64)},
    )
    assert linear_bound(big, "sum", {}, time_limit_s=1e-9) is None
    assert linear_bound(big, "sum", {}) is not None


@pytest.mark.parametrize(("side", "expected"), [((0, 1), 0.0), ((1, 1), math.inf)])
def test_a_program_without_columns_is_decided_by_its_rows(
    side: tuple[int, int], expected: float
) -> None:
    assert linear_bound(triangle(row=side, n_columns=0), "sum", {}) == expected


def test_an_unknown_objective_is_refused() -> None:
    with pytest.raises(ValueError, match="no objective 'speed'"):
        linear_bound(triangle(), "sum", {"speed": 1})
