from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import solver
from solver.errors import ResultError
from solver.instance.domain import ReplicaInstance
from solver.result import result_from_dict, result_to_dict


@pytest.fixture
def document(small: Callable[..., ReplicaInstance]) -> dict[str, Any]:
    frontier = solver.solve(small(design__batch="1..6"), tolerance="10%")
    return json.loads(frontier.to_json())  # type: ignore[no-any-return]


def test_near_designs_and_model_error_read_back_as_themselves(document: dict[str, Any]) -> None:
    again = result_to_dict(result_from_dict(document))
    assert again == document
    assert {"near", "model_error"} <= again.keys()


def test_a_document_without_them_reads_back_without_them(document: dict[str, Any]) -> None:
    del document["near"], document["model_error"], document["digest"]
    document["digest"] = ""
    again = result_to_dict(result_from_dict(document))
    assert "near" not in again
    assert "model_error" not in again


@pytest.mark.parametrize("key", ["near", "model_error"])
@pytest.mark.parametrize("value", [[], 1, "x", None])
def test_of_another_type_they_are_refused(
    document: dict[str, Any], key: str, value: object
) -> None:
    with pytest.raises(ResultError, match=f"of the wrong type: {key}"):
        result_from_dict({**document, key: value})


def test_other_keys_are_still_unknown(document: dict[str, Any]) -> None:
    with pytest.raises(ResultError, match="keys missing or unknown: far"):
        result_from_dict({**document, "far": {}})
