"""Parameter counts recomputed from the shapes match what publishers state."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from solver.catalog import (
    Model,
    active_parameter_count,
    kv_bytes_per_token,
    kv_cache_bytes,
    parameter_breakdown,
    parameter_count,
    shipped_catalog,
)

_TOLERANCE = 0.015

# Active counts that are further off than the tolerance, each with the reason, which is tested too.
# "no tables": the publisher leaves out both embedding tables. "no input table": only the one that
# is looked up, not multiplied. "rounded": right to the whole billions it is stated in. "rounded
# down": cut to whole billions, or to tenths below ten. "no indexer": that of the model without the
# sparse selector, rounded down. "guess": outside guesses about a shape that was never published.
_ACTIVE_EXCEPTIONS = {
    "Qwen3-30B-A3B": "rounded down",
    "Qwen3.5-397B-A17B": "rounded",
    "DeepSeek-V2": "rounded",
    "DeepSeek-V3.2": "no indexer",
    "Kimi-K2": "rounded down",
    "Kimi-K2.5": "rounded down",
    "GLM-5": "no tables",
    "GLM-4.5": "no tables",
    "GLM-4.5-Air": "no tables, rounded",
    "MiniMax-M2.5": "no tables, rounded",
    "gpt-oss-120b": "no input table",
    "gpt-oss-20b": "no input table",
    "GPT-4 (speculative)": "guess",
}


def _stated_models() -> list[str]:
    return [name for name, model in shipped_catalog().models.items() if model.stated_params]


def _off(recomputed: float, stated: float | None) -> float:
    assert stated is not None
    return abs(recomputed - stated) / stated


@pytest.mark.parametrize("name", _stated_models())
def test_total_parameters_match_the_stated_ones(name: str) -> None:
    model = shipped_catalog().model(name)
    assert _off(parameter_count(model), model.stated_params) <= _TOLERANCE


@pytest.mark.parametrize("name", _stated_models())
def test_active_parameters_match_the_stated_ones_but_for_the_exceptions(name: str) -> None:
    model = shipped_catalog().model(name)
    fits = _off(active_parameter_count(model), model.stated_active_params) <= _TOLERANCE
    assert fits == (name not in _ACTIVE_EXCEPTIONS)


@pytest.mark.parametrize(("name", "reason"), _ACTIVE_EXCEPTIONS.items())
def test_the_reason_of_an_exception_explains_it(name: str, reason: str) -> None:
    model = shipped_catalog().model(name)
    parts = parameter_breakdown(model)
    stated = model.stated_active_params
    assert stated is not None
    if reason == "no tables":
        assert _off(parts.active - parts.embedding - parts.unembedding, stated) <= _TOLERANCE
    elif reason == "no input table":
        assert _off(parts.active - parts.embedding, stated) <= _TOLERANCE
    elif reason == "no tables, rounded":
        assert round((parts.active - parts.embedding - parts.unembedding) / 1e9) * 1e9 == stated
    elif reason == "rounded":
        assert round(parts.active / 1e9) * 1e9 == stated
    elif reason == "rounded down":
        unit = 1e9 if stated >= 1e10 else 1e8
        assert parts.active // unit * unit == pytest.approx(stated, rel=1e-12)
    elif reason == "no indexer":
        assert active_parameter_count(dataclasses.replace(model, indexer=None)) // 1e9 == 37
        assert stated == 37e9
    else:
        assert reason == "guess"
        assert "guess" in model.note


def test_no_exception_is_left_for_a_model_that_is_gone() -> None:
    assert set(_ACTIVE_EXCEPTIONS) <= set(shipped_catalog().models)


# Counts of the tensors in published checkpoints, to the last weight.
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("Llama-3.1-8B", 8_030_261_248),
        ("Llama-3.1-70B", 70_553_706_496),
        ("Llama-3.1-405B", 405_853_388_800),
        ("Llama-2-7B", 6_738_415_616),
        ("Mistral-7B-v0.1", 7_241_732_096),
        ("Mixtral-8x7B", 46_702_792_704),
        ("Mixtral-8x22B", 140_620_634_112),
        ("Qwen2.5-72B", 72_706_203_648),
        ("Qwen3-8B", 8_190_735_360),
        ("Qwen3-30B-A3B", 30_532_122_624),
        ("Gemma-2-9B", 9_241_705_984),
        ("GPT-J-6B", 6_050_882_784),
        ("Phi-4", 14_659_507_200),
    ],
)
def test_counts_are_exact_where_checkpoints_are_known(name: str, count: int) -> None:
    assert parameter_count(shipped_catalog().model(name)) == count


def test_a_dense_model_is_active_throughout() -> None:
    model = shipped_catalog().model("Gemma-3-27B")
    assert active_parameter_count(model) == parameter_count(model)


def test_tying_the_embeddings_saves_one_table() -> None:
    model = shipped_catalog().model("Llama-3.1-8B")
    tied = dataclasses.replace(model, tied_embeddings=True)
    assert parameter_count(model) - parameter_count(tied) == 128256 * 4096


def test_one_more_active_expert_adds_its_weights_in_every_expert_layer() -> None:
    model = shipped_catalog().model("DeepSeek-V3")
    assert model.moe is not None
    more = dataclasses.replace(model, moe=dataclasses.replace(model.moe, top_k=9))
    assert active_parameter_count(more) - active_parameter_count(model) == 58 * 3 * 7168 * 2048


def test_grouped_queries_keep_keys_and_values_of_every_layer() -> None:
    assert kv_bytes_per_token(shipped_catalog().model("Llama-3.1-70B"), 16) == 80 * 2 * 8 * 128 * 2


def test_latent_attention_keeps_the_latent_and_the_rotary_key() -> None:
    assert kv_bytes_per_token(shipped_catalog().model("DeepSeek-V3"), 8) == 61 * (512 + 64)


def test_linear_attention_layers_keep_nothing() -> None:
    assert kv_bytes_per_token(shipped_catalog().model("Qwen3.5-397B-A17B"), 16) == 30720


def test_a_width_that_fills_no_whole_bytes_gives_a_fraction() -> None:
    model = dataclasses.replace(
        shipped_catalog().model("Llama-3.1-8B"), layers=1, n_heads=1, n_kv_heads=1, head_dim=1
    )
    assert kv_bytes_per_token(model, 3) == Fraction(3, 4)


def test_whole_bytes_come_back_as_an_integer() -> None:
    assert isinstance(kv_bytes_per_token(shipped_catalog().model("Llama-3.1-8B"), 4), int)


def test_a_negative_width_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        kv_bytes_per_token(shipped_catalog().model("Llama-3.1-8B"), 0)


def test_a_negative_context_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        kv_cache_bytes(shipped_catalog().model("Llama-3.1-8B"), 16, -1)


def _per_layer_reference(model: Model, bits: int, context: int) -> Fraction:
    """The cache layer by layer, the plain way."""
    total = 0
    window = model.sliding_window
    for layer in range(model.layers):
        local = window is not None and layer % (window.local + window.global_) < window.local
        kept = min(context, window.window) if window is not None and local else context
        total += kept * 2 * model.n_kv_heads * model.head_dim
    return Fraction(total * bits, 8)


@pytest.mark.parametrize("context", [0, 1, 127, 128, 129, 5000, 100_000])
@pytest.mark.parametrize("name", ["gpt-oss-120b", "Gemma-3-27B", "Gemma-2-9B", "Mistral-7B-v0.1"])
def test_windows_cap_the_cache_layer_by_layer(name: str, context: int) -> None:
    model = shipped_catalog().model(name)
    assert kv_cache_bytes(model, 16, context) == _per_layer_reference(model, 16, context)


@pytest.mark.parametrize("name", ["Llama-3.1-70B", "DeepSeek-V3", "Qwen3.5-397B-A17B"])
def test_without_windows_the_cache_is_linear_in_the_context(name: str) -> None:
    model = shipped_catalog().model(name)
    assert kv_cache_bytes(model, 16, 777) == 777 * kv_bytes_per_token(model, 16)
