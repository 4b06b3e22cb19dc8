"""Expert-parallel dispatch and combine, against counting, and against published times."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from solver.catalog.shipped import shipped_catalog
from solver.performance.operators.dispatch import (
    expert_exchange_s,
    expert_sum_s,
    ranks_reached,
)
from solver.performance.operators.hierarchical import network_collective_s, network_of

CATALOG = shipped_catalog().accelerators
H800 = network_of(CATALOG["H800 SXM"])
RACK = network_of(CATALOG["GB200 NVL72"])


@pytest.mark.parametrize(
    ("experts", "top_k", "ranks"), [(6, 2, 3), (8, 3, 4), (8, 4, 2), (6, 6, 3), (9, 1, 3)]
)
def test_ranks_reached_is_the_mean_over_all_choices_of_experts(
    experts: int, top_k: int, ranks: int
) -> None:
    block = experts // ranks
    counts = [
        len({expert // block for expert in choice})
        for choice in itertools.combinations(range(experts), top_k)
    ]
    found = ranks_reached(top_k=top_k, experts=experts, expert_parallel=ranks)
    assert float(found) == pytest.approx(np.mean(counts))


def test_with_many_experts_choices_hardly_exclude_each_other() -> None:
    found = ranks_reached(top_k=8, experts=1e6, expert_parallel=32)
    assert float(found) == pytest.approx(32 * (1 - (1 - 1 / 32) ** 8), rel=1e-4)


@given(
    ranks=st.integers(1, 64),
    block=st.integers(1, 16),
    top_k=st.integers(1, 16),
    share=st.floats(0.05, 1.0),
)
@example(ranks=2, block=2, top_k=2, share=0.875)
def test_no_token_reaches_more_ranks_than_it_has_experts_or_there_are_ranks(
    ranks: int, block: int, top_k: int, share: float
) -> None:
    experts = ranks * block
    top_k = min(top_k, experts)
    found = float(
        ranks_reached(top_k=top_k, experts=experts, expert_parallel=ranks, reachable=share)
    )
    assert 1.0 <= found <= min(top_k, ranks)
    everywhere = float(ranks_reached(top_k=top_k, experts=experts, expert_parallel=ranks))
    assert found <= everywhere * (1 + 1e-9)


def test_routing_to_four_nodes_of_sixteen_reaches_fewer_ranks() -> None:
    free, limited = ranks_reached(
        top_k=8, experts=256, expert_parallel=128, reachable=[1.0, 4 / 16]
    )
    assert limited < free
    # As if there were 32 ranks with two experts each.
    assert float(limited) == pytest.approx(
        float(ranks_reached(top_k=8, experts=64, expert_parallel=32))
    )


PUBLISHED = {
    8: (77, 114),
    16: (118, 195),
    32: (155, 273),
    64: (173, 314),
    128: (192, 369),
    256: (194, 360),
}
"""Microseconds of dispatch and combine by ranks: DeepEP's low-latency kernels on H800, 128 tokens
of width 7168, top 8 (docs/legacy.md of DeepEP)."""


@pytest.mark.parametrize("ranks", sorted(PUBLISHED))
def test_deepeps_low_latency_times_are_met_within_twelve_percent(ranks: int) -> None:
    found = expert_exchange_s(
        H800,
        tokens=128,
        hidden=7168,
        top_k=8,
        experts=256,
        expert_parallel=ranks,
        per_expert=True,
    )
    dispatch_us, combine_us = PUBLISHED[ranks]
    assert float(found.dispatch_s) == pytest.approx(dispatch_us * 1e-6, rel=0.12)
    assert float(found.combine_s) == pytest.approx(combine_us * 1e-6, rel=0.12)


@pytest.mark.parametrize(("ranks", "gb_per_s"), [(32, 58), (64, 51)])
def test_deepeps_normal_dispatch_between_nodes_is_met_within_fifteen_percent(
    ranks: int, gb_per_s: float
) -> None:
    # 4096 tokens, experts of at most four nodes; the rate counts each node visited once.
    found = expert_exchange_s(
        H800,
        tokens=4096,
        hidden=7168,
        top_k=8,
        experts=256,
        expert_parallel=ranks,
        node_limit=4,
    )
    visited = float(
        ranks_reached(top_k=8, experts=256, expert_parallel=ranks / 8, reachable=min(32 / ranks, 1))
    )
    published_s = 4096 * visited * 7168 * (1 + 4 / 128) / (gb_per_s * 1e9)
    assert float(found.dispatch_s) == pytest.approx(published_s, rel=0.15)


def test_forwarding_through_nodes_beats_sending_each_copy_directly() -> None:
    shape = {"tokens": 128, "hidden": 7168, "top_k": 8, "experts": 256, "expert_parallel": 32}
    best = expert_exchange_s(H800, **shape)
    straight = expert_exchange_s(H800, per_expert=True, **shape)
    assert best.total_s < straight.total_s


def test_one_rank_of_one_device_sends_nothing() -> None:
    found = expert_exchange_s(
        H800, tokens=128, hidden=7168, top_k=8, experts=256, expert_parallel=1
    )
    assert float(found.total_s) == 0.0


def test_inside_a_rack_it_is_one_all_to_all_of_the_copies() -> None:
    found = expert_exchange_s(
        RACK, tokens=64, hidden=7168, top_k=8, experts=256, expert_parallel=64
    )
    copies = float(ranks_reached(top_k=8, experts=256, expert_parallel=64))
    expected = network_collective_s(
        RACK, kind="alltoall", world=64, message_bytes=64 * 7168 * 2.0 * copies
    )
    assert float(found.combine_s) == pytest.approx(float(expected))


def test_ranks_of_several_devices_get_a_copy_each() -> None:
    shape = {"hidden": 4096, "top_k": 4, "experts": 64, "expert_parallel": 4}
    two = expert_exchange_s(RACK, tokens=1e5, shards=2, **shape)
    one = expert_exchange_s(RACK, tokens=1e5, **shape)
    assert 1.5 < float(two.combine_s / one.combine_s) < 3.0


@given(tokens=st.floats(1, 1e5), growth=st.floats(1, 10), ranks=st.sampled_from([2, 8, 16, 64]))
def test_more_tokens_never_take_less_time(tokens: float, growth: float, ranks: int) -> None:
    found = expert_exchange_s(
        H800,
        tokens=[tokens, tokens * growth],
        hidden=7168,
        top_k=8,
        experts=256,
        expert_parallel=ranks,
    )
    few, many = found.total_s
    assert many >= few * (1 - 1e-12)


def test_combining_16_bit_sums_takes_longer_than_dispatching_8_bit_tokens() -> None:
    found = expert_exchange_s(
        H800, tokens=1000, hidden=7168, top_k=8, experts=256, expert_parallel=[8, 16, 32]
    )
    assert found.dispatch_s.shape == (3,)
    assert np.all(found.combine_s > found.dispatch_s)


def test_where_all_devices_hold_all_tokens_one_all_reduce_sums_up() -> None:
    found = expert_sum_s(H800, tokens=[1, 64], hidden=7168, devices=8)
    expected = network_collective_s(
        H800, kind="all_reduce", world=8, message_bytes=2.0 * 7168 * np.array([1, 64])
    )
    np.testing.assert_array_equal(found, expected)


def test_counts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to all experts"):
        ranks_reached(top_k=9, experts=8, expert_parallel=2)
    with pytest.raises(ValueError, match="at least one"):
        ranks_reached(top_k=2, experts=8, expert_parallel=16)
    with pytest.raises(ValueError, match="share of ranks"):
        ranks_reached(top_k=2, experts=8, expert_parallel=2, reachable=0.0)
    with pytest.raises(ValueError, match="at least one node"):
        expert_exchange_s(
            H800, tokens=1, hidden=8, top_k=1, experts=8, expert_parallel=8, node_limit=0
        )
