from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.operators.attention import (
    DecodeAttention,
    DecodeKernel,
    attention_decode_s,
    cache_hits,
    decode_constants_from,
    norm,
    sequence_splits,
    takes_grouped,
)
from solver.performance.operators.device import device_of_system

H100 = device_of_system("h100_sxm")
PLAIN = {
    "launch_s": 5e-6,
    "merge_s": 2e-6,
    "block_s": 1e-6,
    "sm_bytes_per_s": 1e11,
    "lone_bytes_per_s": 5e10,
    "hbm_share": 0.9,
    "l2_share": 0.5,
    "l2_gain": 1.0,
    "fill_s": 5e-6,
    "norm_p": 4.0,
    "head_row_s": 0.0,
    "chunk_tokens": 256.0,
    "waves": 2.0,
    "split_whole_cache": 0.0,
}
NAMED = {
    **{f"grouped_{name}": value for name, value in PLAIN.items()},
    **{f"per_head_{name}": value for name, value in PLAIN.items()},
    "smallest_group": 2.0,
    "largest_group": 32.0,
    "least_fill": 0.25,
    "kv_value_bytes": 2.0,
}


def constants(**changes: float) -> DecodeAttention:
    return decode_constants_from({**NAMED, **changes})


def seconds(c: DecodeAttention, **shape: float) -> float:
    whole = {"batch": 64, "kv_len": 4096, "heads": 32, "kv_heads": 8, "head_dim": 128, **shape}
    return float(attention_decode_s(c, H100, **whole))


def test_a_large_cache_is_read_at_the_share_of_the_bandwidth_that_was_fitted() -> None:
    base = constants(grouped_norm_p=12.0, grouped_sm_bytes_per_s=1e13)
    short, long = seconds(base, kv_len=65536), seconds(base, kv_len=131072)
    more_bytes = 64 * 65536 * 8 * 128 * 2 * 2
    assert more_bytes / (long - short) == pytest.approx(0.9 * H100.hbm_bytes_per_s, rel=0.01)


def test_query_heads_of_a_group_read_the_cache_only_once() -> None:
    assert seconds(constants(), heads=64) < 1.05 * seconds(constants(), heads=32)


def test_the_per_head_kernel_pays_for_every_query_head() -> None:
    apart = constants(smallest_group=64.0, largest_group=65.0)
    assert seconds(apart, heads=64) > 1.5 * seconds(apart, heads=32)


def test_a_window_bounds_the_tokens_that_are_read() -> None:
    assert seconds(constants(), kv_len=65536, window=1024) == pytest.approx(
        seconds(constants(), kv_len=1024)
    )


def test_a_window_beyond_the_cache_changes_nothing() -> None:
    assert seconds(constants(), window=8192) == seconds(constants())


def test_one_long_sequence_is_split_until_the_device_is_full() -> None:
    whole = constants(per_head_chunk_tokens=1e9, grouped_chunk_tokens=1e9)
    split = seconds(constants(), batch=1, kv_len=131072)
    assert split < seconds(whole, batch=1, kv_len=131072) / 5


def test_a_narrower_cache_is_read_faster() -> None:
    assert seconds(constants(kv_value_bytes=1.0)) < 0.7 * seconds(constants())


def test_too_few_blocks_go_to_the_per_head_kernel() -> None:
    batch = np.array([1.0, 64.0])
    chosen = takes_grouped(
        constants(),
        H100,
        batch=batch,
        kv_len=np.full(2, 64.0),
        heads=np.full(2, 32.0),
        kv_heads=np.full(2, 8.0),
    )
    assert chosen.tolist() == [False, True]


def test_groups_outside_the_grouped_kernel_go_to_the_per_head_kernel() -> None:
    heads = np.array([8.0, 16.0, 256.0, 512.0])
    chosen = takes_grouped(
        constants(),
        H100,
        batch=np.full(4, 64.0),
        kv_len=np.full(4, 4096.0),
        heads=heads,
        kv_heads=np.full(4, 8.0),
    )
    assert chosen.tolist() == [False, True, True, False]


def test_an_array_of_shapes_gives_what_each_shape_gives_alone() -> None:
    batch, kv_len = np.array([1, 8, 512]), np.array([[16], [4096]])
    together = attention_decode_s(
        constants(), H100, batch=batch, kv_len=kv_len, heads=32, kv_heads=8, head_dim=128
    )
    alone = [[seconds(constants(), batch=b, kv_len=n) for b in (1, 8, 512)] for n in (16, 4096)]
    assert together.shape == (2, 3)
    np.testing.assert_allclose(together, alone)


