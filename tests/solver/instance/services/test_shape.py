from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from solver.instance.services.shape import (
    PrefixCache,
    Reasoning,
    Retrieval,
    ServiceShape,
    ToolUse,
    VisibleSize,
)

ONE = (VisibleSize(1, 1),)
HALF = VisibleSize(1, 1, Fraction(1, 2))


def test_a_turn_has_a_call_for_every_tool_result_and_one_for_the_message() -> None:
    shape = ServiceShape(turns=3, visible=ONE, tools=ToolUse(4, 1, 1, 7), system_tokens=5)
    assert (shape.calls_per_turn, shape.calls_per_session, shape.base_tokens) == (5, 15, 12)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"turns": 0}, "turns is 0"),
        ({"system_tokens": -1}, "system_tokens is -1"),
        ({"visible": (VisibleSize(0, 1),)}, "user_tokens is 0"),
        ({"visible": (HALF,)}, "not 1 together"),
        ({"visible": (VisibleSize(1, 1, Fraction(2)), VisibleSize(1, 2, Fraction(-1)))}, "share"),
        ({"tools": ToolUse(0, 1, 1)}, "tools.calls is 0"),
        ({"tools": ToolUse(1, 0, 1)}, "call_tokens is 0"),
        ({"reasoning": Reasoning(Fraction(-1))}, "tokens_per_visible is -1"),
        ({"retrieval": Retrieval(1, 1, Fraction(-1))}, "retrieval_s is -1"),
        ({"retrieval": Retrieval(1, 1, Fraction(0), Fraction(2))}, "repeat_share is 2"),
        ({"cache": PrefixCache(Fraction(-1, 2))}, "hit_share is -1/2"),
        ({"classes": 13}, "13 classes"),
        ({"sessions_per_s": Fraction(0)}, "sessions_per_s is 0"),
        ({"turns": 501}, "more than 500 calls"),
        ({"turns": 300, "visible": (HALF, HALF)}, "more than 500 calls"),
    ],
)
def test_a_service_that_makes_no_sense_is_refused(keys: dict[str, Any], words: str) -> None:
    stated: dict[str, Any] = {"turns": 1, "visible": ONE}
    with pytest.raises(ValueError, match=words):
        ServiceShape(**{**stated, **keys})
