"""Every formulation on a grid small enough to work out by hand, and its size as documented.

Grid (layouts down, batch levels across), "x" forbidden:

    memory      arithmetic   latency     cost
    1 4 x       2 3 x        2 4 x       5 2 x
    3 x 6       1 x 7        3 x 7       4 x 1

Allowed pairs (latency, cost): (2, 5), (4, 2), (3, 4), (7, 1): all four nondominated.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from formulations.milp import INFINITY, IntArray, Milp
from formulations.replica.column_selection import build_column_selection, nondominated_positions
from formulations.replica.factored_big_m import build_factored_big_m
from formulations.replica.factored_hull import build_factored_hull
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import chosen_one
from formulations.replica.registry import FORMULATIONS, get_formulation

PAIRS = {(2, 5), (4, 2), (3, 4), (7, 1)}


@pytest.fixture
def problem() -> ReplicaProblem:
    return ReplicaProblem(
        "hand",
        memory_latency=np.array([[1, 4, 9], [3, 9, 6]]),
        arithmetic_latency=np.array([[2, 3, 9], [1, 9, 7]]),
        cost=np.array([[5, 2, 0], [4, 0, 1]]),
        allowed=np.array([[True, True, False], [True, False, True]]),
    )


def holds(milp: Milp, x: IntArray) -> bool:
    """Plain evaluation of every row and bound."""
    if ((x < milp.lower) | (x > milp.upper)).any():
        return False
    for row in range(milp.n_rows):
        entries = slice(milp.row_start[row], milp.row_start[row + 1])
        value = int(milp.value[entries] @ x[milp.column_index[entries]])
        low, high = int(milp.row_lower[row]), int(milp.row_upper[row])
        if (low > -INFINITY and value < low) or (high < INFINITY and value > high):
            return False
    return True


def pairs_of_small_milp(milp: Milp) -> set[tuple[int, int]]:
    """Objective pairs of all feasible points, by trying every point of the box of bounds."""
    ranges = [range(low, high + 1) for low, high in zip(milp.lower, milp.upper, strict=True)]
    return {
        (int(milp.objectives[LATENCY] @ x), int(milp.objectives[COST] @ x))
        for x in map(np.array, itertools.product(*ranges))
        if holds(milp, x)
    }


def test_column_selection_has_exactly_the_allowed_pairs(problem: ReplicaProblem) -> None:
    milp = build_column_selection(problem).statement
    assert isinstance(milp, Milp)
    assert pairs_of_small_milp(milp) == PAIRS


def test_big_m_has_the_allowed_pairs_and_what_they_dominate(problem: ReplicaProblem) -> None:
    milp = build_factored_big_m(problem).statement
    assert isinstance(milp, Milp)
    expected = {
        (latency, cost)
        for latency, cost in itertools.product(range(2, 8), range(1, 6))
        if any(latency >= t and cost >= c for t, c in PAIRS)
    }
    assert pairs_of_small_milp(milp) == expected


def hull_point(problem: ReplicaProblem, layout: int, batch: int, *, lower: int = 0) -> IntArray:
    """The point of the hull program for one cell, by its documented column order."""
    n_layouts, n_batches = problem.allowed.shape
    latency = max(problem.memory_latency[layout, batch], problem.arithmetic_latency[layout, batch])
    cells = np.argwhere(problem.allowed).tolist()
    unit = np.eye(max(n_layouts, n_batches, len(cells)), dtype=np.int64)
    return np.concatenate(
        [
            unit[layout][:n_layouts],
            unit[batch][:n_batches],
            [latency - lower, problem.cost[layout, batch]],
            unit[layout][:n_layouts] * (latency - lower),
            unit[cells.index([layout, batch])][: len(cells)]
            if [layout, batch] in cells
            else np.zeros(len(cells), dtype=np.int64),
        ]
    )


def test_hull_admits_every_allowed_cell_at_its_own_pair(problem: ReplicaProblem) -> None:
    milp = build_factored_hull(problem).statement
    assert isinstance(milp, Milp)
    cells = np.argwhere(problem.allowed).tolist()
    assert all(holds(milp, hull_point(problem, layout, batch)) for layout, batch in cells)


def test_hull_refuses_a_latency_below_the_roofline(problem: ReplicaProblem) -> None:
    milp = build_factored_hull(problem).statement
    assert isinstance(milp, Milp)
    cells = np.argwhere(problem.allowed).tolist()
    assert not any(holds(milp, hull_point(problem, *cell, lower=1)) for cell in cells)


def test_hull_refuses_a_forbidden_cell(problem: ReplicaProblem) -> None:
    milp = build_factored_hull(problem).statement
    assert isinstance(milp, Milp)
    assert not holds(milp, hull_point(problem, 0, 2))


def test_sizes_are_as_documented(problem: ReplicaProblem) -> None:
    n_layouts, n_batches = problem.allowed.shape
    cells = problem.n_columns
    columns, big_m, hull = (
        get_formulation(name).build(problem).statement
        for name in ("column_selection", "factored_big_m", "factored_hull")
    )
    assert isinstance(columns, Milp)
    assert isinstance(big_m, Milp)
    assert isinstance(hull, Milp)
    assert (columns.n_rows, columns.n_columns, len(columns.value)) == (1, cells, cells)
    assert big_m.n_columns == n_layouts + n_batches + 2
    assert big_m.n_rows == 4 * n_layouts + 2
    assert len(big_m.value) <= 4 * n_layouts * n_batches + 7 * n_layouts + n_batches
    assert hull.n_columns == cells + 2 * n_layouts + n_batches + 2
    assert hull.n_rows == 3 * n_layouts + n_batches + 3
    assert len(hull.value) == 5 * cells + 5 * n_layouts + n_batches + 2


def test_only_nondominated_keeps_one_cell_for_each_pair(problem: ReplicaProblem) -> None:
    tied = dataclasses.replace(problem, cost=np.array([[5, 5, 0], [5, 0, 1]]))
    program = build_column_selection(tied, only_nondominated=True)
    assert isinstance(program.statement, Milp)
    assert pairs_of_small_milp(program.statement) == {(2, 5), (7, 1)}
    assert program.statement.n_columns == 2


def test_nondominated_positions_of_nothing_are_none() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert nondominated_positions(nothing, nothing).tolist() == []


def test_attained_reads_the_problem_and_not_the_columns(problem: ReplicaProblem) -> None:
    program = build_factored_big_m(problem)
    slack = np.array([1, 0, 1, 0, 0, 7, 5])
    assert program.attained(slack) == {LATENCY: 2, COST: 5}


def test_attained_refuses_a_forbidden_cell(problem: ReplicaProblem) -> None:
    program = build_factored_big_m(problem)
    with pytest.raises(ValueError, match=r"cell \(0, 2\) is not allowed"):
        program.attained(np.array([1, 0, 0, 0, 1, 7, 5]))


@pytest.mark.parametrize("x", [[0, 0], [1, 1], [2, 0]])
def test_a_vector_that_is_not_one_hot_chooses_nothing(x: list[int]) -> None:
    with pytest.raises(ValueError, match="not one-hot"):
        chosen_one(np.array(x))


@pytest.mark.parametrize("formulation", [f.name for f in FORMULATIONS])
def test_every_formulation_states_a_problem_that_allows_nothing(
    formulation: str, problem: ReplicaProblem
) -> None:
    nothing = dataclasses.replace(problem, allowed=np.zeros((2, 3), dtype=np.bool_))
    program = get_formulation(formulation).build(nothing)
    assert set(program.statement.objectives) == {LATENCY, COST}


def test_an_unknown_formulation_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'hull'; there are column_selection, factored_big_m"):
        get_formulation("hull")
