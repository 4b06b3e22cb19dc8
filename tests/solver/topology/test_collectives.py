"""Collective times against formulas by hand and against a message-by-message ring."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.topology.collectives import Algorithm, all_gather_ps, all_reduce_ps, reduce_scatter_ps
from solver.topology.levels import Level
from tests.oracles.small_topologies import patient

ALGORITHMS = st.sampled_from(["ring", "recursive"])
TB = 10**12
"""At a terabyte a second a byte takes one picosecond."""


def flat(members: int, *, latency_ps: int = 100, bytes_per_s: int = TB) -> Level:
    return Level(members, latency_ps, bytes_per_s, ("a",))


@st.composite
def levels(draw: st.DrawFn, depth: int = 2) -> Level:
    parts = draw(st.lists(levels(depth - 1), max_size=2)) if depth > 1 else []
    return Level(
        draw(st.integers(2, 9)),
        draw(st.integers(0, 50)),
        draw(st.integers(1, 10**13)),
        ("a",),
        tuple(parts),
    )


def ring_by_messages(members: int, n_bytes: int, latency_ps: int, bytes_per_s: int) -> Fraction:
    """All-reduce on a ring, every message timed: each member waits for its predecessor's chunk."""
    chunk = Fraction(n_bytes, members) * 10**12 / bytes_per_s
    ready = [Fraction(0)] * members
    for _ in range(2 * (members - 1)):
        sent = [time + latency_ps + chunk for time in ready]
        ready = [max(ready[i], sent[i - 1]) for i in range(members)]
    return max(ready)


@patient
@given(st.integers(2, 12), st.integers(0, 1000), st.integers(0, 100), st.integers(1, 10**13))
def test_a_ring_all_reduce_takes_as_long_as_its_messages(
    members: int, n_bytes: int, latency_ps: int, bytes_per_s: int
) -> None:
    level = flat(members, latency_ps=latency_ps, bytes_per_s=bytes_per_s)
    expected = ring_by_messages(members, n_bytes, latency_ps, bytes_per_s)
    assert all_reduce_ps(level, n_bytes) == math.ceil(expected)


def test_a_ring_all_gather_of_eight_by_hand() -> None:
    assert all_gather_ps(flat(8), 800) == 7 * 100 + 700


def test_recursive_doubling_of_eight_by_hand() -> None:
    assert all_gather_ps(flat(8), 800, algorithm="recursive") == 3 * 100 + 700


def test_rabenseifner_of_eight_by_hand() -> None:
    assert all_reduce_ps(flat(8), 800, algorithm="recursive") == 2 * (3 * 100 + 700)


def test_bruck_of_six_rounds_the_number_of_rounds_up() -> None:
    assert all_gather_ps(flat(6), 600, algorithm="recursive") == 3 * 100 + 500


def test_recursive_halving_of_six_pays_for_the_two_beyond_four() -> None:
    assert reduce_scatter_ps(flat(6), 600, algorithm="recursive") == 4 * 100 + 2 * 600


def test_two_levels_add_and_the_slowest_part_counts() -> None:
    slow, fast = flat(2, latency_ps=30), flat(4, latency_ps=1)
    level = Level(3, 10, TB // 2, ("a", "b"), (slow, fast))
    inside = max(2 * (30 + 300), 2 * (3 * 1 + 450))
    assert all_reduce_ps(level, 600) == inside + 2 * (2 * 10 + 2 * 400)


def test_a_single_device_waits_for_nobody() -> None:
    assert all_reduce_ps(None, 10**9) == 0


@patient
@given(levels(), st.integers(0, 10**6))
def test_an_all_reduce_in_one_tree_of_equal_parts_is_its_two_halves(
    level: Level, n_bytes: int
) -> None:
    halves = reduce_scatter_ps(level, n_bytes) + all_gather_ps(level, n_bytes)
    # Each half is rounded up on its own.
    assert halves - 1 <= all_reduce_ps(level, n_bytes) <= halves


@patient
@given(levels(), st.integers(0, 10**6), st.integers(0, 10**6), ALGORITHMS)
def test_more_bytes_never_take_less_time(
    level: Level, n_bytes: int, more: int, algorithm: Algorithm
) -> None:
    assert all_reduce_ps(level, n_bytes, algorithm=algorithm) <= all_reduce_ps(
        level, n_bytes + more, algorithm=algorithm
    )


def test_a_negative_message_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0 bytes"):
        all_gather_ps(flat(2), -1)
