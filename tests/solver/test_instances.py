"""Every shipped instance ends with the status it declares, and its result verifies."""

from __future__ import annotations

import json
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from solver.api import read_instance, solve, verify
from solver.cli.exits import status_of
from solver.nondominated import nondominated_set

INSTANCES = Path(__file__).resolve().parents[2] / "instances"
# Fleets have a file of their own.
FILES = [
    path for path in sorted(INSTANCES.rglob("*.toml")) if path.parent.name not in ("fleet", "bench")
]
PROGRAMS = sorted((INSTANCES / "moip").glob("*.json"))
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


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_has_the_nondominated_set_that_it_states(path: Path) -> None:
    document = json.loads(path.read_text(), parse_float=Fraction)
    found = nondominated_set(path)
    assert status_of(found.status) == document.get("expected_exit_status", 0)
    stated = sorted(tuple(Fraction(v) for v in image) for image in document["nondominated"])
    assert sorted(tuple(point.objectives.values()) for point in found) == stated
    assert verify(found, instance=path)
