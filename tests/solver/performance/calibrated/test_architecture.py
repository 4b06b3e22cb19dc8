"""Models as groups of equal layers, and the features that are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.architecture import shape_of, unsupported_model

MODELS = shipped_catalog().models
OWN = sorted(name for name in MODELS if not name.startswith("epoch/"))


@pytest.mark.parametrize("name", OWN)
def test_every_layer_is_counted_once_in_attention(name: str) -> None:
    assert sum(group.layers for group in shape_of(MODELS[name]).attention) == MODELS[name].layers


@pytest.mark.parametrize("name", OWN)
def test_every_layer_is_counted_once_in_feed_forward(name: str) -> None:
    assert sum(part.layers for part in shape_of(MODELS[name]).feed_forward) == MODELS[name].layers


def test_a_dense_model_has_one_group_of_each() -> None:
    shape = shape_of(MODELS["Llama-3.1-70B"])
    assert (len(shape.attention), len(shape.feed_forward)) == (1, 1)


def test_gemma_3_27b_has_ten_global_layers_of_62() -> None:
    # Five local ones, then a global one (Gemma 3 report, arXiv 2503.19786, section 2).
    layers = {group.window: group.layers for group in shape_of(MODELS["Gemma-3-27B"]).attention}
    assert layers == {1024: 52, 0: 10}


def test_llama_4_scout_sees_chunks_in_three_layers_of_four() -> None:
    local = shape_of(MODELS["Llama-4-Scout"]).attention[0]
    assert (local.layers, local.window, local.chunked) == (36, 8192, True)


def test_the_first_three_layers_of_deepseek_v3_are_dense() -> None:
    dense, routed = shape_of(MODELS["DeepSeek-V3"]).feed_forward
    assert (dense.layers, dense.routed, routed.layers, routed.experts) == (3, False, 58, 256)


def test_llama_4_maverick_routes_in_every_other_layer() -> None:
    dense, routed = shape_of(MODELS["Llama-4-Maverick"]).feed_forward
    assert (dense.layers, routed.layers, routed.top_k) == (24, 24, 1)


def test_an_unknown_feature_is_refused_by_its_name() -> None:
    odd = replace(MODELS["Llama-3.1-8B"], features=("rotating heads",))
    (fault,) = unsupported_model(odd)
    assert "rotating heads" in fault.what


def test_every_unknown_feature_is_named() -> None:
    odd = replace(MODELS["Llama-3.1-8B"], features=("rotating heads", "tidal memory"))
    assert len(unsupported_model(odd)) == 2


@pytest.mark.parametrize("name", ["gpt-oss-120b", "DeepSeek-V3.2", "Llama-4-Scout"])
def test_what_the_catalog_names_of_these_models_is_known(name: str) -> None:
    assert unsupported_model(MODELS[name]) == []
