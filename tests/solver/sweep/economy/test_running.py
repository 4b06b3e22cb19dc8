"""The running filter drops nothing that counts, and ranks are exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.sweep.economy import running
from solver.sweep.economy.nondominance import nondominated_groups
from solver.sweep.economy.ranks import exact_ranks
from solver.sweep.economy.running import RunningPool, certainly_beaten

small = st.integers(0, 6)


def _nondominated(rows: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    return {
        row
        for row in rows
        if not any(o != row and all(a <= b for a, b in zip(o, row, strict=True)) for o in rows)
    }


@settings(deadline=None, max_examples=200)
@given(
    rows=st.integers(2, 3).flatmap(
        lambda p: st.lists(st.tuples(*[small] * p), min_size=1, max_size=60)
    ),
    whole=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    block=st.integers(1, 7),
)
def test_every_nondominated_row_and_all_its_equals_stay_in_the_pool(
    rows: list[tuple[int, ...]], whole: tuple[bool, ...], block: int
) -> None:
    p = len(rows[0])
    pool = RunningPool(whole[:p])
    values = np.array(rows, dtype=np.float64)
    places = np.arange(len(rows), dtype=np.int64)[:, None]
    for start in range(0, len(rows), block):
        pool.offer(values[start : start + block], places[start : start + block])
    kept = set(pool.left()[1].ravel().tolist())
    best = _nondominated(rows)
    assert {index for index, row in enumerate(rows) if row in best} <= kept


def test_the_pool_is_swept_when_it_grows_and_keeps_what_a_sweep_of_all_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "COMPACT_AT", 50)
    rng = np.random.default_rng(7)
    values = rng.integers(0, 1000, size=(3000, 3)).astype(np.float64)
    pool = RunningPool((True, False, False))
    for start in range(0, 3000, 100):
        places = np.arange(start, start + 100, dtype=np.int64)[:, None]
        pool.offer(values[start : start + 100], places)
    kept = set(pool.left()[1].ravel().tolist())
    assert kept == set(np.flatnonzero(~certainly_beaten(values, (True, False, False))).tolist())
    assert len(kept) < 300


def test_values_closer_than_floats_can_tell_are_both_kept() -> None:
    values = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-13], [2.0, 2.0]])
    assert certainly_beaten(values, (True, False)).tolist() == [False, False, True]


def test_an_equal_whole_level_and_a_certainly_smaller_estimate_beat() -> None:
    values = np.array([[1.0, 1.0, 5.0], [1.0, 1.1, 5.0]])
    assert certainly_beaten(values, (True, False, True)).tolist() == [False, True]


@settings(deadline=None, max_examples=200)
@given(
    st.integers(2, 3).flatmap(lambda p: st.lists(st.tuples(*[small] * p), min_size=1, max_size=60))
)
def test_groups_are_the_nondominated_images_in_order_with_all_their_rows(
    rows: list[tuple[int, ...]],
) -> None:
    images = np.array(rows, dtype=np.int64).reshape(len(rows), -1)
    groups = nondominated_groups(images)
    assert [rows[group[0]] for group in groups] == sorted(_nondominated(rows))
    for group in groups:
        same = [index for index, row in enumerate(rows) if row == rows[group[0]]]
        assert group.tolist() == same


@settings(deadline=None, max_examples=50)
@given(st.lists(st.fractions(Fraction(1, 3), 3, max_denominator=12), min_size=1, max_size=30))
def test_ranks_are_those_of_fractions_where_estimates_are_too_close(values: list[Fraction]) -> None:
    # Differences of 1e-18 that no float shows.
    fine = [value + Fraction(index % 3, 10**18) for index, value in enumerate(values)]
    ranks = exact_ranks(np.array([float(value) for value in fine]), fine.__getitem__)
    order = sorted(set(fine))
    assert ranks.tolist() == [order.index(value) for value in fine]


def test_no_rows_have_no_groups() -> None:
    assert nondominated_groups(np.zeros((0, 3), dtype=np.int64)) == []


def test_ranks_ask_for_fractions_only_where_a_neighbour_is_close() -> None:
    asked: list[int] = []

    def exact(index: int) -> Fraction:
        asked.append(index)
        return Fraction(1)

    exact_ranks(np.array([3.0, 1.0, 2.0, 1.0]), exact)
    assert sorted(asked) == [1, 3]
