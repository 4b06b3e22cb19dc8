from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import UnsupportedModelError
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import device_of_system
from solver.performance.operators.moe import (
    EXPERT_PRECISIONS,
    MoeConstants,
    constants_from,
    moe_s,
    moe_work,
)

H100 = device_of_system("h100_sxm")
B200 = device_of_system("b200_sxm")
PLAIN = MoeConstants(
    launch_s=2e-5,
    expert_s=0.0,
    token_s=0.0,
    compute_share=0.5,
    tile_half_rows=0.0,
    fill_waves=0.0,
    memory_share=0.8,
    activation_share=1.0,
    overlap_exponent=50.0,
)
LAYER: dict[str, Any] = {
    "precision": "bfloat16",
    "gated": True,
    "tokens": 64,
    "hidden": 4096,
    "inter": 1536,
    "top_k": 8,
    "experts": 128,
    "tensor_parallel": 1,
    "expert_parallel": 1,
    "distribution": "balanced",
}


def seconds(constants: MoeConstants = PLAIN, **changed: Any) -> float:
    return float(moe_s(constants, H100, **{**LAYER, **changed}))


def test_a_small_batch_pays_launch_and_the_weights_of_the_touched_experts() -> None:
    weights_s = 8 * 3 * 4096 * 1536 * 2 / (0.8 * H100.hbm_bytes_per_s)
    assert seconds(tokens=1) == pytest.approx(2e-5 + weights_s, rel=0.01)


def test_a_large_batch_pays_arithmetic_and_activations() -> None:
    copies = 16384 * 8
    arithmetic_s = copies * 3 * 2 * 4096 * 1536 / (0.5 * H100.flop_per_s[16])
    moved = copies * (4096 * 10 + 1536 * 12) + 16384 * (4096 * 2 + 128 * 2)
    expected = 2e-5 + arithmetic_s + moved / H100.hbm_bytes_per_s
    assert seconds(tokens=16384) == pytest.approx(expected, rel=1e-3)


def test_waves_that_fill_the_device_are_paid_however_few_the_tiles() -> None:
    # At 16 rows of 128 columns a tile, once for each of the two products.
    wave_flop = H100.multiprocessors * 2 * 16 * 128 * (4096 + 1536)
    slow = replace(PLAIN, fill_waves=3.0, memory_share=1e3, launch_s=0.0)
    fast = replace(slow, fill_waves=1.0)
    difference_s = seconds(slow, tokens=1) - seconds(fast, tokens=1)
    assert difference_s == pytest.approx(2 * wave_flop / (0.5 * H100.flop_per_s[16]), rel=1e-6)


def test_a_tile_of_the_mean_is_mostly_padding_where_tokens_are_routed_elsewhere() -> None:
    layer = {**LAYER, "expert_parallel": 16, "tokens": 128}
    tuned, by_mean = (
        moe_work(B200, **{**layer, "precision": name}).tile_flop
        for name in ("nvfp4", "nvfp4 low_latency")
    )
    # Eight copies an expert; the mean over the device's eight experts would be 128.
    padded = {rows: float(flop) for rows, flop in by_mean.items() if np.isfinite(flop)}
    assert padded == {128: pytest.approx(8 * float(tuned[16]))}


def test_experts_without_a_gate_read_two_thirds_of_the_weights() -> None:
    gated, plain = (seconds(gated=gate, tokens=1) - 2e-5 for gate in (True, False))
    assert plain / gated == pytest.approx(2 / 3, rel=0.02)


def test_narrow_weights_are_read_in_less_time() -> None:
    assert seconds(precision="fp8") < seconds()


def test_more_expert_parallel_devices_leave_less_to_the_busiest() -> None:
    times = moe_s(PLAIN, H100, **{**LAYER, "expert_parallel": [1, 2, 4, 8, 16]})
    assert np.all(np.diff(times) < 0)


def test_a_skewed_router_costs_a_large_expert_parallel_batch_time() -> None:
    even, skewed = (
        seconds(tokens=16384, expert_parallel=16, distribution=name)
        for name in ("balanced", "power_law_1.2")
    )
    assert skewed > 1.5 * even


@given(tokens=st.integers(1, 20_000), growth=st.integers(1, 8))
def test_more_tokens_never_take_less_time(tokens: int, growth: int) -> None:
    assert seconds(tokens=tokens * growth) >= seconds(tokens=tokens) * (1 - 1e-9)


def test_a_precision_the_device_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="nvfp4"):
        seconds(precision="nvfp4")


def test_an_unknown_precision_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="int3"):
        seconds(precision="int3")


def test_named_numbers_come_back_as_constants() -> None:
    values = {name: getattr(PLAIN, name) for name in MoeConstants.__dataclass_fields__}
    assert constants_from(values) == PLAIN
    with pytest.raises(ValueError, match="launch_s"):
        constants_from({name: value for name, value in values.items() if name != "launch_s"})


def test_every_shipped_fit_gives_times_above_the_read_of_the_touched_weights() -> None:
    for (system, precision), fit in operator_catalog("moe").fits.items():
        gated = not precision.endswith(" nongated")
        name = precision.removesuffix(" nongated")
        device = device_of_system(system)
        layer = {**LAYER, "precision": name, "gated": gated, "tokens": [1, 64, 4096]}
        times = moe_s(constants_from(fit.constants), device, **layer)
        weight_bytes = EXPERT_PRECISIONS[name].weight_bytes
        read_s = 8 * (3 if gated else 2) * 4096 * 1536 * weight_bytes / device.hbm_bytes_per_s
        assert np.all(times >= read_s), (system, precision)
        assert np.all(np.diff(times) > 0), (system, precision)


def test_few_tokens_take_less_time_in_the_low_latency_kernels() -> None:
    layer = {**LAYER, "hidden": 7168, "inter": 2048, "experts": 256, "tensor_parallel": 4}
    catalog = operator_catalog("moe")
    few, plain = (
        moe_s(
            constants_from(catalog.find(system="b200_sxm", precision=name).constants),
            B200,
            **{**layer, "precision": name, "tokens": [1, 4, 32]},
        )
        for name in ("nvfp4 low_latency", "nvfp4")
    )
    assert np.all(few < 0.7 * plain)
