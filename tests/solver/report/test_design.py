from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.report.design import (
    UNKNOWN_BINDING,
    binding_of,
    hbm_share,
    layout_name,
    precision_name,
    tensor_degree,
)
from solver.result import Point


@pytest.mark.parametrize(
    ("design", "name"),
    [
        ({"tensor_parallel": 8}, "TP8"),
        ({"tensor_parallel": 1, "tensor_parallel_2d": 16, "pipeline_parallel": 2}, "TP16-2D·PP2"),
        ({"tensor_parallel": 1, "tensor_parallel_2d": 1}, "TP1"),
        ({"tensor_parallel": 4, "expert_parallel": 8, "attention_data_parallel": 2}, "TP4·EP8·DP2"),
        ({"tensor_parallel": 8, "draft_tokens": 3}, "TP8·draft 3"),
    ],
)
def test_a_layout_is_named_by_its_degrees(design: dict[str, Any], name: str) -> None:
    assert layout_name(design) == name


def test_the_tensor_degree_of_a_2d_layout_is_its_total() -> None:
    assert tensor_degree({"tensor_parallel": 1, "tensor_parallel_2d": 64}) == 64


def test_precision_tells_weights_and_cache(make_point: Callable[..., Point]) -> None:
    assert precision_name(make_point(8, 1, 1).design) == "W8 KV16"


def test_memory_use_is_a_share_of_the_device() -> None:
    assert hbm_share({"hbm_used_bytes": 20, "hbm_capacity_bytes": 80}) == 0.25


def test_memory_use_is_unknown_where_the_design_does_not_tell() -> None:
    assert hbm_share({"hbm_used_bytes": 20}) is None


def test_a_design_without_a_binding_limit_says_so() -> None:
    point = Point(objectives={}, exact={}, design={}, proof={})
    assert binding_of(point) is UNKNOWN_BINDING


def test_a_format_is_told_in_place_of_a_width() -> None:
    design = {"weight_format": "fp8_block", "weight_bits": 8, "kv_bits": 16}
    assert precision_name(design) == "fp8_block KV16"
    assert precision_name({"weight_format": "bf16"}) == "bf16"
