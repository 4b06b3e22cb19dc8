"""What an answer is worth against the proved one."""

from __future__ import annotations

import pytest

from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.verdict import judged

AT_SEVEN = Level(0, "cost", {"latency": 3}, best=7, best_by="enumeration")
EMPTY = Level(0, "cost", {"latency": 0}, best=None, best_by="enumeration")
UNKNOWN = Level(0, "cost")
SET = Level(0, "set", best_by="search", points=((1, 5), (3, 2)))


def verdict(outcome: Outcome, level: Level) -> str:
    return judged(outcome, level)[0]


def test_the_proved_optimum_is_right() -> None:
    assert verdict(Outcome(status="optimal", incumbent=7, bound=7), AT_SEVEN) == "right"


def test_a_proof_of_emptiness_is_right_where_nothing_is() -> None:
    assert verdict(Outcome(status="infeasible"), EMPTY) == "right"


def test_a_false_proof_of_emptiness_misses_a_point() -> None:
    assert verdict(Outcome(status="infeasible"), AT_SEVEN) == "missing"


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(status="optimal", incumbent=8, bound=8),
        Outcome(status="time_limit", incumbent=6, bound=2),
        Outcome(status="time_limit", incumbent=9, bound=8),
        Outcome(status="optimal", incumbent=7, bound=6),
        Outcome(status="time_limit", incumbent=7, bound=9),
        Outcome(status="optimal", incumbent=7, bound=7, contradiction="breaks a row"),
    ],
    ids=["worse", "better", "excluding bound", "unmet bound", "crossed", "no answer"],
)
def test_what_contradicts_the_optimum_is_wrong(outcome: Outcome) -> None:
    found, why = judged(outcome, AT_SEVEN)
    assert (found, bool(why)) == ("wrong", True)


def test_an_answer_where_none_can_be_is_wrong() -> None:
    assert verdict(Outcome(status="time_limit", incumbent=4), EMPTY) == "wrong"


def test_a_stopped_solve_within_the_truth_is_open() -> None:
    assert verdict(Outcome(status="time_limit", incumbent=9, bound=5), AT_SEVEN) == "open"


def test_a_proof_is_open_where_nobody_knows() -> None:
    assert verdict(Outcome(status="optimal", incumbent=7, bound=7), UNKNOWN) == "open"


def test_a_restriction_above_the_optimum_is_open() -> None:
    assert verdict(Outcome(status="bound_only", incumbent=8), AT_SEVEN) == "open"


def test_what_was_not_run_has_no_verdict() -> None:
    assert verdict(Outcome(status="engine_missing"), AT_SEVEN) == "none"


def test_the_whole_set_is_right() -> None:
    images = ((1, 5), (3, 2))
    assert verdict(Outcome(status="optimal", images=images), SET) == "right"


def test_a_complete_run_that_lacks_an_image_misses_it() -> None:
    assert verdict(Outcome(status="optimal", images=((1, 5),)), SET) == "missing"


def test_an_image_outside_the_set_is_wrong() -> None:
    images = ((1, 5), (2, 3), (3, 2))
    assert verdict(Outcome(status="optimal", images=images), SET) == "wrong"


def test_a_stopped_run_may_hold_dominated_images() -> None:
    assert verdict(Outcome(status="time_limit", images=((4, 4),)), SET) == "open"


def test_an_image_that_beats_the_set_is_wrong_even_from_a_stopped_run() -> None:
    assert verdict(Outcome(status="time_limit", images=((1, 4),)), SET) == "wrong"
