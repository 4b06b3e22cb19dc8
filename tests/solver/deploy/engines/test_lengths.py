"""The longest request that a server takes: the plan's size, or what the user asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.deploy.engines.registry import ENGINES, build_deployment
from solver.deploy.launch import Argument, Role
from solver.errors import OutputError

Solved = Callable[[str], dict[str, Any]]

FLAGS = {"vllm": "--max-model-len", "sglang": "--context-length", "trtllm": "--max_seq_len"}
PLANNED = 1000 + 4000


def length(role: Role, engine: str) -> Argument:
    [found] = [each for each in role.arguments if each.flag == FLAGS[engine]]
    return found


def built(solved: Solved, engine: str, longest_tokens: int | None) -> Role:
    document = solved("replica/deepseek-r1-fp8-h200")
    [role] = build_deployment(
        document, 0, engine=engine, weights={}, longest_tokens=longest_tokens
    ).roles
    return role


@pytest.mark.parametrize("engine", ENGINES)
def test_the_size_of_the_plan_is_not_called_the_longest_request(
    solved: Solved, engine: str
) -> None:
    found = length(built(solved, engine, None), engine)
    assert found.value == str(PLANNED)
    assert "longest" not in found.why
    assert "--context-tokens" in found.why


@pytest.mark.parametrize("engine", ENGINES)
def test_a_longer_request_can_be_asked_for(solved: Solved, engine: str) -> None:
    found = length(built(solved, engine, 20_000), engine)
    assert found.value == "20000"
    assert str(PLANNED) in found.why


@pytest.mark.parametrize(("asked", "reason"), [(4999, "less than"), (10**6, "more than")])
def test_a_length_outside_plan_and_model_is_refused(
    solved: Solved, asked: int, reason: str
) -> None:
    with pytest.raises(OutputError, match=reason):
        built(solved, "vllm", asked)
