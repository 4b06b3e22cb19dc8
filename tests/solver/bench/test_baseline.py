"""Solver work against a kept baseline."""

from __future__ import annotations

from solver.bench.baseline import changes, work_of_sides
from solver.bench.row import Row


def row(engine: str = "highs", **changes_: object) -> Row:
    fields: dict[str, object] = {
        "group": "fleet", "instance": "one", "instance_sha256": "ab", "size": "", "family": "",
        "formulation": "counts", "engine": engine, "seed": 1, "level": 0, "objective": "cost",
        "upper": {}, "time_limit_s": 5.0, "status": "optimal", "verdict": "right",
        "nodes": 40, "iterations": 9_000,
    }  # fmt: skip
    return Row(**(fields | changes_))  # type: ignore[arg-type]


def told(before: list[Row], now: list[Row]) -> list[tuple[str, bool]]:
    found = changes(work_of_sides(now), work_of_sides(before))
    return [(change.what, change.grave) for change in found]


def test_the_same_run_changes_nothing() -> None:
    assert told([row(), row("scip")], [row(), row("scip")]) == []


def test_eleven_times_the_iterations_is_grave() -> None:
    found = told([row()], [row(iterations=110_000)])
    assert [grave for _, grave in found] == [True]
    assert "times the work" in found[0][0]


def test_twice_the_iterations_is_not_told() -> None:
    assert told([row()], [row(iterations=18_000)]) == []


def test_ticks_are_compared_where_there_are_any() -> None:
    assert told([row(ticks=1.0)], [row(ticks=20.0)])[0][1]
    assert told([row(ticks=1.0)], [row(ticks=1.0, iterations=10**7)]) == []


def test_small_sums_do_not_matter() -> None:
    few = row(nodes=0, iterations=1)
    assert told([few], [row(nodes=1, iterations=60)]) == []


def test_one_solved_less_is_grave() -> None:
    found = told([row()], [row(status="time_limit", verdict="open")])
    assert ("solves 0 of 1, 1 before", True) in found


def test_a_lost_side_is_grave_and_a_new_one_is_not() -> None:
    assert told([row(), row("scip")], [row()]) == [("is in the baseline and was not run", True)]
    assert told([row()], [row(), row("scip")]) == [("is new; the baseline lacks it", False)]


def test_a_tenth_of_the_work_asks_for_a_new_baseline() -> None:
    found = told([row(iterations=900_000)], [row()])
    assert found[0][1] is False
    assert "renew the baseline" in found[0][0]