def test_a_missing_constant_is_an_error() -> None:
    with pytest.raises(TypeError, match="launch_s"):
        decode_constants_from({k: v for k, v in NAMED.items() if k != "grouped_launch_s"})


@given(
    batch=st.integers(1, 2048),
    kv_len=st.integers(1, 131072),
    factor=st.sampled_from([2, 4, 16]),
)
def test_more_bandwidth_of_the_memory_never_slows_a_call(
    batch: int, kv_len: int, factor: int
) -> None:
    slow = constants(grouped_hbm_share=0.9 / factor, per_head_hbm_share=0.9 / factor)
    shape = {"batch": batch, "kv_len": kv_len}
    assert seconds(constants(), **shape) <= seconds(slow, **shape)


@given(batch=st.integers(1, 1024), kv_len=st.integers(1, 131072))
def test_a_call_takes_at_least_the_launch_and_the_reads(batch: int, kv_len: int) -> None:
    reads_s = batch * kv_len * 8 * 128 * 2 * 2 / H100.hbm_bytes_per_s
    assert seconds(constants(), batch=batch, kv_len=kv_len) >= 5e-6 + 0.99 * reads_s


@given(a=st.floats(1e-9, 1e3), b=st.floats(0, 1e3), p=st.floats(1, 12))
def test_the_norm_lies_between_the_maximum_and_the_sum(a: float, b: float, p: float) -> None:
    value = float(norm(np.array([a]), np.array([b]), p)[0])
    assert max(a, b) * (1 - 1e-12) <= value <= (a + b) * (1 + 1e-12)


def test_half_of_an_operand_as_large_as_the_cache_is_found_there() -> None:
    np.testing.assert_allclose(cache_hits(np.array([0.0, 1e6]), 1e6), [1.0, 0.5])


def test_a_sequence_is_not_split_beyond_its_chunks_nor_the_free_slots() -> None:
    splits = sequence_splits(
        blocks=np.array([1.0, 1.0, 100.0, 500.0]),
        tokens=np.array([100.0, 1024.0, 1e6, 1e6]),
        chunk_tokens=np.array(256.0),
        slots=264.0,
    )
    assert splits.tolist() == [1.0, 4.0, 2.0, 1.0]


def test_a_short_row_costs_extra_only_below_one_cache_line() -> None:
    c = constants(kv_value_bytes=1.0, grouped_short_row_s=1e-3)
    plain = constants(kv_value_bytes=1.0)
    assert seconds(c, head_dim=64) == pytest.approx(seconds(plain, head_dim=64) + 1e-3)
    assert seconds(c, head_dim=128) == seconds(plain, head_dim=128)


def test_each_part_of_a_split_sequence_after_the_first_is_merged_at_a_price() -> None:
    plain, priced = constants(), constants(grouped_merge_part_s=1e-6)
    shape = {"batch": 4, "kv_len": 4096}
    # 32 blocks, 264 places: eight parts of 512 tokens.
    assert seconds(priced, **shape) - seconds(plain, **shape) == pytest.approx(7e-6)


def test_a_sequence_in_one_part_needs_no_merge() -> None:
    priced = constants(grouped_merge_part_s=1e-3)
    assert seconds(priced, kv_len=128) == seconds(constants(), kv_len=128)


def test_filling_the_pipeline_costs_each_wave_of_per_head_blocks() -> None:
    apart = {"smallest_group": 64.0, "per_head_chunk_tokens": 1e9, "per_head_norm_p": 12.0}
    plain, filling = constants(**apart), constants(**apart, per_head_ramp_s=1e-3)
    # 132 multiprocessors; eight tokens fill half of the pipeline.
    one = {"batch": 4, "kv_len": 8}
    three = {"batch": 12, "kv_len": 8}
    assert seconds(filling, **one) - seconds(plain, **one) == pytest.approx(0.5e-3, rel=0.02)
    assert seconds(filling, **three) - seconds(plain, **three) == pytest.approx(1.5e-3, rel=0.02)


def test_kernel_constants_have_no_default_for_what_is_always_paid() -> None:
    with pytest.raises(TypeError):
        DecodeKernel(launch_s=1e-6)  # type: ignore[call-arg]
