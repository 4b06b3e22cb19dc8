"""Parameters, KV cache, arithmetic and memory traffic of a model, as the reference counts them.

Source: *Inference economics of language models* (arXiv 2506.04645), sections 3.1 and 3.2, and its
published code. Errata kept on purpose: embeddings always count twice (untied, B11); sparsity is
``floor(experts / active)`` (B4); expert activations are scaled by the share of experts touched
(B4); norms, router and biases are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from solver.catalog.domain import Model
from solver.errors import Fault

__all__ = ["TransformerCounts", "count", "unsupported_features"]


@dataclass(frozen=True, slots=True)
class TransformerCounts:
    """Sizes from which every term of the model follows.

    Attributes
    ----------
    qkv_width
        Columns of the joint query, key and value projection, ``head_dim (heads + 2 kv_heads)``.
    experts, top_k, sparsity
        1, 1, 1 for a dense model; ``sparsity = experts // top_k``.
    ff_width
        Hidden width of one expert, or of the dense layer.
    params, active_params
        Whole model, and the part one token uses.
    kv_values_per_token
        Numbers kept per context token, all layers.
    """

    layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    qkv_width: int
    experts: int
    top_k: int
    sparsity: int
    ff_width: int
    ff_up: int
    ff_down: int
    vocab: int
    attention_params: int
    ff_params: int
    embedding_params: int
    params: int
    active_params: int
    kv_values_per_token: int


def unsupported_features(model: Model) -> list[Fault]:
    """What this performance model cannot represent about ``model``, each by name."""
    where = f"model {model.name!r}"
    mend = "Choose a model with plain attention, or a performance model that knows this feature"
    found: list[str] = []
    if model.attention == "latent":
        found.append("multi-head latent attention (MLA)")
    if model.attention == "hybrid-linear":
        found.append("linear-attention layers")
    if model.sliding_window is not None:
        kind = "chunked" if model.sliding_window.chunked else "sliding-window"
        found.append(f"{kind} attention (window {model.sliding_window.window} tokens)")
    if model.moe is not None:
        if model.moe.n_shared_experts:
            found.append(f"shared experts ({model.moe.n_shared_experts})")
        if model.moe.first_dense_layers or model.moe.layer_step != 1:
            found.append("dense layers among the expert layers")
    found.extend(model.features)
    faults = [
        Fault(where=where, what=f"epoch2025 does not model {feature}", mend=mend)
        for feature in found
    ]
    if model.tied_embeddings:
        faults.append(
            Fault(
                where=where,
                what="epoch2025 counts input and output embeddings apart, this model shares them",
                mend="Add an entry that extends it with tied_embeddings = false to accept that",
            )
        )
    return faults


def count(model: Model) -> TransformerCounts:
    """Counts of ``model``; call ``unsupported_features`` first."""
    moe = model.moe
    experts, top_k = (moe.n_experts, moe.top_k) if moe else (1, 1)
    sparsity = experts // top_k
    ff_width = moe.expert_d_ff if moe else model.d_ff
    qkv_width = model.head_dim * (model.n_heads + 2 * model.n_kv_heads)
    attention = model.layers * (qkv_width + model.head_dim * model.n_heads) * model.d_model
    matrices = model.ff_up_matrices + model.ff_down_matrices
    feed_forward = model.layers * experts * matrices * model.d_model * ff_width
    embedding = 2 * model.vocab * model.d_model
    return TransformerCounts(
        layers=model.layers,
        d_model=model.d_model,
        n_heads=model.n_heads,
        n_kv_heads=model.n_kv_heads,
        head_dim=model.head_dim,
        qkv_width=qkv_width,
        experts=experts,
        top_k=top_k,
        sparsity=sparsity,
        ff_width=ff_width,
        ff_up=model.ff_up_matrices,
        ff_down=model.ff_down_matrices,
        vocab=model.vocab,
        attention_params=attention,
        ff_params=feed_forward,
        embedding_params=embedding,
        params=attention + feed_forward + embedding,
        active_params=attention + feed_forward // sparsity + embedding,
        kv_values_per_token=2 * model.n_kv_heads * model.head_dim * model.layers,
    )
