from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solver.performance.validation.measured.points import MeasuredPoints

PointsOf = Callable[..., MeasuredPoints]
Row = dict[str, Any]


def test_an_equal_measurement_counts_once(points_of: PointsOf, dense: Row) -> None:
    points = points_of(dense, {**dense, "version": ""}, {**dense, "tpot_s": 0.021})
    assert points.duplicate_of == (0, 0, 2)
    assert points.scored.tolist() == [True, False, True]


def test_a_rounded_copy_is_the_same_measurement(points_of: PointsOf, dense: Row) -> None:
    times = [{"ttft_s": 0.148606, "tpot_s": 0.0104314}, {"ttft_s": 0.14861, "tpot_s": 0.01043}]
    assert points_of(*({**dense, **both} for both in times)).duplicate_of == (0, 0)


def test_times_beyond_rounding_are_two_measurements(points_of: PointsOf, dense: Row) -> None:
    times = [{"ttft_s": 0.148606, "tpot_s": 0.0104314}, {"ttft_s": 0.14862, "tpot_s": 0.01043}]
    assert points_of(*({**dense, **both} for both in times)).duplicate_of == (0, 1)


def test_another_load_is_another_measurement(points_of: PointsOf, dense: Row) -> None:
    other = {**dense, "concurrency": 16, "batch_size": 16}
    assert points_of(dense, other).duplicate_of == (0, 1)


def test_a_row_that_cannot_be_read_borrows_the_layout_of_its_copy(
    points_of: PointsOf, pools: Row
) -> None:
    points = points_of({**pools, "decode_num_workers": ""}, pools)
    assert points.points[0] == points.points[1]
    assert points.refusals == (None, None)
    assert points.scored.tolist() == [False, True]


def test_rows_without_times_stand_for_themselves(points_of: PointsOf, dense: Row) -> None:
    empty = {**dense, "ttft_s": "", "tpot_s": ""}
    points = points_of(empty, empty)
    assert points.duplicate_of == (0, 1)
    assert points.scored.tolist() == [False, False]
    assert points.points[0] is not None


def test_an_unknown_model_borrows_nothing(points_of: PointsOf, dense: Row) -> None:
    points = points_of({**dense, "model_path": "nobody/Secret-7B"}, dense)
    assert points.points[0] is None
    assert points.duplicate_of == (0, 1)


def test_models_of_one_shape_share_a_measurement(points_of: PointsOf, experts: Row) -> None:
    other = {**experts, "model_path": "deepseek-ai/DeepSeek-V3"}
    assert points_of(experts, other).duplicate_of == (0, 0)
