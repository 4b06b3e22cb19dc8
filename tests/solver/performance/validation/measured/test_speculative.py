from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solver.performance.validation.measured.points import MeasuredPoints
from solver.performance.validation.measured.roofline import weight_read_s
from solver.performance.validation.measured.speculative import (
    ACCIDENT,
    BEATS_EQUAL,
    BEATS_ROOFLINE,
    SAME_RELEASE,
)

PointsOf = Callable[..., MeasuredPoints]
Row = dict[str, Any]


def at_load(row: Row, load: int, tpot_s: float, version: str) -> Row:
    return {
        **row,
        "concurrency": load,
        "batch_size": load,
        "tpot_s": tpot_s,
        "ttft_s": 0.1 + load / 1000,
        "version": version,
    }


def test_a_dense_step_reads_every_weight_but_the_embedding(points_of: PointsOf, dense: Row) -> None:
    (point,) = points_of(dense).points
    assert point is not None
    # Llama 3.1 70B: 70.55e9 weights less an embedding of 128,256 x 8,192, a byte each, over four
    # devices of 3.35 TB/s.
    weights = 70.55e9 - 128_256 * 8192
    assert abs(weight_read_s(point, 8.0) / (weights / (4 * 3.35e12)) - 1) < 2e-3


def test_few_sequences_touch_few_experts(points_of: PointsOf, experts: Row) -> None:
    (point,) = points_of(experts).points
    assert point is not None
    assert weight_read_s(point, 1.0) < 0.2 * weight_read_s(point, 512.0)


def test_a_step_faster_than_its_weights_is_speculative(points_of: PointsOf, dense: Row) -> None:
    assert points_of({**dense, "tpot_s": 0.003}).refusals == (BEATS_ROOFLINE,)


def test_a_row_much_faster_than_an_equal_one_is_speculative(
    points_of: PointsOf, experts: Row
) -> None:
    slow, fast = at_load(experts, 8, 0.02, "1.0"), at_load(experts, 8, 0.013, "1.1")
    assert points_of(slow, fast).refusals == (None, BEATS_EQUAL)


def test_a_row_faster_under_more_load_is_speculative(points_of: PointsOf, experts: Row) -> None:
    slow, fast = at_load(experts, 8, 0.02, "1.0"), at_load(experts, 64, 0.013, "1.1")
    assert points_of(slow, fast).refusals == (None, BEATS_EQUAL)


def test_a_row_slower_under_more_load_is_plain(points_of: PointsOf, experts: Row) -> None:
    slow, fast = at_load(experts, 64, 0.02, "1.0"), at_load(experts, 8, 0.013, "1.1")
    assert points_of(slow, fast).refusals == (None, None)


def test_another_layout_is_no_equal(points_of: PointsOf, experts: Row) -> None:
    slow, fast = at_load(experts, 8, 0.02, "1.0"), at_load(experts, 8, 0.013, "1.1")
    other = {**fast, "moe_tp_size": 1, "moe_ep_size": 8}
    assert points_of(slow, other).refusals == (None, None)


def test_the_release_of_a_fast_least_loaded_row_is_speculative_throughout(
    points_of: PointsOf, experts: Row
) -> None:
    points = points_of(
        at_load(experts, 4, 0.010, "1.0"),
        at_load(experts, 4, 0.006, "1.1"),
        at_load(experts, 64, 0.015, "1.1"),
        at_load(experts, 64, 0.016, "1.0"),
    )
    assert points.refusals == (None, BEATS_EQUAL, SAME_RELEASE, None)


def test_an_accident_accuses_nobody(points_of: PointsOf, experts: Row) -> None:
    points = points_of(
        at_load(experts, 16, 0.064, "1.0"),
        at_load(experts, 32, 0.022, "1.0"),
        at_load(experts, 16, 0.016, "1.1"),
    )
    assert points.refusals == (ACCIDENT, None, None)
