"""Whose constants an accelerator gets, and what it is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.operators.attention import attention_decode_s
from solver.performance.operators.attention_context import attention_context_s
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.collective import COLLECTIVE_KINDS, collective_s
from solver.performance.operators.constants import (
    attention_context_constants,
    attention_decode_constants,
    collective_constants,
    gemm_constants,
    mla_context_constants,
    mla_decode_constants,
    moe_constants,
)
from solver.performance.operators.device import MEASURED_SYSTEMS, device_of_accelerator
from solver.performance.operators.formats import (
    KV_FORMATS,
    attention_precision,
    expert_precision,
    gemm_precision,
)
from solver.performance.operators.gemm import gemm_s
from solver.performance.operators.mla import mla_context_s, mla_decode_s
from solver.performance.operators.moe import moe_s

CATALOG = shipped_catalog().accelerators
ALL = sorted(set(CATALOG) - {"Groq LPU v1", "epoch/Groq_LPU"})


@pytest.mark.parametrize("system", sorted(MEASURED_SYSTEMS))
def test_a_measured_system_has_its_own_constants(system: str) -> None:
    own = gemm_constants(CATALOG[MEASURED_SYSTEMS[system]], "bfloat16")
    fit = operator_catalog("gemm").find(system=system, precision="bfloat16")
    assert (own.origin, own.system, own.precision) == ("measured", system, "bfloat16")
    assert own.note == ""
    assert own.constants.hbm_share == fit.constants["hbm_share"]


@pytest.mark.parametrize(
    ("name", "sibling"),
    [
        ("A800-80GB", "a100_sxm"),
        ("H100 PCIe", "h100_sxm"),
        ("H800 SXM", "h100_sxm"),
        ("H20", "h200_sxm"),
        ("L4", "l40s"),
        ("RTX 5090", "rtx_pro_6000_server"),
    ],
)
def test_a_device_of_a_measured_design_takes_its_siblings_constants(
    name: str, sibling: str
) -> None:
    taken = gemm_constants(CATALOG[name], "bfloat16")
    assert (taken.origin, taken.system) == ("sibling", sibling)
    assert taken.device.name == name


def test_a_siblings_rate_into_a_multiprocessor_is_scaled_to_its_own_arithmetic() -> None:
    h20 = gemm_constants(CATALOG["H20"], "fp8").constants
    h200 = gemm_constants(CATALOG["H200 SXM"], "fp8").constants
    scale = (148 / 78) / (989 / 132)
    assert h20.tile_bytes_per_s == pytest.approx(scale * h200.tile_bytes_per_s)
    assert h20.hbm_share == h200.hbm_share


def test_experts_of_a_b300_are_those_of_a_b200() -> None:
    experts = moe_constants(CATALOG["B300 SXM"], "nvfp4")
    assert (experts.origin, experts.system, experts.precision) == ("sibling", "b200_sxm", "nvfp4")


def test_a_precision_of_equal_width_stands_in_and_the_note_says_so() -> None:
    experts = moe_constants(CATALOG["L40S"], "fp8_block")
    assert (experts.origin, experts.precision) == ("measured", "fp8")
    assert "fp8 stands in for fp8_block" in experts.note


def test_experts_that_were_never_measured_plain_take_gated_constants() -> None:
    experts = moe_constants(CATALOG["H100 SXM"], "fp8_block", gated=False)
    assert experts.precision == "fp8 nongated"
    assert moe_constants(CATALOG["A100-80GB SXM"], "bfloat16", gated=False).precision == "bfloat16"


@pytest.mark.parametrize("name", ["MI300X", "MI325X", "MI355X", "Gaudi 3", "TPU v6e"])
def test_a_device_without_kin_takes_a_mean_over_architectures_with_hbm(name: str) -> None:
    taken = gemm_constants(CATALOG[name], "bfloat16")
    assert taken.origin == "transferred"
    assert "l40s" not in taken.system
    assert "mean over Ampere, Hopper, Blackwell" in taken.note
    shares = [
        fit.constants["hbm_share"]
        for (system, precision), fit in operator_catalog("gemm").fits.items()
        if precision == "bfloat16" and system in taken.system
    ]
    assert min(shares) < taken.constants.hbm_share < max(shares)


def test_a_users_device_built_like_a_measured_one_takes_its_constants_and_says_so() -> None:
    mine = replace(CATALOG["H200 SXM"], name="mine", hbm_bytes_per_s=5.2e12)
    taken = attention_decode_constants(mine, "bfloat16/kv_fp8")
    assert (taken.origin, taken.system) == ("sibling", "h200_sxm")
    assert "built like H200 SXM" in taken.note
    assert taken.device.hbm_bytes_per_s == 5.2e12


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("H100 SXM", "nvfp4"),
        ("A100-80GB SXM", "fp8"),
        ("MI300X", "nvfp4"),
        ("TPU v5e", "fp8_block"),
    ],
)
def test_arithmetic_that_a_device_lacks_is_refused_by_name(name: str, precision: str) -> None:
    with pytest.raises(UnsupportedModelError, match=f"{name}: no .*{precision}"):
        gemm_constants(CATALOG[name], precision)
    with pytest.raises(UnsupportedModelError, match=name):
        moe_constants(CATALOG[name], precision)


def test_8_bit_attention_is_refused_where_there_are_no_8_bit_floats() -> None:
    with pytest.raises(UnsupportedModelError, match="A100-80GB SXM: no 8-bit floating-point"):
        attention_context_constants(CATALOG["A100-80GB SXM"], "fp8/kv_fp8")


def test_unknown_precisions_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="'fp6' is unknown"):
        gemm_constants(CATALOG["H100 SXM"], "fp6")
    with pytest.raises(UnsupportedModelError, match="'bfloat16/kv_int4' is unknown"):
        attention_decode_constants(CATALOG["H100 SXM"], "bfloat16/kv_int4")


def test_memory_on_the_die_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="memory is on the die"):
        gemm_constants(CATALOG["Groq LPU v1"], "bfloat16")


@pytest.mark.parametrize("name", ["A100-80GB SXM", "V100-32GB SXM", "MI300X", "TPU v4"])
def test_an_8_bit_cache_halves_the_bytes_on_every_device(name: str) -> None:
    narrow = attention_decode_constants(CATALOG[name], "bfloat16/kv_fp8")
    assert narrow.constants.kv_value_bytes == 1.0


def test_a_cache_is_widened_where_there_are_no_8_bit_floats() -> None:
    narrow = attention_context_constants(CATALOG["A100-80GB SXM"], "bfloat16/kv_fp8")
    assert narrow.constants.operand_bits == 16
    assert "the cache is widened" in narrow.note
    measured = mla_context_constants(CATALOG["A100-80GB SXM"], "bfloat16/kv_fp8")
    assert (measured.origin, measured.constants.operand_bits) == ("measured", 16)


def test_collectives_of_a_pcie_card_take_after_pcie_and_not_after_the_design() -> None:
    taken = collective_constants(CATALOG["H100 PCIe"], "all_reduce")
    assert taken.system == "rtx_pro_6000_server"
    assert not taken.constants.in_switch


def test_only_nvlink_switches_reduce() -> None:
    assert collective_constants(CATALOG["H800 SXM"], "all_reduce").constants.in_switch
    assert not collective_constants(CATALOG["MI300X"], "all_reduce").constants.in_switch


def test_two_devices_of_a_mesh_have_one_link_of_seven() -> None:
    taken = collective_constants(CATALOG["MI300X"], "alltoall")
    switched = replace(taken.device, mesh=False)
    size = 1e10
    one, seven = (
        float(collective_s(taken.constants, device, kind="alltoall", world=2, message_bytes=size))
        for device in (taken.device, switched)
    )
    assert one / seven == pytest.approx(7.0, rel=0.01)


def test_a_full_mesh_is_as_wide_as_a_switch() -> None:
    taken = collective_constants(CATALOG["MI300X"], "alltoall")
    switched = replace(taken.device, mesh=False)
    times = [
        collective_s(taken.constants, device, kind="alltoall", world=8, message_bytes=1e9)
        for device in (taken.device, switched)
    ]
    assert times[0] == times[1]


@pytest.mark.parametrize("name", ALL)
def test_every_accelerator_gives_sensible_times_in_every_family(name: str) -> None:
    accelerator = CATALOG[name]
    device = device_of_accelerator(accelerator)
    formats = ["bf16", "int8", "int4", "mxfp4"]
    formats += ["fp8", "fp8_block"] if device.float8 else []
    formats += ["nvfp4"] if 4 in device.flop_per_s else []
    tokens = np.array([1.0, 64.0, 4096.0])
    for weights in formats:
        precision = gemm_precision(weights, device)
        gemm = gemm_constants(accelerator, precision)
        times = [gemm_s(gemm.constants, device, precision=precision, m=tokens, n=8192, k=8192)]
        precision = expert_precision(weights, device)
        experts = moe_constants(accelerator, precision)
        times.append(
            moe_s(
                experts.constants,
                device,
                precision=precision,
                gated=True,
                tokens=tokens,
                hidden=4096,
                inter=2048,
                top_k=8,
                experts=64,
                tensor_parallel=1,
                expert_parallel=1,
                distribution="balanced",
            )
        )
        for seconds in times:
            assert np.all((seconds > 1e-6) & (seconds < 0.1)), weights
            assert seconds[2] > seconds[0], weights
    shape = {"heads": 32, "kv_heads": 8, "head_dim": 128}
    for kv in KV_FORMATS:
        pair = attention_precision(kv)
        decode = attention_decode_constants(accelerator, pair).constants
        context = attention_context_constants(accelerator, pair).constants
        mla = mla_decode_constants(accelerator, pair).constants
        latent = mla_context_constants(accelerator, pair).constants
        for seconds in (
            attention_decode_s(decode, device, batch=tokens, kv_len=4096, **shape),
            attention_context_s(context, device, batch=1, tokens=16 * tokens, **shape),
            mla_decode_s(mla, device, batch=tokens, kv_len=4096, heads=128),
            mla_context_s(latent, device, batch=1, tokens=16 * tokens, heads=16),
        ):
            assert np.all((seconds > 1e-6) & (seconds < 10.0)), kv
            assert seconds[2] > seconds[0], kv


@pytest.mark.parametrize("name", ALL)
def test_every_accelerator_has_constants_of_every_collective(name: str) -> None:
    for kind in COLLECTIVE_KINDS:
        taken = collective_constants(CATALOG[name], kind)
        assert taken.constants.nccl is not None
        assert (taken.constants.custom is not None) == (kind == "all_reduce")


@pytest.mark.parametrize("name", ALL)
def test_no_device_reads_weights_faster_than_its_memory(name: str) -> None:
    accelerator = CATALOG[name]
    gemm = gemm_constants(accelerator, "bfloat16")
    seconds = gemm_s(gemm.constants, gemm.device, precision="bfloat16", m=1, n=16384, k=16384)
    assert seconds > 2 * 16384**2 / accelerator.hbm_bytes_per_s
