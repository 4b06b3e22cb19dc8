"""Entries go to JSON and back unchanged; anything altered is refused."""

from __future__ import annotations

import dataclasses
import json
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import (
    Accelerator,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    Model,
    Price,
    SlidingWindow,
    SparseIndexer,
    accelerator_from_dict,
    entry_as_dict,
    model_from_dict,
    price_from_dict,
    shipped_catalog,
)
from solver.errors import CatalogError

_TEXT = st.text(max_size=8)
_COUNT = st.integers(1, 2**40)
_RATE = st.floats(min_value=1e-9, max_value=1e30)
_MAYBE_RATE = st.none() | _RATE

_ACCELERATORS = st.builds(
    Accelerator,
    name=_TEXT,
    vendor=_TEXT,
    year=_COUNT,
    flop_per_s=st.dictionaries(st.integers(1, 64), _RATE, min_size=1),
    hbm_bytes=_COUNT,
    hbm_bytes_per_s=_RATE,
    scale_up_bytes_per_s=_RATE | st.just(math.inf),
    scale_out_bytes_per_s=_RATE,
    node_devices=_COUNT,
    kernel_launch_s=_RATE,
    collectives=st.sampled_from(["nccl", "linear"]),
    tdp_w=_MAYBE_RATE,
    all_in_w=_MAYBE_RATE,
    idle_w=_MAYBE_RATE,
    note=_TEXT,
)
_PRICES = st.builds(
    Price,
    accelerator=_TEXT,
    tier=_TEXT,
    usd_per_hour=st.fractions(min_value=Fraction(1, 10**12)),
    as_of=_TEXT,
    source=_TEXT,
    estimate=st.booleans(),
)


@st.composite
def _models(draw: st.DrawFn) -> Model:
    latent = draw(
        st.none()
        | st.builds(
            LatentAttention, *(_COUNT,), q_lora_rank=st.none() | _COUNT,
            qk_nope_head_dim=_COUNT, qk_rope_head_dim=_COUNT, v_head_dim=_COUNT,
        )
    )  # fmt: skip
    hybrid = latent is None and draw(st.booleans())
    indexed = latent is not None and latent.q_lora_rank is not None and draw(st.booleans())
    return Model(
        name=draw(_TEXT),
        family=draw(_TEXT),
        layers=48,
        d_model=draw(_COUNT),
        n_heads=24,
        n_kv_heads=draw(st.sampled_from([1, 2, 3, 8, 24])),
        head_dim=draw(_COUNT),
        d_ff=draw(_COUNT),
        ff_up_matrices=2,
        ff_down_matrices=1,
        vocab=draw(st.integers(0, 10**6)),
        attention="hybrid-linear" if hybrid else "full" if latent is None else "latent",
        latent=latent,
        moe=draw(
            st.none()
            | st.builds(
                MixtureOfExperts, st.just(16), st.integers(1, 16), _COUNT, router_bias=st.booleans()
            )
        ),
        sliding_window=draw(
            st.none() | st.builds(SlidingWindow, _COUNT, _COUNT, _COUNT, st.booleans())
        ),
        linear_attention_layers=36 if hybrid else 0,
        linear=LinearAttention(1, 2, 3, 4, 5) if hybrid else None,
        indexer=SparseIndexer(4, 5, 6) if indexed else None,
        stated_params=draw(_MAYBE_RATE),
        max_context_tokens=draw(st.none() | _COUNT),
        query_key_norm=draw(st.sampled_from(["none", "head", "projection"])),
        features=tuple(draw(st.lists(_TEXT, max_size=3))),
    )


def _through_json(entry: Accelerator | Model | Price) -> dict[str, Any]:
    document = json.loads(json.dumps(entry_as_dict(entry), allow_nan=False))
    assert isinstance(document, dict)
    return document


@given(_ACCELERATORS)
def test_accelerators_come_back_unchanged(entry: Accelerator) -> None:
    assert accelerator_from_dict(_through_json(entry)) == entry


