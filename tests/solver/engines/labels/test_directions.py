"""Lagrangian bounds: below every feasible point, whatever the weights are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.milp import INFINITY
from solver.engines.labels.directions import Direction, Directions, dense_rows
from solver.engines.labels.listing import list_boxes
from solver.errors import EngineError
from tests.oracles.small_programs import Stated, knapsack, small_programs, stated

SOMETIMES = settings(max_examples=40, deadline=None)


def lagrangian(question: Stated, direction: Direction) -> int:
    """The bound by its formula, in Python integers."""
    total = 0
    reduced = [0] * len(question.lower)
    for w, goal in zip(direction.weights.tolist(), question.costs.tolist(), strict=True):
        reduced = [r + w * c for r, c in zip(reduced, goal, strict=True)]
    for price, (row, low, high) in zip(direction.multipliers.tolist(), question.rows, strict=True):
        reduced = [r - price * a for r, a in zip(reduced, row, strict=True)]
        if price:
            side = low if price > 0 else high
            assert abs(side) < INFINITY, "a side that is not there has a price"
            total += price * side
    assert direction.reduced.tolist() == reduced
    return total + sum(
        min(r * a, r * b) for r, a, b in zip(reduced, question.lower, question.upper, strict=True)
    )


@SOMETIMES
@given(small_programs(), st.data())
def test_a_bound_lies_below_every_feasible_point(question: Stated, data: st.DataObject) -> None:
    p = question.program.n_objectives
    weights = data.draw(st.tuples(*[st.integers(0, 2**12) for _ in range(p)]))
    direction = Directions(question.program).direction(weights)
    assume(direction is not None)
    assert direction is not None
    assert direction.bound == lagrangian(question, direction)
    _, images = question.feasible
    assert (images @ np.array(weights) >= direction.bound).all()


@SOMETIMES
@given(small_programs())
def test_the_chosen_directions_are_distinct_and_bound_every_feasible_point(
    question: Stated,
) -> None:
    chosen = Directions(question.program).chosen()
    keys = [tuple(d.weights.tolist()) for d in chosen]
    assert keys == sorted(set(keys))
    _, images = question.feasible
    assert all((images @ d.weights >= d.bound).all() for d in chosen)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_each_objective_alone_and_their_mixtures_are_chosen(p: int) -> None:
    chosen = Directions(knapsack(p).program).chosen()
    single = [d for d in chosen if np.count_nonzero(d.weights) == 1]
    assert (len(single), len(chosen) > p) == (p, True)


@SOMETIMES
@given(small_programs(most_columns=4), st.data())
def test_any_multipliers_fix_no_column_that_a_box_needs(
    question: Stated, data: st.DataObject
) -> None:
    directions = Directions(question.program)
    chosen = directions.chosen()
    assume(chosen and question.images)
    used = data.draw(st.lists(st.sampled_from(chosen), min_size=1, max_size=3))
    image = np.array(data.draw(st.sampled_from(question.images)))
    # The smallest box that holds the image: the most columns are fixed before the first level.
    listing = list_boxes(directions, used, image[None, :] + 1, width=10**6, beam=10**6)
    assert listing.complete
    assert listing.images.tolist() == [image.tolist()]


def test_weights_are_scaled_to_the_grid_and_never_negative() -> None:
    directions = Directions(knapsack(3).program)
    scaled = directions.scaled((1.0, -0.5, 3.0))
    assert scaled == (directions.grid // 4, 0, 3 * directions.grid // 4)


def test_a_direction_is_computed_once() -> None:
    directions = Directions(knapsack().program)
    assert directions.direction((1, 1)) is directions.direction((1, 1))


def test_an_empty_relaxation_bounds_nothing() -> None:
    question = stated([[1, 2], [2, 1]], [((1, 1), 3, INFINITY)])
    directions = Directions(question.program)
    assert directions.direction((1, 1)) is None
    assert directions.chosen() == []


def test_rows_are_laid_out_densely() -> None:
    question = stated(
        [[1, 2, 3], [3, 2, 1]], [((0, 5, -2), 0, 5), ((0, 0, 0), 0, 1), ((7, 0, 0), 0, 7)]
    )
    assert dense_rows(question.program.milp).tolist() == [[0, 5, -2], [0, 0, 0], [7, 0, 0]]


def test_costs_beyond_64_bit_sums_are_refused() -> None:
    question = stated([[2**55, 1], [1, 2**55]])
    with pytest.raises(EngineError, match="too large for weighted 64-bit sums"):
        Directions(question.program)


def test_large_costs_make_the_grid_coarser() -> None:
    small, large = (Directions(stated([[c, 1], [1, c]]).program) for c in (10, 2**42))
    assert large.grid < small.grid


def test_a_matrix_too_large_to_be_held_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    question = knapsack(n=8)
    monkeypatch.setattr("solver.engines.labels.directions._LARGEST_MATRIX", 8)
    assert Directions(question.program).rows.shape == (1, 8)
    monkeypatch.setattr("solver.engines.labels.directions._LARGEST_MATRIX", 7)
    with pytest.raises(EngineError, match="too large to be held densely"):
        Directions(question.program)


@pytest.mark.parametrize(("coefficient", "value"), [(9 * 10**14, 219), (10**14, 1999)])
def test_rows_that_reach_what_listings_take_for_no_bound_are_refused(
    coefficient: int, value: int
) -> None:
    # Every activity lies between 2^61 and 2^62, below an upper side that is not there.
    n = 12
    assert 2**61 < n * coefficient * value < n * coefficient * (value + 1) < 2**62
    question = stated(
        [[1] * n, [-1] * n],
        [((coefficient,) * n, 0, INFINITY)],
        lower=[value] * n,
        upper=[value + 1] * n,
    )
    with pytest.raises(EngineError, match=r"can reach 2\^60"):
        Directions(question.program)


def test_the_chosen_directions_do_not_depend_on_the_run() -> None:
    first, second = (Directions(knapsack(3).program).chosen() for _ in range(2))
    for one, other in itertools.zip_longest(first, second):
        assert (one.weights.tolist(), one.bound) == (other.weights.tolist(), other.bound)
