from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.catalog.domain import Model
from solver.performance.epoch2025.memory import (
    deployable_bytes_per_device,
    published_bytes,
    weight_bytes_per_device,
)
from solver.performance.epoch2025.step import StepFamily, StepSetting

MakeSetting = Callable[..., StepSetting]
CELL = np.zeros(1, dtype=np.intp)
KV_VALUES = 2 * 2 * 100 * 10
ATTENTION_IN, ATTENTION_OUT, FEED_FORWARD, EMBEDDING = 1_200_000, 800_000, 9_000_000, 5_000_000


def single(
    setting: StepSetting,
    *,
    degree: int = 1,
    batch: int = 1,
    two_dimensional: bool = False,
    n_stages: int = 1,
) -> StepFamily:
    return StepFamily(
        setting,
        tensor_degrees=[degree],
        batches=[batch],
        two_dimensional=two_dimensional,
        stages=n_stages,
    )


def deployable(family: StepFamily) -> float:
    return float(deployable_bytes_per_device(family, CELL, CELL)[0])


def weights(family: StepFamily) -> float:
    return float(weight_bytes_per_device(family)[0])


def test_the_published_account_is_weights_and_kv_cache(make_setting: MakeSetting) -> None:
    family = single(make_setting(context_tokens=500, weight_bits=8), batch=3)
    assert published_bytes(family, CELL)[0] == 120_000_000 + 2 * 3 * 500 * KV_VALUES


def test_erratum_b6_the_published_account_ignores_activations(make_setting: MakeSetting) -> None:
    plain, verifying = (
        published_bytes(single(make_setting(tokens_per_sequence=tokens), batch=64), CELL)[0]
        for tokens in (1, 9)
    )
    assert plain == verifying


def test_erratum_b6_the_published_account_cuts_a_cache_into_any_number_of_pieces(
    make_setting: MakeSetting,
) -> None:
    # Two KV heads on 64 devices: someone has to hold a copy, but not in this account.
    setting = make_setting(context_tokens=1000)
    one, many = (
        published_bytes(single(setting, degree=degree, batch=8), CELL)[0] for degree in (1, 64)
    )
    assert one == many


def test_one_device_holds_all_weights(make_setting: MakeSetting) -> None:
    assert weights(single(make_setting())) == 2 * 120_000_000


def test_two_devices_hold_half_each(make_setting: MakeSetting) -> None:
    assert weights(single(make_setting(), degree=2)) == 120_000_000


def test_kv_heads_are_copied_where_the_degree_exceeds_their_number(
    make_setting: MakeSetting,
) -> None:
    # Eight devices and two KV heads: four copies of the 400 KV columns beside 800 query columns.
    layer = 1000 * (800 + 4 * 400) + ATTENTION_OUT + FEED_FORWARD
    expected = 2 * (10 * layer + 2 * EMBEDDING) / 8
    assert weights(single(make_setting(), degree=8)) == pytest.approx(expected, rel=1e-12)


def test_the_fullest_of_four_stages_holds_three_of_ten_layers_and_one_embedding(
    make_setting: MakeSetting,
) -> None:
    layer = ATTENTION_IN + ATTENTION_OUT + FEED_FORWARD
    expected = 2 * (3 * layer + EMBEDDING)
    assert weights(single(make_setting(), n_stages=4)) == pytest.approx(expected, rel=1e-12)


def test_experts_are_all_held(make_setting: MakeSetting, experts: Model) -> None:
    extra = weights(single(make_setting(experts))) - weights(single(make_setting()))
    assert extra == 2 * 10 * 7 * FEED_FORWARD


def test_the_deployable_account_adds_kv_cache_and_activations(make_setting: MakeSetting) -> None:
    family = single(make_setting(context_tokens=500), batch=3)
    kv = 2 * 3 * 500 * KV_VALUES
    # Residual stream in and out, the gate and up outputs (the widest), and four-byte logits.
    activations = 3 * (2 * (2 * 1000 + 2 * 3000) + 4 * 5000)
    assert deployable(family) == pytest.approx(2 * 120_000_000 + kv + activations, rel=1e-12)


