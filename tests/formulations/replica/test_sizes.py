"""Sizes on paper against the programs as they are built, on random grids of any mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from formulations.replica.problem import ReplicaProblem
from formulations.replica.registry import FORMULATIONS, Formulation
from formulations.size import size_of

# Each example of the cutting planes runs the rounds: a second or so.
EXAMPLES = {"gdp_cutting_plane": 4, "cp_element": 15}


@st.composite
def problems(draw: st.DrawFn) -> ReplicaProblem:
    """Small grids, single layouts and single batch levels among them, and empty ones."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    highest = draw(st.sampled_from([0, 1, 9]))

    def ranks() -> st.SearchStrategy[np.ndarray]:
        return arrays.arrays(np.int64, shape, elements=st.integers(0, highest))

    mask = draw(arrays.arrays(np.bool_, shape) | st.just(np.ones(shape, dtype=np.bool_)))
    return ReplicaProblem("drawn", draw(ranks()), draw(ranks()), draw(ranks()), mask)


def assert_same_size(formulation: Formulation, problem: ReplicaProblem) -> None:
    built = size_of(formulation.build(problem).statement)
    paper = formulation.size(problem)
    assert (paper.rows, paper.columns) == (built.rows, built.columns)
    if paper.nonzeros is not None:
        assert paper.nonzeros == built.nonzeros


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_the_size_on_paper_is_that_of_the_program(formulation: Formulation) -> None:
    @settings(max_examples=EXAMPLES.get(formulation.name, 30), deadline=None, derandomize=True)
    @given(problem=problems())
    def check(problem: ReplicaProblem) -> None:
        assert_same_size(formulation, problem)

    check()


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_the_size_on_paper_is_right_where_nothing_is_allowed(formulation: Formulation) -> None:
    ranks = np.arange(6, dtype=np.int64).reshape(2, 3)
    nothing = np.zeros((2, 3), dtype=np.bool_)
    assert_same_size(formulation, ReplicaProblem("empty", ranks, ranks, ranks, nothing))


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_the_size_on_paper_is_right_for_a_single_cell(formulation: Formulation) -> None:
    rank = np.array([[3]])
    assert_same_size(formulation, ReplicaProblem("one", rank, rank, rank, rank == 3))


def test_columns_say_their_entries_on_paper() -> None:
    ranks = np.arange(6, dtype=np.int64).reshape(2, 3)
    problem = ReplicaProblem("full", ranks, ranks, ranks, np.ones((2, 3), dtype=np.bool_))
    sizes = {f.name: f.size(problem) for f in FORMULATIONS if f.name.startswith("column")}
    assert sizes["column_selection"].nonzeros == 6
    assert sizes["column_unary"].nonzeros == 8


def test_words_are_as_long_as_the_logarithm_of_the_cells() -> None:
    (log,) = (f for f in FORMULATIONS if f.name == "column_log")
    ranks = np.zeros((3, 7), dtype=np.int64)
    problem = ReplicaProblem("full", ranks, ranks, ranks, np.ones((3, 7), dtype=np.bool_))
    assert log.size(problem).columns == 5 + 2
