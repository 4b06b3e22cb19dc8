"""Designs of an economic question: what they tell, and how they are found again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from solver.errors import ResultError
from solver.instance.domain import ReplicaInstance
from solver.lowering.economy.cells import FamilyCells, cells_of
from solver.lowering.economy.design import alone, economic_designs, find_design
from solver.lowering.economy.lowering import lower_economy
from tests.oracles.economic_questions import BILLED, priced, small_question, two_models


def _every(question: ReplicaInstance) -> tuple[FamilyCells, ...]:
    return cells_of(question, lower_economy(question).parts)


def _design(question: ReplicaInstance) -> dict[str, Any]:
    return alone(_every(question)[0], 0, 0).design


def test_every_design_is_found_at_its_own_place_clock_and_model_included() -> None:
    every = _every(two_models(clocks=(1980, 1005), design={"batch": [1, 4]}))
    for cells in every:
        for row, column in np.ndindex(cells.family.shape):
            found = find_design(every, alone(cells, row, column).design)
            assert found == (cells, row, column)


def test_arrays_tell_the_designs_of_the_scalar_path() -> None:
    for cells in _every(two_models(energy=BILLED, design={"batch": [1, 4, 9]})):
        rows, columns = (index.ravel() for index in np.indices(cells.family.shape, dtype=np.intp))
        ones = [alone(cells, int(r), int(c)) for r, c in zip(rows, columns, strict=True)]
        told = economic_designs(cells, rows, columns, [one.worth for one in ones])
        assert told == [one.design for one in ones]


def test_what_is_not_stated_is_told_as_none() -> None:
    design = _design(small_question(trade_off=("speed", "energy")))
    empty = ("g_co2_per_mtok", "usd_electricity_per_mtok", "quality", "quality_source", "clock_mhz")
    assert {key: design[key] for key in empty} == dict.fromkeys(empty)
    assert design["model"] == "Llama-3.1-8B"
    assert design["watts"] > 0
    assert design["j_per_token"] > 0


def test_electricity_is_told_whether_it_is_billed_or_not() -> None:
    held, billed = (_design(small_question(energy=priced("0.1", billed=b))) for b in (False, True))
    assert held["usd_electricity_per_mtok"] == billed["usd_electricity_per_mtok"] > 0


def test_a_score_names_its_source_and_those_of_its_penalties() -> None:
    every = _every(two_models(design={"batch": [1]}))
    told = {
        cells.family.step.precision.weight_bits: alone(cells, 0, 0).design["quality_source"]
        for cells in every
    }
    assert told == {
        16: "made up for a test",
        8: "made up for a test; less 3/10 for its precision: made up for a test",
    }


def test_a_design_of_a_model_that_does_not_serve_is_refused() -> None:
    question = two_models()
    design = {**_design(question), "model": "Qwen3-32B"}
    with pytest.raises(ResultError, match="'Qwen3-32B' is not a model of the question"):
        find_design(_every(question), design)


def test_a_design_at_a_clock_that_is_not_offered_is_refused() -> None:
    question = small_question(clocks=(1980,))
    with pytest.raises(ResultError, match="not in the design space"):
        find_design(_every(question), {**_design(question), "clock_mhz": 1005})
