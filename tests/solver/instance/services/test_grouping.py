from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.instance.services.calls import Call
from solver.instance.services.grouping import request_classes


def call(tokens_in: int, tokens_out: int, cached: int | Fraction = 0, weight: int = 1) -> Call:
    return Call(1, tokens_in, tokens_out, Fraction(cached), 0, Fraction(weight))


@st.composite
def calls(draw: st.DrawFn) -> list[Call]:
    found = []
    for _ in range(draw(st.integers(1, 9))):
        tokens_in = draw(st.integers(1, 400))
        cached = draw(st.integers(0, tokens_in - 1))
        found.append(call(tokens_in, draw(st.integers(1, 90)), cached, draw(st.integers(1, 3))))
    return found


def test_few_calls_keep_classes_of_their_own() -> None:
    found = request_classes([call(100, 10, 40), call(300, 20, 240)], most=3)
    assert [(c.input_tokens, c.output_tokens, c.share, c.prefix_hit) for c in found] == [
        (100, 10, Fraction(1, 2), Fraction(2, 5)),
        (300, 20, Fraction(1, 2), Fraction(4, 5)),
    ]


def test_calls_of_one_length_are_one_class_of_their_mean() -> None:
    (found,) = request_classes([call(100, 10, 40), call(100, 10, 60)], most=3)
    assert (found.output_tokens, found.prefix_hit) == (10, Fraction(1, 2))
    assert found.share == 1


def test_a_class_has_the_longest_prompt_and_exactly_the_prefill_of_its_calls() -> None:
    (found,) = request_classes([call(100, 10), call(200, 10)], most=1)
    assert found.input_tokens == 200
    assert found.prefix_hit == Fraction(1, 4)


def test_cuts_lie_where_they_waste_least() -> None:
    lengths = (100, 110, 500, 510, 520)
    found = request_classes([call(length, 10) for length in lengths], most=2)
    assert [each.input_tokens for each in found] == [110, 520]


def test_without_a_model_of_prefix_hits_the_whole_prompt_is_computed() -> None:
    (found,) = request_classes([call(100, 10), call(200, 10)], most=1, caching=False)
    assert (found.input_tokens, found.prefix_hit) == (200, None)


def test_a_long_answer_to_the_longest_prompt_lengthens_the_context_of_its_class() -> None:
    (found,) = request_classes([call(100, 1), call(110, 999)], most=1)
    # A token is decoded at (1 x 100.5 + 999 x 609.5) / 1000 = 608.991; the class writes 500, and
    # is half way through them at 359 + 250.
    assert (found.input_tokens, found.output_tokens) == (359, 500)


def test_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="class"):
        request_classes([call(1, 1)], most=0)


@given(calls(), st.integers(1, 5))
def test_no_demand_is_understated(members: list[Call], most: int) -> None:
    found = request_classes(members, most=most)
    weight = sum(each.weight for each in members)
    assert len(found) <= most
    assert sum(each.share for each in found) == 1
    # Prefill is exact, decoding rounded up by less than a token a call.
    prefill = sum(each.share * each.input_tokens * (1 - (each.prefix_hit or 0)) for each in found)
    assert prefill * weight == sum(each.weight * each.prefill_tokens for each in members)
    decode = sum(each.share * each.output_tokens for each in found)
    written = sum(each.weight * each.output_tokens for each in members) / weight
    assert written <= decode < written + 1
    around = sum(
        each.share * each.output_tokens * (each.input_tokens + -(-each.output_tokens // 2))
        for each in found
    )
    true = sum(
        each.weight * each.output_tokens * (each.input_tokens + Fraction(each.output_tokens, 2))
        for each in members
    )
    assert around * weight >= true


@given(calls(), st.integers(1, 5))
def test_hits_are_shares_below_one(members: list[Call], most: int) -> None:
    hits = [each.prefix_hit for each in request_classes(members, most=most)]
    assert all(hit is not None and 0 <= hit < 1 for hit in hits)


@given(st.sets(st.integers(1, 60), min_size=2, max_size=8), st.integers(1, 4))
def test_cuts_waste_no_more_than_any_other(lengths: set[int], most: int) -> None:
    rising = sorted(lengths)
    found = request_classes([call(length, 1) for length in rising], most=most, caching=False)
    wasted = sum(each.share * len(rising) * each.input_tokens for each in found) - sum(rising)
    n = len(rising)
    least = min(
        sum((last - first) * rising[last - 1] for first, last in itertools.pairwise((0, *cuts, n)))
        - sum(rising)
        for runs in range(1, min(most, n) + 1)
        for cuts in itertools.combinations(range(1, n), runs - 1)
    )
    assert wasted == least


def test_classes_come_by_the_length_of_their_prompts() -> None:
    # The context rule lengthens the first class beyond the second.
    found = request_classes([call(100, 1), call(110, 999), call(200, 1)], most=2)
    assert [each.input_tokens for each in found] == [200, 359]
