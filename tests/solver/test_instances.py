"""Every shipped instance ends with the status it declares, and its result verifies."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from solver.api import read_instance, solve, verify
from solver.cli.exits import status_of

INSTANCES = Path(__file__).resolve().parents[2] / "instances"
FILES = sorted(INSTANCES.rglob("*.toml"))
EPOCH_STEMS = 16


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_instance_ends_as_it_says(path: Path) -> None:
    frontier = solve(read_instance(path))
    stated = tomllib.loads(path.read_text()).get("expected_exit_status", 0)
    assert status_of(frontier.status) == stated


@pytest.mark.parametrize(
    "stem", ["llama-3.1-70b-fp8-h100", "llama-3.1-70b-speculative-h100", "mixtral-8x22b-bf16-h100"]
)
def test_the_result_of_a_real_question_verifies(stem: str) -> None:
    path = INSTANCES / "replica" / f"{stem}.toml"
    assert verify(solve(path), instance=path)


def test_there_are_enough_questions_of_both_sorts() -> None:
    assert len(list((INSTANCES / "epoch").glob("*.toml"))) == EPOCH_STEMS
    assert len(list((INSTANCES / "replica").glob("*.toml"))) >= 12
