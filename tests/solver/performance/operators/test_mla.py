from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.operators.attention_context import context_constants_from
from solver.performance.operators.device import device_of_system
from solver.performance.operators.mla import (
    MlaDecode,
    mla_context_s,
    mla_decode_constants_from,
    mla_decode_s,
)

H100 = device_of_system("h100_sxm")
NAMED = {
    "launch_s": 7e-6,
    "merge_s": 1e-6,
    "merge_part_s": 0.0,
    "block_s": 5e-6,
    "head_s": 5e-8,
    "sm_bytes_per_s": 1e13,
    "sm_flop_per_s": 5e12,
    "hbm_share": 0.9,
    "l2_share": 0.3,
    "l2_gain": 1.0,
    "fill_s": 1e-6,
    "reread_share": 0.1,
    "norm_p": 8.0,
    "tile_tokens": 64.0,
    "chunk_tokens": 256.0,
    "waves": 1.0,
    "narrow_tile_heads": 64.0,
    "wide_tile_heads": 64.0,
    "wide_from_heads": 64.0,
    "kv_value_bytes": 2.0,
}


def constants(**changes: float) -> MlaDecode:
    return mla_decode_constants_from({**NAMED, **changes})


def seconds(c: MlaDecode, **shape: float) -> float:
    whole = {"batch": 64, "kv_len": 8192, "heads": 16, **shape}
    return float(mla_decode_s(c, H100, **whole))


def test_a_large_latent_cache_is_read_once_for_all_heads() -> None:
    more_bytes = 64 * 65536 * 576 * 2
    added_s = seconds(constants(), kv_len=131072) - seconds(constants(), kv_len=65536)
    assert more_bytes / added_s == pytest.approx(0.9 * H100.hbm_bytes_per_s, rel=0.02)


def test_heads_cost_nothing_until_arithmetic_takes_longer_than_the_reads() -> None:
    fast = constants(sm_flop_per_s=1e15, head_s=1e-12)
    assert seconds(fast, heads=64) == pytest.approx(seconds(fast, heads=1), rel=0.02)
    slow = constants(sm_flop_per_s=1e12)
    assert seconds(slow, heads=64) > 2 * seconds(slow, heads=16)


def test_a_few_heads_are_padded_to_one_matrix_instruction() -> None:
    c = constants(sm_flop_per_s=1e11)
    work = seconds(c, heads=1), seconds(c, heads=16), seconds(c, heads=17)
    assert work[0] == pytest.approx(work[1], rel=1e-3)
    assert work[2] > 1.5 * work[1]


def test_a_second_tile_of_heads_reads_part_of_the_cache_again() -> None:
    c = constants(narrow_tile_heads=16.0, reread_share=0.5, sm_flop_per_s=1e15, block_s=1e-9)
    assert seconds(c, heads=32, kv_len=131072) == pytest.approx(
        1.5 * seconds(c, heads=16, kv_len=131072), rel=0.02
    )


def test_an_engine_that_never_splits_works_through_one_sequence_serially() -> None:
    serial = constants(chunk_tokens=2.0**30)
    assert seconds(serial, batch=1, kv_len=131072) > 10 * seconds(
        constants(), batch=1, kv_len=131072
    )


def test_shapes_broadcast() -> None:
    times = mla_decode_s(
        constants(), H100, batch=np.array([1, 2]), kv_len=np.array([[64], [128]]), heads=16
    )
    assert times.shape == (2, 2)


def test_a_missing_constant_is_an_error() -> None:
    with pytest.raises(KeyError, match="head_s"):
        mla_decode_constants_from({k: v for k, v in NAMED.items() if k != "head_s"})


def test_context_grows_with_the_heads_of_the_device() -> None:
    context = context_constants_from(
        {
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
    )
    few, many = mla_context_s(context, H100, batch=4, tokens=32768, heads=np.array([16, 128]))
    flop = 2 * (192 + 128) * 128 * 32768**2 / 2 * 4
    assert many == pytest.approx(flop / (0.6 * 989e12), rel=0.06)
    assert many == pytest.approx(8 * few, rel=0.05)


@given(batch=st.integers(1, 1024), kv_len=st.integers(1, 131072), heads=st.integers(1, 128))
def test_no_call_beats_the_launch_and_the_reads(batch: int, kv_len: int, heads: int) -> None:
    reads_s = batch * kv_len * 576 * 2 / H100.hbm_bytes_per_s
    c = constants()
    assert seconds(c, batch=batch, kv_len=kv_len, heads=heads) >= 7e-6 + 0.99 * reads_s


def test_each_part_of_a_split_sequence_after_the_first_is_merged_at_a_price() -> None:
    shape = {"batch": 33, "kv_len": 131072}
    # 132 multiprocessors over 33 sequences: four parts each.
    added_s = seconds(constants(merge_part_s=1e-6), **shape) - seconds(constants(), **shape)
    assert added_s == pytest.approx(3e-6, rel=1e-6)


def test_a_sequence_in_one_part_needs_no_merge() -> None:
    priced = constants(merge_part_s=1e-3)
    assert seconds(priced, kv_len=128) == seconds(constants(), kv_len=128)
