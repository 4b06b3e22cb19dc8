"""Levels: which of a frontier are asked, and their way through JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.bench.kinds.level import Level, level_from_dict, spread


@given(st.integers(1, 60), st.integers(1, 70))
def test_spread_takes_so_many_different_items_in_order(n: int, count: int) -> None:
    chosen = spread(range(n), count)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(n, count)


def test_spread_takes_the_middle() -> None:
    assert spread(range(9), 1) == [4]
    assert spread(range(9), 3) == [1, 4, 7]


def test_spread_without_a_count_takes_all() -> None:
    assert spread(range(4), None) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "level",
    [
        Level(0, "price", {"time": 5}, best=3, best_by="labels"),
        Level(2, "cost", worst={"speed": 4}),
        Level(0, "set", best_by="search", points=((1, 2), (2, 1))),
    ],
    ids=["bounded", "graded", "set"],
)
def test_a_level_comes_back_from_json(level: Level) -> None:
    assert level_from_dict(json.loads(json.dumps(asdict(level)))) == level


def test_something_else_is_no_level() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        level_from_dict({"index": 0, "objective": "cost", "colour": "red"})
