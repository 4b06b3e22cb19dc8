from __future__ import annotations

import math
import random

import pytest

from solver.bench.row import Row
from solver.bench.summary import SideSummary, Summary, relative_gap, summarise
from tests.solver.bench.made_rows import made_row, realistic_rows, stopped_row

TEXTBOOK = {"replica": "compact"}


def small() -> list[Row]:
    """Three instances with limits of 8 s: ``strong`` needs 1, 3 and 1 s, ``compact`` 3 and 7 s."""
    common = {"time_limit_s": 8.0}
    return [
        made_row("strong", instance="one", cpu_s=1.0, **common),
        made_row("strong", instance="two", cpu_s=3.0, **common),
        made_row("strong", instance="three", cpu_s=1.0, **common),
        made_row("compact", instance="one", cpu_s=3.0, **common),
        made_row("compact", instance="two", cpu_s=7.0, **common),
        stopped_row("compact", instance="three", **common),
    ]


def side(summary: Summary, formulation: str, engine: str = "highs") -> SideSummary:
    return next(one for one in summary.groups[0].sides if tuple(one.side) == (formulation, engine))


def test_the_mean_with_shift_1_s_is_that_of_the_formula() -> None:
    # Cube root of (1 + 1)(3 + 1)(1 + 1) = 16, less 1.
    found = side(summarise(small(), textbook=TEXTBOOK), "strong")
    assert found.sgm1_s == pytest.approx(16 ** (1 / 3) - 1)


def test_an_unsolved_case_counts_as_its_limit_in_the_mean() -> None:
    # Cube root of (3 + 1)(7 + 1)(8 + 1) = 288, less 1.
    found = side(summarise(small(), textbook=TEXTBOOK), "compact")
    assert found.sgm1_s == pytest.approx(288 ** (1 / 3) - 1)


def test_the_mean_with_shift_10_s_shifts_by_ten() -> None:
    found = side(summarise(small(), textbook=TEXTBOOK), "compact")
    assert found.sgm10_s == pytest.approx((13 * 17 * 18) ** (1 / 3) - 10)


def test_par10_charges_ten_limits_for_what_is_not_solved() -> None:
    found = side(summarise(small(), textbook=TEXTBOOK), "compact")
    assert found.par10_s == pytest.approx((3 + 7 + 80) / 3)


def test_the_median_counts_the_unsolved_at_the_limit() -> None:
    assert side(summarise(small(), textbook=TEXTBOOK), "compact").median_s == 7.0


def test_the_ratio_to_the_textbook_is_that_of_the_means() -> None:
    found = side(summarise(small(), textbook=TEXTBOOK), "strong")
    assert found.ratio == pytest.approx((16 ** (1 / 3) - 1) / (288 ** (1 / 3) - 1))


def test_the_fastest_wins_every_case() -> None:
    summary = summarise(small(), textbook=TEXTBOOK)
    assert [side(summary, name).wins for name in ("strong", "compact")] == [3.0, 0.0]


def test_times_within_one_per_cent_share_a_win() -> None:
    rows = [made_row("a", cpu_s=5.0), made_row("b", cpu_s=5.04), made_row("c", cpu_s=5.06)]
    summary = summarise(rows, textbook={})
    assert [side(summary, name).wins for name in "abc"] == [0.5, 0.5, 0.0]


def test_times_within_a_millisecond_share_a_win() -> None:
    rows = [made_row("a", cpu_s=0.0002), made_row("b", cpu_s=0.001), made_row("c", cpu_s=0.0013)]
    summary = summarise(rows, textbook={})
    assert [side(summary, name).wins for name in "abc"] == [0.5, 0.5, 0.0]


def test_a_wrong_answer_wins_nothing_however_fast_it_is() -> None:
    rows = [made_row("a", cpu_s=0.1, verdict="wrong"), made_row("b", cpu_s=5.0)]
    summary = summarise(rows, textbook={})
    assert [side(summary, name).wins for name in "ab"] == [0.0, 1.0]


def test_every_case_of_a_side_is_counted_exactly_once() -> None:
    for one in summarise(realistic_rows(), textbook={}).groups[0].sides:
        assert one.cases == sum(
            (
                one.solved, one.open, one.wrong, one.missing, one.refused, one.failed,
                one.not_applicable, one.engine_missing, one.no_row,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "verdict", "count"),
    [
        ("optimal", "wrong", "wrong"),
        ("infeasible", "missing", "missing"),
        ("refused", "open", "refused"),
        ("failed", "open", "failed"),
        ("bound_only", "open", "open"),
        ("time_limit", "open", "open"),
        ("not_applicable", "none", "not_applicable"),
        ("engine_missing", "none", "engine_missing"),
    ],
)
def test_an_outcome_falls_under_its_count(status: str, verdict: str, count: str) -> None:
    rows = [made_row("good"), stopped_row("odd", status=status, verdict=verdict)]
    assert getattr(side(summarise(rows, textbook={}), "odd"), count) == 1


