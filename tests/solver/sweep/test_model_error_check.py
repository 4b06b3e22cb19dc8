"""What a result says of its model's error is recomputed, as far as the catalog is of that day."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from solver.api import solve, verify
from solver.instance.domain import ReplicaInstance
from solver.result import canonical_digest

Mixture = Callable[..., ReplicaInstance]


@pytest.fixture
def document(mixture: Mixture) -> dict[str, Any]:
    question = mixture(design__batch="1..2", design__tensor_parallel=[1])
    found: dict[str, Any] = json.loads(solve(question).to_json())
    assert found["model_error"]["measured"] is True
    return found


def failed(document: dict[str, Any]) -> set[str]:
    signed = {**document, "digest": canonical_digest(document)}
    return {check.name for check in verify(signed).checks if not check.passed}


def test_an_honest_error_passes(document: dict[str, Any]) -> None:
    assert failed(document) == set()


@pytest.mark.parametrize("key", ["tpot_median", "tpot_p95", "bias", "rows", "of", "source", "note"])
def test_every_altered_figure_is_found(document: dict[str, Any], key: str) -> None:
    value = document["model_error"][key]
    document["model_error"][key] = value + "x" if isinstance(value, str) else value / 2 + 1
    assert failed(document) == {"model error"}


def test_a_missing_figure_is_found(document: dict[str, Any]) -> None:
    del document["model_error"]["tpot_p95"]
    assert failed(document) == {"model error"}


def test_a_measured_error_without_its_day_is_found(document: dict[str, Any]) -> None:
    del document["model_error"]["as_of"]
    document["model_error"]["tpot_median"] = 0.0
    assert failed(document) == {"model error"}


def test_figures_of_another_day_are_not_recomputed(document: dict[str, Any]) -> None:
    document["model_error"].update(as_of="2026-01-01", tpot_median=0.5)
    assert failed(document) == set()


def test_an_error_that_was_not_measured_then_still_passes(document: dict[str, Any]) -> None:
    told = document["model_error"]
    document["model_error"] = {
        "model": told["model"],
        "question": told["question"],
        "measured": False,
        "note": "not compared with measurements of this kind",
    }
    assert failed(document) == set()
