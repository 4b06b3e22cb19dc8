from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.performance.calibrated.point import Layout
from solver.performance.validation.measured.points import MeasuredPoints

PointsOf = Callable[..., MeasuredPoints]
Row = dict[str, Any]
DUMP = "source_file=2026-04-06.csv"
CLEAN = "source_file=2026-03-25.csv"


def columns(tp: int, dp: int, moe_tp: int, ep: int) -> Row:
    return {
        "tp_size": tp,
        "attention_dp_size": dp,
        "moe_tp_size": moe_tp,
        "moe_ep_size": ep,
        "batch_size": "",
    }


def layout_of(points: MeasuredPoints, at: int = 0) -> Layout:
    point = points.points[at]
    assert point is not None, points.refusals[at]
    assert point.aggregated is not None
    return point.aggregated


def refusal(points: MeasuredPoints, at: int = 0) -> str:
    assert points.points[at] is None
    return points.refusals[at] or ""


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ((4, 1, 4, 1), Layout(4)),
        ((4, 1, 1, 4), Layout(4, expert_parallel=4)),
        ((1, 8, 1, 8), Layout(1, expert_parallel=8, attention_data_parallel=8)),
        ((8, 1, 2, 4), Layout(8, expert_parallel=4)),
    ],
)
def test_degrees_that_agree_are_taken_as_stated(
    points_of: PointsOf, experts: Row, stated: tuple[int, int, int, int], meant: Layout
) -> None:
    row = {**experts, **columns(*stated), "source": CLEAN}
    assert layout_of(points_of(row)) == meant


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ((16, 1, 4, 4), Layout(4, expert_parallel=4)),
        ((64, 1, 8, 8), Layout(8, expert_parallel=8)),
        ((4, 1, 2, 2), Layout(2, expert_parallel=2)),
        ((1, 64, 8, 8), Layout(1, expert_parallel=8, attention_data_parallel=8)),
        ((2, 2, 1, 4), Layout(2, expert_parallel=2)),
        ((8, 1, 8, 1), Layout(8)),
        ((1, 4, 4, 1), Layout(1, attention_data_parallel=4)),
    ],
)
def test_a_degree_multiplied_by_expert_groups_is_divided_again(
    points_of: PointsOf, experts: Row, stated: tuple[int, int, int, int], meant: Layout
) -> None:
    row = {**experts, **columns(*stated), "source": DUMP}
    assert layout_of(points_of(row)) == meant


def test_the_same_columns_of_another_source_are_not_divided(
    points_of: PointsOf, experts: Row
) -> None:
    row = {**experts, **columns(16, 1, 4, 4), "source": "own/bench.csv"}
    assert layout_of(points_of(row)) == Layout(16, expert_parallel=4)


def test_expert_columns_of_a_dense_model_mean_nothing(points_of: PointsOf, dense: Row) -> None:
    row = {**dense, "moe_tp_size": 1, "moe_ep_size": 0, "attention_dp_size": ""}
    assert layout_of(points_of(row)) == Layout(4)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"tp_size": ""}, "tp_size is not stated"),
        ({"moe_ep_size": 0}, "how the experts are laid out"),
        ({"moe_tp_size": 4}, "differ"),
        ({"tp_size": 3, "moe_tp_size": 3}, "does not divide the heads"),
        (columns(32, 1, 32, 1), "less than 128 columns"),
        ({"batch_size": 2}, "how many replicas"),
        ({"concurrency": "", "batch_size": ""}, "concurrency is not stated"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    points_of: PointsOf, experts: Row, changed: Row, told: str
) -> None:
    assert told in refusal(points_of({**experts, **changed}))


def test_sums_of_devices_discredit_the_rows_beside_them(points_of: PointsOf, experts: Row) -> None:
    rows = [{**experts, "batch_size": "", **columns(n, 1, n, 1)} for n in (28, 64)]
    points = points_of(*rows, {**rows[1], "backend": "sglang", **columns(8, 1, 8, 1)})
    assert refusal(points, 1) == refusal(points, 0)
    assert layout_of(points, 2) == Layout(8)


def test_requests_in_flight_are_those_of_every_attention_group(
    points_of: PointsOf, experts: Row
) -> None:
    row = {**experts, **columns(1, 8, 1, 8), "batch_size": 16, "concurrency": ""}
    point = points_of(row).points[0]
    assert point is not None
    assert point.concurrency == 128


def test_pools_are_read_with_their_workers(points_of: PointsOf, pools: Row) -> None:
    point = points_of(pools).points[0]
    assert point is not None
    assert point.prefill is not None
    assert point.decode is not None
    assert (point.prefill.workers, point.prefill.layout.devices) == (2, 4)
    assert point.decode.layout == Layout(8, expert_parallel=8)
    assert point.devices == 16


def test_pools_without_a_number_of_workers_are_refused(points_of: PointsOf, pools: Row) -> None:
    assert "workers is not stated" in refusal(points_of({**pools, "decode_num_workers": ""}))
