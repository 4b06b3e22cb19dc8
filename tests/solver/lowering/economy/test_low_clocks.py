"""Clocks below half of the highest are told of where the calibrated model serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.economy_api import solve_economy_question, verify_economy_document
from solver.instance.domain import Performance, ReplicaInstance
from solver.lowering.economy.low_clocks import low_clock_notes, low_clocks_on_offer
from solver.sweep.economy.survey import survey_economy
from tests.oracles.economic_questions import small_question


def _question(*clocks: int, model: str = "calibrated") -> ReplicaInstance:
    question = small_question(
        clocks=clocks,
        design={
            "tensor_parallel": [1],
            "pipeline_parallel": [1],
            "batch": [64],
            "weight_bits": [16],
        },
        trade_off=("speed", "energy"),
    )
    return replace(question, performance=Performance(model=model))


def test_half_of_the_highest_clock_is_not_low() -> None:
    assert low_clocks_on_offer(_question(990, 1980)) == ()
    (told,) = low_clocks_on_offer(_question(975, 690, 1980))
    assert "down to H100 SXM at 690 of 1,980 MHz" in told


def test_the_published_formula_is_not_warned_of() -> None:
    assert low_clocks_on_offer(_question(690, model="epoch2025")) == ()


def test_only_points_at_a_low_clock_are_counted() -> None:
    question = _question(690, 1980)
    designs = [{"accelerator": "H100 SXM", "clock_mhz": clock} for clock in (690, 1980, None)]
    (told,) = low_clock_notes(question, designs)
    assert told.startswith("1 of 3 points has a clock below half of the highest")
    assert low_clock_notes(question, designs[1:]) == ()


@pytest.mark.parametrize(("clock", "notes"), [(690, 1), (1980, 0)])
def test_a_result_and_its_survey_say_so(clock: int, notes: int) -> None:
    question = _question(clock)
    frontier = solve_economy_question(question)
    assert len(frontier) == 1
    assert len(frontier.to_dict()["provenance"]["notes"]) == notes
    assert len(survey_economy(question).notes) == notes
    assert verify_economy_document(frontier.to_dict(), question).passed
