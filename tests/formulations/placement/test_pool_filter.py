from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement.pool_filter import beaten_by, smallest_vectors

_CHECKS = settings(max_examples=80, deadline=None, derandomize=True)
_MATRICES = st.integers(1, 4).flatmap(
    lambda d: st.lists(st.lists(st.integers(0, 3), min_size=d, max_size=d), max_size=14).map(
        lambda rows: np.array(rows, dtype=np.int64).reshape(len(rows), d)
    )
)


def _least(rows: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """The rows that no different row is at most as great as in every column."""
    return {
        row
        for row in rows
        if not any(o != row and all(a <= b for a, b in zip(o, row, strict=True)) for o in rows)
    }


@_CHECKS
@given(_MATRICES)
def test_smallest_vectors_are_those_that_comparing_all_pairs_leaves(rows: np.ndarray) -> None:
    kept = [tuple(row) for row in rows[smallest_vectors(rows)].tolist()]
    assert len(kept) == len(set(kept))
    assert set(kept) == _least([tuple(row) for row in rows.tolist()])


def test_more_smallest_vectors_than_the_first_table_holds_are_all_kept() -> None:
    rows = np.array([[n, 300 - n] for n in range(300)], dtype=np.int64)
    assert smallest_vectors(rows).tolist() == list(range(300))


def test_of_equal_vectors_the_first_stays() -> None:
    assert smallest_vectors(np.array([[2, 2], [1, 1], [1, 1]])).tolist() == [1]


@_CHECKS
@given(_MATRICES, st.integers(0, 14))
def test_a_row_is_beaten_where_a_rival_is_nowhere_greater(rows: np.ndarray, cut: int) -> None:
    rivals, mine = rows[:cut], rows[cut:]
    wanted = [any(bool((rival <= row).all()) for rival in rivals) for row in mine]
    assert beaten_by(rivals, mine).tolist() == wanted
