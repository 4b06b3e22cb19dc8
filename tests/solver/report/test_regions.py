from __future__ import annotations

from itertools import pairwise

import pytest

from solver.report.regions import binding_runs, layout_regions, pace_shares
from solver.result import Result


def test_regions_cover_every_point_once(big_result: Result) -> None:
    covered = [
        index
        for region in layout_regions(big_result)
        for index in range(region.first, region.last + 1)
    ]
    assert covered == list(range(len(big_result.points)))


def test_widths_of_regions_add_up_to_the_frontier(big_result: Result) -> None:
    assert sum(region.width for region in layout_regions(big_result)) == pytest.approx(1)


def test_neighbouring_regions_differ_in_layout(big_result: Result) -> None:
    names = [region.name for region in layout_regions(big_result)]
    assert all(one != other for one, other in pairwise(names))


def test_runs_of_binding_limits_cover_every_point_once(big_result: Result) -> None:
    runs = binding_runs(big_result.points)
    assert sum(last - first + 1 for _, first, last in runs) == len(big_result.points)


def test_shares_of_the_pace_add_up_to_one(big_result: Result) -> None:
    assert sum(share.share for share in pace_shares(big_result.points)) == pytest.approx(1)


def test_the_toy_frontier_is_paced_by_several_limits(big_result: Result) -> None:
    assert {share.binding.key for share in pace_shares(big_result.points)} >= {"hbm", "arithmetic"}


def test_an_empty_frontier_has_no_regions(infeasible_result: Result) -> None:
    assert layout_regions(infeasible_result) == []
