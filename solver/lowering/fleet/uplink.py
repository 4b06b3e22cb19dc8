"""Bytes that one request moves to and from a replica: its tokens, and its KV cache if handed over.

A replica that serves whole requests moves their tokens alone. Where prompts are read by one replica
and tokens made by another, the cache of the prompt travels too. Text and protocol around the tokens
are left out.
"""

from __future__ import annotations

from fractions import Fraction

from solver.catalog.domain import Model
from solver.instance.fleet.domain import Phase, RequestSize

__all__ = ["kv_bytes_per_token", "request_bytes"]

_TOKEN_BYTES = 4
"""A token on the wire is its number."""


def kv_bytes_per_token(model: Model, kv_bits: int) -> Fraction:
    """Bytes of the KV cache of one token of the prompt, every layer that keeps one counted.

    Latent attention keeps the compressed latent and the rotary key. Layers of local attention are
    counted in full: a prompt longer than their window moves less.
    """
    layers = model.layers - model.linear_attention_layers
    values = 2 * model.n_kv_heads * model.head_dim
    if model.latent is not None:
        values = model.latent.kv_lora_rank + model.latent.qk_rope_head_dim
    return Fraction(layers * values * kv_bits, 8)


def request_bytes(
    size: RequestSize, phase: Phase, kv_token_bytes: Fraction | None
) -> Fraction | None:
    """Bytes of one request; ``None`` where the cache travels and its size is not known."""
    tokens = Fraction((size.input_tokens + size.output_tokens) * _TOKEN_BYTES)
    if phase == "aggregated":
        return tokens
    return None if kv_token_bytes is None else tokens + kv_token_bytes * size.input_tokens
