"""The time of one matrix multiplication."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import UnsupportedModelError
from solver.performance.operators.device import device_of_system
from solver.performance.operators.gemm import UNITS, GemmConstants, constants_from, gemm_s

H100 = device_of_system("h100_sxm")
B200 = device_of_system("b200_sxm")
VALUES = {
    "share_of_peak": 0.85,
    "tile_bytes_per_s": 5e11,
    "k_step_s": 5e-10,
    "hbm_share": 0.9,
    "l2_speedup": 2.2,
    "resident_share": 0.14,
    "activation_traffic": 1.0,
    "output_traffic": 1.0,
    "quantise_traffic": 1e-3,
    "split_s": 2e-6,
    "wave_s": 4e-7,
    "fixed_s": 2e-6,
    "overlap": 2.8,
    "tail_share": 0.2,
    "choice": 15.0,
}
CONSTANTS = constants_from(VALUES)
# Perfect hardware: what is left is the roofline.
IDEAL = GemmConstants(
    share_of_peak=1.0,
    tile_bytes_per_s=1e20,
    k_step_s=1e-20,
    hbm_share=1.0,
    l2_speedup=1e9,
    resident_share=1e-9,
    activation_traffic=1.0,
    output_traffic=1.0,
    quantise_traffic=1e-9,
    split_s=1e-12,
    wave_s=1e-15,
    fixed_s=1e-12,
    overlap=25.0,
    tail_share=1e-9,
    choice=np.inf,
)

sizes = st.integers(1, 8192)


def test_perfect_hardware_takes_the_time_of_the_roofline() -> None:
    m = np.array([1.0, 128.0, 8192.0])
    n, k = 132 * 128.0, 8192.0
    time_s = gemm_s(IDEAL, H100, precision="bfloat16", m=m, n=n, k=k)
    memory_s = 2 * (n * k + m * k + m * n) / H100.hbm_bytes_per_s
    padded = np.ceil(m / 64) * 64
    arithmetic_s = 2 * padded * n * k / H100.peak_flop_per_s("bfloat16")
    assert time_s == pytest.approx(np.maximum(memory_s, arithmetic_s), rel=0.02)


def test_an_empty_multiplication_still_takes_the_fixed_time() -> None:
    time_s = gemm_s(CONSTANTS, H100, precision="bfloat16", m=1, n=32, k=32)
    assert CONSTANTS.fixed_s < time_s < CONSTANTS.fixed_s + 1e-6


def test_shapes_broadcast_and_each_element_is_as_if_alone() -> None:
    m, n = np.array([[1], [64], [4096]]), np.array([1024, 8192])
    together = gemm_s(CONSTANTS, H100, precision="bfloat16", m=m, n=n, k=4096)
    assert together.shape == (3, 2)
    alone = gemm_s(CONSTANTS, H100, precision="bfloat16", m=64, n=8192, k=4096)
    assert together[1, 1] == pytest.approx(float(alone), rel=1e-12)


@given(m=sizes, n=sizes, k=sizes)
def test_time_is_no_less_than_the_vendors_peaks_allow(m: int, n: int, k: int) -> None:
    time_s = gemm_s(CONSTANTS, H100, precision="bfloat16", m=m, n=n, k=k)
    flop_s = 2.0 * m * n * k / H100.peak_flop_per_s("bfloat16")
    bytes_s = 2.0 * (m * k + n * k + m * n) / H100.hbm_bytes_per_s
    assert time_s >= max(flop_s, bytes_s)


@given(m=sizes, n=sizes, k=sizes)
def test_weights_in_the_cache_never_take_longer(m: int, n: int, k: int) -> None:
    shape = {"precision": "bfloat16", "m": m, "n": n, "k": k}
    cold = gemm_s(CONSTANTS, H100, **shape)  # type: ignore[arg-type]
    warm = gemm_s(CONSTANTS, H100, weights_in_cache=True, **shape)  # type: ignore[arg-type]
    assert warm <= cold * (1 + 1e-9)


def test_large_weights_do_not_fit_the_cache() -> None:
    shape = {"precision": "bfloat16", "m": 8, "n": 16384, "k": 16384}
    cold = gemm_s(CONSTANTS, H100, **shape)  # type: ignore[arg-type]
    warm = gemm_s(CONSTANTS, H100, weights_in_cache=True, **shape)  # type: ignore[arg-type]
    assert warm == pytest.approx(float(cold), rel=1e-6)


def test_a_slower_device_takes_longer_in_proportion_when_memory_bounds() -> None:
    half = replace(H100, hbm_bytes_per_s=H100.hbm_bytes_per_s / 2)
    shape = {"precision": "bfloat16", "m": 1, "n": 65536, "k": 8192}
    ratio = gemm_s(CONSTANTS, half, **shape) / gemm_s(CONSTANTS, H100, **shape)  # type: ignore[arg-type]
    assert ratio == pytest.approx(2.0, rel=0.05)


def test_narrow_weights_are_read_faster() -> None:
    shape = {"m": 1, "n": 16384, "k": 16384}
    wide = gemm_s(CONSTANTS, H100, precision="bfloat16", **shape)  # type: ignore[arg-type]
    narrow = gemm_s(CONSTANTS, H100, precision="int4_wo", **shape)  # type: ignore[arg-type]
    assert 2.5 < wide / narrow < 4.1


def test_long_k_with_few_tiles_is_split_where_splitting_pays() -> None:
    shape = {"precision": "bfloat16", "m": 16, "n": 64, "k": 65536}
    unsplit = replace(CONSTANTS, split_s=1.0)
    assert gemm_s(CONSTANTS, H100, **shape) < 0.5 * gemm_s(unsplit, H100, **shape)  # type: ignore[arg-type]


def test_quantising_passes_over_the_activations_before_the_product_begins() -> None:
    shape = {"precision": "fp8", "m": 4096, "n": 128, "k": 8192}
    quantised = replace(CONSTANTS, quantise_traffic=1.5)
    times_s = [float(gemm_s(c, H100, **shape)) for c in (CONSTANTS, quantised)]  # type: ignore[arg-type]
    added_s = times_s[1] - times_s[0]
    assert added_s == pytest.approx((1.5 - 1e-3) * 2 * 4096 * 8192 / H100.hbm_bytes_per_s)


def test_a_narrow_result_costs_the_traffic_of_the_activations_alone() -> None:
    shape = {"precision": "bfloat16", "m": 65536, "k": 64}
    written = replace(IDEAL, output_traffic=3.0)
    narrow, wide = (
        gemm_s(written, H100, n=n, **shape) / gemm_s(IDEAL, H100, n=n, **shape)  # type: ignore[arg-type]
        for n in (1, 65536)
    )
    assert narrow < 1.1
    assert wide == pytest.approx(3.0, rel=0.1)


def test_an_unknown_precision_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="'fp12' is unknown"):
        gemm_s(CONSTANTS, H100, precision="fp12", m=1, n=1, k=1)


def test_a_precision_the_device_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="no 4-bit arithmetic"):
        gemm_s(CONSTANTS, H100, precision="nvfp4", m=1, n=1, k=1)
    assert gemm_s(CONSTANTS, B200, precision="nvfp4", m=1, n=128, k=128) > 0


def test_constants_must_be_complete_known_and_positive() -> None:
    assert UNITS.keys() == VALUES.keys()
    with pytest.raises(ValueError, match=r"\['choice'\]"):
        constants_from({name: value for name, value in VALUES.items() if name != "choice"})
    with pytest.raises(ValueError, match="luck"):
        constants_from({**VALUES, "luck": 1.0})
    with pytest.raises(ValueError, match="fixed_s must be positive"):
        constants_from({**VALUES, "fixed_s": 0.0})
    with pytest.raises(ValueError, match="overlap must lie between 1 and 25"):
        constants_from({**VALUES, "overlap": 50.0})
