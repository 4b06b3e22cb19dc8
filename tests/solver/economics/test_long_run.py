"""The long run against brute force over counts."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.economics.long_run import LongRunItem, long_run, undominated_items

prices = st.integers(1, 40).map(lambda sevenths: Fraction(sevenths, 7))
items = st.lists(
    st.builds(LongRunItem, st.integers(1, 6), prices, st.sampled_from("abcd")),
    min_size=1,
    max_size=2,
)
HIGHEST = 7


def brute_force(offered: list[LongRunItem], users: int) -> Fraction:
    most = [-(-users // item.users) for item in offered]
    counts = itertools.product(*(range(n + 1) for n in most))
    return min(
        sum((n * item.usd_per_hour for n, item in zip(chosen, offered, strict=True)), Fraction(0))
        for chosen in counts
        if sum(n * item.users for n, item in zip(chosen, offered, strict=True)) >= users
    )


@given(items)
def test_the_staircase_is_the_least_over_all_counts(offered: list[LongRunItem]) -> None:
    found = long_run(offered, highest=HIGHEST)
    told = [found.at(users).usd_per_hour for users in range(1, HIGHEST + 1)]
    assert told == [brute_force(offered, users) for users in range(1, HIGHEST + 1)]


@given(items)
def test_the_mix_of_a_step_costs_and_holds_what_it_says(offered: list[LongRunItem]) -> None:
    for step in long_run(offered, highest=HIGHEST).steps:
        assert sum(n * item.usd_per_hour for n, item in step.mix) == step.usd_per_hour
        assert sum(n * item.users for n, item in step.mix) >= step.last


@given(items)
def test_the_steps_tile_all_users(offered: list[LongRunItem]) -> None:
    steps = long_run(offered, highest=HIGHEST).steps
    covered = [users for step in steps for users in range(step.first, step.last + 1)]
    assert covered == list(range(1, HIGHEST + 1))


@given(items)
def test_no_average_is_below_the_best_item(offered: list[LongRunItem]) -> None:
    found = long_run(offered, highest=HIGHEST)
    assert all(step.usd_per_user_hour >= found.least_average for step in found.steps)


three = st.lists(
    st.builds(LongRunItem, st.integers(1, 9), prices, st.sampled_from("abcd")),
    min_size=3,
    max_size=3,
)


@settings(max_examples=40)
@given(three)
def test_three_layouts_are_mixed_as_all_multisets_of_replicas_say(
    offered: list[LongRunItem],
) -> None:
    """Every multiset of up to N replicas, some of them not full."""
    highest = 5
    found = long_run(offered, highest=highest)
    for users in range(1, highest + 1):
        costs = [
            sum((item.usd_per_hour for item in chosen), Fraction(0))
            for size in range(1, users + 1)
            for chosen in itertools.combinations_with_replacement(offered, size)
            if sum(item.users for item in chosen) >= users
        ]
        assert found.at(users).usd_per_hour == min(costs)


def test_one_user_takes_the_cheapest_replica_however_empty() -> None:
    offered = [LongRunItem(64, Fraction(3), "large"), LongRunItem(2, Fraction(4), "small")]
    step = long_run(offered, highest=64).at(1)
    assert (step.first, step.last, step.usd_per_hour) == (1, 64, 3)


def test_a_replica_that_holds_more_than_the_highest_serves_it_alone() -> None:
    found = long_run([LongRunItem(64, Fraction(3), "large")], highest=10)
    assert [(step.first, step.last) for step in found.steps] == [(1, 10)]


def test_marginal_cost_is_nothing_on_a_step_and_a_replica_at_its_end() -> None:
    found = long_run([LongRunItem(4, Fraction(3), "a")], highest=8)
    assert [found.marginal(users) for users in range(1, 8)] == [0, 0, 0, 3, 0, 0, 0]


def test_two_small_replicas_may_beat_a_large_one() -> None:
    offered = [LongRunItem(4, Fraction(3), "small"), LongRunItem(8, Fraction(7), "large")]
    ((count, item),) = long_run(offered, highest=8).at(8).mix
    assert (count, item.layout) == (2, "small")


def test_an_item_that_holds_fewer_for_more_is_dropped() -> None:
    kept = undominated_items([LongRunItem(4, Fraction(3), "a"), LongRunItem(3, Fraction(4), "b")])
    assert [item.layout for item in kept] == ["a"]


def test_users_past_the_highest_are_not_told() -> None:
    found = long_run([LongRunItem(4, Fraction(3), "a")], highest=8)
    with pytest.raises(ValueError, match="outside"):
        found.at(9)


def test_a_long_run_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="item"):
        long_run([], highest=3)
