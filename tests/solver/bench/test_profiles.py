from __future__ import annotations

from dataclasses import replace

import pytest

from solver.bench.cases import GroupRows, Side, groups_of
from solver.bench.profiles import Profile, profiles_of, work_engines
from solver.bench.row import Row
from tests.solver.bench.made_rows import made_row, realistic_rows, stopped_row

A, B = Side("a", "highs"), Side("b", "highs")


def group_of(rows: list[Row]) -> GroupRows:
    (group,) = groups_of(rows)
    return group


def two_sides() -> GroupRows:
    """``a`` needs 1, 6 and 2 s; ``b`` needs 2 and 3 s, and is stopped on the third case."""
    return group_of(
        [
            made_row("a", instance="one", cpu_s=1.0),
            made_row("b", instance="one", cpu_s=2.0),
            made_row("a", instance="two", cpu_s=6.0),
            made_row("b", instance="two", cpu_s=3.0),
            made_row("a", instance="zoo", cpu_s=2.0),
            stopped_row("b", instance="zoo"),
        ]
    )


def test_profiles_step_where_the_ratios_of_dolan_and_more_are() -> None:
    # a: ratios 1, 2, 1; b: 2, 1, never.
    assert profiles_of(two_sides()) == (
        Profile(A, (1.0, 2.0), (2 / 3, 1.0)),
        Profile(B, (1.0, 2.0), (1 / 3, 2 / 3)),
    )


def test_a_profile_is_continuous_from_the_right() -> None:
    profile = Profile(A, (1.0, 2.0), (0.25, 0.75))
    assert [profile.at(ratio) for ratio in (0.5, 1.0, 1.999, 2.0, 9.0)] == [
        0.0, 0.25, 0.25, 0.75, 0.75,
    ]  # fmt: skip


def test_times_below_a_millisecond_count_as_equal() -> None:
    group = group_of([made_row("a", cpu_s=0.00001), made_row("b", cpu_s=0.0009)])
    assert [profile.at(1.0) for profile in profiles_of(group)] == [1.0, 1.0]


def test_a_case_that_nobody_solves_stays_in_the_denominator() -> None:
    group = group_of([made_row("a", instance="one"), stopped_row("a", instance="two")])
    (profile,) = profiles_of(group)
    assert profile.shares == (0.5,)


def test_a_side_that_solved_nothing_is_zero_everywhere() -> None:
    group = group_of([made_row("a"), stopped_row("b")])
    assert profiles_of(group)[1] == Profile(B, (1.0,), (0.0,))


def test_a_wrong_answer_is_no_solved_case() -> None:
    group = group_of([made_row("a", verdict="wrong", cpu_s=0.1), made_row("b", cpu_s=4.0)])
    assert [profile.at(100.0) for profile in profiles_of(group)] == [0.0, 1.0]


def test_work_profiles_compare_nodes_with_a_floor_of_one() -> None:
    group = group_of([made_row("a", nodes=0), made_row("b", nodes=5)])
    assert profiles_of(group, measure="nodes")[1].ratios == (1.0, 5.0)


def test_a_solved_row_that_does_not_tell_the_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="no nodes"):
        profiles_of(group_of([made_row("a")]), measure="nodes")


def test_work_is_compared_by_ticks_where_told_and_by_nodes_elsewhere() -> None:
    found = {engine: measure for engine, measure, _ in work_engines(group_of(realistic_rows()))}
    assert found == {"cp-sat": "ticks", "highs": "nodes", "scip": "ticks"}


def test_an_engine_with_one_formulation_has_no_work_profile() -> None:
    rows = [replace(made_row("a"), nodes=1), replace(made_row("b", "scip"), nodes=2)]
    assert work_engines(group_of(rows)) == ()


def test_profiles_never_fall() -> None:
    for profile in profiles_of(group_of(realistic_rows())):
        assert list(profile.shares) == sorted(profile.shares)
        assert list(profile.ratios) == sorted(set(profile.ratios))


def test_at_every_case_that_is_solved_someone_has_ratio_one() -> None:
    group = group_of(realistic_rows())
    assert sum(profile.at(1.0) for profile in profiles_of(group)) >= 1.0
