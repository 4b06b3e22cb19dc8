from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from solver.performance.validation.measured.points import DUPLICATE, MeasuredPoints
from solver.performance.validation.measured.scores import errors_of
from solver.performance.validation.measured.validate import compare_points, per_row_text

PointsOf = Callable[..., MeasuredPoints]
Scaled = Callable[..., Any]
Row = dict[str, Any]


def test_errors_are_those_of_the_definition() -> None:
    errors = errors_of(np.array([1.1, 1.8, 4.0]), np.array([1.0, 2.0, 4.0]))
    assert errors is not None
    assert errors.rows == 3
    assert errors.median == pytest.approx(0.1)
    assert errors.mean == pytest.approx(0.2 / 3)
    assert errors.bias == pytest.approx((1.1 * 0.9) ** (1 / 3) - 1)
    assert errors.spearman == pytest.approx(1.0)


def test_no_rows_have_no_errors() -> None:
    assert errors_of(np.empty(0), np.empty(0)) is None


def test_one_row_has_no_rank_correlation() -> None:
    errors = errors_of(np.array([1.0]), np.array([2.0]))
    assert errors is not None
    assert errors.spearman is None


def test_times_that_are_none_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        errors_of(np.array([np.nan]), np.array([1.0]))


def test_a_model_that_is_off_by_a_factor_is_told_so(
    points_of: PointsOf, scaled: Scaled, dense: Row
) -> None:
    points = points_of(dense, {**dense, "tpot_s": 0.025})
    report = compare_points(points, scaled(points, ttft=2.0, tpot=0.9))
    assert report.overall.tpot is not None
    assert report.overall.ttft is not None
    assert report.overall.tpot.median == pytest.approx(0.1)
    assert report.overall.tpot.bias == pytest.approx(-0.1)
    assert report.overall.ttft.mean == pytest.approx(1.0)


def test_errors_are_told_by_every_grouping(
    points_of: PointsOf, scaled: Scaled, dense: Row, experts: Row
) -> None:
    points = points_of(dense, experts)
    report = compare_points(points, scaled(points, tpot=[1.1, 1.3]))
    families = {score.name: score.tpot for score in report.by["family"]}
    assert families["MoE"] is not None
    assert families["MoE"].median == pytest.approx(0.3)
    assert [score.name for score in report.by["system"]] == ["b200_sxm", "h100_sxm"]
    assert {score.name for score in report.by["engine and version"]} == {"trtllm 1.0", "vllm 1.0"}


def test_only_the_rows_asked_for_are_counted(
    points_of: PointsOf, scaled: Scaled, dense: Row
) -> None:
    points = points_of(dense, {**dense, "tpot_s": 0.025})
    report = compare_points(points, scaled(points), only=np.array([True, False]))
    assert report.counted.tolist() == [True, False]


def test_every_row_is_counted_or_left_out_with_a_reason(
    points_of: PointsOf, scaled: Scaled, dense: Row
) -> None:
    points = points_of(dense, dense, {**dense, "model_path": "x"}, {**dense, "tpot_s": ""})
    report = compare_points(points, scaled(points, tpot=1.1), file="f")
    assert int(report.counted.sum()) + sum(report.left_out.values()) == report.rows
    assert report.left_out[DUPLICATE] == 1


def test_a_refusal_of_the_model_is_a_reason(points_of: PointsOf, dense: Row) -> None:
    points = points_of(dense)

    class Refuses:
        ttft_s = tpot_s = np.array([np.nan])
        refused = ("too large",)

    report = compare_points(points, lambda _points: Refuses())
    assert report.left_out == {"too large": 1}
    assert report.overall.tpot is None


def test_silence_of_the_model_is_a_mistake(points_of: PointsOf, dense: Row) -> None:
    class Silent:
        ttft_s = tpot_s = np.array([np.nan])
        refused = (None,)

    with pytest.raises(ValueError, match="neither a prediction nor a refusal"):
        compare_points(points_of(dense), lambda _points: Silent())


def test_per_row_has_every_row_in_file_order_with_all_digits(
    points_of: PointsOf, scaled: Scaled, dense: Row
) -> None:
    points = points_of({**dense, "id": "z", "tpot_s": 0.025}, {**dense, "id": "a", "system": "?"})
    report = compare_points(points, scaled(points, tpot=1 / 3))
    assert per_row_text(report).splitlines() == [
        "id,predicted_ttft_s,predicted_tpot_s,refused_because",
        f"z,0.1,{0.025 * (1 / 3)!r},",
        f'a,,,"{points.refusals[1]}"',
    ]
