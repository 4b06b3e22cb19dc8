"""Bytes on the fullest device against the parameter counts, and caches counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.architecture import shape_of
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.memory import Memory

MODELS = shipped_catalog().models
PLAIN = Formats("bf16", "bf16", "bf16")


def memory_of(name: str, formats: Formats = PLAIN) -> Memory:
    return Memory(shape_of(MODELS[name]), formats, serving_constants())


@pytest.mark.parametrize(
    "name",
    [
        "Llama-3.1-8B",
        "Llama-3.1-70B",
        "Llama-3.1-405B",
        "Qwen3-235B-A22B",
        "DeepSeek-V3",
        "DeepSeek-V3.2",
        "Kimi-K2",
        "gpt-oss-120b",
        "Llama-4-Maverick",
        "Gemma-3-27B",
        "Qwen3.5-397B-A17B",
        "GLM-4.5",
    ],
)
def test_one_device_holds_two_bytes_of_every_parameter(name: str) -> None:
    whole = float(memory_of(name).weight_bytes(1, 1))
    assert whole == pytest.approx(2 * parameter_breakdown(MODELS[name]).total, rel=0.01)


@pytest.mark.parametrize("degree", [2, 4, 8])
def test_tensor_parallel_devices_hold_one_copy_together(degree: int) -> None:
    one = float(memory_of("Llama-3.1-70B").weight_bytes(1, 1))
    assert degree * float(memory_of("Llama-3.1-70B").weight_bytes(degree, degree)) == pytest.approx(
        one, rel=1e-9
    )


def test_stages_hold_one_copy_together_but_for_the_tables_at_the_ends() -> None:
    memory = memory_of("Llama-3.1-70B")
    # The fullest of four stages has a quarter of the layers and one table.
    layers = (float(memory.weight_bytes(1, 1)) - 2 * float(memory.table_bytes(1))) / 4
    fullest = float(memory.weight_bytes(1, 1, 4))
    assert fullest == pytest.approx(layers + float(memory.table_bytes(1)))


def test_attention_groups_copy_attention_and_share_the_experts() -> None:
    memory = memory_of("DeepSeek-V3")
    parts = parameter_breakdown(MODELS["DeepSeek-V3"])
    one, eight = float(memory.weight_bytes(1, 1)), float(memory.weight_bytes(1, 8))
    assert one - eight == pytest.approx(2 * parts.routed_experts * 7 / 8, rel=1e-9)


def test_more_kv_heads_are_not_made_by_more_devices() -> None:
    # Llama 3.1 70B has 8 KV heads: sixteen devices keep one each, so every head is there twice.
    memory = memory_of("Llama-3.1-70B")
    model = MODELS["Llama-3.1-70B"]
    copies = 16 * float(memory.weight_bytes(16, 16)) - float(memory.weight_bytes(1, 1))
    assert copies == pytest.approx(2.0 * model.layers * 2 * model.d_model * 8 * 128, rel=1e-9)


def test_routers_stay_in_sixteen_bits() -> None:
    parts = parameter_breakdown(MODELS["Qwen3-235B-A22B"])
    eight = float(memory_of("Qwen3-235B-A22B", Formats("fp8", "fp8", "fp8")).weight_bytes(1, 1))
    tables = parts.embedding + parts.unembedding
    expected = parts.total + parts.router + tables
    assert eight == pytest.approx(expected, rel=1e-3)


def test_experts_in_four_bits_beside_other_weights_in_sixteen() -> None:
    parts = parameter_breakdown(MODELS["gpt-oss-120b"])
    formats = Formats("bf16", "mxfp4", "bf16")
    found = float(memory_of("gpt-oss-120b", formats).weight_bytes(1, 1))
    # 4 bits and an 8-bit scale to 32 weights (OCP MX 1.0).
    rest = parts.total - parts.routed_experts
    assert found == pytest.approx(2 * rest + parts.routed_experts * 17 / 32, rel=5e-3)


def test_a_token_of_llama_70b_takes_320_kibibytes() -> None:
    # 80 layers x (key, value) x 8 heads x 128 x 2 bytes.
    assert float(memory_of("Llama-3.1-70B").kv_bytes(1, 64)) == 64 * 80 * 2 * 8 * 128 * 2


def test_a_token_of_llama_70b_takes_an_eighth_on_each_of_eight_devices() -> None:
    memory = memory_of("Llama-3.1-70B")
    assert float(memory.kv_bytes(8, 64)) == float(memory.kv_bytes(1, 64)) / 8


def test_beyond_one_head_a_device_the_cache_is_copied() -> None:
    memory = memory_of("Qwen3-235B-A22B")
    assert float(memory.kv_bytes(8, 64)) == float(memory.kv_bytes(4, 64))


def test_a_latent_token_takes_576_values_in_every_layer_on_every_device() -> None:
    memory = memory_of("DeepSeek-V3", Formats("fp8_block", "fp8_block", "fp8"))
    assert float(memory.kv_bytes(1, 640)) == 640 * 61 * 576
    assert float(memory.kv_bytes(8, 640)) == 640 * 61 * 576


def test_the_cache_is_kept_in_whole_pages() -> None:
    memory = memory_of("Llama-3.1-8B")
    page = int(serving_constants().page_tokens)
    assert float(memory.kv_bytes(1, page + 1)) == float(memory.kv_bytes(1, 2 * page))


def test_local_layers_keep_their_window_and_the_page_that_it_enters() -> None:
    memory = memory_of("gpt-oss-120b")
    # 18 of 36 layers see 128 tokens; 8 KV heads x 64 x (key, value) x 2 bytes.
    row, page = 2 * 8 * 64 * 2, int(serving_constants().page_tokens)
    assert float(memory.kv_bytes(1, 64_000)) == row * 18 * (64_000 + 128 + page)


def test_five_layers_of_six_of_gemma_keep_a_thousand_tokens() -> None:
    # 62 layers, period 5 local + 1 global: 10 are global. 16 KV heads x 128.
    memory = memory_of("Gemma-3-27B")
    row, page = 2 * 16 * 128 * 2, int(serving_constants().page_tokens)
    assert float(memory.kv_bytes(1, 32_000)) == row * (10 * 32_000 + 52 * (1024 + page))


def test_linear_attention_keeps_a_state_whatever_the_length() -> None:
    memory, model = memory_of("Qwen3.5-397B-A17B"), MODELS["Qwen3.5-397B-A17B"]
    linear = model.linear
    assert linear is not None
    full = model.layers - model.linear_attention_layers
    grown = float(memory.kv_bytes(1, 6400)) - float(memory.kv_bytes(1, 3200))
    assert grown == 3200 * full * 2 * model.n_kv_heads * model.head_dim * 2


def test_a_recurrent_state_is_kept_in_32_bits() -> None:
    memory, model = memory_of("Qwen3.5-397B-A17B"), MODELS["Qwen3.5-397B-A17B"]
    linear = model.linear
    assert linear is not None
    state = linear.n_value_heads * linear.value_head_dim * linear.key_head_dim * 4
    assert float(memory.kv_bytes(1, 0)) == model.linear_attention_layers * state


def test_an_eight_bit_cache_is_half_as_large() -> None:
    narrow = memory_of("Llama-3.1-70B", Formats("bf16", "bf16", "fp8"))
    wide = memory_of("Llama-3.1-70B")
    assert float(narrow.kv_bytes(1, 640)) == float(wide.kv_bytes(1, 640)) / 2


def test_stages_share_the_cache_out() -> None:
    memory = memory_of("Llama-3.1-70B")
    np.testing.assert_allclose(memory.kv_bytes(1, 640, 4), memory.kv_bytes(1, 640) / 4)


def test_activations_grow_with_the_tokens_of_a_pass() -> None:
    sizes = memory_of("Llama-3.1-70B").activation_bytes(8, np.array([1.0, 100.0, 8192.0]), 1)
    assert np.all(np.diff(sizes) > 0)
