from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.instance.services.calls import sessions
from solver.instance.services.demand import (
    longest_call_tokens,
    mean_request,
    session_demand,
)
from solver.instance.services.shape import PrefixCache, Reasoning, ServiceShape, VisibleSize

CHAT = ServiceShape(turns=3, visible=(VisibleSize(100, 50),), system_tokens=1000)
CACHED = replace(CHAT, cache=PrefixCache(Fraction(1), kept_s=Fraction(10)))


def test_the_mean_request_of_a_chat() -> None:
    # Prompts of 1100, 1250 and 1400 tokens, of which 1000, 1150 and 1300 are found.
    found = mean_request(CACHED)
    assert (found.input_tokens, found.output_tokens) == (1250, 50)
    assert found.prefix_hit == Fraction(3450, 3750)
    assert found.context_tokens == 1275


def test_the_mean_context_is_that_of_decoded_tokens() -> None:
    sizes = (VisibleSize(100, 900, Fraction(1, 2)), VisibleSize(1000, 100, Fraction(1, 2)))
    # (900 x 550 + 100 x 1050) / 1000
    assert mean_request(ServiceShape(turns=1, visible=sizes)).context_tokens == 600


def test_what_is_kept_is_tokens_times_seconds() -> None:
    # 1150, 1300 and 1450 tokens after the calls, less the system prompt that is kept once.
    assert session_demand(CACHED).kept_token_s == 10 * (150 + 300 + 450)


def test_a_prompt_of_its_own_is_kept_by_every_session() -> None:
    own = replace(CHAT, cache=PrefixCache(Fraction(1), shared_system=False, kept_s=Fraction(10)))
    assert session_demand(own).kept_token_s == 10 * (1150 + 1300 + 1450)


def test_visible_tokens_are_the_answers_alone() -> None:
    shape = replace(CHAT, reasoning=Reasoning(Fraction(3)))
    demand = session_demand(shape)
    assert [demand.visible_tokens, demand.output_tokens] == [150, 600]


def test_the_longest_call_is_the_last_one_of_a_growing_context() -> None:
    assert longest_call_tokens(CHAT) == 1450


@given(
    st.integers(1, 9),
    st.integers(1, 300),
    st.integers(1, 300),
    st.fractions(0, 3, max_denominator=9),
    st.fractions(0, 1, max_denominator=9),
)
def test_the_mean_request_understates_nothing_a_token(
    turns: int, user: int, visible: int, thinking: Fraction, hit: Fraction
) -> None:
    shape = ServiceShape(
        turns=turns,
        visible=(VisibleSize(user, visible),),
        reasoning=Reasoning(thinking),
        cache=PrefixCache(hit),
    )
    demand, request = session_demand(shape), mean_request(shape)
    computed = request.input_tokens * (1 - request.prefix_hit)
    assert computed * demand.calls >= demand.prefill_tokens
    assert computed * demand.output_tokens >= demand.prefill_tokens * request.output_tokens
    longest = max(call.input_tokens for call in sessions(shape))
    assert request.input_tokens <= longest
