"""Which rows are nondominated, against comparing all pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.moip.problem import Image
from solver.engines.labels.frontier import nondominated_rows
from tests.oracles.small_programs import undominated

OFTEN = settings(max_examples=60, deadline=None)


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    p = draw(st.integers(2, 4))
    row = st.lists(st.integers(-4, 4), min_size=p, max_size=p)
    return np.array(draw(st.lists(row, max_size=14)), dtype=np.int64).reshape(-1, p)


@OFTEN
@given(images())
def test_the_rows_are_those_that_no_other_row_dominates(rows: np.ndarray) -> None:
    kept = rows[nondominated_rows(rows)]
    assert [tuple(z) for z in kept.tolist()] == undominated(rows)


@OFTEN
@given(images())
def test_of_equal_rows_the_first_is_named(rows: np.ndarray) -> None:
    everyone: list[Image] = [tuple(z) for z in rows.tolist()]
    for index in nondominated_rows(rows).tolist():
        assert everyone.index(everyone[index]) == index


def test_no_rows_give_no_indices() -> None:
    for p in (2, 3):
        assert nondominated_rows(np.zeros((0, p), dtype=np.int64)).tolist() == []


def test_the_last_unit_of_large_numbers_counts() -> None:
    big = 2**60
    rows = np.array([[big + 1, 0], [big, 0], [big, -1]], dtype=np.int64)
    assert nondominated_rows(rows).tolist() == [2]
