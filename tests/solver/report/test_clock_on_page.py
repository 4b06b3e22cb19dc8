"""A clock that is set stands beside its machine in the tables and cards of a page."""

from __future__ import annotations

import dataclasses

from solver.report.sections import cards_of, rows_of
from solver.result import Result


def _clocked(result: Result) -> Result:
    points = tuple(
        dataclasses.replace(point, design={**point.design, "clock_mhz": 1410})
        for point in result.points
    )
    return dataclasses.replace(result, points=points)


def test_rows_and_cards_tell_the_clock(small_result: Result) -> None:
    clocked = _clocked(small_result)
    assert all("H100 SXM at 1,410 MHz, " in row["where"] for row in rows_of(clocked))
    designs = [dict(card["facts"])["Design"] for card in cards_of(clocked)]
    assert designs
    assert all(" at 1,410 MHz" in text for text in designs)


def test_a_clock_left_alone_is_not_told(small_result: Result) -> None:
    assert not any("MHz" in row["where"] for row in rows_of(small_result))
