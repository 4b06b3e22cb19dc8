from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.instance.services.calls import session_calls, sessions
from solver.instance.services.demand import session_demand
from solver.instance.services.shape import (
    PrefixCache,
    Reasoning,
    ReasoningKept,
    Retrieval,
    ServiceShape,
    ToolUse,
    VisibleSize,
)

CHAT = ServiceShape(turns=3, visible=(VisibleSize(100, 50),), system_tokens=1000)
AGENT = replace(CHAT, turns=2, tools=ToolUse(2, 10, 300, 500))
ALL_FOUND = PrefixCache(Fraction(1))

shares = st.fractions(0, 1, max_denominator=20)
sizes = st.builds(VisibleSize, st.integers(1, 500), st.integers(1, 500))
tools = st.builds(
    ToolUse, st.integers(1, 4), st.integers(1, 99), st.integers(1, 900), st.integers(0, 900)
)
reasonings = st.builds(
    Reasoning, st.fractions(0, 5, max_denominator=7), st.sampled_from(["none", "turn", "all"])
)
retrievals = st.builds(
    Retrieval, st.integers(1, 9), st.integers(1, 300), st.just(Fraction(0)), shares
)
caches = st.builds(PrefixCache, shares, st.booleans())
shapes = st.builds(
    ServiceShape,
    turns=st.integers(1, 6),
    visible=sizes.map(lambda size: (size,)),
    system_tokens=st.integers(0, 2000),
    history=st.booleans(),
    tools=st.none() | tools,
    reasoning=st.none() | reasonings,
    retrieval=st.none() | retrievals,
    cache=st.none() | caches,
)


def inputs(shape: ServiceShape) -> list[int]:
    return [call.input_tokens for call in session_calls(shape, shape.visible[0])]


def cached(shape: ServiceShape) -> list[Fraction]:
    return [call.cached_tokens for call in session_calls(shape, shape.visible[0])]


def thinking(kept: ReasoningKept) -> ServiceShape:
    return replace(AGENT, reasoning=Reasoning(Fraction(2), kept))


def test_a_chat_carries_its_earlier_turns() -> None:
    # 1000 + 100; then 50 + 100 more each turn.
    assert inputs(CHAT) == [1100, 1250, 1400]


def test_without_history_every_turn_begins_anew() -> None:
    assert inputs(replace(CHAT, history=False)) == [1100, 1100, 1100]


def test_each_tool_call_is_a_call_that_brings_its_result_along() -> None:
    # 1000 + 500 + 100, twice 10 + 300; then 50 + 100, twice 10 + 300.
    assert inputs(AGENT) == [1600, 1910, 2220, 2370, 2680, 2990]


def test_tool_calls_come_before_the_answer() -> None:
    assert [call.output_tokens for call in sessions(AGENT)] == [10, 10, 50, 10, 10, 50]


def test_reasoning_kept_for_the_session_stays_in_every_prompt() -> None:
    # 20, 20 and 100 tokens of reasoning in each turn.
    assert inputs(thinking("all")) == [1600, 1930, 2260, 2510, 2840, 3170]


def test_reasoning_kept_for_the_turn_leaves_when_the_user_speaks_again() -> None:
    assert inputs(thinking("turn")) == [1600, 1930, 2260, 2370, 2700, 3030]


def test_reasoning_that_is_not_kept_is_written_and_never_read() -> None:
    assert inputs(thinking("none")) == inputs(AGENT)
    assert [call.output_tokens for call in sessions(thinking("none"))][:3] == [30, 30, 150]


def test_reasoning_tokens_are_rounded_up_call_by_call() -> None:
    shape = replace(AGENT, reasoning=Reasoning(Fraction(1, 3)))
    assert [call.output_tokens for call in sessions(shape)][:3] == [14, 14, 67]


def test_a_call_finds_all_that_the_one_before_it_held() -> None:
    # The first finds the shared prompt; each further one its predecessor's prompt and output.
    assert cached(replace(CHAT, cache=ALL_FOUND)) == [1000, 1150, 1300]


def test_a_prompt_that_is_not_shared_is_computed_once_a_session() -> None:
    shape = replace(CHAT, cache=PrefixCache(Fraction(1), shared_system=False))
    assert cached(shape) == [0, 1150, 1300]


def test_what_stands_behind_dropped_reasoning_is_computed_anew() -> None:
    # The second turn finds the prompt of the first call of the turn before, up to its reasoning.
    assert cached(replace(thinking("turn"), cache=ALL_FOUND))[3] == 1600


