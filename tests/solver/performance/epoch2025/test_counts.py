from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from solver.catalog.domain import (
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    Model,
    SlidingWindow,
)
from solver.performance.epoch2025.counts import count, unsupported_features
from solver.performance.validation.constants import ReferenceConstants

QKV = 100 * (8 + 2 * 2)
ATTENTION = 10 * (QKV * 1000 + 800 * 1000)
FEED_FORWARD = 10 * 3 * 1000 * 3000
EMBEDDINGS = 2 * 5000 * 1000


def test_a_dense_model_counts_attention_feed_forward_and_both_embeddings(dense: Model) -> None:
    assert count(dense).params == ATTENTION + FEED_FORWARD + EMBEDDINGS == 120_000_000


def test_a_dense_model_is_active_as_a_whole(dense: Model) -> None:
    assert count(dense).active_params == count(dense).params


def test_a_context_token_keeps_a_key_and_a_value_for_each_kv_head_and_layer(dense: Model) -> None:
    assert count(dense).kv_values_per_token == 2 * 2 * 100 * 10


def test_all_experts_are_stored_and_a_quarter_of_them_used(experts: Model) -> None:
    counts = count(experts)
    assert counts.params == ATTENTION + 8 * FEED_FORWARD + EMBEDDINGS
    assert counts.active_params == ATTENTION + 2 * FEED_FORWARD + EMBEDDINGS


def test_erratum_b4_sparsity_is_rounded_down(experts: Model) -> None:
    seven = replace(experts, moe=MixtureOfExperts(n_experts=7, top_k=2, expert_d_ff=3000))
    counts = count(seven)
    assert counts.sparsity == 3
    # Two of seven experts are used, but a third of the weights is counted.
    assert counts.active_params == ATTENTION + 7 * FEED_FORWARD // 3 + EMBEDDINGS


def test_erratum_b11_shared_embeddings_count_twice_all_the_same(dense: Model) -> None:
    tied = replace(dense, tied_embeddings=True)
    assert count(tied).embedding_params == EMBEDDINGS


def test_erratum_b13_the_reference_405b_has_sixteen_kv_heads(
    constants: ReferenceConstants,
) -> None:
    counts = count(constants.models["Llama_3_405B"])
    assert counts.n_kv_heads == 16
    assert counts.params == 410_077_102_080


@pytest.mark.parametrize(
    ("name", "params", "active"),
    [
        ("Llama_3_70B", 70_552_387_584, 70_552_387_584),
        ("GPT_4", 1_796_850_057_216, 274_821_021_696),
        ("Mixtral_8x22B", 140_617_187_328, 39_148_584_960),
        ("GPT_3_5", 23_144_693_760, 12_273_057_792),
    ],
)
def test_a_reference_model_has_the_published_counts(
    constants: ReferenceConstants, name: str, params: int, active: int
) -> None:
    counts = count(constants.models[name])
    assert (counts.params, counts.active_params) == (params, active)


def test_a_plain_dense_model_has_no_unsupported_feature(dense: Model) -> None:
    assert unsupported_features(dense) == []


def test_a_plain_mixture_of_experts_has_no_unsupported_feature(experts: Model) -> None:
    assert unsupported_features(experts) == []


def moe(**changes: int) -> MixtureOfExperts:
    return MixtureOfExperts(**{"n_experts": 8, "top_k": 2, "expert_d_ff": 3000, **changes})


@pytest.mark.parametrize(
    ("changes", "feature"),
    [
        (
            {"attention": "latent", "latent": LatentAttention(512, None, 128, 64, 128)},
            "multi-head latent attention (MLA)",
        ),
        (
            {
                "attention": "hybrid-linear",
                "linear": LinearAttention(8, 8, 100, 100, 4),
                "linear_attention_layers": 7,
            },
            "linear-attention layers",
        ),
        ({"sliding_window": SlidingWindow(4096, 5, 1)}, "sliding-window attention (window 4096"),
        (
            {"sliding_window": SlidingWindow(8192, 3, 1, chunked=True)},
            "chunked attention (window 8192",
        ),
        ({"moe": moe(n_shared_experts=1, shared_expert_d_ff=3000)}, "shared experts (1)"),
        ({"moe": moe(first_dense_layers=1)}, "dense layers among the expert layers"),
        ({"moe": moe(layer_step=2)}, "dense layers among the expert layers"),
        ({"features": ("attention sinks",)}, "attention sinks"),
        ({"tied_embeddings": True}, "embeddings"),
    ],
)
def test_a_feature_that_the_model_lacks_is_refused_by_name(
    dense: Model, changes: dict[str, Any], feature: str
) -> None:
    faults = unsupported_features(replace(dense, **changes))
    assert len(faults) == 1
    assert feature in faults[0].what
    assert "dense" in faults[0].where


def test_every_unsupported_feature_is_named_at_once(dense: Model) -> None:
    odd = replace(dense, sliding_window=SlidingWindow(4096, 5, 1), features=("sinks", "sparsity"))
    assert len(unsupported_features(odd)) == 3
