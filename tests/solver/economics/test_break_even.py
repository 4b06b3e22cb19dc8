"""Whole replicas against a price per token, by brute force over loads."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.break_even import Staircase, api_usd_per_mtok, api_usd_per_tok_hour
from solver.instance.domain import Traffic
from solver.instance.economics import ApiOffer

OFFER = ApiOffer("api", Fraction(1, 2), Fraction(2), "a price list", "2026-08")

small = st.integers(1, 12).map(Fraction)


def loads(stairs: Staircase) -> list[Fraction]:
    """A fine grid over the first steps, ends of steps and crossings among it."""
    unit = stairs.tok_per_s / 6
    grid = [unit * number for number in range(1, 6 * 12 + 1)]
    just_after = [stairs.tok_per_s * k + unit / 10**6 for k in range(12)]
    known = [c.tok_per_s for c in (stairs.first, stairs.last) if c is not None]
    return sorted({*grid, *just_after, *known})


def dearer(stairs: Staircase, load: Fraction) -> bool:
    ours, theirs = stairs.costs(load)
    return ours > theirs


@given(small, small, small)
def test_below_the_first_crossing_replicas_are_dearer(
    p: Fraction, x: Fraction, g: Fraction
) -> None:
    stairs = Staircase(p, x, g / 5)
    first = stairs.first
    for load in loads(stairs):
        if first is None or load < first.tok_per_s:
            assert dearer(stairs, load)


@given(small, small, small)
def test_at_the_first_crossing_both_cost_the_same(p: Fraction, x: Fraction, g: Fraction) -> None:
    stairs = Staircase(p, x, g / 5)
    if stairs.first is not None:
        ours, theirs = stairs.costs(stairs.first.tok_per_s)
        assert ours == theirs


@given(small, small, small)
def test_from_the_last_crossing_on_replicas_are_never_dearer(
    p: Fraction, x: Fraction, g: Fraction
) -> None:
    stairs = Staircase(p, x, g / 5)
    last = stairs.last
    if last is not None:
        assert not any(dearer(stairs, load) for load in loads(stairs) if load >= last.tok_per_s)


@given(small, small, small)
def test_just_below_the_last_crossing_replicas_are_dearer(
    p: Fraction, x: Fraction, g: Fraction
) -> None:
    stairs = Staircase(p, x, g / 5)
    last = stairs.last
    if last is not None:
        start = (last.replicas - 1) * x
        assert dearer(stairs, (start + last.tok_per_s) / 2)


def test_a_replica_that_pays_only_when_full_never_pays_for_good() -> None:
    stairs = Staircase(Fraction(6), Fraction(3), Fraction(2))
    assert stairs.first is not None
    assert stairs.first.utilisation == 1
    assert stairs.last is None


def test_a_full_replica_dearer_than_its_tokens_never_pays() -> None:
    stairs = Staircase(Fraction(7), Fraction(3), Fraction(2))
    assert (stairs.pays, stairs.first, stairs.last) == (False, None, None)


def test_tokens_for_less_than_nothing_are_never_beaten() -> None:
    assert not Staircase(Fraction(1), Fraction(1), Fraction(-1)).pays


def test_a_second_replica_may_be_too_empty_at_first() -> None:
    # Load 3 of 4 pays for one; at 4 a second one is needed, which pays from 6 on; the third at 9,
    # the fourth at 12 as it starts.
    stairs = Staircase(Fraction(3), Fraction(4), Fraction(1))
    assert stairs.first is not None
    assert stairs.last is not None
    assert (stairs.first.tok_per_s, stairs.last.tok_per_s, stairs.last.replicas) == (3, 9, 3)


def test_the_utilisation_is_of_all_replicas_of_the_step() -> None:
    last = Staircase(Fraction(3), Fraction(4), Fraction(1)).last
    assert last is not None
    assert last.utilisation == Fraction(9, 12)


def test_a_load_is_told_as_tokens_a_day() -> None:
    first = Staircase(Fraction(3), Fraction(4), Fraction(1)).first
    assert first is not None
    assert first.mtok_per_day == Fraction(3 * 86400, 10**6)


def test_a_load_is_told_as_requests() -> None:
    first = Staircase(Fraction(3), Fraction(4), Fraction(1)).first
    assert first is not None
    assert first.requests_per_s(300) == Fraction(1, 100)


def test_a_list_price_counts_the_prompts_of_the_question() -> None:
    # 2000 in and 500 out: four tokens of prompt for one of output.
    assert api_usd_per_mtok(OFFER, Traffic(2000, 500)) == 2 + 4 * Fraction(1, 2)


def test_without_prompts_output_alone_is_paid() -> None:
    assert api_usd_per_mtok(OFFER, None) == 2


def test_a_cached_prefix_is_paid_as_any_input() -> None:
    cached = Traffic(2000, 500, prefix_hit=Fraction(1, 2))
    assert api_usd_per_mtok(OFFER, cached) == api_usd_per_mtok(OFFER, Traffic(2000, 500))


def test_a_price_per_million_becomes_one_per_token_and_second() -> None:
    assert api_usd_per_tok_hour(Fraction(1)) == Fraction(3600, 10**6)


def test_a_replica_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="price"):
        Staircase(Fraction(0), Fraction(1), Fraction(1))


def by_steps(stairs: Staircase, steps: int) -> tuple[Fraction | None, Fraction | None]:
    """First load that pays, and the least past which none is dearer; no formula of loads.

    On a step replicas cost the same, and tokens more with every load: a step is dearer from its
    open start up to where both meet, so it is settled by its ends and that meeting.
    """
    first: Fraction | None = None
    last: Fraction | None = Fraction(0)
    for k in range(1, steps + 1):
        start, end = (k - 1) * stairs.tok_per_s, k * stairs.tok_per_s
        ours, at_end = stairs.costs(end)
        _, at_start = stairs.costs(start)
        if at_end < ours:
            last = None
            continue
        meet = max(start, start + (ours - at_start) * (end - start) / (at_end - at_start))
        if first is None:
            first = meet
        if last is not None and at_start < ours:
            last = meet
    return first, last


rates = st.fractions(min_value=Fraction(1, 20), max_value=20, max_denominator=30)


@given(rates, rates, rates)
def test_both_crossings_are_those_of_a_walk_over_steps(
    p: Fraction, x: Fraction, g: Fraction
) -> None:
    stairs = Staircase(p, x, g)
    if stairs.pays and p == g * x:
        return  # every step starts dearer: a walk of some steps does not see the end
    known = stairs.last
    first, last = by_steps(stairs, 3 if known is None else known.replicas + 3)
    assert (stairs.first and stairs.first.tok_per_s) == first
    assert (known and known.tok_per_s) == last


@given(st.integers(1, 4000), st.integers(1, 4000), rates, rates)
def test_a_list_price_is_the_bill_of_a_million_tokens_of_output(
    prompt: int, answer: int, price_in: Fraction, price_out: Fraction
) -> None:
    """Another road: the bill of a request, times the requests of a million tokens."""
    offer = ApiOffer("api", price_in, price_out, "a price list", "2026-08")
    request_usd = (prompt * price_in + answer * price_out) / 10**6
    requests = Fraction(10**6, answer)
    assert api_usd_per_mtok(offer, Traffic(prompt, answer)) == request_usd * requests
