"""How many weights a model has and how much it keeps for each context token, exactly.

Counts follow the tensors of the published checkpoints: every projection, bias, norm, router and
embedding table of the text decoder. Vision towers and multi-token-prediction heads are left out:
plain decoding does not touch them. All arithmetic is in integers; a KV width in bits that does not
fill whole bytes gives a fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.catalog.domain import LatentAttention, LinearAttention, Model

__all__ = [
    "ATTENTION_SINKS",
    "ParameterBreakdown",
    "active_parameter_count",
    "kv_bytes_per_token",
    "kv_cache_bytes",
    "parameter_breakdown",
    "parameter_count",
]

ATTENTION_SINKS = "attention sinks"
"""Feature of a model that learns one extra softmax logit for every head."""


@dataclass(frozen=True, slots=True)
class ParameterBreakdown:
    """Weights of a model by what they do; all whole counts over all layers.

    ``routed_experts`` counts every expert, ``active_experts`` the ``top_k`` that one token uses.
    ``unembedding`` is 0 where the output layer shares the embedding table.
    """

    attention: int
    dense_feed_forward: int
    routed_experts: int
    active_experts: int
    shared_experts: int
    router: int
    norms: int
    embedding: int
    unembedding: int

    @property
    def total(self) -> int:
        """All weights, each once."""
        return (
            self.attention
            + self.dense_feed_forward
            + self.routed_experts
            + self.shared_experts
            + self.router
            + self.norms
            + self.embedding
            + self.unembedding
        )

    @property
    def active(self) -> int:
        """All weights but those of the experts that one token leaves idle."""
        return self.total - self.routed_experts + self.active_experts


def _full_attention(model: Model) -> int:
    """Weights of one layer of multi-head, grouped-query or multi-query attention."""
    query = model.n_heads * model.head_dim
    key_value = 2 * model.n_kv_heads * model.head_dim
    projected = (2 * query if model.attention_output_gate else query) + key_value
    weights = model.d_model * projected + query * model.d_model
    if model.qkv_bias:
        weights += projected
    if model.output_bias:
        weights += model.d_model
    if model.query_key_norm == "head":
        weights += 2 * model.head_dim
    elif model.query_key_norm == "projection":
        weights += query + key_value // 2
    if ATTENTION_SINKS in model.features:
        weights += model.n_heads
    return weights


def _latent_attention(model: Model, latent: LatentAttention) -> int:
    """Weights of one MLA layer (arXiv 2405.04434, section 2.1): down, up, output, two norms."""
    query_width = model.n_heads * (latent.qk_nope_head_dim + latent.qk_rope_head_dim)
    if latent.q_lora_rank is None:
        query = model.d_model * query_width
    else:
        query = latent.q_lora_rank * (model.d_model + 1 + query_width)
    down = model.d_model * (latent.kv_lora_rank + latent.qk_rope_head_dim) + latent.kv_lora_rank
    up = latent.kv_lora_rank * model.n_heads * (latent.qk_nope_head_dim + latent.v_head_dim)
    output = model.n_heads * latent.v_head_dim * model.d_model
    return query + down + up + output + _indexer(model, latent)


def _indexer(model: Model, latent: LatentAttention) -> int:
    """Weights of one layer's sparse indexer: queries, one key with its norm, head weights."""
    indexer = model.indexer
    if indexer is None or latent.q_lora_rank is None:
        return 0
    queries = latent.q_lora_rank * indexer.n_heads * indexer.head_dim
    return queries + (model.d_model + 2) * indexer.head_dim + model.d_model * indexer.n_heads


def _linear_attention(model: Model, linear: LinearAttention) -> int:
    """Weights of one gated delta layer: q, k, v and gate; decay and step; convolution; output."""
    key = linear.n_key_heads * linear.key_head_dim
    value = linear.n_value_heads * linear.value_head_dim
    projected = 2 * key + 2 * value + 2 * linear.n_value_heads
    convolution = (2 * key + value) * linear.conv_width
    small = 2 * linear.n_value_heads + linear.value_head_dim
    return model.d_model * projected + convolution + small + value * model.d_model


def _attention(model: Model) -> int:
    """Attention weights of all layers."""
    softmax_layers = model.layers - model.linear_attention_layers
    if model.latent is not None:
        weights = softmax_layers * _latent_attention(model, model.latent)
    else:
        weights = softmax_layers * _full_attention(model)
    if model.linear is not None:
        weights += model.linear_attention_layers * _linear_attention(model, model.linear)
    return weights


