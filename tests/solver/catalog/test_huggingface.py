"""A config.json becomes the same model as the catalog entry, or is refused by name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from solver.catalog import (
    Model,
    SlidingWindow,
    SparseIndexer,
    model_from_config,
    parameter_count,
    shipped_catalog,
)
from solver.catalog.architectures import ARCHITECTURES
from solver.catalog.huggingface import MAX_CONFIG_BYTES
from solver.errors import CatalogError

Config = dict[str, Any]


def _llama(layers: int, width: int, heads: int, ff: int, **more: Any) -> Config:
    """The keys that most decoders share."""
    return {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_attention_heads": heads,
        "num_key_value_heads": 8,
        "intermediate_size": ff,
        "torch_dtype": "bfloat16",
        **more,
    }


_FP8 = {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}
_MLA = {
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "attention_bias": False,
    "moe_layer_freq": 1,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048,
    "topk_method": "noaux_tc",
    "tie_word_embeddings": False,
}
_LLAMA4_TEXT = _llama(
    48,
    5120,
    40,
    8192,
    intermediate_size_mlp=16384,
    head_dim=128,
    vocab_size=202048,
    attention_chunk_size=8192,
    no_rope_layers=[],
    num_experts_per_tok=1,
    use_qk_norm=True,
    attention_bias=False,
)
_GPT_OSS_120B = _llama(
    36,
    2880,
    64,
    2880,
    architectures=["GptOssForCausalLM"],
    head_dim=64,
    vocab_size=201088,
    max_position_embeddings=131072,
    attention_bias=True,
    sliding_window=128,
    layer_types=["sliding_attention", "full_attention"] * 18,
    num_local_experts=128,
    num_experts_per_tok=4,
    experts_per_token=4,
    tie_word_embeddings=False,
    quantization_config={
        "quant_method": "mxfp4",
        "modules_to_not_convert": ["model.layers.*.self_attn"],
    },
)
_LLAMA_8B = _llama(
    32,
    4096,
    32,
    14336,
    architectures=["LlamaForCausalLM"],
    vocab_size=128256,
    max_position_embeddings=131072,
    attention_bias=False,
    mlp_bias=False,
    tie_word_embeddings=False,
)
_MIXTRAL_8X7B = _llama(
    32,
    4096,
    32,
    14336,
    architectures=["MixtralForCausalLM"],
    vocab_size=32000,
    max_position_embeddings=32768,
    sliding_window=None,
    num_local_experts=8,
    num_experts_per_tok=2,
    tie_word_embeddings=False,
)
_QWEN2_72B = _llama(
    80,
    8192,
    64,
    29568,
    architectures=["Qwen2ForCausalLM"],
    vocab_size=152064,
    max_position_embeddings=131072,
    sliding_window=131072,
    use_sliding_window=False,
    max_window_layers=80,
    tie_word_embeddings=False,
)
_DEEPSEEK_V3 = _llama(
    61,
    7168,
    128,
    18432,
    **_MLA
    | {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "num_key_value_heads": 128,
        "vocab_size": 129280,
        "max_position_embeddings": 163840,
        "n_routed_experts": 256,
        "first_k_dense_replace": 3,
        "num_nextn_predict_layers": 1,
        "quantization_config": _FP8,
    },
)
_GLM = {
    "architectures": ["Glm4MoeForCausalLM"],
    "attention_bias": True,
    "head_dim": 128,
    "vocab_size": 151552,
    "max_position_embeddings": 131072,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "tie_word_embeddings": False,
}

_CONFIGS: dict[str, Config] = {
    "Llama-3.1-8B": _LLAMA_8B,
    "Mistral-7B-v0.1": _llama(
        32,
        4096,
        32,
        14336,
        architectures=["MistralForCausalLM"],
        vocab_size=32000,
        max_position_embeddings=32768,
        sliding_window=4096,
    ),
    "Mistral-7B-v0.3": _llama(
        32,
        4096,
        32,
        14336,
        architectures=["MistralForCausalLM"],
        vocab_size=32768,
        max_position_embeddings=32768,
        sliding_window=None,
    ),
    "Mixtral-8x7B": _MIXTRAL_8X7B,
    "DeepSeek-V3": _DEEPSEEK_V3,
    "Kimi-K2": _DEEPSEEK_V3
    | {
        "model_type": "kimi_k2",
        "num_attention_heads": 64,
        "num_key_value_heads": 64,
        "vocab_size": 163840,
        "max_position_embeddings": 131072,
        "n_routed_experts": 384,
        "first_k_dense_replace": 1,
    },
    "DeepSeek-V2": _llama(
        60,
        5120,
        128,
        12288,
        **_MLA
        | {
            "architectures": ["DeepseekV2ForCausalLM"],
            "num_key_value_heads": 128,
            "vocab_size": 102400,
            "max_position_embeddings": 131072,
            "moe_intermediate_size": 1536,
            "n_routed_experts": 160,
            "n_shared_experts": 2,
            "num_experts_per_tok": 6,
            "first_k_dense_replace": 1,
            "topk_method": "group_limited_greedy",
        },
    ),
    "Qwen3-8B": _llama(
        36,
        4096,
        32,
        12288,
        architectures=["Qwen3ForCausalLM"],
        head_dim=128,
        vocab_size=151936,
        max_position_embeddings=40960,
        attention_bias=False,
        sliding_window=None,
        use_sliding_window=False,
        max_window_layers=36,
        tie_word_embeddings=False,
    ),
    "Qwen3-30B-A3B": {
        **_llama(48, 2048, 32, 6144),
        "architectures": ["Qwen3MoeForCausalLM"],
        "num_key_value_heads": 4,
        "head_dim": 128,
        "vocab_size": 151936,
        "max_position_embeddings": 40960,
        "attention_bias": False,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "moe_intermediate_size": 768,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "sliding_window": None,
        "use_sliding_window": False,
        "max_window_layers": 48,
        "tie_word_embeddings": False,
    },
    "Gemma-3-27B": {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "torch_dtype": "bfloat16",
        "vision_config": {"hidden_size": 1152, "num_hidden_layers": 27},
        "text_config": {
            "head_dim": 128,
            "hidden_size": 5376,
            "intermediate_size": 21504,
            "num_attention_heads": 32,
            "num_hidden_layers": 62,
            "num_key_value_heads": 16,
            "sliding_window": 1024,
        },
    },
    "Gemma-2-9B": {
        **_llama(42, 3584, 16, 14336),
        "architectures": ["Gemma2ForCausalLM"],
        "head_dim": 256,
        "vocab_size": 256000,
        "max_position_embeddings": 8192,
        "sliding_window": 4096,
    },
    "gpt-oss-120b": _GPT_OSS_120B,
    "Qwen2.5-72B": _QWEN2_72B,
    "Phi-4": {
        **_llama(40, 5120, 40, 17920),
        "architectures": ["Phi3ForCausalLM"],
        "num_key_value_heads": 10,
        "vocab_size": 100352,
        "max_position_embeddings": 16384,
        "sliding_window": None,
        "tie_word_embeddings": False,
    },
    "GLM-4.5": _llama(
        92,
        5120,
        96,
        12288,
        **_GLM,
        moe_intermediate_size=1536,
        n_routed_experts=160,
        first_k_dense_replace=3,
        use_qk_norm=True,
    ),
    "GLM-4.5-Air": _llama(
        46,
        4096,
        96,
        10944,
        **_GLM,
        moe_intermediate_size=1408,
        n_routed_experts=128,
        first_k_dense_replace=1,
        use_qk_norm=False,
    ),
    "Llama-4-Scout": {
        "architectures": ["Llama4ForConditionalGeneration"],
        "tie_word_embeddings": False,
        "text_config": _LLAMA4_TEXT
        | {
            "num_local_experts": 16,
            "interleave_moe_layer_step": 1,
            "max_position_embeddings": 10485760,
        },
    },
    "Llama-4-Maverick": {
        "architectures": ["Llama4ForConditionalGeneration"],
        "tie_word_embeddings": False,
        "text_config": _LLAMA4_TEXT
        | {
            "num_local_experts": 128,
            "interleave_moe_layer_step": 2,
            "moe_layers": list(range(1, 48, 2)),
            "max_position_embeddings": 1048576,
        },
    },
    "MiniMax-M2.5": _llama(
        62,
        3072,
        48,
        1536,
        architectures=["MiniMaxM2ForCausalLM"],
        head_dim=128,
        vocab_size=200064,
        max_position_embeddings=196608,
        attn_type_list=[1] * 62,
        num_local_experts=256,
        num_experts_per_tok=8,
        shared_intermediate_size=0,
        use_qk_norm=True,
        qk_norm_type="per_layer",
        use_routing_bias=True,
        tie_word_embeddings=False,
        quantization_config=_FP8,
    ),
    "Falcon-180B": {
        "architectures": ["FalconForCausalLM"],
        "num_hidden_layers": 80,
        "hidden_size": 14848,
        "num_attention_heads": 232,
        "num_kv_heads": 8,
        "new_decoder_architecture": True,
        "multi_query": True,
        "parallel_attn": True,
        "bias": False,
        "alibi": False,
        "vocab_size": 65024,
        "torch_dtype": "bfloat16",
    },
    "GPT-J-6B": {
        "architectures": ["GPTJForCausalLM"],
        "n_layer": 28,
        "n_embd": 4096,
        "n_head": 16,
        "n_inner": None,
        "n_positions": 2048,
        "vocab_size": 50400,
        "tie_word_embeddings": False,
    },
}

# What a config does not tell: where the entry came from and what the publisher says about it.
_PROVENANCE = ("name", "source", "as_of", "confidence", "note")
_STATED = ("stated_params", "stated_active_params")


def _shape(model: Model) -> dict[str, Any]:
    fields = {f.name: getattr(model, f.name) for f in dataclasses.fields(model)}
    return {key: value for key, value in fields.items() if key not in (*_PROVENANCE, *_STATED)}


def _write(folder: Path, config: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _refusal(folder: Path, config: object) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        model_from_config(_write(folder, config))
    return caught.value


@pytest.mark.parametrize("name", _CONFIGS)
def test_a_config_gives_the_shape_of_the_catalog_entry(tmp_path: Path, name: str) -> None:
    read = model_from_config(_write(tmp_path, _CONFIGS[name]))
    assert _shape(read) == _shape(shipped_catalog().model(name))


def test_gpt2_has_its_124_million_weights(tmp_path: Path) -> None:
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": 12,
        "n_embd": 768,
        "n_head": 12,
        "n_positions": 1024,
        "vocab_size": 50257,
    }
    assert parameter_count(model_from_config(_write(tmp_path, config))) == 124_439_808


def test_an_old_falcon_is_multi_query_with_one_norm(tmp_path: Path) -> None:
    config = _CONFIGS["Falcon-180B"] | {
        "num_hidden_layers": 32,
        "hidden_size": 4544,
        "num_attention_heads": 71,
        "new_decoder_architecture": False,
    }
    model = model_from_config(_write(tmp_path, config))
    assert (model.n_kv_heads, model.norms_per_layer, model.parallel_block) == (1, 1, True)


def test_a_sparse_indexer_is_read_and_named_as_a_feature(tmp_path: Path) -> None:
    config = _DEEPSEEK_V3 | {
        "architectures": ["DeepseekV32ForCausalLM"],
        "index_n_heads": 64,
        "index_head_dim": 128,
        "index_topk": 2048,
    }
    model = model_from_config(_write(tmp_path, config))
    assert _shape(model) == _shape(shipped_catalog().model("DeepSeek-V3.2"))
    assert model.indexer == SparseIndexer(n_heads=64, head_dim=128, top_k=2048)


def test_four_bit_experts_of_a_nested_config_set_the_weight_width(tmp_path: Path) -> None:
    text = {key: value for key, value in _CONFIGS["Kimi-K2"].items() if key != "architectures"}
    groups = {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int"}}}
    text |= {
        "max_position_embeddings": 262144,
        "quantization_config": {"quant_method": "compressed-tensors", "config_groups": groups},
    }
    config = {"architectures": ["KimiK25ForConditionalGeneration"], "text_config": text}
    model = model_from_config(_write(tmp_path, config))
    assert _shape(model) == _shape(shipped_catalog().model("Kimi-K2.5"))


def test_a_window_that_is_switched_on_counts(tmp_path: Path) -> None:
    config = _QWEN2_72B | {"use_sliding_window": True, "max_window_layers": 0}
    model = model_from_config(_write(tmp_path, config))
    assert model.sliding_window == SlidingWindow(window=131072, local=1, global_=0)


def test_a_window_over_later_layers_only_is_refused(tmp_path: Path) -> None:
    error = _refusal(tmp_path, _QWEN2_72B | {"use_sliding_window": True, "max_window_layers": 70})
    assert "max_window_layers: full attention in the first 70 layers" in str(error)


def test_the_pattern_of_layer_types_is_read(tmp_path: Path) -> None:
    text = _CONFIGS["Gemma-3-27B"]["text_config"] | {
        "num_hidden_layers": 8,
        "layer_types": [*["sliding_attention"] * 3, "full_attention"] * 2,
    }
    model = model_from_config(_write(tmp_path, _CONFIGS["Gemma-3-27B"] | {"text_config": text}))
    assert model.sliding_window == SlidingWindow(window=1024, local=3, global_=1)


def test_full_attention_throughout_is_no_window(tmp_path: Path) -> None:
    config = _GPT_OSS_120B | {"layer_types": ["full_attention"] * 36}
    assert model_from_config(_write(tmp_path, config)).sliding_window is None


@pytest.mark.parametrize(
    "types",
    [
        ["full_attention", *["sliding_attention"] * 35],
        ["sliding_attention", "full_attention"] * 17,
        ["sliding_attention", "linear_attention"] * 18,
    ],
)
def test_a_pattern_without_period_is_refused(tmp_path: Path, types: list[str]) -> None:
    assert "layer_types" in str(_refusal(tmp_path, _GPT_OSS_120B | {"layer_types": types}))


@pytest.mark.parametrize(
    ("quantization", "bits"),
    [
        ({"quant_method": "gptq", "bits": 4}, 4),
        ({"quant_method": "gptq", "bits": 8}, 8),
        ({"quant_method": "awq", "bits": 4}, 4),
        ({"quant_method": "fp8"}, 8),
        ({"quant_method": "mxfp4"}, 4),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 4),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, 4),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"g": {"weights": {"num_bits": 8}}},
            },
            8,
        ),
    ],
)
def test_quantisation_sets_the_weight_width(
    tmp_path: Path, quantization: Config, bits: int
) -> None:
    config = _LLAMA_8B | {"quantization_config": quantization}
    assert model_from_config(_write(tmp_path, config)).native_weight_bits == bits


@pytest.mark.parametrize(
    "quantization",
    [
        {"quant_method": "alchemy"},
        {"quant_method": "gptq"},
        {"quant_method": "gptq", "bits": "four"},
        {"quant_method": "gptq", "bits": True},
        {"bits": 4},
        {"quant_method": ["fp8"]},
        {"quant_method": "compressed-tensors", "config_groups": {"g": {}}},
        {
            "quant_method": "compressed-tensors",
            "config_groups": {"a": {"weights": {"num_bits": 8}}, "b": {"weights": None}},
        },
    ],
)
def test_a_quantisation_without_known_width_is_refused(
    tmp_path: Path, quantization: Config
) -> None:
    error = _refusal(tmp_path, _LLAMA_8B | {"quantization_config": quantization})
    assert "quantization_config: cannot tell the width" in str(error)


def test_weights_of_two_widths_are_refused(tmp_path: Path) -> None:
    groups = {"a": {"weights": {"num_bits": 4}}, "b": {"weights": {"num_bits": 8}}}
    quantization = {"quant_method": "compressed-tensors", "config_groups": groups}
    error = _refusal(tmp_path, _LLAMA_8B | {"quantization_config": quantization})
    assert "4 and 8 bits side by side" in str(error)


def test_a_number_type_sets_the_weight_width(tmp_path: Path) -> None:
    config = _LLAMA_8B | {"torch_dtype": "float32"}
    assert model_from_config(_write(tmp_path, config)).native_weight_bits == 32


def test_an_unknown_number_type_is_refused(tmp_path: Path) -> None:
    assert "unknown number type 'int3'" in str(_refusal(tmp_path, _LLAMA_8B | {"dtype": "int3"}))


def test_the_model_takes_the_name_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "My-Llama"
    folder.mkdir()
    assert model_from_config(_write(folder, _LLAMA_8B)).name == "My-Llama"


def test_the_model_takes_the_name_of_another_file(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(_LLAMA_8B))
    assert model_from_config(path).name == "tiny"


def test_an_unknown_architecture_is_refused_by_name_with_those_supported(tmp_path: Path) -> None:
    error = str(_refusal(tmp_path, _LLAMA_8B | {"architectures": ["MambaForCausalLM"]}))
    assert "architecture 'MambaForCausalLM' is not supported" in error
    assert all(name in error for name in ARCHITECTURES)


@pytest.mark.parametrize("listed", [None, [], "LlamaForCausalLM", ["A", "B"], [3], {}])
def test_a_file_without_one_architecture_is_refused(tmp_path: Path, listed: object) -> None:
    error = _refusal(tmp_path, _LLAMA_8B | {"architectures": listed})
    assert "config.json: architectures: " in str(error)


def test_every_missing_key_is_named_at_once(tmp_path: Path) -> None:
    error = _refusal(tmp_path, {"architectures": ["DeepseekV3ForCausalLM"]})
    missing = {fault.where.rsplit(" ", 1)[1] for fault in error.faults}
    assert {
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
        "vocab_size",
        "kv_lora_rank",
        "v_head_dim",
        "n_routed_experts",
        "num_experts_per_tok",
        "moe_intermediate_size",
    } <= missing
    assert {fault.what for fault in error.faults} == {"missing"}


def test_a_key_missing_in_the_nested_part_is_named_there(tmp_path: Path) -> None:
    error = _refusal(
        tmp_path, {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": {}}
    )
    assert "text_config.hidden_size: missing" in str(error)


@pytest.mark.parametrize("value", [0, -3, 2.5, "80", True, [80], 10**30])
def test_an_ill_typed_key_is_named_with_its_value(tmp_path: Path, value: object) -> None:
    error = _refusal(tmp_path, _LLAMA_8B | {"num_hidden_layers": value})
    assert "config.json: num_hidden_layers: should be a whole number" in str(error)


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("tie_word_embeddings", "no", "true or false"),
        ("torch_dtype", 16, "text"),
        ("quantization_config", "fp8", "an object"),
        ("text_config", [], "an object"),
    ],
)
def test_an_ill_typed_setting_is_named(
    tmp_path: Path, key: str, value: object, wanted: str
) -> None:
    assert f"{key}: should be {wanted}" in str(_refusal(tmp_path, _LLAMA_8B | {key: value}))


@pytest.mark.parametrize(
    ("base", "key", "value"),
    [
        ("DeepSeek-V3", "attention_bias", True),
        ("DeepSeek-V3", "moe_layer_freq", 2),
        ("Qwen3-30B-A3B", "mlp_only_layers", [0]),
        ("MiniMax-M2.5", "qk_norm_type", "per_head"),
        ("MiniMax-M2.5", "shared_intermediate_size", 1024),
        ("MiniMax-M2.5", "attn_type_list", [0] * 62),
    ],
)
def test_a_setting_no_model_can_carry_is_refused(
    tmp_path: Path, base: str, key: str, value: object
) -> None:
    assert f"config.json: {key}: " in str(_refusal(tmp_path, _CONFIGS[base] | {key: value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("moe_layers", [0, 5]),
        ("no_rope_layers", [1, 0] * 24),
        ("no_rope_layers", [1, 1, 1, 0]),
    ],
)
def test_an_irregular_llama4_is_refused(tmp_path: Path, key: str, value: list[int]) -> None:
    text = _CONFIGS["Llama-4-Maverick"]["text_config"] | {key: value}
    error = _refusal(tmp_path, _CONFIGS["Llama-4-Maverick"] | {"text_config": text})
    assert f"text_config.{key}: " in str(error)


def test_keys_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    error = _refusal(tmp_path, _MIXTRAL_8X7B | {"num_experts_per_tok": 9})
    assert "top_k 9 is more than the 8 experts" in str(error)


def test_heads_that_do_not_split_the_width_are_refused(tmp_path: Path) -> None:
    error = _refusal(tmp_path, _LLAMA_8B | {"num_attention_heads": 24})
    assert "24 heads do not split a width of 4096 evenly" in str(error)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "nonsense", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"]
)
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(CatalogError, match=r"not JSON|not a JSON object"):
        model_from_config(path)


def test_a_file_too_large_for_a_config_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b" " * (MAX_CONFIG_BYTES + 1))
    with pytest.raises(CatalogError, match="5000001 bytes"):
        model_from_config(path)


@pytest.mark.parametrize("name", ["none.json", "."])
def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        model_from_config(tmp_path / name)
