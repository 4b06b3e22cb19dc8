"""The shape of ``[[models]]`` in a file, and its way into the domain and back.

``model_keys`` is the way back, for entries that extend another one, and gives exactly the same
entry again.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from solver.catalog.domain import (
    AttentionKind,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    Model,
    QueryKeyNorm,
    SlidingWindow,
    SparseIndexer,
)
from solver.catalog.record_types import (
    Count,
    CountOrZero,
    Positive,
    Record,
    Sourced,
    as_tuple,
    scaled,
)

__all__ = ["ModelRecord", "model_keys"]


class _MoeRecord(Record):
    n_experts: Count = Field(description="the number of routed experts in a layer")
    top_k: Count = Field(description="the number of experts a token uses")
    expert_d_ff: Count = Field(description="the hidden width of one expert")
    n_shared_experts: CountOrZero = Field(default=0, description="experts every token uses")
    shared_expert_d_ff: CountOrZero = Field(default=0, description="width of one shared expert")
    first_dense_layers: CountOrZero = Field(default=0, description="leading layers w/o experts")
    layer_step: Count = Field(default=1, description="every how many layers experts come")
    router_bias: bool = Field(default=False, description="true if the router adds a bias")
    shared_expert_gate: bool = Field(default=False, description="true if a gate scales them")


class _LatentRecord(Record):
    kv_lora_rank: Count = Field(description="the width of the key-value latent")
    q_lora_rank: Count | None = Field(default=None, description="the width of the query latent")
    qk_nope_head_dim: Count = Field(description="the width of a key without position")
    qk_rope_head_dim: Count = Field(description="the width of the rotary key")
    v_head_dim: Count = Field(description="the width of a value head")


class _LinearRecord(Record):
    n_key_heads: Count = Field(description="the number of key heads")
    n_value_heads: Count = Field(description="the number of value heads")
    key_head_dim: Count = Field(description="the width of a key head")
    value_head_dim: Count = Field(description="the width of a value head")
    conv_width: Count = Field(description="the width of the short convolution")


class _IndexerRecord(Record):
    n_heads: Count = Field(description="the number of indexer heads")
    head_dim: Count = Field(description="the width of an indexer head")
    top_k: Count = Field(description="the number of tokens picked")


class _WindowRecord(Record):
    window: Count = Field(description="the window in tokens")
    local: Count = Field(description="windowed layers in a period")
    global_: CountOrZero = Field(alias="global", description="full layers in a period")
    chunked: bool = Field(default=False, description="true for chunks, false for sliding")


class ModelRecord(Sourced):
    """One ``[[models]]`` table."""

    name: str = Field(min_length=1, description="a name")
    family: str = Field(min_length=1, description="the architecture, such as llama")
    layers: Count = Field(description="the number of layers")
    d_model: Count = Field(description="the width of the residual stream")
    n_heads: Count = Field(description="the number of query heads")
    n_kv_heads: Count = Field(description="the number of key-value heads")
    head_dim: Count = Field(description="the width of a head")
    d_ff: CountOrZero = Field(default=0, description="the hidden width of a dense layer")
    ff_matrices: Annotated[tuple[Count, Count], BeforeValidator(as_tuple)] = Field(
        default=(2, 1), description="matrices up and down: [2, 1] gated, [1, 1] plain"
    )
    vocab: CountOrZero = Field(description="the number of rows of the embedding table")
    attention: AttentionKind = Field(default="full", description="full, latent or hybrid-linear")
    latent: _LatentRecord | None = Field(default=None, description="the shape of MLA")
    moe: _MoeRecord | None = Field(default=None, description="the experts")
    sliding_window: _WindowRecord | None = Field(default=None, description="the local layers")
    linear_attention_layers: CountOrZero = Field(default=0, description="layers without a cache")
    linear: _LinearRecord | None = Field(default=None, description="the shape of those layers")
    indexer: _IndexerRecord | None = Field(default=None, description="the sparse selector")
    parallel_block: bool = Field(default=False, description="true if both halves run side by side")
    tied_embeddings: bool = Field(default=False, description="true if output shares the embedding")
    max_context_tokens: Count | None = Field(default=None, description="the longest context")
    native_weight_bits: Count = Field(default=16, description="bits of a published weight")
    native_kv_bits: Count = Field(default=16, description="bits of a cached number")
    stated_params_b: Positive | None = Field(default=None, description="billions of weights")
    stated_active_params_b: Positive | None = Field(default=None, description="billions, active")
    norms_per_layer: CountOrZero = Field(default=2, description="norms in a block")
    norm_bias: bool = Field(default=False, description="true if norms have a bias")
    query_key_norm: QueryKeyNorm = Field(default="none", description="none, head or projection")
    qkv_bias: bool = Field(default=False, description="true if q, k and v have a bias")
    output_bias: bool = Field(default=False, description="true if the attention output has a bias")
    ff_bias: bool = Field(default=False, description="true if feed-forward layers have a bias")
    unembedding_bias: bool = Field(default=False, description="true if the output has a bias")
    learned_positions: CountOrZero = Field(default=0, description="rows of a position table")
    attention_output_gate: bool = Field(default=False, description="true if a gate scales it")
    features: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="a list of what no key carries"
    )
    confidence: str = Field(default="", description="how sure the figures are")

    def to_domain(self) -> Model:
        """The model; raises ``ValueError`` where the domain refuses the figures."""
        values = {key: getattr(self, key) for key in type(self).model_fields}
        values["ff_up_matrices"], values["ff_down_matrices"] = values.pop("ff_matrices")
        for key in ("stated_params", "stated_active_params"):
            billions = values.pop(f"{key}_b")
            values[key] = None if billions is None else float(billions.scaleb(9))
        for key, kind in _NESTED.items():
            if values[key] is not None:
                values[key] = kind(**dict(values[key]))
        return Model(**values)


_NESTED: dict[str, type] = {
    "latent": LatentAttention,
    "moe": MixtureOfExperts,
    "sliding_window": SlidingWindow,
    "linear": LinearAttention,
    "indexer": SparseIndexer,
}


def model_keys(model: Model) -> dict[str, Any]:
    """The table a file would hold for ``model``; keys at their default may be present."""
    keys = asdict(model)
    keys["ff_matrices"] = (keys.pop("ff_up_matrices"), keys.pop("ff_down_matrices"))
    for key in ("stated_params", "stated_active_params"):
        count = keys.pop(key)
        keys[f"{key}_b"] = None if count is None else scaled(count, -9)
    if keys["sliding_window"] is not None:
        keys["sliding_window"]["global"] = keys["sliding_window"].pop("global_")
    return keys
