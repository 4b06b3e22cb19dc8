from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.operators.expert_load import TILE_ROWS, Distribution, expert_load


def test_a_balanced_layer_touches_one_expert_a_copy_until_all_are_touched() -> None:
    load = expert_load(
        tokens=[1, 4, 16, 64], top_k=8, experts=128, expert_parallel=1, distribution="balanced"
    )
    assert load.touched.tolist() == [8, 32, 128, 128]
    assert load.copies.tolist() == [8, 32, 128, 512]


def test_the_busiest_device_of_a_balanced_layer_has_the_odd_expert() -> None:
    load = expert_load(
        tokens=[1, 3], top_k=8, experts=128, expert_parallel=16, distribution="balanced"
    )
    assert load.touched.tolist() == [1, 2]


def test_each_expert_is_padded_to_whole_tiles() -> None:
    load = expert_load(tokens=40, top_k=1, experts=2, expert_parallel=1, distribution="balanced")
    assert {rows: float(load.tiles[rows]) for rows in TILE_ROWS} == {
        8: 6,
        16: 4,
        32: 2,
        64: 2,
        128: 2,
        256: 2,
    }


def test_a_power_law_touches_fewer_experts_and_loads_the_busiest_device_more() -> None:
    shape = {"tokens": 512, "top_k": 8, "experts": 256, "expert_parallel": 8}
    even = expert_load(**shape, distribution="balanced")
    skewed = expert_load(**shape, distribution="power_law_1.2")
    assert skewed.touched < even.touched
    assert skewed.copies > 1.5 * even.copies


def test_one_device_holds_every_copy_under_a_power_law_too() -> None:
    load = expert_load(
        tokens=[1, 7, 100, 5000],
        top_k=8,
        experts=128,
        expert_parallel=1,
        distribution="power_law_1.2",
    )
    assert load.copies == pytest.approx([8, 56, 800, 40000], rel=1e-9)


@given(
    tokens=st.integers(1, 100_000),
    layer=st.sampled_from([(8, 128, 8), (2, 8, 4), (1, 16, 16), (8, 256, 32)]),
    distribution=st.sampled_from(["balanced", "power_law_1.2"]),
)
def test_touched_experts_and_tiles_stay_within_what_is_possible(
    tokens: int, layer: tuple[int, int, int], distribution: Distribution
) -> None:
    top_k, experts, devices = layer
    load = expert_load(
        tokens=tokens,
        top_k=top_k,
        experts=experts,
        expert_parallel=devices,
        distribution=distribution,
    )
    assert 1 - 1e-9 <= load.touched <= experts / devices + 1e-9
    assert load.copies <= tokens * min(top_k, experts / devices) * (1 + 1e-9)
    for rows in TILE_ROWS:
        assert load.tiles[rows] * rows >= load.copies * (1 - 1e-9)
        assert load.tiles[rows] <= load.copies / rows + load.touched + 1e-6


def test_scalars_and_arrays_agree() -> None:
    tokens = np.array([3.0, 17.0, 900.0])
    together = expert_load(
        tokens=tokens, top_k=8, experts=128, expert_parallel=4, distribution="power_law_1.2"
    )
    for position, count in enumerate(tokens.tolist()):
        alone = expert_load(
            tokens=count, top_k=8, experts=128, expert_parallel=4, distribution="power_law_1.2"
        )
        assert float(alone.touched) == together.touched[position]
        assert float(alone.copies) == together.copies[position]


def test_impossible_layers_are_refused() -> None:
    shape = {"tokens": 4, "top_k": 2, "experts": 8, "expert_parallel": 2}
    for wrong, message in (
        ({"tokens": 0}, "needs a token"),
        ({"top_k": 9}, "at most all experts"),
        ({"expert_parallel": 3}, "equal blocks"),
    ):
        with pytest.raises(ValueError, match=message):
            expert_load(**{**shape, **wrong}, distribution="balanced")
    with pytest.raises(ValueError, match="unknown"):
        expert_load(**shape, distribution="uniform")  # type: ignore[arg-type]
