"""Rows that conflict: together infeasible, and feasible without any one of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.milp import INFINITY
from solver.sweep.moip.infeasible import conflicting_rows, row_text, rows_are_feasible
from tests.oracles import plain_moip as plain
from tests.oracles.small_programs import stated

Row = tuple[list[int], int, int]


def fits(rows: list[Row], chosen: list[int], n: int) -> bool:
    return any(
        all(
            rows[i][1] <= sum(a * v for a, v in zip(rows[i][0], x, strict=True)) <= rows[i][2]
            for i in chosen
        )
        for x in itertools.product((0, 1), repeat=n)
    )


@st.composite
def row_lists(draw: st.DrawFn) -> list[Row]:
    coefficients = st.lists(st.integers(-2, 2), min_size=4, max_size=4)
    row = st.tuples(coefficients, st.integers(-3, 3), st.integers(0, 1)).map(
        lambda told: (told[0], told[1], told[1] + told[2])
    )
    return draw(st.lists(row, min_size=2, max_size=6))


@settings(deadline=None, max_examples=25)
@given(row_lists())
def test_the_set_is_irreducible(rows: list[Row]) -> None:
    assume(not fits(rows, list(range(len(rows))), 4))
    problem = stated([[1, 2, 3, 4], [4, 3, 2, 1]], rows).program
    chosen = [problem.row_names.index(name) for name in conflicting_rows(problem)]
    assert not fits(rows, chosen, 4)
    for row in chosen:
        assert fits(rows, [other for other in chosen if other != row], 4)


def test_many_idle_rows_do_not_hide_the_two_that_conflict() -> None:
    idle = [([1 if j == k % 3 else 0 for j in range(3)], 0, 1) for k in range(40)]
    rows = [*idle[:13], ([1, 1, 0], 2, 2), *idle[13:], ([1, 0, 1], 0, 0)]
    problem = stated([[1, 1, 1], [1, 2, 3]], rows).program
    assert conflicting_rows(problem) == ("r14", "r42")


def test_a_feasible_program_has_no_conflict_to_name() -> None:
    with pytest.raises(ValueError, match="not proved infeasible"):
        conflicting_rows(plain.knapsack())


def test_feasibility_of_some_rows_is_told() -> None:
    problem = stated([[1, 1], [1, 2]], [([1, 1], 2, 2), ([1, 0], 0, 0)]).program
    assert rows_are_feasible(problem, [0]) is True
    assert rows_are_feasible(problem, []) is True
    assert rows_are_feasible(problem, [0, 1]) is False


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (([3, -1, 0], -INFINITY, 7), "3 x1 - x2 <= 7"),
        (([0, -1, 1], 2, INFINITY), "-x2 + x3 >= 2"),
        (([1, 1, 1], 1, 1), "x1 + x2 + x3 = 1"),
        (([1, 0, 0], 0, 1), "0 <= x1 <= 1"),
        (([0, 0, 0], -INFINITY, INFINITY), "0 is free"),
    ],
)
def test_a_row_reads_as_people_write_it(row: Row, text: str) -> None:
    problem = stated([[1, 1, 1], [1, 2, 3]], [row]).program
    assert row_text(problem, "r1") == text


def test_a_long_row_is_cut_short_with_its_length() -> None:
    problem = stated([[1] * 30, [2] * 30], [([1] * 30, 0, 4)]).program
    assert row_text(problem, "r1").endswith("+ ... (30 terms) <= 4")
