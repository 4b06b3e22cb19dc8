from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from formulations.placement.chain_tables import ChainTables
from formulations.placement.pool_options import competing_options


def _tables(**changes: object) -> ChainTables:
    """Two options of one orbit, alike, for up to 2 layers; the changes are to the second."""
    held = np.arange(3)
    time = np.stack([5 * held, 5 * held])
    pace = np.repeat(time[:, :, None], 2, axis=2)
    allowed = np.array([[False, True, True]] * 2)
    price = np.array([4, 4])
    arrays = {"stage_time": time, "pace": pace, "allowed": allowed, "price": price}
    for name, value in changes.items():
        arrays[name][1] = value
    return ChainTables(
        name="two",
        layers=4,
        count=np.array([3]),
        orbit=np.array([0, 0]),
        hop_time=np.zeros((2, 2), dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
        entry_pace=np.zeros(1, dtype=np.int64),
        **arrays,
    )


def test_of_two_equal_options_the_first_stays() -> None:
    assert competing_options(_tables()) == [0]


@pytest.mark.parametrize(
    "worse",
    [
        {"stage_time": [0, 6, 10]},
        {"price": 5},
        {"allowed": [False, True, False]},
        {"pace": [[0, 0], [5, 6], [10, 10]]},
    ],
)
def test_an_option_that_is_nowhere_better_is_replaced(worse: dict[str, object]) -> None:
    assert competing_options(_tables(**worse)) == [0]


@pytest.mark.parametrize(
    "better",
    [
        {"stage_time": [0, 6, 9]},
        {"price": 3, "stage_time": [0, 6, 10]},
        {"pace": [[0, 0], [5, 4], [10, 11]]},
    ],
)
def test_an_option_that_is_better_somewhere_and_worse_elsewhere_stays(
    better: dict[str, object],
) -> None:
    assert competing_options(_tables(**better)) == [0, 1]


def test_a_later_option_replaces_an_earlier_one_that_is_worse() -> None:
    assert competing_options(_tables(price=3)) == [1]


def test_options_of_different_orbits_are_not_compared() -> None:
    tables = replace(
        _tables(price=9),
        count=np.array([3, 3]),
        orbit=np.array([0, 1]),
        hop_time=np.zeros((3, 3), dtype=np.int64),
        linked=np.ones((3, 3), dtype=np.bool_),
        pace=np.zeros((2, 3, 3), dtype=np.int64),
        entry_pace=np.zeros(2, dtype=np.int64),
    )
    assert competing_options(tables) == [0, 1]
