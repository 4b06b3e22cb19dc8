"""A result that weighs more than speed and cost is told apart from a damaged one."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver import EconomyFrontier, read_result
from solver.economy_api import solve_economy_question
from solver.errors import ResultError
from solver.result import read_document
from tests.oracles.economic_questions import small_question


def test_reading_it_as_a_curve_of_speed_and_cost_says_what_to_do_instead(tmp_path: Path) -> None:
    frontier = solve_economy_question(
        small_question(trade_off=("speed", "energy"), design={"batch": [1, 2]})
    )
    path = tmp_path / "energy.json"
    frontier.save(path)
    with pytest.raises(ResultError, match="weighs or limits more than speed and cost") as caught:
        read_result(path)
    assert "EconomyFrontier" in caught.value.faults[0].mend
    assert EconomyFrontier(read_document(path)).points == frontier.points
