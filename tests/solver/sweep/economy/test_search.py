"""The enumeration against two other roads: all with all, and an exact search over a program."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.milp import Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.economy_api import solve_economy_question
from solver.instance.domain import ReplicaInstance
from solver.instance.quality import ServedModel
from solver.lowering.economy.lowering import lower_economy
from solver.lowering.space import lower_replica
from solver.nondominated import nondominated_set
from solver.sweep.economy import search
from solver.sweep.economy.search import search_economy
from solver.sweep.enumeration import enumerate_frontier
from tests.oracles.economic_questions import (
    BILLED,
    brute_images,
    economic_questions,
    every_candidate,
    levels,
    small_question,
    two_models,
)


def _images(question: ReplicaInstance) -> list[tuple[Fraction, ...]]:
    outcome = search_economy(lower_economy(question))
    assert not outcome.stopped_by
    assert outcome.evaluated == outcome.space.n_candidates
    return [levels(question, point.worth) for point in outcome.points]


@settings(deadline=None, max_examples=40)
@given(economic_questions())
def test_the_points_are_those_of_comparing_all_with_all(question: ReplicaInstance) -> None:
    assert _images(question) == brute_images(question)


@settings(deadline=None, max_examples=10)
@given(economic_questions())
def test_small_blocks_find_the_same_points(question: ReplicaInstance) -> None:
    whole = _images(question)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "BLOCK_CELLS", 2)
        assert _images(question) == whole


def _program(question: ReplicaInstance) -> tuple[MultiObjectiveProgram, list[list[Fraction]]]:
    """Every candidate a binary column, exactly one of them chosen, objectives by rank."""
    images = [levels(question, worth) for *_, worth in every_candidate(question)]
    tables = [sorted(set(column)) for column in zip(*images, strict=True)]
    n = len(images)
    objectives = {
        name: np.array([tables[k].index(image[k]) for image in images], dtype=np.int64)
        for k, name in enumerate(question.trade_off)
    }
    milp = Milp(
        name="selection",
        lower=np.zeros(n, dtype=np.int64),
        upper=np.ones(n, dtype=np.int64),
        is_integer=np.ones(n, dtype=bool),
        row_start=np.array([0, n], dtype=np.int64),
        column_index=np.arange(n, dtype=np.int64),
        value=np.ones(n, dtype=np.int64),
        row_lower=np.ones(1, dtype=np.int64),
        row_upper=np.ones(1, dtype=np.int64),
        objectives=objectives,
    )
    p = len(tables)
    names = tuple(f"candidate {index}" for index in range(n))
    program = MultiObjectiveProgram(milp, ("min",) * p, (1,) * p, (0,) * p, names, ("one",))
    return program, tables


@pytest.mark.parametrize(
    "question",
    [
        small_question(trade_off=("speed", "cost", "energy"), clocks=(1980, 1005)),
        small_question(trade_off=("power", "speed", "cost"), energy=BILLED),
        two_models(design={"batch": [1, 2, 5, 8]}),
        small_question(trade_off=("energy", "cost"), energy=BILLED),
    ],
    ids=lambda question: "-".join(question.trade_off),
)
def test_an_exact_search_over_a_program_finds_the_same_points(question: ReplicaInstance) -> None:
    question = replace(question, design=replace(question.design, batch=(1, 3, 8)))
    program, tables = _program(question)
    found = nondominated_set(program)
    assert found.status == "complete"
    images = [
        tuple(tables[k][int(point.objectives[name])] for k, name in enumerate(question.trade_off))
        for point in found.points
    ]
    assert sorted(images) == _images(question)


@pytest.mark.parametrize("model", ["small", "mixture"])
def test_speed_and_cost_asked_as_an_economic_question_give_the_known_frontier(
    model: str, request: pytest.FixtureRequest
) -> None:
    build: Callable[..., ReplicaInstance] = request.getfixturevalue(model)
    question = build()
    known = enumerate_frontier(lower_replica(question)).points
    found = search_economy(lower_economy(question)).points
    assert [
        (p.worth.latency_ps, p.worth.cost, p.row, p.column, p.cells.family.step.precision)
        for p in found
    ] == [(p.latency_ps, p.cost, p.row, p.column, p.family.step.precision) for p in known]


def test_of_equal_candidates_the_simplest_is_kept_and_of_these_the_first_model() -> None:
    question = small_question(trade_off=("speed", "cost"))
    twice = replace(
        question,
        alternatives=(
            ServedModel(replace(question.model, name="first of two")),
            ServedModel(replace(question.model, name="second of two")),
        ),
    )
    points = search_economy(lower_economy(twice)).points
    assert {point.cells.part.served.model.name for point in points} == {"first of two"}
    alone = search_economy(lower_economy(question)).points
    assert [(p.row, p.column) for p in points] == [(p.row, p.column) for p in alone]


def test_of_equal_clocks_the_one_of_least_power_is_kept() -> None:
    # Bound by memory or by links at batch 1, a lower clock costs no time.
    question = small_question(
        trade_off=("speed", "cost"), clocks=(1980, 1410), design={"batch": [1]}
    )
    points = search_economy(lower_economy(question)).points
    assert points
    assert {point.cells.family.machine.clock_mhz for point in points} == {1410}


def test_a_time_limit_leaves_a_partial_result_that_says_why() -> None:
    outcome = search_economy(lower_economy(small_question()), time_limit_s=1e-9)
    assert outcome.status == "partial"
    assert outcome.stopped_by == "time limit of 1e-09 s"


def test_whoever_stops_it_between_blocks_keeps_the_points_so_far() -> None:
    asked = itertools.count()
    question = small_question(trade_off=("speed", "cost", "energy"))
    outcome = search_economy(lower_economy(question), should_stop=lambda: next(asked) == 2)
    assert outcome.status == "partial"
    assert outcome.stopped_by == "stopped by the user"
    assert outcome.points
    assert 0 < outcome.evaluated < outcome.space.n_candidates


def test_ctrl_c_leaves_a_partial_result() -> None:
    def interrupt(done: int, to_do: int) -> None:
        del done, to_do
        raise KeyboardInterrupt

    outcome = search_economy(lower_economy(small_question()), on_progress=interrupt)
    assert outcome.status == "partial"
    assert outcome.stopped_by == "interrupted"


def test_progress_ends_at_the_number_of_candidates() -> None:
    told: list[tuple[int, int]] = []
    question = small_question(trade_off=("speed", "energy"))
    solve_economy_question(question, on_progress=lambda done, to_do: told.append((done, to_do)))
    space = lower_economy(question)
    assert told[-1] == (space.n_candidates, space.n_candidates)
    assert told == sorted(told)
