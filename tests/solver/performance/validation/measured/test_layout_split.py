"""Rows are told apart by whether the shipped constants were fitted on their layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solver.performance.validation.measured import held_out, read_measured_points
from solver.performance.validation.measured.groups import GROUPINGS, SPLIT_SEED

POINTS = Path(__file__).resolve().parents[5] / "../shared/data/serving/serving_points.csv"


@pytest.mark.skipif(not POINTS.is_file(), reason="the reference data is not at hand")
def test_the_grouping_by_part_is_the_split_of_the_shipped_fit() -> None:
    points = read_measured_points(POINTS)
    mask = held_out(points, SPLIT_SEED)
    told = [
        point is not None and GROUPINGS["layout in the fit"](row, point).startswith("not seen")
        for row, point in zip(points.rows, points.points, strict=True)
    ]
    assert np.array_equal(mask, told)
    assert 0.1 < mask.mean() < 0.5
