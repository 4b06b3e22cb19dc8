"""Unary and logarithmic columns by hand: which points they admit, and how they are read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from formulations.milp import INFINITY, IntArray, Milp
from formulations.replica.column_log import build_column_log
from formulations.replica.column_unary import build_column_unary
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import ReplicaProgram

# (latency, cost) in order of latency: (2, 5), (3, 4), (4, 2), (7, 1), (8, 3).
IN_ORDER = [(0, 0), (1, 0), (0, 1), (1, 2), (2, 1)]


@pytest.fixture
def problem() -> ReplicaProblem:
    return ReplicaProblem(
        "hand",
        memory_latency=np.array([[1, 4, 9], [3, 9, 6], [9, 8, 9]]),
        arithmetic_latency=np.array([[2, 3, 9], [1, 9, 7], [9, 0, 9]]),
        cost=np.array([[5, 2, 0], [4, 0, 1], [0, 3, 0]]),
        allowed=np.array([[True, True, False], [True, False, True], [False, True, False]]),
    )


def milp_of(program: ReplicaProgram) -> Milp:
    assert isinstance(program.statement, Milp)
    return program.statement


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


def points_of(milp: Milp) -> list[IntArray]:
    """All feasible points, by trying every point of the box of bounds."""
    ranges = [range(low, high + 1) for low, high in zip(milp.lower, milp.upper, strict=True)]
    return [x for x in map(np.array, itertools.product(*ranges)) if holds(milp, x)]


def test_the_unary_program_has_one_point_for_each_cell(problem: ReplicaProblem) -> None:
    program = build_column_unary(problem)
    points = points_of(milp_of(program))
    assert sorted(map(program.decode, points)) == sorted(IN_ORDER)


def test_the_unary_objectives_add_up_to_the_ranks_of_the_cell(problem: ReplicaProblem) -> None:
    program = build_column_unary(problem)
    milp = milp_of(program)
    for x in points_of(milp):
        told = {name: int(milp.objectives[name] @ x) for name in (LATENCY, COST)}
        assert told == program.attained(x)


def test_unary_cells_stand_in_order_of_latency(problem: ReplicaProblem) -> None:
    program = build_column_unary(problem)
    runs = [np.array([1] * k + [0] * (5 - k)) for k in range(1, 6)]
    assert [program.decode(x) for x in runs] == IN_ORDER


@pytest.mark.parametrize("x", [[0, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 1, 1, 0, 0], [2, 0, 0, 0, 0]])
def test_what_is_no_run_of_ones_is_no_cell(problem: ReplicaProblem, x: list[int]) -> None:
    with pytest.raises(ValueError, match="not a run of ones"):
        build_column_unary(problem).decode(np.array(x))


def test_every_word_of_a_cell_admits_all_at_or_above_its_ranks(problem: ReplicaProblem) -> None:
    program = build_column_log(problem)
    found = {(*program.decode(x), int(x[-2]), int(x[-1])) for x in points_of(milp_of(program))}
    expected = {
        (layout, batch, latency, cost)
        for layout, batch in IN_ORDER
        for latency in range(int(problem.latency[layout, batch]), 9)
        for cost in range(int(problem.cost[layout, batch]), 6)
    }
    assert found == expected


def test_neighbours_in_latency_differ_in_one_bit(problem: ReplicaProblem) -> None:
    program = build_column_log(problem)
    words = {program.decode(x): x[:-2] for x in points_of(milp_of(program))}
    steps = [int((words[a] != words[b]).sum()) for a, b in itertools.pairwise(IN_ORDER)]
    assert steps == [1, 1, 1, 1]


@pytest.mark.parametrize("n", range(1, 18))
def test_words_without_a_cell_are_refused_for_any_number_of_cells(n: int) -> None:
    ranks = np.zeros((1, n), dtype=np.int64)
    program = build_column_log(ReplicaProblem("flat", ranks, ranks, ranks, ranks == 0))
    points = points_of(milp_of(program))
    assert sorted(program.decode(x)[1] for x in points) == list(range(n))


def test_a_word_without_a_cell_is_not_read(problem: ReplicaProblem) -> None:
    # Six is 110 in binary, 101 in Gray code; the lowest bit comes first.
    with pytest.raises(ValueError, match="word 6 stands for none of the 5 cells"):
        build_column_log(problem).decode(np.array([1, 0, 1, 8, 5]))


def test_a_word_that_is_not_binary_is_not_read(problem: ReplicaProblem) -> None:
    with pytest.raises(ValueError, match="not a binary word"):
        build_column_log(problem).decode(np.array([2, 0, 0, 8, 5]))
