"""A list of near designs is believed for nothing: every change to it is noticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from solver.api import solve, verify
from solver.instance.domain import ReplicaInstance
from solver.result import canonical_digest

Small = Callable[..., ReplicaInstance]
CHECK = "designs within the tolerance"


@pytest.fixture
def document(small: Small) -> dict[str, Any]:
    question = small(design__batch="1..6", design__weight_bits=[8])
    return json.loads(solve(question, tolerance="15%").to_json())  # type: ignore[no-any-return]


def resigned(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "digest": canonical_digest(document)}


def failed(document: dict[str, Any]) -> set[str]:
    return {check.name for check in verify(resigned(document)).checks if not check.passed}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield path
    for key, item in items:
        yield from leaves(item, (*path, key))


def test_an_honest_list_passes(document: dict[str, Any]) -> None:
    assert failed(document) == set()
    assert CHECK in {check.name for check in verify(document).checks}


def test_every_altered_leaf_is_found(document: dict[str, Any]) -> None:
    tried = 0
    for path in leaves(document["near"]):
        changed = copy.deepcopy(document)
        place: Any = changed["near"]
        for key in path[:-1]:
            place = place[key]
        value = place[path[-1]]
        if isinstance(value, bool) or value is None:
            continue
        place[path[-1]] = value + "0" if isinstance(value, str) else value * 2 + 1
        assert CHECK in failed(changed), path
        tried += 1
    assert tried > 100


@pytest.mark.parametrize("key", ["layouts", "at_points"])
@pytest.mark.parametrize("position", [0, 1, -1])
def test_a_missing_entry_is_found(document: dict[str, Any], key: str, position: int) -> None:
    del document["near"][key][position]
    assert failed(document) == {CHECK}


@pytest.mark.parametrize("key", ["layouts", "at_points"])
def test_an_additional_entry_is_found(document: dict[str, Any], key: str) -> None:
    document["near"][key].append(copy.deepcopy(document["near"][key][0]))
    assert failed(document) == {CHECK}


def test_entries_in_another_order_are_found(document: dict[str, Any]) -> None:
    document["near"]["layouts"].reverse()
    assert failed(document) == {CHECK}


@pytest.mark.parametrize("tolerance", ["1/5", "0.15", "3", "x", None])
def test_another_tolerance_is_found(document: dict[str, Any], tolerance: object) -> None:
    document["near"]["tolerance"] = tolerance
    assert failed(document) == {CHECK}


@pytest.mark.parametrize("key", ["tolerance", "status", "count", "layouts", "at_points"])
def test_a_missing_key_is_found(document: dict[str, Any], key: str) -> None:
    del document["near"][key]
    assert failed(document) != set()


def test_an_unknown_key_is_found(document: dict[str, Any]) -> None:
    document["near"]["remark"] = "none"
    assert failed(document) == {CHECK}


def test_a_stopped_list_may_hold_nothing(document: dict[str, Any]) -> None:
    document["near"]["status"] = "stopped"
    assert failed(document) == {CHECK}


def test_a_list_of_the_wrong_kind_fails_without_a_crash(document: dict[str, Any]) -> None:
    document["near"]["layouts"] = 7
    assert failed(document) == {"well-formed"}


def test_the_error_of_another_model_is_found(document: dict[str, Any]) -> None:
    document["model_error"]["model"] += "x"
    assert failed(document) == {"model error"}


def test_the_error_of_another_question_is_found(document: dict[str, Any]) -> None:
    document["model_error"]["question"] = "dense, B200, 4-bit, decode"
    assert failed(document) == {"model error"}


def test_a_file_without_the_new_keys_still_passes(document: dict[str, Any]) -> None:
    del document["near"], document["model_error"]
    assert failed(document) == set()