@given(_models())
def test_models_come_back_unchanged(entry: Model) -> None:
    assert model_from_dict(_through_json(entry)) == entry


@given(_PRICES)
def test_prices_come_back_unchanged(entry: Price) -> None:
    assert price_from_dict(_through_json(entry)) == entry


def test_every_shipped_entry_comes_back_unchanged() -> None:
    catalog = shipped_catalog()
    for accelerator in catalog.accelerators.values():
        assert accelerator_from_dict(_through_json(accelerator)) == accelerator
    for model in catalog.models.values():
        assert model_from_dict(_through_json(model)) == model
    for price in catalog.prices.values():
        assert price_from_dict(_through_json(price)) == price


def test_a_fraction_is_written_as_p_over_q() -> None:
    price = shipped_catalog().price("epoch/TPU_v4", "reference")
    assert entry_as_dict(price)["usd_per_hour"] == "1/1"


def test_an_infinite_link_is_written_as_text() -> None:
    document = entry_as_dict(shipped_catalog().accelerator("epoch/TPU_v4"))
    assert document["scale_up_bytes_per_s"] == "inf"


@pytest.mark.parametrize("key", [f.name for f in dataclasses.fields(Model)])
def test_no_key_of_a_model_may_be_missing(key: str) -> None:
    document = _through_json(shipped_catalog().model("DeepSeek-V3"))
    del document[key]
    with pytest.raises(CatalogError, match=f"model.{key}: missing"):
        model_from_dict(document)


def test_an_unknown_key_is_refused() -> None:
    document = {**_through_json(shipped_catalog().model("DeepSeek-V3")), "colour": 1}
    with pytest.raises(CatalogError, match=r"model\.colour: unknown key"):
        model_from_dict(document)


def test_a_key_missing_inside_a_nested_object_is_named() -> None:
    document = _through_json(shipped_catalog().model("DeepSeek-V3"))
    del document["moe"]["top_k"]
    with pytest.raises(CatalogError, match=r"point\.model\.moe\.top_k: missing"):
        model_from_dict(document, where="point.model")


def test_all_faults_come_at_once() -> None:
    document = _through_json(shipped_catalog().model("DeepSeek-V3"))
    document |= {"layers": True, "family": None, "d_model": 2.5, "features": "fast"}
    document["latent"] = 3
    with pytest.raises(CatalogError) as caught:
        model_from_dict(document)
    assert len(caught.value.faults) == 5


def test_what_the_domain_refuses_is_refused() -> None:
    document = _through_json(shipped_catalog().model("DeepSeek-V3")) | {"n_kv_heads": 3}
    with pytest.raises(CatalogError, match="KV heads must divide"):
        model_from_dict(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("flop_per_s", {"fast": 1.0}),
        ("flop_per_s", [1.0]),
        ("flop_per_s", {"16": "quick"}),
        ("flop_per_s", {}),
        ("hbm_bytes", 8e10),
        ("hbm_bytes_per_s", True),
        ("hbm_bytes_per_s", 10**400),
        ("hbm_bytes_per_s", math.nan),
        ("hbm_bytes_per_s", None),
        ("collectives", "gossip"),
        ("collectives", ["nccl"]),
        ("name", 3),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(key: str, value: object) -> None:
    document = _through_json(shipped_catalog().accelerator("H100 SXM")) | {key: value}
    with pytest.raises(CatalogError):
        accelerator_from_dict(document)


@pytest.mark.parametrize("usd", ["2.95", "1/0", 2, "59/-20", "x/y", "0/1"])
def test_a_price_that_is_no_positive_fraction_is_refused(usd: object) -> None:
    document = _through_json(shipped_catalog().price("L4", "on-demand")) | {"usd_per_hour": usd}
    with pytest.raises(CatalogError):
        price_from_dict(document)


@pytest.mark.parametrize("document", [None, [], "H100 SXM"])
def test_something_that_is_no_object_is_refused(document: Any) -> None:
    with pytest.raises(CatalogError, match="not an object"):
        accelerator_from_dict(document)
