"""What the measured serving points beside the checkout say of the way they are read."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from solver.performance.validation.measured.deployments import MULTIPLIED_SOURCES
from solver.performance.validation.measured.groups import held_out
from solver.performance.validation.measured.points import MeasuredPoints


def test_every_row_has_a_deployment_or_a_reason(shared_points: MeasuredPoints) -> None:
    for point, reason in zip(shared_points.points, shared_points.refusals, strict=True):
        assert (point is None) == (reason is not None)


def test_most_measurements_can_be_counted(shared_points: MeasuredPoints) -> None:
    assert shared_points.scored.sum() > 1500


def test_divided_degrees_agree_with_the_dump_that_did_not_multiply(
    shared_points: MeasuredPoints,
) -> None:
    pairs = 0
    by_leader = defaultdict(list)
    for at, leader in enumerate(shared_points.duplicate_of):
        by_leader[leader].append(at)
    for members in by_leader.values():
        found = {}
        for at in members:
            row, point = shared_points.rows[at], shared_points.points[at]
            if point is None or point.aggregated is None or not row.aggregated.moe_ep_size:
                continue
            if row.aggregated.moe_ep_size > 1 and row.backend != "vllm":
                found[row.source in MULTIPLIED_SOURCES] = point.aggregated
        if len(found) == 2:
            pairs += 1
            assert found[True] == found[False]
    assert pairs > 30


def test_a_split_holds_out_about_its_share(shared_points: MeasuredPoints) -> None:
    scored = shared_points.scored
    shares = [held_out(shared_points, seed)[scored].mean() for seed in range(8)]
    assert 0.2 < float(np.mean(shares)) < 0.4
