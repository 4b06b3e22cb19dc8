"""Codes of candidates against points, and the engine that closes boxes on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from solver.instance.domain import ReplicaInstance
from solver.lowering.economy.cells import cells_of
from solver.lowering.economy.lowering import lower_economy
from solver.sweep.economy import completeness, reprove
from solver.sweep.economy.certificate import Checked
from solver.sweep.economy.codes import coded_blocks
from solver.sweep.economy.completeness import missing_candidates
from solver.sweep.economy.document import derived
from solver.sweep.economy.outcome import EconomyOutcome, levels_of, ranks_of
from solver.sweep.economy.reprove import reprove_economy
from solver.sweep.economy.search import search_economy
from tests.oracles.economic_questions import economic_questions, levels, small_question

QUESTION = small_question(
    trade_off=("speed", "cost", "energy"), clocks=(1980, 1005), design={"batch": [1, 2, 4, 8, 16]}
)


def _checked(outcome: EconomyOutcome, *, without: int | None = None) -> Checked:
    space = outcome.space
    worths = [p.worth for index, p in enumerate(outcome.points) if index != without]
    images, tables = ranks_of(levels_of(outcome.goals, worths))
    told = derived(
        outcome.goals, worths, [{} for _ in worths], "complete" if worths else "infeasible", ""
    )
    corners = [tuple(claim["upper"]) for claim in told["claims"]]
    return Checked(cells_of(space.instance, space.parts), outcome.goals, images, tables, corners)


@settings(deadline=None, max_examples=25)
@given(economic_questions())
def test_codes_compare_with_points_as_exact_levels_do(question: ReplicaInstance) -> None:
    outcome = search_economy(lower_economy(question))
    if not outcome.points:
        return
    # Half the points, so that some levels are between those of the points.
    worths = [point.worth for point in outcome.points][::2]
    _, tables = ranks_of(levels_of(outcome.goals, worths))
    every = cells_of(question, outcome.space.parts)
    for block in coded_blocks(every, outcome.goals, tables):
        for index, codes in enumerate(block.codes.tolist()):
            own = levels(question, block.worth(index))
            for k, table in enumerate(tables):
                for rank, level in enumerate(table):
                    assert (codes[k] >= 2 * rank) == (own[k] >= level)
                    assert (codes[k] == 2 * rank) == (own[k] == level)


def _missing(checked: Checked) -> list[str]:
    faults, _ = missing_candidates(
        checked.every, checked.goals, checked.images, checked.tables, at_most=5
    )
    return faults


@pytest.mark.parametrize("bins", [2, 5, 2048])
def test_no_candidate_is_missing_from_a_complete_set_and_each_point_is_from_all_others(
    bins: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completeness, "MOST_BINS", bins)
    outcome = search_economy(lower_economy(QUESTION))
    assert _missing(_checked(outcome)) == []
    for index in range(len(outcome.points)):
        faults = _missing(_checked(outcome, without=index))
        assert len(faults) >= 1
        assert "is missing" in faults[0]


@pytest.mark.parametrize("engine", ["cp-sat", "highs"])
def test_an_engine_closes_the_boxes_of_a_complete_set_and_not_those_of_a_smaller_one(
    engine: str,
) -> None:
    outcome = search_economy(lower_economy(QUESTION))
    assert reprove_economy(_checked(outcome), engine=engine).passed
    check = reprove_economy(_checked(outcome, without=3), engine=engine)
    assert not check.passed
    assert check.faults[0].startswith("box (")


def test_an_engine_that_gets_some_columns_alone_is_told_that_the_others_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reprove, "MOST_COLUMNS", 20)
    outcome = search_economy(lower_economy(QUESTION))
    check = reprove_economy(_checked(outcome))
    assert check.passed
    assert check.detail.endswith(
        "over 20 columns; against all others some point is at least as good"
    )
    assert not reprove_economy(_checked(outcome, without=3)).passed


def test_without_points_every_candidate_is_missing() -> None:
    outcome = replace(search_economy(lower_economy(QUESTION)), points=())
    assert len(_missing(_checked(outcome))) == 5
    assert not reprove_economy(_checked(outcome)).passed
