"""Recommendations against brute force over points."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.preference import Option, check_preference, choose
from solver.errors import InstanceError
from solver.instance.economics import StatedPreference

positive = st.integers(1, 2500).map(lambda fiftieths: Fraction(fiftieths, 50))
points = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), min_size=1, max_size=8)


def frontiers() -> st.SearchStrategy[list[Option]]:
    """Points of rising speed and rising cost: running sums of steps in sevenths."""

    def climbed(steps: list[tuple[int, int]]) -> list[Option]:
        speeds = itertools.accumulate(speed for speed, _ in steps)
        costs = itertools.accumulate(cost for _, cost in steps)
        return [
            Option(Fraction(s, 7), Fraction(c, 7), Fraction(c, 7))
            for s, c in zip(speeds, costs, strict=True)
        ]

    return points.map(climbed)


@given(frontiers(), st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(4)]))
def test_speed_to_a_power_over_price_is_greatest(options: list[Option], k: Fraction) -> None:
    found = choose(StatedPreference("p", speed_exponent=k), options)
    best = found.option
    assert best is not None
    # Exact: to the power of the denominator both sides are fractions.
    a, b = k.numerator, k.denominator
    assert all(best.speed**a * o.cost**b >= o.speed**a * best.cost**b for o in options)


@given(frontiers(), positive, st.integers(1, 3000))
def test_a_value_of_time_takes_the_least_of_cost_and_waiting(
    options: list[Option], value: Fraction, tokens: int
) -> None:
    wish = StatedPreference("p", usd_per_s_saved=value, answer_tokens=tokens)
    best = choose(wish, options).option
    assert best is not None

    def bill(option: Option) -> Fraction:
        return option.cost * tokens / 10**6 + value * tokens / option.speed

    assert bill(best) == min(bill(option) for option in options)


@given(frontiers())
def test_a_budget_takes_the_fastest(options: list[Option]) -> None:
    found = choose(StatedPreference("p", max_usd_per_hour=Fraction(100)), options)
    assert found.option is max(options, key=lambda option: option.speed)


@given(frontiers())
def test_a_service_level_takes_the_cheapest(options: list[Option]) -> None:
    found = choose(StatedPreference("p", min_speed_tok_per_s=Fraction(1, 100)), options)
    assert found.option is min(options, key=lambda option: option.cost)


@given(frontiers())
def test_the_alternatives_are_the_neighbours_on_the_frontier(options: list[Option]) -> None:
    found = choose(StatedPreference("p", speed_exponent=Fraction(2)), options)
    place = options.index(found.option)  # type: ignore[arg-type]
    faster = options[place + 1] if place + 1 < len(options) else None
    cheaper = options[place - 1] if place else None
    assert (found.next_faster and found.next_faster.option) is faster
    assert (found.next_cheaper and found.next_cheaper.option) is cheaper


@given(frontiers())
def test_the_runner_up_is_the_best_of_the_others(options: list[Option]) -> None:
    wish = StatedPreference("p", speed_exponent=Fraction(1))
    found = choose(wish, options)
    others = [option for option in options if option is not found.option]
    if others:
        assert found.runner_up is not None
        assert found.runner_up.option is choose(wish, others).option


def test_an_alternative_tells_what_it_costs_beyond_the_choice() -> None:
    options = [
        Option(Fraction(10), Fraction(1), Fraction(1)),
        Option(Fraction(20), Fraction(3), Fraction(3)),
    ]
    found = choose(StatedPreference("p", speed_exponent=Fraction(1)), options).next_faster
    assert found is not None
    assert (found.more, found.faster, found.worse) == (2, 2, 1.5)


def test_how_much_worse_is_told_in_the_power_that_was_stated() -> None:
    # speed^(1/2)/cost: 3/1 against 4/2, worse by half.
    options = [
        Option(Fraction(9), Fraction(1), Fraction(1)),
        Option(Fraction(16), Fraction(2), Fraction(2)),
    ]
    found = choose(StatedPreference("p", speed_exponent=Fraction(1, 2)), options).runner_up
    assert found is not None
    assert found.worse == pytest.approx(1.5)


def test_no_point_is_no_choice() -> None:
    assert choose(StatedPreference("p", speed_exponent=Fraction(4)), []).option is None


def test_a_design_for_nothing_beats_any_price_by_speed_over_cost() -> None:
    options = [
        Option(Fraction(10), Fraction(0), Fraction(0)),
        Option(Fraction(20), Fraction(1), Fraction(1)),
    ]
    found = choose(StatedPreference("p", speed_exponent=Fraction(2)), options)
    assert found.option is options[0]
    assert (found.score, found.runner_up and found.runner_up.worse) == (math.inf, math.inf)


@given(frontiers(), st.integers(1, 20), st.sampled_from([1, 3, 100]))
def test_scores_of_any_exponent_that_is_allowed_are_figures(
    options: list[Option], k: int, b: int
) -> None:
    """Powers of 2000 tok/s leave the range of floats; what is told must not."""
    fast = [Option(o.speed * 2000, o.cost, o.answer_usd) for o in options]
    found = choose(StatedPreference("p", speed_exponent=Fraction(k, b)), fast)
    assert found.score is not None
    assert math.isfinite(found.score)
    if found.runner_up is not None:
        assert 1 <= found.runner_up.worse < math.inf


@given(frontiers(), st.integers(1, 6), st.integers(1, 5))
def test_the_runner_up_is_worse_by_the_ratio_of_what_people_read(
    options: list[Option], k: int, b: int
) -> None:
    wish = StatedPreference("p", speed_exponent=Fraction(k, b))
    found = choose(wish, options)
    if found.runner_up is not None:
        alone = choose(wish, [found.runner_up.option]).score
        assert found.score is not None
        assert alone is not None
        assert found.score / alone == pytest.approx(found.runner_up.worse)


def test_a_partial_frontier_makes_a_choice_that_says_so() -> None:
    options = [Option(Fraction(1), Fraction(1), Fraction(1))]
    found = choose(StatedPreference("p", speed_exponent=Fraction(1)), options, complete=False)
    assert not found.complete
    assert (found.next_faster, found.next_cheaper, found.runner_up) == (None, None, None)


def test_nothing_found_in_time_is_not_told_as_nothing_there() -> None:
    found = choose(StatedPreference("p", max_usd_per_hour=Fraction(1)), [], complete=False)
    assert (found.option, found.complete) == (None, False)


def test_equal_scores_go_to_the_faster() -> None:
    options = [
        Option(Fraction(1), Fraction(1), Fraction(1)),
        Option(Fraction(2), Fraction(2), Fraction(2)),
    ]
    found = choose(StatedPreference("p", speed_exponent=Fraction(1)), options)
    assert found.option is options[1]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (StatedPreference("p"), "nothing is preferred"),
        (StatedPreference("p", speed_exponent=Fraction(-1)), "not above 0"),
        (StatedPreference("p", speed_exponent=Fraction(314159, 100000)), "Round it"),
        (StatedPreference("p", speed_exponent=Fraction(21)), "price hardly counts"),
        (StatedPreference("p", usd_per_s_saved=Fraction(1)), "answer_tokens"),
        (
            StatedPreference("p", usd_per_s_saved=Fraction(-1), answer_tokens=1),
            "-1 is below 0",
        ),
        (
            StatedPreference(
                "p", speed_exponent=Fraction(4), usd_per_s_saved=Fraction(1), answer_tokens=1
            ),
            "two rules",
        ),
    ],
)
def test_a_preference_that_cannot_be_followed_is_refused(wish: StatedPreference, told: str) -> None:
    with pytest.raises(InstanceError, match=told):
        check_preference(wish, where="preference 'p'")
