from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from rich.console import Console

from solver.report.compare import compare_results, print_comparison
from solver.result import Point, Result

Makes = Callable[..., Result]


def printed(a: Result, b: Result) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=100, color_system=None)
    print_comparison(compare_results(a, b), console)
    return stream.getvalue()


def question(resolved: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "n", "kind": "replica", "sha256": "", "resolved": resolved}


def test_a_result_is_identical_to_itself(small_result: Result) -> None:
    assert compare_results(small_result, small_result).identical


def test_identical_results_are_told_in_a_line(small_result: Result) -> None:
    assert "Same question, same status, same points." in printed(small_result, small_result)


def test_points_are_counted_by_their_exact_objectives(
    make_result: Makes, few_points: list[Point]
) -> None:
    found = compare_results(make_result(few_points[:40]), make_result(few_points[30:]))
    assert (found.same, found.only_before, found.only_after) == (10, 30, 20)


def test_changes_of_the_question_are_told_leaf_by_leaf(
    make_result: Makes,
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    other = make_question(context_tokens=2000, draft={"name": "small"})
    found = compare_results(
        make_result(few_points), make_result(few_points, instance=question(other))
    )
    told = {change.where: (change.before, change.after) for change in found.question}
    assert told == {"context_tokens": ("1,000", "2,000"), "draft.name": (None, "small")}


def test_equal_points_cost_the_same_at_every_speed(small_result: Result) -> None:
    shifts = compare_results(small_result, small_result).shifts
    assert len(shifts) > 2
    assert {shift.change for shift in shifts} == {0.0}


def test_a_missing_cheap_end_raises_the_cost_of_slow_speeds(
    make_result: Makes, few_points: list[Point]
) -> None:
    shifts = compare_results(make_result(few_points), make_result(few_points[:30])).shifts
    slowest = shifts[0]
    assert slowest.change == pytest.approx(
        few_points[29].objectives["cost"] / few_points[59].objectives["cost"] - 1
    )


def test_a_speed_that_is_no_longer_reached_has_no_cost(
    make_result: Makes, few_points: list[Point]
) -> None:
    shifts = compare_results(make_result(few_points), make_result(few_points[30:])).shifts
    assert (shifts[-1].cost_after, shifts[-1].change) == (None, None)


def test_a_speed_that_is_no_longer_reached_is_told(
    make_result: Makes, few_points: list[Point]
) -> None:
    assert "no longer reached" in printed(make_result(few_points), make_result(few_points[30:]))


def test_recommended_points_are_compared(make_result: Makes, few_points: list[Point]) -> None:
    found = compare_results(make_result(few_points), make_result(few_points[:30]))
    same = {entry.kind: entry.same for entry in found.recommended}
    assert (same["fastest"], same["cheapest"]) == (True, False)


def test_status_is_compared(small_result: Result, infeasible_result: Result) -> None:
    found = compare_results(small_result, infeasible_result)
    assert (found.status_before, found.status_after) == ("complete", "infeasible")
    assert not found.identical


def test_a_comparison_is_json(small_result: Result, partial_result: Result) -> None:
    text = json.dumps(compare_results(small_result, partial_result).as_dict())
    assert json.loads(text)["status_after"] == "partial"


def test_two_empty_results_can_be_compared(infeasible_result: Result) -> None:
    assert compare_results(infeasible_result, infeasible_result).shifts == ()
