"""Sessions walked a second time, token by token, with a cache of whole token sequences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from solver.instance.services.calls import session_calls
from solver.instance.services.demand import longest_call_tokens, session_demand
from solver.instance.services.shape import (
    PrefixCache,
    Reasoning,
    Retrieval,
    ServiceShape,
    ToolUse,
    VisibleSize,
)

Tokens = list[int]


class Seen(NamedTuple):
    """What a call looked like: prompt, output, tokens of the prompt that some sequence begins."""

    prompt: int
    output: int
    found: int
    held: int


def _shared(one: Tokens, other: Tokens) -> int:
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)


def _repeated(shape: ServiceShape) -> int:
    if shape.retrieval is None:
        return 0
    count = shape.retrieval.repeat_share * shape.retrieval.tokens
    assert count.denominator == 1
    return int(count)


def walk(shape: ServiceShape, size: VisibleSize) -> Iterator[Seen]:
    """Every call of a session; the same passages come first in every turn of every session."""
    fresh = itertools.count(10**6)

    def some(n: int) -> Tokens:
        return list(itertools.islice(fresh, n))

    schema = shape.tools.schema_tokens if shape.tools else 0
    base = list(range(shape.system_tokens + schema))
    library = [-1 - place for place in range(_repeated(shape))]
    cache: list[Tokens] = []
    if shape.cache is not None and shape.cache.shared_system:
        cache.append(base + library)
    tool_calls = shape.tools.calls if shape.tools else 0
    per_token = shape.reasoning.tokens_per_visible if shape.reasoning else Fraction(0)
    kept = shape.reasoning.kept if shape.reasoning else "all"
    conversation: list[tuple[str, Tokens]] = []
    for _ in range(shape.turns):
        if not shape.history:
            conversation = []
        if kept == "turn":
            conversation = [entry for entry in conversation if entry[0] != "thought"]
        if shape.retrieval is not None:
            passages = library + some(shape.retrieval.tokens - len(library))
            conversation.append(("passages", passages))
        conversation.append(("user", some(size.user_tokens)))
        for step in range(tool_calls + 1):
            prompt = base + [token for _, tokens in conversation for token in tokens]
            last = step == tool_calls
            length = size.visible_tokens
            if shape.tools is not None and not last:
                length = shape.tools.call_tokens
            thought, shown = some(math.ceil(per_token * length)), some(length)
            found = max((_shared(prompt, sequence) for sequence in cache), default=0)
            held = prompt + thought + shown
            if shape.cache is not None:
                cache.append(held)
            yield Seen(len(prompt), len(thought) + len(shown), found, len(held))
            if kept != "none":
                conversation.append(("thought", thought))
            conversation.append(("shown", shown))
            if shape.tools is not None and not last:
                conversation.append(("result", some(shape.tools.output_tokens)))


@st.composite
def retrievals(draw: st.DrawFn) -> Retrieval:
    passages, each = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    again = Fraction(draw(st.integers(0, passages * each)), passages * each)
    return Retrieval(passages, each, Fraction(0), again)


sizes = st.builds(VisibleSize, st.integers(1, 9), st.integers(1, 9))
shapes = st.builds(
    ServiceShape,
    turns=st.integers(1, 4),
    visible=st.tuples(sizes),
    system_tokens=st.integers(0, 12),
    history=st.booleans(),
    tools=st.none()
    | st.builds(
        ToolUse, st.integers(1, 3), st.integers(1, 7), st.integers(1, 9), st.integers(0, 7)
    ),
    reasoning=st.none()
    | st.builds(
        Reasoning, st.fractions(0, 3, max_denominator=4), st.sampled_from(["none", "turn", "all"])
    ),
    retrieval=st.none() | retrievals(),
    cache=st.none()
    | st.builds(PrefixCache, st.fractions(0, 1, max_denominator=9), st.booleans(), st.just(2)),
)


@settings(max_examples=300)
@given(shapes)
def test_every_call_is_that_of_a_literal_walk(shape: ServiceShape) -> None:
    (size,) = shape.visible
    hit = shape.cache.hit_share if shape.cache is not None else 0
    told = [(c.input_tokens, c.output_tokens, c.cached_tokens) for c in session_calls(shape, size)]
    assert told == [(c.prompt, c.output, hit * c.found) for c in walk(shape, size)]


@settings(max_examples=100)
@given(shapes)
def test_sums_of_a_session_are_those_of_a_literal_walk(shape: ServiceShape) -> None:
    seen = list(walk(shape, shape.visible[0]))
    demand = session_demand(shape)
    assert demand.calls == len(seen)
    assert demand.input_tokens == sum(call.prompt for call in seen)
    assert demand.output_tokens == sum(call.output for call in seen)
    assert longest_call_tokens(shape) == max(call.held for call in seen)
    if shape.cache is not None:
        own = shape.base_tokens if shape.cache.shared_system else 0
        assert demand.kept_token_s == 2 * sum(call.held - own for call in seen)
        assert demand.cached_tokens == shape.cache.hit_share * sum(call.found for call in seen)
