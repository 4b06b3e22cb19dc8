"""Bytes on the wire, by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from solver.catalog import shipped_catalog
from solver.catalog.domain import LatentAttention, Model
from solver.instance.fleet.domain import RequestSize
from solver.lowering.fleet.uplink import kv_bytes_per_token, request_bytes

SIZE = RequestSize(100, 10, Fraction(1))


@pytest.fixture
def model() -> Model:
    """32 layers of 8 KV heads, 128 wide."""
    return shipped_catalog().models["Llama-3.1-8B"]


def test_keys_and_values_of_every_layer_are_kept(model: Model) -> None:
    assert kv_bytes_per_token(model, 16) == 2 * 8 * 128 * 32 * 2
    assert kv_bytes_per_token(model, 8) == 8 * 128 * 32 * 2


def test_latent_attention_keeps_the_latent_and_the_rotary_key(model: Model) -> None:
    latent = LatentAttention(512, None, 128, 64, 128)
    compressed = replace(model, attention="latent", latent=latent)
    assert kv_bytes_per_token(compressed, 16) == (512 + 64) * 32 * 2


def test_a_whole_request_moves_its_tokens_alone() -> None:
    assert request_bytes(SIZE, "aggregated", None) == 440


def test_a_request_between_phases_moves_the_cache_of_its_prompt() -> None:
    assert request_bytes(SIZE, "decode", Fraction(7)) == 440 + 700


def test_an_unknown_cache_is_not_taken_for_nothing() -> None:
    assert request_bytes(SIZE, "prefill", None) is None
