"""Slurm's host lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.topology.hostlist import HostListError, expand_host_list
from tests.oracles.small_topologies import patient


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", "n1"),
        ("n[1-3]", "n1 n2 n3"),
        ("n[08-10]", "n08 n09 n10"),
        ("n[01-02,20]", "n01 n02 n20"),
        ("a,b[3-4],c", "a b3 b4 c"),
        ("r[1-2]n[1-2]x", "r1n1x r1n2x r2n1x r2n2x"),
        ("gpu-[7]", "gpu-7"),
    ],
)
def test_a_list_stands_for_its_names(text: str, names: str) -> None:
    assert expand_host_list(text) == tuple(names.split())


@patient
@given(st.integers(0, 300), st.integers(0, 30), st.integers(1, 4))
def test_a_range_counts_up_in_one_width(low: int, further: int, width: int) -> None:
    text = f"n[{low:0{width}d}-{low + further:0{width}d}]"
    assert expand_host_list(text) == tuple(f"n{n:0{width}d}" for n in range(low, low + further + 1))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("n[3-1]", "backwards"),
        ("n[1-", "stands alone"),
        ("n1]", "stands alone"),
        ("n[a-b]", "no range"),
        ("n[]", "no range"),
        ("a,,b", "empty name"),
        ("", "empty name"),
        ("a b", "stands alone"),
        ("n[1-9999999999]", "more than 100000"),
        ("n[1-9999]m[1-9999]", "more than 100000"),
    ],
)
def test_a_malformed_list_is_refused(text: str, word: str) -> None:
    with pytest.raises(HostListError, match=word):
        expand_host_list(text)