def _feed_forward(model: Model, width: int) -> int:
    """Weights of one feed-forward block (or one expert) of hidden width ``width``."""
    weights = (model.ff_up_matrices + model.ff_down_matrices) * model.d_model * width
    if model.ff_bias:
        weights += model.ff_up_matrices * width + model.ff_down_matrices * model.d_model
    return weights


def parameter_breakdown(model: Model) -> ParameterBreakdown:
    """Weights of the text decoder of ``model``, by what they do.

    Returns
    -------
    ParameterBreakdown
        Whole counts; ``total`` and ``active`` are their sums.
    """
    routed = active = shared = router = 0
    if model.moe is not None:
        moe = model.moe
        expert = _feed_forward(model, moe.expert_d_ff)
        routed = model.expert_layers * moe.n_experts * expert
        active = model.expert_layers * moe.top_k * expert
        if moe.n_shared_experts:
            shared_expert = _feed_forward(model, moe.shared_expert_d_ff)
            gate = model.d_model if moe.shared_expert_gate else 0
            shared = model.expert_layers * (moe.n_shared_experts * shared_expert + gate)
        router = model.expert_layers * moe.n_experts * (model.d_model + moe.router_bias)
    table = model.vocab * model.d_model
    return ParameterBreakdown(
        attention=_attention(model),
        dense_feed_forward=(model.layers - model.expert_layers) * _feed_forward(model, model.d_ff),
        routed_experts=routed,
        active_experts=active,
        shared_experts=shared,
        router=router,
        # One more norm stands before the output layer.
        norms=(model.layers * model.norms_per_layer + 1) * model.d_model * (1 + model.norm_bias),
        embedding=table + model.learned_positions * model.d_model,
        unembedding=(0 if model.tied_embeddings else table)
        + (model.vocab if model.unembedding_bias else 0),
    )


def parameter_count(model: Model) -> int:
    """Number of weights of the text decoder, each once."""
    return parameter_breakdown(model).total


def active_parameter_count(model: Model) -> int:
    """Number of weights less those of the experts that one token leaves idle.

    Both embedding tables count, so that it equals ``parameter_count`` for a dense model; some
    publishers leave one or both out of their "active" figure.
    """
    return parameter_breakdown(model).active


def _values_per_layer_token(model: Model) -> int:
    """Numbers one attention layer keeps for one context token."""
    if model.latent is not None:
        return model.latent.kv_lora_rank + model.latent.qk_rope_head_dim
    return 2 * model.n_kv_heads * model.head_dim


def _bytes(values: int, bits: int) -> int | Fraction:
    """``values`` numbers of ``bits`` bits, in bytes; whole numbers come back as int."""
    if bits < 1:
        raise ValueError(f"a KV width must be positive, got {bits} bits")
    exact = Fraction(values * bits, 8)
    return exact.numerator if exact.denominator == 1 else exact


def _local_layers(model: Model) -> int:
    """Attention layers that see only a window."""
    window = model.sliding_window
    if window is None:
        return 0
    softmax_layers = model.layers - model.linear_attention_layers
    periods, rest = divmod(softmax_layers, window.local + window.global_)
    return periods * window.local + min(rest, window.local)


def kv_bytes_per_token(model: Model, bits: int) -> int | Fraction:
    """KV cache of one context token over all attention layers, in bytes.

    Parameters
    ----------
    bits
        Width of one cached number.

    Notes
    -----
    Grouped-query attention keeps ``2 n_kv_heads head_dim`` numbers a layer, latent attention
    ``kv_lora_rank + qk_rope_head_dim``; linear-attention layers keep none. Windows are not honoured
    (every layer counts, a safe upper bound): ``kv_cache_bytes`` honours them. The keys of a sparse
    indexer are left out.
    """
    layers = model.layers - model.linear_attention_layers
    return _bytes(layers * _values_per_layer_token(model), bits)


def kv_cache_bytes(model: Model, bits: int, context_tokens: int) -> int | Fraction:
    """KV cache of one sequence of ``context_tokens`` tokens, windows honoured, in bytes.

    A local layer keeps at most its window. What ``kv_bytes_per_token`` leaves out is left out here.
    """
    if context_tokens < 0:
        raise ValueError(f"a context cannot be negative, got {context_tokens} tokens")
    layers = model.layers - model.linear_attention_layers
    local = _local_layers(model)
    tokens = (layers - local) * context_tokens
    if model.sliding_window is not None:
        tokens += local * min(context_tokens, model.sliding_window.window)
    return _bytes(tokens * _values_per_layer_token(model), bits)
