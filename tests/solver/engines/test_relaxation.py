"""The linear relaxation: right optima and prices, and no answer where there is no optimum."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.milp import INFINITY
from solver.engines.relaxation import LinearRelaxation
from tests.oracles.small_programs import Stated, stated

FREE = ((0, 0), (0, 0))


def relaxed(question: Stated) -> LinearRelaxation:
    return LinearRelaxation(question.program.milp)


def triangle() -> Stated:
    """x + 2y >= 3 and 0 <= x, y <= 2: the vertices with the least costs are (0, 1.5), (2, 0.5)."""
    return stated(FREE, [((1, 2), 3, INFINITY)], upper=[2, 2])


@pytest.mark.parametrize(
    ("costs", "vertex"),
    [((3, 2), (0, 1.5)), ((1, 3), (2, 0.5)), ((-1, -1), (2, 2)), ((-1, 5), (2, 0.5))],
)
def test_the_best_vertex_is_found(costs: tuple[float, float], vertex: tuple[float, float]) -> None:
    answer = relaxed(triangle()).solve(np.array(costs, dtype=np.float64))
    assert answer is not None
    assert answer[0].tolist() == pytest.approx(vertex)


def test_the_price_of_a_lower_side_is_positive() -> None:
    answer = relaxed(triangle()).solve(np.array([3.0, 2.0]))
    assert answer is not None
    assert answer[1].tolist() == pytest.approx([1.0])


def test_the_price_of_an_upper_side_is_negative() -> None:
    question = stated(FREE, [((1, 2), -INFINITY, 3)], upper=[2, 2])
    answer = relaxed(question).solve(np.array([-3.0, -2.0]))
    assert answer is not None
    assert answer[1].tolist() == pytest.approx([-1.0])


def test_the_price_of_a_side_that_does_not_bind_is_zero() -> None:
    answer = relaxed(triangle()).solve(np.array([-1.0, -1.0]))
    assert answer is not None
    assert answer[1].tolist() == pytest.approx([0.0])


def test_one_solve_after_the_other_gives_what_fresh_ones_give() -> None:
    kept = relaxed(triangle())
    for costs in ((3.0, 2.0), (-1.0, -1.0), (1.0, 3.0), (3.0, 2.0)):
        one, other = kept.solve(np.array(costs)), relaxed(triangle()).solve(np.array(costs))
        assert one is not None
        assert other is not None
        assert one[0].tolist() == pytest.approx(other[0].tolist())
        assert one[1].tolist() == pytest.approx(other[1].tolist())


def test_an_empty_relaxation_has_no_answer() -> None:
    question = stated(FREE, [((1, 2), 7, INFINITY)], upper=[2, 2])
    assert relaxed(question).solve(np.array([1.0, 1.0])) is None


def test_without_rows_every_column_goes_to_its_cheaper_bound() -> None:
    answer = relaxed(stated(FREE, lower=[-2, -1], upper=[3, 4])).solve(np.array([1.0, -1.0]))
    assert answer is not None
    x, prices = answer
    assert (x.tolist(), prices.tolist()) == ([-2, 4], [])


def test_numbers_that_the_library_refuses_give_no_answer() -> None:
    question = stated(FREE, [((10**18, 1), 0, 10**18)], upper=[2, 2])
    assert relaxed(question).solve(np.array([1.0, 1.0])) is None
