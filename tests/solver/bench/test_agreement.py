from __future__ import annotations

from solver.bench.agreement import contradictions, doubtful_bounds, marked
from tests.solver.bench.made_rows import made_row, stopped_row

UNKNOWN = {"best": None, "best_by": "", "verdict": "open"}


def test_equal_proofs_contradict_nothing() -> None:
    assert contradictions([made_row("a"), made_row("b"), stopped_row("c")]) == ()


def test_where_nobody_knows_the_answer_both_of_two_unequal_proofs_are_marked() -> None:
    rows = [
        made_row("a", **UNKNOWN),
        made_row("b", incumbent=101, bound=101, **UNKNOWN),
    ]
    assert [row.verdict for row in marked(rows, contradictions(rows))] == ["wrong", "wrong"]


def test_where_the_answer_is_proved_only_the_other_proof_is_marked() -> None:
    rows = [made_row("a"), made_row("b", incumbent=101, bound=101, verdict="right")]
    assert [row.verdict for row in marked(rows, contradictions(rows))] == ["right", "wrong"]


def test_infeasible_against_an_optimum_is_told_in_words() -> None:
    rows = [
        made_row("a", **UNKNOWN),
        made_row("b", status="infeasible", incumbent=None, bound=None, **UNKNOWN),
    ]
    (found,) = contradictions(rows)
    assert "optimum 100 by a / highs" in found.what
    assert "infeasible by b / highs" in found.what


def test_a_bound_above_the_proved_optimum_is_wrong() -> None:
    rows = [made_row("a"), stopped_row("b", bound=101)]
    assert [row.verdict for row in marked(rows, contradictions(rows))] == ["right", "wrong"]


def test_a_bound_above_the_point_of_another_row_marks_both_where_nothing_is_proved() -> None:
    unknown = {"best": None, "best_by": ""}
    rows = [
        stopped_row("a", incumbent=90, bound=10, **unknown),
        stopped_row("b", incumbent=120, bound=95, **unknown),
    ]
    assert [row.verdict for row in marked(rows, contradictions(rows))] == ["wrong", "wrong"]


def test_the_bound_of_a_restriction_contradicts_nothing() -> None:
    rows = [made_row("a"), stopped_row("b", status="bound_only", bound=110)]
    assert contradictions(rows) == ()


def test_sets_with_different_numbers_of_points_contradict_each_other() -> None:
    sets = {"incumbent": None, "bound": None, "best": None}
    rows = [
        made_row("a", points=5, points_best=5, **sets),
        made_row("b", points=4, points_best=5, **sets),
    ]
    assert [row.verdict for row in marked(rows, contradictions(rows))] == ["right", "wrong"]


def test_levels_are_not_held_against_each_other() -> None:
    rows = [made_row("a"), made_row("b", level=1, incumbent=70, bound=70, best=70)]
    assert contradictions(rows) == ()


def test_a_verdict_of_missing_stays_what_it_is() -> None:
    rows = [
        made_row("a", **UNKNOWN),
        made_row(
            "b", status="infeasible", incumbent=None, bound=None, **UNKNOWN | {"verdict": "missing"}
        ),
    ]
    assert [row.verdict for row in marked(rows, contradictions(rows))] == ["wrong", "missing"]


def test_a_relaxation_above_the_optimum_is_doubtful_and_noise_is_not() -> None:
    rows = [made_row("a", lp_bound=100.00001), made_row("b", lp_bound=100.5)]
    (line,) = doubtful_bounds(rows)
    assert "b / highs" in line
    assert "100.5" in line
