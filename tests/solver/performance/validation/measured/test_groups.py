from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from solver.performance.validation.measured.groups import (
    held_out,
    layout_text,
    leave_one_out,
)
from solver.performance.validation.measured.points import MeasuredPoints

PointsOf = Callable[..., MeasuredPoints]
Row = dict[str, Any]


def test_layouts_are_named_by_their_degrees(points_of: PointsOf, experts: Row, pools: Row) -> None:
    points = points_of({**experts, "moe_tp_size": 1, "moe_ep_size": 8}, pools)
    names = [layout_text(point) for point in points.points if point is not None]
    assert names == ["tp8-ep8", "2 x tp1-dp4-ep4 + 1 x tp8-ep8"]


def test_a_layout_is_held_out_whole(points_of: PointsOf, dense: Row) -> None:
    rows = [
        {**dense, "tp_size": tp, "concurrency": load, "batch_size": load, "tpot_s": 0.1 / tp}
        for tp in (1, 2, 4, 8)
        for load in (4, 16, 64)
    ]
    out = np.concatenate([held_out(points_of(*rows), seed) for seed in range(5)])
    triples = out.reshape(-1, 3)
    assert (triples.all(axis=1) | ~triples.any(axis=1)).all()
    assert 0 < out.sum() < len(out)


def test_other_rows_do_not_change_the_side_of_a_layout(
    points_of: PointsOf, dense: Row, experts: Row
) -> None:
    alone = held_out(points_of(dense), 3)[0]
    assert held_out(points_of(experts, dense), 3)[1] == alone


def test_a_share_beyond_all_is_a_mistake(points_of: PointsOf, dense: Row) -> None:
    with pytest.raises(ValueError, match="within 0 and 1"):
        held_out(points_of(dense), 0, share=1.5)


def test_each_system_is_left_out_once(points_of: PointsOf, dense: Row, experts: Row) -> None:
    points = points_of(dense, experts, {**dense, "tpot_s": 0.025})
    assert {name: mask.tolist() for name, mask in leave_one_out(points).items()} == {
        "b200_sxm": [False, True, False],
        "h100_sxm": [True, False, True],
    }
