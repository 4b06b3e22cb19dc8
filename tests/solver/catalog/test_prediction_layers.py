"""Prediction layers: which models have one, and what it is as a model."""

from __future__ import annotations

import pytest

from solver.catalog import parameter_breakdown, shipped_catalog
from solver.catalog.prediction_layers import PREDICTION_LAYERS, prediction_layer
from solver.errors import CatalogError

MODELS = shipped_catalog().models


@pytest.mark.parametrize("name", PREDICTION_LAYERS)
def test_every_listed_model_is_in_the_catalog_and_has_a_layer(name: str) -> None:
    layer = prediction_layer(MODELS[name])
    assert layer.layers == 1
    assert layer.expert_layers == 1
    assert layer.d_model == MODELS[name].d_model
    assert layer.source


def test_the_layer_of_deepseek_v3_has_the_parameters_its_publisher_states() -> None:
    # 11.5 billion beside the shared tables (README_WEIGHTS.md of DeepSeek-V3), with the projection.
    layer = prediction_layer(MODELS["DeepSeek-V3"])
    count = parameter_breakdown(layer)
    own = count.total - count.embedding - count.unembedding + 2 * layer.d_model**2
    assert own == pytest.approx(11.5e9, rel=0.01)


def test_it_is_a_layer_of_the_last_kind() -> None:
    sparse = prediction_layer(MODELS["DeepSeek-V3.2"])
    assert sparse.indexer == MODELS["DeepSeek-V3.2"].indexer
    mixed = prediction_layer(MODELS["Qwen3.5-397B-A17B"])
    assert (mixed.attention, mixed.linear, mixed.linear_attention_layers) == ("full", None, 0)


@pytest.mark.parametrize("name", ["Llama-3.1-70B", "Kimi-K2", "MiniMax-M2.5"])
def test_other_models_are_refused_by_name(name: str) -> None:
    with pytest.raises(CatalogError, match=f"{name} is not known"):
        prediction_layer(MODELS[name])
