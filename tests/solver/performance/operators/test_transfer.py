"""The KV cache of a prompt on its way to the decode pool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog.shipped import shipped_catalog
from solver.performance.operators.transfer import (
    TRANSFER_S,
    TRANSFER_SHARE,
    kv_transfer_s,
    link_bytes_per_s,
    prompt_kv_bytes,
)

MODELS = shipped_catalog().models
CATALOG = shipped_catalog().accelerators

PUBLISHED_MS = {
    128: 0.54,
    256: 0.61,
    512: 0.92,
    1024: 1.50,
    2048: 2.51,
    4096: 4.75,
    8192: 8.84,
    16384: 16.43,
    32768: 31.65,
}
"""Milliseconds by tokens: vLLM with the Mooncake transfer engine, Qwen3-8B in 16 bits, cards of 200
GB/s together (public benchmark of the Mooncake project, 2025)."""


@pytest.mark.parametrize("tokens", sorted(PUBLISHED_MS))
def test_published_transfers_are_met_within_ten_percent(tokens: int) -> None:
    size = prompt_kv_bytes(MODELS["Qwen3-8B"], tokens=tokens, kv_value_bytes=2.0)
    found = kv_transfer_s(
        kv_bytes=size, senders=8, receivers=8, send_bytes_per_s=25e9, receive_bytes_per_s=25e9
    )
    assert 1e3 * float(found) == pytest.approx(PUBLISHED_MS[tokens], rel=0.10)


def test_grouped_query_attention_keeps_keys_and_values_of_each_kv_head() -> None:
    model = MODELS["Qwen3-8B"]
    size = prompt_kv_bytes(model, tokens=1000, kv_value_bytes=2.0)
    assert float(size) == 2 * 36 * 8 * 128 * 2 * 1000


def test_more_devices_than_kv_heads_keep_copies() -> None:
    eight, sixteen = prompt_kv_bytes(
        MODELS["Qwen3-8B"], tokens=1000, kv_value_bytes=2.0, tensor_parallel=[8, 16]
    )
    assert sixteen == 2 * eight


def test_a_latent_cache_is_whole_on_every_device() -> None:
    model = MODELS["DeepSeek-V3"]
    one, eight = prompt_kv_bytes(model, tokens=1000, kv_value_bytes=1.0, tensor_parallel=[1, 8])
    assert one == 61 * 576 * 1000
    assert eight == 8 * one


def test_windowed_layers_send_no_more_than_their_window() -> None:
    model = next(m for m in MODELS.values() if m.sliding_window is not None and m.linear is None)
    window = model.sliding_window
    assert window is not None
    period = window.local + window.global_
    local = sum(layer % period < window.local for layer in range(model.layers))
    row = 2 * model.n_kv_heads * model.head_dim * 2.0
    short, long = prompt_kv_bytes(
        model, tokens=[window.window, 10 * window.window], kv_value_bytes=2
    )
    assert short == row * model.layers * window.window
    assert long == row * window.window * (local + 10 * (model.layers - local))


def test_a_recurrent_state_has_one_size_for_all_prompts() -> None:
    model = next(m for m in MODELS.values() if m.linear is not None)
    none, some, twice = prompt_kv_bytes(model, tokens=[0, 100, 200], kv_value_bytes=2)
    assert none > 0
    assert twice - some == pytest.approx(some - none)


def test_the_slower_end_paces_the_transfer() -> None:
    found = kv_transfer_s(
        kv_bytes=1e9, senders=4, receivers=8, send_bytes_per_s=50e9, receive_bytes_per_s=10e9
    )
    assert float(found) == pytest.approx(TRANSFER_S + 1e9 / (TRANSFER_SHARE * 80e9))


@given(size=st.floats(0, 1e12), growth=st.floats(1, 10), senders=st.integers(1, 72))
def test_a_longer_prompt_or_fewer_senders_never_take_less_time(
    size: float, growth: float, senders: int
) -> None:
    base, longer, wider = kv_transfer_s(
        kv_bytes=[size, size * growth, size],
        senders=[senders, senders, senders + 1],
        receivers=8,
        send_bytes_per_s=50e9,
        receive_bytes_per_s=50e9,
    )
    assert wider <= base <= longer


def test_pools_on_one_scale_up_network_use_it() -> None:
    rack = CATALOG["GB200 NVL72"]
    assert link_bytes_per_s(rack, same_network=True) == 900e9
    assert link_bytes_per_s(rack) == 50e9


def test_a_fabric_without_a_stated_scale_up_rate_uses_the_fabric() -> None:
    assert link_bytes_per_s(CATALOG["TPU v5e"], same_network=True) == 200e9


def test_nothing_to_send_takes_no_time() -> None:
    found = kv_transfer_s(
        kv_bytes=np.zeros(2), senders=1, receivers=1, send_bytes_per_s=1, receive_bytes_per_s=1
    )
    assert found.tolist() == [0.0, 0.0]


def test_impossible_arguments_are_refused() -> None:
    for wrong in ({"kv_bytes": -1.0}, {"senders": 0}, {"receive_bytes_per_s": 0.0}):
        given_ = {
            "kv_bytes": 1.0,
            "senders": 1,
            "receivers": 1,
            "send_bytes_per_s": 1.0,
            "receive_bytes_per_s": 1.0,
        }
        with pytest.raises(ValueError, match="both ends"):
            kv_transfer_s(**{**given_, **wrong})
    with pytest.raises(ValueError, match="negative tokens"):
        prompt_kv_bytes(MODELS["Qwen3-8B"], tokens=-1, kv_value_bytes=2.0)
