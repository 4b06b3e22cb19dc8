from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.performance.calibrated.point import ServingPoint
from solver.performance.validation.measured.points import MeasuredPoints

PointsOf = Callable[..., MeasuredPoints]
Row = dict[str, Any]


def point_of(points: MeasuredPoints) -> ServingPoint:
    point = points.points[0]
    assert point is not None, points.refusals[0]
    return point


def formats(points: MeasuredPoints) -> tuple[str, str, str]:
    point = point_of(points)
    return point.weight_format, point.expert_format, point.kv_format


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "Llama-3.1-8B"),
        ("nvidia/Llama-3.1-8B-Instruct-FP8", "Llama-3.1-8B"),
        ("nvidia/Qwen3-32B-NVFP4", "Qwen3-32B"),
    ],
)
def test_a_checkpoint_is_known_by_its_model(
    points_of: PointsOf, dense: Row, path: str, name: str
) -> None:
    assert point_of(points_of({**dense, "model_path": path})).model.name == name


def test_an_unknown_model_is_refused_by_name(points_of: PointsOf, dense: Row) -> None:
    points = points_of({**dense, "model_path": "nobody/Secret-7B"})
    assert points.refusals == ("model 'nobody/Secret-7B' is not in the catalog",)


def test_an_unknown_system_is_refused_by_name(points_of: PointsOf, dense: Row) -> None:
    assert "'abacus'" in str(points_of({**dense, "system": "abacus"}).refusals[0])


def test_an_unknown_precision_is_refused_by_name(points_of: PointsOf, dense: Row) -> None:
    assert "'fp3'" in str(points_of({**dense, "gemm_quant_mode": "fp3"}).refusals[0])


def test_eight_bit_experts_have_block_scales(points_of: PointsOf, experts: Row) -> None:
    assert formats(points_of(experts)) == ("fp8_block", "fp8_block", "fp8")


def test_eight_bit_dense_weights_have_one_scale(points_of: PointsOf, dense: Row) -> None:
    assert formats(points_of(dense)) == ("fp8", "fp8", "fp8")


def test_gpt_oss_has_mxfp4_experts_alone(points_of: PointsOf, experts: Row) -> None:
    row = {**experts, "model_path": "openai/gpt-oss-120b", "gemm_quant_mode": "nvfp4"}
    assert formats(points_of(row))[:2] == ("bf16", "mxfp4")


def test_int4_kimi_has_int4_experts_alone(points_of: PointsOf, experts: Row) -> None:
    modes = {"gemm_quant_mode": "int4_wo", "moe_quant_mode": "int4_wo"}
    row = {**experts, "model_path": "moonshotai/Kimi-K2.5", **modes}
    assert formats(points_of(row))[:2] == ("bf16", "int4")


def test_nothing_stated_is_the_published_checkpoint(points_of: PointsOf, dense: Row) -> None:
    empty = {"dtype": "", "gemm_quant_mode": "", "moe_quant_mode": ""}
    assert formats(points_of({**dense, **empty})) == ("bf16", "bf16", "bf16")


def test_latent_attention_of_sglang_on_hopper_keeps_16_bits(
    points_of: PointsOf, experts: Row
) -> None:
    assert formats(points_of({**experts, "backend": "sglang", "system": "h200_sxm"}))[2] == "bf16"


def test_lengths_of_public_sweeps_are_nine_tenths(points_of: PointsOf, dense: Row) -> None:
    point = point_of(points_of({**dense, "source": "source_file=2026-03-25.csv"}))
    assert (point.input_tokens, point.output_tokens) == (900.0, 450.0)


def test_lengths_of_other_sources_are_as_stated(points_of: PointsOf, dense: Row) -> None:
    assert point_of(points_of(dense)).input_tokens == 1000.0
