"""The exact linear algebra below the routing answers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines.routing.exact_system import solve_exactly
from solver.engines.routing.simplex import Tableau

# Machines differ, and shared ones stall: no example is timed.
_unhurried = settings(deadline=None)


_numbers = st.integers(-9, 9)


@_unhurried
@given(st.data())
def test_a_solution_solves_every_equation(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 5))
    rows = [{k: v for k in range(n) if (v := data.draw(_numbers))} for _ in range(n)]
    right = [data.draw(_numbers) for _ in range(n)]
    found = solve_exactly(rows, right)
    if found is not None:
        for row, value in zip(rows, right, strict=True):
            assert sum(v * found[k] for k, v in row.items()) == value


def test_a_singular_system_has_no_answer() -> None:
    assert solve_exactly([{0: 1, 1: 2}, {0: 2, 1: 4}], [1, 2]) is None


def test_a_system_with_too_few_unknowns_has_no_answer() -> None:
    assert solve_exactly([{0: 1}, {0: 2}], [1, 2]) is None


def test_thirds_stay_thirds() -> None:
    assert solve_exactly([{0: 3, 1: 1}, {1: 7}], [2, 1]) == {
        0: Fraction(13, 21),
        1: Fraction(1, 7),
    }


def _solved(rows: list[dict[int, int]], right: list[int], goal: dict[int, int], n: int) -> Tableau:
    tableau = Tableau(rows, right, goal, n)
    tableau.maximise(enough=lambda _: False)
    return tableau


@_unhurried
@given(st.data())
def test_point_and_multipliers_of_an_optimum_prove_each_other(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    rows = [{k: v for k in range(n) if (v := data.draw(_numbers))} for _ in range(m)]
    # A last row bounds everything.
    rows.append(dict.fromkeys(range(n), 1))
    right = [data.draw(st.integers(0, 3)) for _ in range(m)] + [7]
    goal = {k: data.draw(_numbers) for k in range(n)}
    tableau = _solved(rows, right, goal, n)
    point = tableau.point()
    y = [tableau.multiplier(i) for i in range(m + 1)]
    assert min(point.values(), default=0) >= 0
    assert min(y) >= 0
    for row, most in zip(rows, right, strict=True):
        assert sum(v * point.get(k, 0) for k, v in row.items()) <= most
    for k in range(n):
        assert sum(v * row.get(k, 0) for v, row in zip(y, rows, strict=True)) >= goal[k]
    value = sum(goal[k] * point.get(k, Fraction(0)) for k in range(n))
    assert value == tableau.reached == sum(v * r for v, r in zip(y, right, strict=True))


def test_the_example_on_which_the_largest_gain_alone_goes_round_in_circles_ends() -> None:
    # Beale's degenerate program (1955), its rows times their denominators.
    rows = [{0: 25, 1: -6000, 2: -4, 3: 900}, {0: 50, 1: -9000, 2: -2, 3: 300}, {2: 1}]
    goal = {0: 75, 1: -15000, 2: 2, 3: -600}
    assert _solved(rows, [0, 0, 1], goal, 4).reached == 5


def test_a_goal_without_a_greatest_value_is_refused() -> None:
    with pytest.raises(ValueError, match="greatest"):
        _solved([{0: -1}], [1], {0: 1}, 1)


def test_a_negative_right_hand_side_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Tableau([{0: 1}], [-1], {0: 1}, 1)


def test_a_start_from_a_basis_that_is_none_is_refused() -> None:
    rows = [{0: 1, 1: 2}, {0: 2, 1: 4}]
    assert not Tableau(rows, [1, 2], {0: 1}, 2).start_from((0, 1), (0, 1))
    assert Tableau(rows, [1, 2], {0: 1}, 2).start_from((0,), (1,))
