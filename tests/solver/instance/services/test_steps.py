from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from solver.instance.services.demand import session_demand
from solver.instance.services.shape import (
    PrefixCache,
    Reasoning,
    Retrieval,
    ServiceShape,
    ToolUse,
    VisibleSize,
)
from solver.instance.services.steps import service_steps

WHOLE = ServiceShape(
    turns=2,
    visible=(VisibleSize(100, 50),),
    tools=ToolUse(1, 10, 300),
    reasoning=Reasoning(Fraction(2)),
    retrieval=Retrieval(2, 100),
    cache=PrefixCache(Fraction(1, 2)),
)


def names(shape: ServiceShape) -> list[str]:
    return [step.name for step in service_steps(shape)]


def test_every_feature_is_a_step_in_a_fixed_order() -> None:
    assert names(WHOLE) == [
        "visible tokens only",
        "+ growing context",
        "+ tool calls",
        "+ reasoning",
        "+ retrieval",
        "- prefix caching",
    ]


def test_the_last_step_is_the_whole_service() -> None:
    for shape in (
        WHOLE,
        replace(WHOLE, cache=None),
        replace(WHOLE, history=False, tools=None),
        replace(WHOLE, turns=1, reasoning=Reasoning(Fraction(0))),
        replace(WHOLE, turns=1, reasoning=None, cache=None, tools=None, retrieval=None),
        replace(WHOLE, reasoning=Reasoning(Fraction(0)), cache=None, tools=None, retrieval=None),
    ):
        assert service_steps(shape)[-1].shape == shape


def test_a_single_turn_has_no_context_that_grows() -> None:
    assert "+ growing context" not in names(replace(WHOLE, turns=1))


def test_a_service_that_remembers_nothing_has_no_context_that_grows() -> None:
    assert "+ growing context" not in names(replace(WHOLE, history=False))


def test_features_it_has_not_are_no_steps() -> None:
    bare = replace(WHOLE, tools=None, reasoning=None, retrieval=None, cache=None, turns=1)
    assert names(bare) == ["visible tokens only"]


def test_the_first_step_is_each_message_and_its_answer_alone() -> None:
    demand = session_demand(service_steps(WHOLE)[0].shape)
    assert [demand.calls, demand.input_tokens, demand.output_tokens] == [2, 200, 100]


def test_every_step_but_caching_adds_to_what_is_computed() -> None:
    computed = [session_demand(step.shape).prefill_tokens for step in service_steps(WHOLE)]
    assert computed[:-1] == sorted(computed[:-1])
    assert computed[-1] < computed[-2]
