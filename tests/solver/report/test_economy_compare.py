"""What changed between two economic results."""

from __future__ import annotations

import pytest

from solver.report.economy_compare import compare_economies
from tests.solver.report import economy_documents as made

ALL = made.document()
SLOW = made.document(clocks=(990, 1320))


def test_a_result_is_the_same_as_itself() -> None:
    assert compare_economies(ALL, made.document())[-1] == (
        "Same question, same status, same points."
    )


def test_a_change_of_clocks_is_one_line() -> None:
    lines = compare_economies(ALL, SLOW)
    told = [line for line in lines if line.startswith("clocks: ")]
    assert told == [
        "clocks: 990 to 1,980 MHz (4 clocks) before, 990 to 1,320 MHz (2 clocks) after."
    ]


def test_points_are_counted_by_exact_objectives() -> None:
    keys = [
        {tuple(sorted(point["exact"].items())) for point in document["points"]}
        for document in (ALL, SLOW)
    ]
    both, before, after = keys[0] & keys[1], keys[0] - keys[1], keys[1] - keys[0]
    expected = f"{len(both)} points in both, {len(before)} only before, {len(after)} only after."
    assert expected in compare_economies(ALL, SLOW)


def test_the_named_points_are_told_before_and_after() -> None:
    lines = compare_economies(ALL, SLOW)
    assert any(line.startswith("Cheapest: ") and " before; " in line for line in lines)
    assert any(line.startswith("Fastest: the same, ") for line in lines)


def test_what_costs_more_at_equal_floors_is_told_with_its_share() -> None:
    lines = [line for line in compare_economies(ALL, SLOW) if line.startswith("With energy")]
    assert any("%)" in line for line in lines)


def test_another_trade_off_is_refused() -> None:
    with pytest.raises(ValueError, match="different objectives"):
        compare_economies(ALL, made.document(("speed", "energy")))


def test_an_empty_result_is_compared_without_points() -> None:
    empty = made.document(status="infeasible", points=[])
    lines = compare_economies(ALL, empty)
    assert lines[-1] == "0 points in both, 58 only before, 0 only after."
