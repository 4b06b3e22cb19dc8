"""Formats of weights and caches, and the precisions they mean on a device."""

from __future__ import annotations

import pytest

from solver.errors import UnsupportedModelError
from solver.performance.operators.device import Device, device_of_system
from solver.performance.operators.formats import (
    KV_FORMATS,
    WEIGHT_FORMATS,
    attention_precision,
    expert_precision,
    gemm_precision,
)
from solver.performance.operators.gemm import OPERANDS
from solver.performance.operators.moe import EXPERT_PRECISIONS

A100 = device_of_system("a100_sxm")
H100 = device_of_system("h100_sxm")
B200 = device_of_system("b200_sxm")


def test_every_format_means_a_known_precision_on_a_device_that_has_all_widths() -> None:
    for name in WEIGHT_FORMATS:
        assert gemm_precision(name, B200) in OPERANDS
        assert expert_precision(name, B200) in EXPERT_PRECISIONS


@pytest.mark.parametrize(
    ("device", "gemm", "experts"),
    [
        (B200, "nvfp4", "w4a8_mxfp4_mxfp8"),
        (H100, "int4_wo", "w4a16_mxfp4"),
        (A100, "int4_wo", "w4a16_mxfp4"),
    ],
)
def test_mxfp4_meets_wider_numbers_by_what_the_device_can(
    device: Device, gemm: str, experts: str
) -> None:
    assert gemm_precision("mxfp4", device) == gemm
    assert expert_precision("mxfp4", device) == experts


@pytest.mark.parametrize(("name", "device"), [("nvfp4", H100), ("fp8", A100), ("fp8_block", A100)])
def test_arithmetic_a_device_lacks_is_refused_by_name(name: str, device: Device) -> None:
    with pytest.raises(UnsupportedModelError, match=device.name):
        gemm_precision(name, device)
    with pytest.raises(UnsupportedModelError, match=device.name):
        expert_precision(name, device)


def test_integers_are_widened_on_every_device() -> None:
    assert gemm_precision("int8", A100) == "int8_wo"
    assert expert_precision("int4", H100) == "int4_wo"


def test_unknown_formats_are_refused_with_those_there_are() -> None:
    with pytest.raises(UnsupportedModelError, match=r"'fp6' is unknown.*nvfp4"):
        gemm_precision("fp6", H100)
    with pytest.raises(UnsupportedModelError, match="expert format 'fp6'"):
        expert_precision("fp6", H100)
    with pytest.raises(UnsupportedModelError, match="KV format 'int4'"):
        attention_precision("int4")


def test_a_cache_has_a_format_of_16_or_of_8_bits() -> None:
    assert [attention_precision(name) for name in KV_FORMATS] == [
        "bfloat16/kv_bfloat16",
        "bfloat16/kv_fp8",
    ]
