from __future__ import annotations

from dataclasses import replace

import pytest

from solver.bench.cases import Side, groups_of, seconds_of
from tests.solver.bench.made_rows import made_row, stopped_row


def test_groups_come_in_the_order_of_their_titles_and_unknown_ones_last() -> None:
    rows = [made_row(group=group) for group in ("zoo", "moip", "replica", "fleet")]
    assert [group.group for group in groups_of(rows)] == ["replica", "fleet", "moip", "zoo"]


def test_small_cases_come_before_large_ones_and_levels_in_order() -> None:
    rows = [
        made_row(instance="a", size="large"),
        made_row(instance="z", size="small", level=1),
        made_row(instance="z", size="small", level=0),
    ]
    (group,) = groups_of(rows)
    assert [(case.instance, case.level) for case in group.cases] == [("z", 0), ("z", 1), ("a", 0)]


def test_an_algorithm_of_our_own_is_run_once_and_stands_at_every_seed() -> None:
    rows = [
        made_row("compact", seed=1),
        made_row("compact", seed=2),
        made_row("labels", "own", seed=1, cpu_s=0.25),
    ]
    (group,) = groups_of(rows)
    own = Side("labels", "own")
    assert [seconds_of(group.row(own, case)) for case in group.cases] == [0.25, 0.25]


def test_a_side_with_an_engine_does_not_stand_at_seeds_it_was_not_run_with() -> None:
    (group,) = groups_of([made_row("a", seed=1), made_row("a", seed=2), made_row("b", seed=1)])
    assert group.row(Side("b", "highs"), group.cases[1]) is None


def test_two_rows_with_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="two rows of replica"):
        groups_of([made_row(), made_row(cpu_s=2.0)])


def test_a_solved_row_without_its_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no cpu_s"):
        seconds_of(replace(made_row(), cpu_s=None))


def test_a_stopped_row_has_no_time() -> None:
    assert seconds_of(stopped_row("compact")) is None


def test_sides_that_never_ran_are_not_among_those_run() -> None:
    rows = [
        made_row("a"),
        made_row("b", status="not_applicable", verdict="none"),
        made_row("c", status="engine_missing", verdict="none"),
    ]
    (group,) = groups_of(rows)
    assert group.run_sides == (Side("a", "highs"),)
