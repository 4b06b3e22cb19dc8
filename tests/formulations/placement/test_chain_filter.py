from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.placement.chain_filter import (
    nondominated_in_groups,
    nondominated_rows,
    nondominated_with_resources,
)
from tests.oracles.plain_chains import plain_frontier

_LARGE = st.sampled_from([-(2**60) + 1, -3, 0, 1, 2, 3, 2**60 - 1])
_TRIPLES = st.lists(st.tuples(_LARGE, _LARGE, _LARGE), max_size=30)


@given(_TRIPLES, st.integers(1, 3))
def test_rows_kept_are_those_of_all_pairs_compared(
    rows: list[tuple[int, int, int]], width: int
) -> None:
    values = np.array(rows, dtype=np.int64).reshape(-1, 3)[:, :width]
    kept = values[nondominated_rows(values)]
    assert [tuple(row) for row in kept.tolist()] == plain_frontier({row[:width] for row in rows})


@given(st.lists(st.tuples(st.integers(0, 2), _LARGE, _LARGE), max_size=30))
def test_pairs_are_compared_within_their_group_only(rows: list[tuple[int, int, int]]) -> None:
    group, first, second = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    kept = nondominated_in_groups(group, first, second)
    wanted = {(g, *v) for g in range(3) for v in plain_frontier({r[1:] for r in rows if r[0] == g})}
    assert sorted(rows[position] for position in kept.tolist()) == sorted(wanted)


@given(st.integers(0, 3), st.data())
def test_rows_with_resources_are_compared_within_their_group_only(
    n_resources: int, data: st.DataObject
) -> None:
    row = st.tuples(st.integers(0, 1), *[st.integers(0, 3)] * (2 + n_resources))
    rows = data.draw(st.lists(row, max_size=30))
    values = np.array(rows, dtype=np.int64).reshape(-1, 3 + n_resources)
    kept = nondominated_with_resources(*values[:, :3].T, values[:, 3:])
    wanted = {(g, *v) for g in range(2) for v in plain_frontier({r[1:] for r in rows if r[0] == g})}
    assert sorted(rows[position] for position in kept.tolist()) == sorted(wanted)


def test_resources_far_apart_are_compared_exactly() -> None:
    values = np.array([[0, 1, 1, 2**60, 0], [0, 1, 1, 2**60 - 1, 0], [0, 1, 2, 0, 1]])
    kept = nondominated_with_resources(*values[:, :3].T, values[:, 3:])
    assert sorted(kept.tolist()) == [1, 2]


def test_of_equal_rows_the_first_stays() -> None:
    assert nondominated_rows(np.array([[2, 1], [1, 2], [1, 2]])).tolist() == [1, 0]


def test_rows_of_four_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of 4 numbers"):
        nondominated_rows(np.zeros((2, 4), dtype=np.int64))
