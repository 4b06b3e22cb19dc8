"""Quantisation of a checkpoint: each method's format, and what is refused by name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.importers.models.quantization import Quantization, read_quantization, read_sidecar
from solver.importers.models.unquantized import unquantized_share

WHERE = "config.json: quantization_config"


def read(**table: Any) -> Quantization:
    return read_quantization(table, where=WHERE)


def group(activations: int | None = None, **weights: Any) -> dict[str, Any]:
    met = None if activations is None else {"num_bits": activations}
    return {"config_groups": {"group_0": {"weights": weights, "input_activations": met}}}


@pytest.mark.parametrize(
    ("table", "weight_format"),
    [
        ({"quant_method": "fp8", "activation_scheme": "dynamic"}, "fp8"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8_block"),
        ({"quant_method": "fbgemm_fp8"}, "fp8"),
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "awq", "w_bit": 4}, "int4"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        (
            {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
            "int4",
        ),
        (
            {"quant_method": "compressed-tensors"}
            | group(8, num_bits=8, type="float", strategy="channel"),
            "fp8",
        ),
        (
            {"quant_method": "compressed-tensors"}
            | group(8, num_bits=8, type="float", strategy="block", block_structure=[128, 128]),
            "fp8_block",
        ),
        (
            {"quant_method": "compressed-tensors"}
            | group(4, num_bits=4, type="float", strategy="tensor_group", group_size=16),
            "nvfp4",
        ),
        (
            {"quant_method": "compressed-tensors"}
            | group(num_bits=4, type="int", strategy="group", group_size=128),
            "int4",
        ),
    ],
)
def test_a_method_gives_its_format(table: dict[str, Any], weight_format: str) -> None:
    assert read(**table).weight_format == weight_format


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"quant_method": "hqq"}, "quant_method"),
        ({}, "quant_method"),
        ({"quant_method": "<script>\x1b"}, "quant_method"),
        ({"quant_method": ["fp8"]}, "quant_method"),
        ({"quant_method": "fp8", "weight_block_size": [64, 64]}, "weight_block_size"),
        ({"quant_method": "gptq", "bits": 3}, "bits"),
        ({"quant_method": "gptq", "bits": True}, "bits"),
        ({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}, "quant_algo"),
        ({"quant_method": "modelopt", "quant_algo": None}, "quant_algo"),
        (
            {"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": "NVFP4"},
            "kv_cache_quant_algo",
        ),
        ({"quant_method": "bitsandbytes"}, "load_in_4bit"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": "yes"}, "load_in_4bit"),
        ({"quant_method": "compressed-tensors"}, "config_groups"),
        ({"quant_method": "compressed-tensors", "config_groups": [1]}, "config_groups"),
        (
            {"quant_method": "compressed-tensors"} | group(num_bits=2, type="int"),
            "config_groups.group_0.weights.num_bits",
        ),
        (
            {"quant_method": "fp8", "kv_cache_scheme": {"num_bits": 4, "type": "int"}},
            "kv_cache_scheme.num_bits",
        ),
        ({"quant_method": "fp8", "ignored_layers": [1]}, "ignored_layers"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(table: dict[str, Any], key: str) -> None:
    with pytest.raises(InstanceError) as caught:
        read(**table)
    (fault,) = caught.value.faults
    assert fault.where == f"{WHERE}.{key}"
    assert str(fault).isprintable()


def test_formats_side_by_side_are_refused() -> None:
    weights = [{"num_bits": 8, "type": "float"}, {"num_bits": 4, "type": "int"}]
    groups = {str(place): {"weights": one} for place, one in enumerate(weights)}
    with pytest.raises(InstanceError, match="in fp8 and int4 side by side"):
        read(quant_method="compressed-tensors", config_groups=groups)


def test_a_cache_in_8_bits_is_kept() -> None:
    scheme = {"num_bits": 8, "type": "float"}
    assert read(quant_method="fp8", kv_cache_scheme=scheme).kv_bits == 8
    assert read(quant_method="fp8").kv_bits is None


def test_modelopts_file_gives_format_and_cache() -> None:
    inner = {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head"]}
    found = read_sidecar({"quantization": inner}, where="hf_quant_config.json")
    assert (found.weight_format, found.kv_bits) == ("nvfp4", 8)
    assert found.unquantized == ("lm_head",)


@pytest.mark.parametrize("document", [{}, [], "x", {"quantization": 1}])
def test_another_file_is_no_file_of_modelopt(document: Any) -> None:
    with pytest.raises(InstanceError):
        read_sidecar(document, where="hf_quant_config.json")


def test_wide_activations_are_remarked_on() -> None:
    table = group(num_bits=8, type="float")
    assert "16 bits" in read(quant_method="compressed-tensors", **table).notes[0]


DEEPSEEK = shipped_catalog().model("DeepSeek-V3")
LLAMA = shipped_catalog().model("Llama-3.1-8B")


def share(*names: str, model: Any = DEEPSEEK) -> Fraction:
    return unquantized_share(names, model, where=WHERE)


@pytest.mark.parametrize(
    "name",
    [
        "lm_head",
        "model.embed_tokens",
        "model.layers.3.mlp.gate",
        "model.layers.0.input_layernorm",
        "vision_tower.blocks.0.attn.qkv",
        "model.layers.61*",
    ],
)
def test_small_modules_do_not_count(name: str) -> None:
    assert share(name) == 0


def test_attention_of_every_layer_is_its_share_of_the_weights() -> None:
    # 61 layers of 187,107,328 weights, of 671,026,419,200 in all.
    attention = Fraction(61 * 187_107_328, 671_026_419_200)
    by_layer = [f"model.layers.{layer}.self_attn*" for layer in range(61)]
    assert share(*by_layer) == share("re:.*self_attn.*") == attention


def test_one_layer_is_one_of_all() -> None:
    assert share("model.layers.7.self_attn") == share("self_attn") / 61


def test_routed_experts_are_nearly_all_of_a_large_model() -> None:
    assert share("model.layers.*.mlp.experts") > Fraction(9, 10)


def test_a_whole_layer_is_a_layers_weights() -> None:
    # 6,979,584,000 weights in 32 layers, of 8,030,261,248 in all; the last norm counts with them.
    exact = Fraction(6_979_584_000, 32 * 8_030_261_248)
    assert exact <= share("model.layers.3", model=LLAMA) < exact * Fraction(1_000_001, 1_000_000)


def test_a_module_of_unknown_size_is_refused() -> None:
    with pytest.raises(InstanceError, match="something else"):
        share("model.something else")
