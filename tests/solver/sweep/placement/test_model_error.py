"""What a placement's result says of its performance model's error, and how it is checked again."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from solver.api import solve, verify
from solver.catalog import shipped_catalog
from solver.errors import ResultError
from solver.instance.domain import Performance
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.result import canonical_digest
from solver.sweep.placement.model_error import error_of_placement
from tests.solver.sweep.placement.questions import priced

Document = dict[str, Any]


def asked(model: str) -> PlacementInstance:
    """Hosts of two kinds, one performance model."""
    question = priced()
    machines = tuple(
        replace(machine, accelerator=shipped_catalog().accelerator(name))
        for machine, name in zip(question.machines, ("H100 SXM", "A100-80GB SXM"), strict=True)
    )
    return replace(question, machines=machines, performance=Performance(model))


@pytest.fixture(scope="module")
def solved() -> Document:
    found: Document = json.loads(json.dumps(solve(asked("calibrated")).to_dict()))
    return found


@pytest.fixture(scope="module")
def published() -> Document:
    """The answer of the published model."""
    found: Document = json.loads(json.dumps(solve(asked("epoch2025")).to_dict()))
    return found


@pytest.fixture
def document(solved: Document) -> Document:
    return copy.deepcopy(solved)


def signed(document: Document) -> Document:
    return {**document, "digest": canonical_digest(document)}


def failed(document: Document) -> set[str]:
    """Checks that fail once the digest fits again."""
    return {check.name for check in verify(signed(document)).checks if not check.passed}


def test_the_result_tells_the_error_of_its_kinds_of_host(document: Document) -> None:
    told = document["model_error"]
    assert (told["model"], told["question"], told["measured"]) == (
        "calibrated",
        "dense, H100 SXM or A100-80GB SXM, bf16, decode",
        True,
    )


def test_it_says_that_hand_overs_were_not_measured(document: Document) -> None:
    assert document["model_error"]["note"].startswith("of replicas of one stage, no hand-over")


def test_an_honest_error_is_checked_and_passes(document: Document) -> None:
    checks = {check.name: check.passed for check in verify(document).checks}
    assert checks["model error"]
    assert all(checks.values())


@pytest.mark.parametrize("key", ["tpot_median", "tpot_p95", "bias", "rows", "of", "question"])
def test_every_altered_figure_is_found(document: Document, key: str) -> None:
    value = document["model_error"][key]
    document["model_error"][key] = value + "x" if isinstance(value, str) else value / 2 + 1
    assert failed(document) == {"model error"}


def test_an_error_that_is_no_object_is_no_result(document: Document) -> None:
    document["model_error"] = "small"
    with pytest.raises(ResultError, match="a table was expected"):
        verify(signed(document))


def test_a_result_of_before_still_verifies(document: Document) -> None:
    del document["model_error"]
    assert failed(document) == set()


def test_an_answer_of_the_published_model_has_no_such_key(published: Document) -> None:
    assert "model_error" not in published


def test_an_error_put_into_an_answer_of_the_published_model_is_found(
    published: Document, document: Document
) -> None:
    assert failed({**published, "model_error": document["model_error"]}) == {"model error"}


def test_a_machine_without_hosts_is_no_kind() -> None:
    question = asked("calibrated")
    spare = PlacementMachine("spare", shipped_catalog().accelerator("B200 SXM"))
    told = error_of_placement(replace(question, machines=(*question.machines, spare)))
    assert told is not None
    assert "B200" not in told["question"]
