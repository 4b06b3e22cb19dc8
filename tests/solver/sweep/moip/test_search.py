"""The search against trying every assignment: every engine alone, all of them, and under limits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings

from formulations.milp import INFINITY
from solver.errors import InstanceError, ResultError
from solver.sweep.moip.outcome import SearchOutcome
from solver.sweep.moip.search import ENGINES, SearchProgress, search
from tests.oracles.small_programs import (
    Stated,
    dishonesty,
    images_of,
    knapsack,
    small_programs,
    stated,
)

SELDOM = settings(max_examples=6, deadline=None)
GENERAL = ("labels", "cp-sat", "highs", "scip")
"""Engines that take any small program."""
SUBSETS = [*[(name,) for name in GENERAL], ENGINES]


def named(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else "all"


every_subset = pytest.mark.parametrize("engines", SUBSETS, ids=named)


def assert_solved(question: Stated, outcome: SearchOutcome) -> None:
    assert dishonesty(question, outcome) == []
    assert outcome.status == ("complete" if question.images else "infeasible")
    assert images_of(outcome) == question.images
    assert (outcome.candidates, outcome.open_boxes) == ((), ())


@every_subset
@SELDOM
@given(question=small_programs(most_columns=4, largest=5))
def test_the_nondominated_set_is_that_of_brute_force(
    engines: tuple[str, ...], question: Stated
) -> None:
    outcome = search(question.program, engines=engines)
    if engines == ("labels",) and outcome.notes and not question.images:
        # An empty relaxation gives labels no bounds; they say so and leave it open.
        assert outcome.status == "partial"
        assert dishonesty(question, outcome) == []
        return
    assert_solved(question, outcome)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_alone_is_honest_whether_it_suits_the_program_or_not(engine: str) -> None:
    # The first is for every engine; the second has negative columns, the third no row at all.
    for question in (
        stated([[-3, -2, -4, -1], [-1, -4, -2, -3]], [((1, 1, 0, 1), -INFINITY, 1)]),
        stated([[1, 2], [-1, 2]], [((2, 3), -4, 5)], lower=[-2, -1], upper=[2, 1]),
        stated([[1, -2], [-1, 1]]),
    ):
        outcome = search(question.program, engines=[engine])
        assert dishonesty(question, outcome) == []
        assert all(box.reason for box in outcome.open_boxes)


@every_subset
@pytest.mark.parametrize("p", [2, 3])
def test_a_knapsack_is_complete(engines: tuple[str, ...], p: int) -> None:
    question = knapsack(p, n=7)
    assert_solved(question, search(question.program, engines=engines))


def test_four_objectives_are_complete() -> None:
    question = knapsack(4, n=7)
    assert_solved(question, search(question.program))


@pytest.mark.parametrize("engines", SUBSETS[1:], ids=named)
@pytest.mark.parametrize(
    "row",
    [((1, 1, 1), 4, INFINITY), ((2, 2, 2), 3, 3)],
    ids=["even relaxed", "in integers only"],
)
def test_an_infeasible_program_is_proved_so(engines: tuple[str, ...], row: object) -> None:
    question = stated([[1, 2, 3], [3, 2, 1]], [row])  # type: ignore[list-item]
    assert question.images == []
    assert_solved(question, search(question.program, engines=engines))


@every_subset
def test_a_single_feasible_point_is_the_whole_set(engines: tuple[str, ...]) -> None:
    question = stated([[5, -2], [-1, 4]], [((1, 1), 2, 2)])
    assert_solved(question, search(question.program, engines=engines))


@every_subset
def test_many_assignments_with_one_image_give_one_point(engines: tuple[str, ...]) -> None:
    question = stated([[1, 1, 1, 0], [-1, -1, -1, 0]], [((1, 1, 1, 0), 2, 2)])
    assert question.images == [(2, -2)]
    assert_solved(question, search(question.program, engines=engines))


@every_subset
def test_objectives_that_agree_leave_their_one_optimum(engines: tuple[str, ...]) -> None:
    question = stated([[3, -1, 2]] * 3, [((1, 1, 1), 1, 3)])
    assert question.images == [(-1, -1, -1)]
    assert_solved(question, search(question.program, engines=engines))


@every_subset
def test_a_column_in_no_row_is_no_trouble(engines: tuple[str, ...]) -> None:
    question = stated([[1, -2, 1], [-1, 1, 1]], [((0, 0, 1), 1, 1)])
    assert_solved(question, search(question.program, engines=engines))


def test_every_point_has_a_proof_against_each_objective() -> None:
    outcome = search(knapsack(3).program)
    assert all(len(point.proof) == 3 for point in outcome.points)


def test_closed_boxes_are_the_whole_region_that_the_points_leave() -> None:
    question = knapsack(2)
    outcome = search(question.program)
    first = [z[0] for z in question.images]
    assert [box.corner[0] for box in outcome.closed_boxes] == [*first, question.program.ceiling[0]]


def test_two_runs_find_the_same_points() -> None:
    one, other = (search(knapsack(3).program, engines=["highs", "cp-sat"]) for _ in range(2))
    assert images_of(one) == images_of(other)


def test_two_workers_find_what_one_does() -> None:
    question = knapsack(3, n=8)
    outcome = search(question.program, workers=2)
    assert_solved(question, outcome)


def test_solves_are_counted_by_engine() -> None:
    outcome = search(knapsack(2).program, engines=["highs"])
    assert list(outcome.solves) == ["highs"]
    assert outcome.solves["highs"] >= len(outcome.points)


def test_listings_are_no_solves() -> None:
    assert search(knapsack(2).program, engines=["labels"]).solves == {}


@pytest.mark.parametrize("limit_s", [1e-9, 0.01, 0.05])
@pytest.mark.parametrize("engines", [("labels",), ("highs",), ("cp-sat",), ENGINES], ids=named)
def test_a_limit_leaves_an_honest_part(engines: tuple[str, ...], limit_s: float) -> None:
    question = knapsack(3, n=11)
    outcome = search(question.program, engines=engines, time_limit_s=limit_s)
    assert dishonesty(question, outcome) == []
    if outcome.status == "partial":
        assert all(box.reason for box in outcome.open_boxes)


def test_no_time_at_all_leaves_one_open_box_and_says_why() -> None:
    question = knapsack(2)
    outcome = search(question.program, engines=["highs"], time_limit_s=1e-9)
    (box,) = outcome.open_boxes
    assert (outcome.status, outcome.points) == ("partial", ())
    assert (box.corner, box.floor) == (question.program.ceiling, question.program.floor)
    assert box.reason == "the time limit of 1e-09 s was reached"


@pytest.mark.parametrize("engine", GENERAL)
@pytest.mark.parametrize("jobs", [0, 1, 2, 4, 7])
def test_stopped_after_any_number_of_jobs_the_part_is_honest(engine: str, jobs: int) -> None:
    question, asked = knapsack(3, n=7), iter(range(10**6))
    outcome = search(question.program, engines=[engine], should_stop=lambda: next(asked) >= jobs)
    assert dishonesty(question, outcome) == []
    if outcome.status == "partial":
        assert {box.reason for box in outcome.open_boxes} == {"stopped on request"}
    assert (outcome.status == "partial") or jobs > 0


def test_progress_tells_of_points_and_boxes() -> None:
    told: list[SearchProgress] = []
    outcome = search(knapsack(2).program, engines=["highs"], on_progress=told.append)
    assert len(told) > len(outcome.points)
    assert [p.points for p in told] == sorted(p.points for p in told)
    assert (told[-1].open, told[-1].closed) == (0, len(outcome.closed_boxes))
    assert [p.elapsed_s for p in told] == sorted(p.elapsed_s for p in told)


@pytest.mark.parametrize("engines", [["cplex"], ["highs", "cplex"], []])
def test_an_unknown_engine_is_refused_with_the_known_ones(engines: list[str]) -> None:
    with pytest.raises(InstanceError, match=f"Choose among {', '.join(ENGINES)}"):
        search(knapsack().program, engines=engines)


@pytest.mark.parametrize("limit_s", [0.0, -1.0, float("nan")])
def test_a_limit_that_leaves_no_time_is_refused(limit_s: float) -> None:
    with pytest.raises(InstanceError, match="leaves no time"):
        search(knapsack().program, time_limit_s=limit_s)


def test_an_engine_that_refuses_the_program_is_noted_and_the_others_go_on() -> None:
    # Together the columns could reach 2^62; CP-SAT and labels refuse that, HiGHS is not believed.
    question = stated([[2**61, 2**61], [1, 2]], [((1, 1), 1, 1)])
    outcome = search(question.program)
    assert dishonesty(question, outcome) == []
    assert outcome.status == "partial"
    assert any("2^62 or more" in note for note in outcome.notes)
    assert all(box.reason for box in outcome.open_boxes)


def test_labels_alone_that_refuse_leave_everything_open() -> None:
    question = stated([[1, 0], [0, 1]], [((1, 1), 300, 500)], upper=[250, 250])
    outcome = search(question.program, engines=["labels"])
    assert outcome.status == "partial"
    assert any("251 values" in box.reason for box in outcome.open_boxes)


def interrupted(question: Stated, path: Path, jobs: int, engine: str = "highs") -> SearchOutcome:
    asked = iter(range(10**6))
    return search(
        question.program,
        engines=[engine],
        checkpoint=path,
        should_stop=lambda: next(asked) >= jobs,
    )


@pytest.mark.parametrize("jobs", [1, 3, 6])
def test_a_search_goes_on_from_its_checkpoint(tmp_path: Path, jobs: int) -> None:
    question, path = knapsack(2, n=8), tmp_path / "run.jsonl"
    part = interrupted(question, path, jobs)
    whole = search(question.program, engines=["highs"], checkpoint=path)
    assert part.status == "partial"
    assert_solved(question, whole)
    fresh = search(question.program, engines=["highs"])
    assert sum(part.solves.values()) + sum(whole.solves.values()) <= sum(fresh.solves.values()) + 2
    assert sum(whole.solves.values()) < sum(fresh.solves.values())


def test_a_finished_checkpoint_needs_no_more_work(tmp_path: Path) -> None:
    question, path = knapsack(3, n=6), tmp_path / "run.jsonl"
    first = search(question.program, checkpoint=path)
    again = search(question.program, checkpoint=path, engines=["scip"])
    assert_solved(question, again)
    assert (again.solves, images_of(again)) == ({}, images_of(first))


def test_a_checkpoint_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    interrupted(knapsack(seed=1), path, 2)
    with pytest.raises(ResultError):
        search(knapsack(seed=2).program, checkpoint=path)


def test_labels_and_engines_share_what_they_know() -> None:
    # Labels see bounds at once; a plan of solves that starts from them needs fewer solves.
    question = knapsack(2, n=9)
    asked = iter(range(10**6))
    alone = search(question.program, engines=["highs"])
    shared = search(
        question.program,
        engines=["labels", "highs"],
        on_progress=lambda _: next(asked),
    )
    assert_solved(question, shared)
    assert sum(shared.solves.values()) < sum(alone.solves.values())


def test_an_outcome_knows_its_status_from_its_boxes() -> None:
    outcome = search(knapsack(2).program)
    assert outcome.status == "complete"
    assert dataclasses.replace(outcome, points=()).status == "infeasible"