def test_a_side_that_never_ran_has_no_averages_and_comes_last() -> None:
    rows = [
        stopped_row("slow"),
        made_row("absent", "scip", status="engine_missing", verdict="none", cpu_s=None),
    ]
    summary = summarise(rows, textbook={})
    last = summary.groups[0].sides[-1]
    assert (last.side.formulation, last.sgm1_s, last.ran) == ("absent", None, False)


def test_a_case_that_a_side_cannot_state_counts_as_its_limit() -> None:
    rows = [
        made_row("a", instance="one", cpu_s=3.0),
        made_row("a", instance="two", status="not_applicable", verdict="none", cpu_s=None),
        made_row("b", instance="two"),
    ]
    assert side(summarise(rows, textbook={}), "a").sgm1_s == pytest.approx(math.sqrt(4 * 11) - 1)


def test_the_ratio_leaves_out_cases_that_the_textbook_cannot_state() -> None:
    rows = [
        made_row("strong", instance="one", cpu_s=1.0),
        made_row("strong", instance="two", cpu_s=9.0),
        made_row("compact", instance="one", cpu_s=2.0),
        made_row("compact", instance="two", status="not_applicable", verdict="none", cpu_s=None),
    ]
    found = side(summarise(rows, textbook=TEXTBOOK), "strong")
    assert (found.ratio, found.ratio_cases) == (pytest.approx(0.5), 1)


def test_the_textbook_is_measured_on_its_best_engine_and_also_on_the_same() -> None:
    rows = [
        made_row("compact", "highs", cpu_s=4.0),
        made_row("compact", "cp-sat", cpu_s=2.0),
        made_row("strong", "highs", cpu_s=1.0),
    ]
    found = side(summarise(rows, textbook=TEXTBOOK), "strong")
    assert (found.ratio, found.ratio_same_engine) == (pytest.approx(0.5), pytest.approx(0.25))


def test_more_solved_comes_before_faster() -> None:
    rows = [
        made_row("few", instance="one", cpu_s=0.1),
        stopped_row("few", instance="two"),
        made_row("all", instance="one", cpu_s=9.0),
        made_row("all", instance="two", cpu_s=9.0),
    ]
    order = [one.side.formulation for one in summarise(rows, textbook={}).groups[0].sides]
    assert order == ["all", "few"]


def test_gaps_are_relative_to_the_optimum() -> None:
    assert relative_gap(100, 80.0) == pytest.approx(0.2)
    assert relative_gap(-50, -75.0) == pytest.approx(0.5)
    assert relative_gap(0, -0.25) == pytest.approx(0.25)


def test_the_mean_gap_is_geometric_with_a_shift_of_one_per_cent() -> None:
    rows = [
        made_row("a", instance="one", lp_bound=100.0, root_bound=85.0),
        made_row("a", instance="two", lp_bound=85.0, root_bound=85.0),
    ]
    found = side(summarise(rows, textbook={}), "a")
    # Root of (0 + 0.01)(0.15 + 0.01) = 0.04, less 0.01.
    assert (found.lp_gap, found.lp_gap_median) == (pytest.approx(0.03), pytest.approx(0.075))
    assert found.root_gap == pytest.approx(0.15)


def test_a_linear_relaxation_solved_on_one_engine_is_told_for_all() -> None:
    rows = [made_row("a", "highs", lp_bound=80.0), made_row("a", "cp-sat")]
    assert side(summarise(rows, textbook={}), "a", "cp-sat").lp_gap == pytest.approx(0.2)


def test_a_bound_above_the_optimum_is_no_gap_of_zero() -> None:
    rows = [stopped_row("patterns", status="bound_only", lp_bound=130.0), made_row("a")]
    assert side(summarise(rows, textbook={}), "patterns").lp_gap is None


def test_the_order_of_rows_changes_nothing() -> None:
    rows = realistic_rows(instances=6)
    mixed = rows[:]
    random.Random(3).shuffle(mixed)
    one, other = (summarise(some, textbook=TEXTBOOK) for some in (rows, mixed))
    assert one.groups == other.groups
    assert one.rows == other.rows


def test_wins_add_up_to_the_cases_that_anyone_solved() -> None:
    (group,) = summarise(realistic_rows(), textbook={}).groups
    assert sum(one.wins for one in group.sides) == pytest.approx(group.solved_by_any)


def test_wrong_rows_come_first_among_the_faults_and_make_it_unsound() -> None:
    rows = [
        made_row("a", instance="two", status="refused", verdict="open", message="broken row"),
        made_row("b", verdict="wrong", message="too good"),
        made_row("c"),
    ]
    summary = summarise(rows, textbook={})
    assert [row.message for row in summary.faults] == ["too good", "broken row"]
    assert not summary.sound


def test_refused_rows_alone_leave_it_sound() -> None:
    rows = [made_row("a", status="refused", verdict="open"), made_row("c")]
    assert summarise(rows, textbook={}).sound