def test_a_copied_kv_head_costs_its_cache_again(make_setting: MakeSetting) -> None:
    long, short = make_setting(context_tokens=1000), make_setting()
    two, eight = (
        deployable(single(long, degree=degree, batch=4))
        - deployable(single(short, degree=degree, batch=4))
        for degree in (2, 8)
    )
    assert eight == pytest.approx(two, rel=1e-9)


def test_a_two_dimensional_layout_cuts_sequences_on_its_second_axis(
    make_setting: MakeSetting,
) -> None:
    # 16 devices, 4 a side: heads on 4, two of them copies, and 8 sequences as 2 on each of 4.
    long, short = make_setting(context_tokens=1000), make_setting()
    kv = deployable(single(long, degree=16, batch=8, two_dimensional=True)) - deployable(
        single(short, degree=16, batch=8, two_dimensional=True)
    )
    assert kv == pytest.approx(2 * 1000 * KV_VALUES * 2 / 4 * 2, rel=1e-9)


def test_sequences_that_do_not_divide_leave_one_axis_with_one_more(
    make_setting: MakeSetting,
) -> None:
    setting = make_setting(context_tokens=100_000)
    five, eight, nine = (
        deployable(single(setting, degree=16, batch=batch, two_dimensional=True))
        for batch in (5, 8, 9)
    )
    # Two sequences each for 5 to 8, three for 9; activations are thousands of times smaller.
    assert five == pytest.approx(eight, rel=1e-2)
    assert nine - eight > 0.9 * 2 * 100_000 * KV_VALUES * 2 / 4


def test_stages_hold_activations_of_one_microbatch_rounded_up(make_setting: MakeSetting) -> None:
    family = single(make_setting(), batch=10, n_stages=4)
    activations = 3 * (2 * (2 * 1000 + 2 * 3000) + 4 * 5000)
    assert deployable(family) - weights(family) == pytest.approx(activations, rel=1e-9)


@given(
    degree=st.sampled_from([1, 2, 4, 8, 9, 16, 25]),
    pair=st.tuples(st.integers(1, 4096), st.integers(1, 4096)),
    n_stages=st.sampled_from([1, 2, 4, 6]),
    flat=st.booleans(),
)
@settings(deadline=None)
def test_both_accounts_grow_with_the_batch(
    make_setting: MakeSetting, degree: int, pair: tuple[int, int], n_stages: int, flat: bool
) -> None:
    setting = make_setting(context_tokens=777)
    small, large = (
        single(setting, degree=degree, batch=batch, two_dimensional=not flat, n_stages=n_stages)
        for batch in sorted(pair)
    )
    assert deployable(small) <= deployable(large)
    assert published_bytes(small, CELL)[0] <= published_bytes(large, CELL)[0]


@given(
    degree=st.sampled_from([1, 2, 4, 8, 16]),
    batch=st.integers(1, 4096),
    n_stages=st.sampled_from([1, 2, 5]),
)
@settings(deadline=None)
def test_the_devices_together_hold_at_least_all_layers_and_the_cache(
    make_setting: MakeSetting, degree: int, batch: int, n_stages: int
) -> None:
    family = single(make_setting(context_tokens=777), degree=degree, batch=batch, n_stages=n_stages)
    # Which stages hold an embedding depends on their number: only the layers must add up.
    embeddings = 2 * 2 * EMBEDDING
    together = deployable(family) * degree * n_stages
    assert together >= published_bytes(family, CELL)[0] - embeddings


def test_embeddings_stay_in_sixteen_bits_where_weights_are_narrower(
    make_setting: MakeSetting,
) -> None:
    layers = 10 * (ATTENTION_IN + ATTENTION_OUT + FEED_FORWARD)
    narrow = weights(single(make_setting(weight_bits=8)))
    assert narrow == layers + 2 * 2 * EMBEDDING


def test_every_device_of_a_stage_holds_the_whole_logits(make_setting: MakeSetting) -> None:
    setting = make_setting()
    one, two = (deployable(single(setting, degree=2, batch=batch)) for batch in (1, 2))
    # One more token: residual stream, half of the widest output, and all 5,000 logits.
    assert two - one == pytest.approx(2 * (2 * 1000 + 6000 / 2) + 4 * 5000, rel=1e-9)