def test_reasoning_that_leaves_at_once_costs_the_cache_of_what_was_shown() -> None:
    assert cached(replace(thinking("none"), cache=ALL_FOUND)) == [
        1500,
        1600,
        1910,
        2220,
        2370,
        2680,
    ]


def test_the_hit_share_multiplies_what_could_be_found() -> None:
    assert cached(replace(CHAT, cache=PrefixCache(Fraction(1, 2)))) == [500, 575, 650]


def test_passages_stand_before_every_message_and_stay() -> None:
    assert inputs(replace(CHAT, retrieval=Retrieval(5, 40))) == [1300, 1650, 2000]


AGAIN = Retrieval(5, 40, repeat_share=Fraction(1, 4))


def test_passages_that_come_again_are_found_behind_the_system_prompt_alone() -> None:
    # Behind what the user said, the third and fourth hundred tokens are in no other prompt.
    assert cached(replace(CHAT, retrieval=AGAIN, cache=ALL_FOUND)) == [1050, 1350, 1700]
    forgets = replace(CHAT, history=False, retrieval=AGAIN, cache=ALL_FOUND)
    assert cached(forgets) == [1050, 1050, 1050]


def test_passages_behind_a_system_prompt_that_is_not_found_are_not_found() -> None:
    own = PrefixCache(Fraction(1), shared_system=False)
    assert cached(replace(CHAT, retrieval=AGAIN, cache=own))[0] == 0


def test_sessions_are_weighted_by_the_share_of_their_visible_size() -> None:
    sizes = (VisibleSize(100, 50, Fraction(1, 4)), VisibleSize(200, 20, Fraction(3, 4)))
    demand = session_demand(ServiceShape(turns=1, visible=sizes))
    assert [demand.input_tokens, demand.output_tokens] == [175, Fraction(55, 2)]
    assert demand.calls == 1


@given(sizes, tools, st.integers(1, 6), st.integers(0, 2000))
def test_tokens_of_all_calls_are_those_of_the_closed_form(
    size: VisibleSize, used: ToolUse, turns: int, system: int
) -> None:
    shape = ServiceShape(turns=turns, visible=(size,), system_tokens=system, tools=used)
    per_turn = used.calls + 1
    calls = turns * per_turn
    one_step = used.call_tokens + used.output_tokens
    one_turn = size.user_tokens + used.calls * one_step + size.visible_tokens
    # Base and message in every call, what a turn adds in all calls of later turns, steps of a turn
    # in its own later calls.
    expected = (
        calls * (system + used.schema_tokens + size.user_tokens)
        + one_turn * per_turn * turns * (turns - 1) // 2
        + turns * one_step * used.calls * per_turn // 2
    )
    assert session_demand(shape).input_tokens == expected
    assert session_demand(shape).output_tokens == turns * (
        used.calls * used.call_tokens + size.visible_tokens
    )


@given(shapes)
def test_caching_never_raises_prefill_and_never_finds_more_than_there_is(
    shape: ServiceShape,
) -> None:
    bare = session_demand(replace(shape, cache=None))
    demand = session_demand(shape)
    assert demand.input_tokens == bare.input_tokens
    assert 0 < demand.prefill_tokens <= bare.prefill_tokens
    assert all(0 <= call.cached_tokens < call.input_tokens for call in sessions(shape))


@given(shapes)
def test_more_turns_never_lower_demand(shape: ServiceShape) -> None:
    less, more = session_demand(shape), session_demand(replace(shape, turns=shape.turns + 1))
    assert less.prefill_tokens < more.prefill_tokens
    assert less.output_tokens < more.output_tokens
    assert less.calls < more.calls


@given(shapes, shares)
def test_a_greater_hit_share_never_raises_prefill(shape: ServiceShape, share: Fraction) -> None:
    low = replace(shape, cache=PrefixCache(share / 2))
    high = replace(shape, cache=PrefixCache(share))
    assert session_demand(high).prefill_tokens <= session_demand(low).prefill_tokens


@given(shapes)
def test_reasoning_kept_longer_never_shortens_a_prompt(shape: ServiceShape) -> None:
    kept: list[ReasoningKept] = ["none", "turn", "all"]
    each = [inputs(replace(shape, reasoning=Reasoning(Fraction(2), name))) for name in kept]
    for short, long in itertools.pairwise(each):
        assert all(a <= b for a, b in zip(short, long, strict=True))
