"""The grid of cells: what it refuses and what it derives."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.replica.problem import ReplicaProblem


def grid(allowed: object, *, low: int = 0) -> ReplicaProblem:
    mask = np.array(allowed, dtype=np.bool_)
    ranks = np.arange(mask.size).reshape(mask.shape) + low
    return ReplicaProblem("grid", ranks, ranks[::-1].copy(), ranks.copy(), mask)


def test_latency_is_the_larger_of_memory_and_arithmetic() -> None:
    assert grid([[True, True], [True, True]]).latency.tolist() == [[2, 3], [2, 3]]


def test_columns_count_allowed_cells_only() -> None:
    assert grid([[True, False], [True, True]]).n_columns == 3


def test_a_negative_rank_is_refused_where_allowed() -> None:
    with pytest.raises(ValueError, match="not negative"):
        grid([[True, True]], low=-1)


def test_a_negative_rank_is_ignored_where_not_allowed() -> None:
    assert grid([[False, True]], low=-1).n_columns == 1


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one layout"):
        grid(np.empty((0, 3)))


def test_arrays_of_different_shapes_are_refused() -> None:
    ranks = np.zeros((1, 2), dtype=np.int64)
    with pytest.raises(ValueError, match="differ in shape"):
        ReplicaProblem("grid", ranks, np.zeros((2, 2), dtype=np.int64), ranks.copy(), ranks == 0)
