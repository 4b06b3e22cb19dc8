from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.operators.attention_context import (
    ContextAttention,
    attention_context_s,
    context_constants_from,
)
from solver.performance.operators.device import device_of_system

H100 = device_of_system("h100_sxm")
NAMED = {
    "launch_s": 1e-5,
    "flop_share": 0.6,
    "tile_s": 2e-6,
    "tail_tiles": 1.0,
    "hbm_share": 0.7,
    "norm_p": 1.5,
    "tile_queries": 64.0,
    "operand_bits": 16.0,
    "kv_value_bytes": 2.0,
}


def seconds(**shape: float) -> float:
    whole = {"batch": 8, "tokens": 4096, "heads": 32, "kv_heads": 8, "head_dim": 128, **shape}
    return float(attention_context_s(context_constants_from(NAMED), H100, **whole))


def test_a_long_prompt_costs_the_causal_half_of_its_square() -> None:
    tokens = 131072
    flop = 4 * 32 * 128 * tokens**2 / 2 * 8
    assert seconds(tokens=tokens) == pytest.approx(flop / (0.6 * 989e12), rel=0.03)


def test_doubling_a_long_prompt_quadruples_its_time() -> None:
    assert seconds(tokens=131072) == pytest.approx(4 * seconds(tokens=65536), rel=0.03)


def test_a_window_makes_a_long_prompt_linear() -> None:
    long, short = seconds(tokens=65536, window=1024), seconds(tokens=32768, window=1024)
    assert long == pytest.approx(2 * short, rel=0.05)


def test_a_window_as_long_as_the_prompt_changes_nothing() -> None:
    assert seconds(window=4096) == pytest.approx(seconds())


def test_a_prompt_is_padded_to_whole_tiles() -> None:
    shape = {"kv_heads": 1, "heads": 64, "batch": 64}
    padding = seconds(tokens=64, **shape) - seconds(tokens=33, **shape)
    next_tile = seconds(tokens=65, **shape) - seconds(tokens=64, **shape)
    assert next_tile > 5 * padding / 31


def test_shapes_broadcast() -> None:
    times = attention_context_s(
        context_constants_from(NAMED),
        H100,
        batch=np.array([1, 2]),
        tokens=np.array([[64], [128], [256]]),
        heads=8,
        kv_heads=8,
        head_dim=64,
    )
    assert times.shape == (3, 2)


def test_a_missing_constant_is_an_error() -> None:
    with pytest.raises(KeyError, match="tile_queries"):
        context_constants_from({k: v for k, v in NAMED.items() if k != "tile_queries"})


def test_constants_cannot_be_changed() -> None:
    constants = context_constants_from(NAMED)
    assert isinstance(constants, ContextAttention)
    with pytest.raises(AttributeError):
        constants.launch_s = 0.0  # type: ignore[misc]


@given(tokens=st.integers(1, 20000), more=st.integers(1, 5000), window=st.sampled_from([0, 512]))
def test_a_longer_prompt_is_never_faster(tokens: int, more: int, window: int) -> None:
    assert seconds(tokens=tokens + more, window=window) >= seconds(tokens=tokens, window=window)
