"""The domain classes refuse what makes no sense and stay as they were made."""

from __future__ import annotations

import dataclasses
import pickle
from fractions import Fraction

import pytest

from solver.catalog import (
    Accelerator,
    LinearAttention,
    MixtureOfExperts,
    Model,
    Price,
    SlidingWindow,
    SparseIndexer,
    shipped_catalog,
)


def _model(**changes: object) -> Model:
    return dataclasses.replace(shipped_catalog().model("Llama-3.1-8B"), **changes)


def test_rates_of_an_accelerator_cannot_be_changed() -> None:
    accelerator = shipped_catalog().accelerator("H100 SXM")
    with pytest.raises(TypeError):
        accelerator.flop_per_s[16] = 1.0  # type: ignore[index]


def test_an_accelerator_survives_pickling() -> None:
    accelerator = shipped_catalog().accelerator("H100 SXM")
    assert pickle.loads(pickle.dumps(accelerator)) == accelerator


def test_an_accelerator_can_be_a_dictionary_key() -> None:
    accelerator = shipped_catalog().accelerator("H100 SXM")
    assert {accelerator: 1}[dataclasses.replace(accelerator)] == 1


def test_a_price_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Price("H100 SXM", "spot", Fraction(0), "2026", "nobody")


def test_an_accelerator_without_rates_is_refused() -> None:
    with pytest.raises(ValueError, match="no arithmetic rate"):
        dataclasses.replace(shipped_catalog().accelerator("H100 SXM"), flop_per_s={})


def test_an_accelerator_without_memory_is_refused() -> None:
    accelerator: Accelerator = shipped_catalog().accelerator("H100 SXM")
    with pytest.raises(ValueError, match="must be positive"):
        dataclasses.replace(accelerator, hbm_bytes=0)


def test_more_active_experts_than_experts_are_refused() -> None:
    with pytest.raises(ValueError, match="more than the 8 experts"):
        MixtureOfExperts(n_experts=8, top_k=9, expert_d_ff=1)


def test_a_shared_expert_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="both a count and a width"):
        MixtureOfExperts(n_experts=8, top_k=2, expert_d_ff=1, n_shared_experts=1)


def test_a_window_without_local_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one local layer"):
        SlidingWindow(window=128, local=0, global_=1)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"layers": 0}, "must be positive"),
        ({"n_kv_heads": 5}, "must divide"),
        ({"attention": "latent"}, "latent attention needs its dimensions"),
        ({"d_ff": 0}, "needs a feed-forward width"),
        ({"attention": "hybrid-linear"}, "needs its shape"),
        ({"linear_attention_layers": 33}, "between 0 and all"),
        ({"linear_attention_layers": 3}, "both its shape and its layers"),
        ({"linear": LinearAttention(1, 1, 1, 1, 1)}, "needs its shape"),
        ({"indexer": SparseIndexer(1, 1, 1)}, "there is none"),
        (
            {"moe": MixtureOfExperts(8, 2, 64, first_dense_layers=33)},
            "more dense layers than layers",
        ),
        ({"d_ff": 0, "moe": MixtureOfExperts(8, 2, 64, layer_step=2)}, "its dense layers"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(
    changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        _model(**changes)


def test_expert_layers_count_from_the_first_full_step() -> None:
    moe = MixtureOfExperts(8, 2, 64, first_dense_layers=3, layer_step=2)
    # 32 layers, 3 dense ones first, then every second: layers 5, 7, ..., 31.
    assert _model(moe=moe).expert_layers == 14
