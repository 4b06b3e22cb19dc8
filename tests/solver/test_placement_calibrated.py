"""The shipped placement question to the calibrated model, solved and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from solver.api import read_instance, solve, verify
from solver.result import canonical_digest

QUESTION = (
    Path(__file__).resolve().parents[2]
    / "instances/placement/llama-3.1-70b-calibrated-mixed-hosts.toml"
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The answer, as a file holds it."""
    found: dict[str, Any] = json.loads(json.dumps(solve(read_instance(QUESTION)).to_dict()))
    return found


def test_the_frontier_is_complete(document: dict[str, Any]) -> None:
    assert (document["status"], document["open_boxes"]) == ("complete", [])


def test_the_answer_names_its_performance_model(document: dict[str, Any]) -> None:
    assert document["provenance"]["performance_model"] == "calibrated"


def test_the_answer_verifies_from_itself_alone(document: dict[str, Any]) -> None:
    assert verify(document).passed


def test_a_tampered_stage_is_found(document: dict[str, Any]) -> None:
    other = json.loads(json.dumps(document))
    stages = next(p["design"]["stages"] for p in other["points"] if len(p["design"]["stages"]) > 1)
    stages[0]["layers"] += 1
    stages[1]["layers"] -= 1
    other["digest"] = canonical_digest(other)
    failed = [check.name for check in verify(other).checks if not check.passed]
    assert any(name.startswith("designs replayed") for name in failed)


def test_some_pipeline_crosses_kinds_of_hosts(document: dict[str, Any]) -> None:
    kinds = [
        {stage["machine"] for stage in point["design"]["stages"]} for point in document["points"]
    ]
    assert {"h100x2", "a100x4"} in kinds
