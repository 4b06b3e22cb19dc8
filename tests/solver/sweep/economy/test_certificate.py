"""An economic result is believed for its numbers alone: whatever is changed must be noticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from solver.api import solve, verify
from solver.economy_api import solve_economy_question
from solver.errors import FleetError, InstanceError, ResultError
from solver.instance.domain import Limits, ReplicaInstance
from solver.result import canonical_digest
from tests.oracles.economic_questions import (
    BILLED,
    economic_questions,
    small_question,
    two_models,
)

Document = dict[str, Any]
THREE = small_question(
    trade_off=("speed", "cost", "energy"),
    energy=BILLED,
    clocks=(1980, 1005),
    design={"batch": [1, 2, 6], "weight_bits": [8]},
)
SCORED = two_models(energy=BILLED, design={"batch": [1, 2, 6]})


def _solved(question: ReplicaInstance) -> Document:
    frontier = solve_economy_question(question)
    read: Document = json.loads(frontier.to_json())
    return read


@pytest.fixture(scope="module")
def three() -> Document:
    return _solved(THREE)


@pytest.fixture(scope="module")
def scored() -> Document:
    return _solved(SCORED)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def altered(document: Document, path: tuple[Any, ...], value: Any) -> Document:
    changed = copy.deepcopy(document)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def other(value: Any) -> Any:
    """A value close by."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * (1 + 1e-12) if value else 1e-12
    if value is None:
        return 0
    return value + "0"


def resigned(document: Document) -> Document:
    return {**document, "digest": canonical_digest(document)}


def refused(document: Document, **options: Any) -> bool:
    """Whether a document is found wanting, or is no result at all."""
    try:
        return not verify(resigned(document), **options).passed
    except FleetError:
        return True


def failed(document: Document) -> list[str]:
    return [check.name for check in verify(resigned(document)).checks if not check.passed]


@pytest.mark.parametrize("reprove", [False, True])
@pytest.mark.parametrize("question", [THREE, SCORED], ids=["energy", "quality"])
def test_an_honest_result_passes_every_check(question: ReplicaInstance, reprove: bool) -> None:
    verification = verify(_solved(question), instance=question, reprove=reprove)
    assert verification.passed, [check for check in verification.checks if not check.passed]
    assert (verification.checks[-1].name == "boxes closed again") is reprove


@settings(deadline=None, max_examples=25)
@given(economic_questions())
def test_whatever_is_asked_the_answer_passes_every_check(question: ReplicaInstance) -> None:
    verification = verify(_solved(question), reprove=True)
    assert verification.passed, [check for check in verification.checks if not check.passed]


def test_every_altered_number_or_text_is_found_though_the_digest_is_made_anew(
    three: Document,
) -> None:
    tried = 0
    shown = {"points": three["points"][:2], "claims": three["claims"][:3]}
    for path, value in leaves({**three, **shown}):
        if path[0] in {"provenance", "digest", "instance", "model_error"}:
            continue
        assert refused(altered(three, path, other(value))), path
        tried += 1
    assert tried > 100


def test_an_altered_leaf_breaks_the_digest(scored: Document) -> None:
    for path, value in leaves({**scored, "points": scored["points"][:1]}):
        if path != ("digest",):
            changed = altered(scored, path, other(value))
            assert changed["digest"] != canonical_digest(changed), path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("trade_off",), ["speed", "energy", "cost"]),
        (("energy", "pue"), "7/5"),
        (("energy", "billed"), False),
        (("machines", 1, "price", "usd_per_hour"), "63/10"),
        (("machines", 1, "clock_mhz"), 1410),
        (("context_tokens",), 4096),
    ],
)
def test_another_question_under_the_same_answer_is_found(
    three: Document, path: tuple[Any, ...], value: Any
) -> None:
    assert refused(altered(three, ("instance", "resolved", *path), value))


@pytest.mark.parametrize("which", ["three", "scored"])
@pytest.mark.parametrize("where", [0, 4, -1])
def test_a_removed_point_is_missed(which: str, where: int, request: pytest.FixtureRequest) -> None:
    changed = copy.deepcopy(request.getfixturevalue(which))
    del changed["points"][where]
    assert refused(changed)


@pytest.mark.parametrize("question", [THREE, SCORED], ids=["energy", "quality"])
def test_the_answer_to_a_smaller_question_misses_candidates_of_the_larger(
    question: ReplicaInstance,
) -> None:
    # Honest in every part but one: it never looked at one batch.
    smaller = replace(question, design=replace(question.design, batch=(1, 6)))
    document = _solved(smaller)
    document["instance"]["resolved"] = _solved(question)["instance"]["resolved"]
    assert "nothing is missing" in failed(document)


def test_two_swapped_designs_are_found(three: Document) -> None:
    changed = copy.deepcopy(three)
    first, second = changed["points"][0], changed["points"][1]
    first["design"], second["design"] = second["design"], first["design"]
    assert refused(changed)


def test_a_design_that_is_dominated_is_found(three: Document) -> None:
    # The design of the lower clock in full honesty, where a better one is on the frontier.
    worse = _solved(replace(THREE, machines=THREE.machines[1:]))
    changed = copy.deepcopy(three)
    changed["points"].insert(1, worse["points"][0])
    assert refused(changed)


def test_points_in_another_order_are_found(three: Document) -> None:
    changed = copy.deepcopy(three)
    changed["points"].reverse()
    assert "mutual nondominance" in failed(changed)


@pytest.mark.parametrize("status", ["partial", "infeasible"])
def test_another_status_is_found(three: Document, status: str) -> None:
    assert refused({**three, "status": status})


def test_an_empty_answer_to_a_question_with_designs_is_found(three: Document) -> None:
    empty = {**three, "status": "infeasible", "points": [], "ideal": {}, "nadir": {}}
    for claims in ([], three["claims"][:1], [{**three["claims"][0], "upper": [1, 1, 1]}]):
        assert refused({**empty, "claims": claims})


def test_a_claim_too_few_is_found(three: Document) -> None:
    assert "points, boxes, ideal and nadir" in failed({**three, "claims": three["claims"][1:]})


def test_a_partial_result_passes_and_does_not_say_that_it_is_complete() -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    document = json.loads(solve_economy_question(THREE, should_stop=stop).to_json())
    assert document["status"] == "partial"
    assert document["claims"] == []
    assert {point["proof"]["nondominated"] for point in document["points"]} == {"not proved"}
    assert {box["reason"] for box in document["open_boxes"]} == {"stopped by the user"}
    assert verify(document, reprove=True).passed
    assert refused({**document, "status": "complete"})
    assert refused({**document, "open_boxes": document["open_boxes"][1:]})
    assert refused({**document, "open_boxes": []})


def test_an_infeasible_result_is_verified_with_its_conflict() -> None:
    question = replace(THREE, limits=Limits(max_j_per_token=Fraction(1, 1000)))
    document = _solved(question)
    assert document["status"] == "infeasible"
    assert verify(document, reprove=True).passed
    changed = copy.deepcopy(document)
    changed["conflict"][0]["limits"][0]["needed"] *= 1.5
    assert failed(changed) == ["status"]


def test_the_question_of_another_file_is_told(three: Document) -> None:
    given = replace(THREE, context_tokens=4096)
    checks = {check.name: check for check in verify(three, instance=given).checks}
    assert checks["instance"].faults == (
        "the result answers another question: context_tokens differ",
    )


def test_a_question_of_another_kind_is_bad_input(
    three: Document, read_fleet: Callable[[], Any]
) -> None:
    with pytest.raises(InstanceError, match="not one of a replica"):
        verify(three, instance=read_fleet())


@pytest.fixture
def read_fleet(instances_folder: Any) -> Callable[[], Any]:
    from solver.api import read_instance

    return lambda: read_instance(instances_folder / "fleet" / "one-model-one-pool.toml")


@pytest.mark.parametrize("key", ["claims", "points", "model_error", "digest"])
def test_a_document_without_one_of_its_parts_is_no_result(three: Document, key: str) -> None:
    with pytest.raises(ResultError, match="keys missing or unknown"):
        verify({name: value for name, value in three.items() if name != key})


def test_a_plain_document_for_an_economic_question_is_no_result(small: Any) -> None:
    question = small(design__batch=[1, 2])
    plain = json.loads(solve(question).to_json())
    resolved = _solved(replace(question, trade_off=("speed", "energy")))["instance"]["resolved"]
    plain["instance"]["resolved"] = resolved
    with pytest.raises(ResultError, match="keys missing or unknown"):
        verify(resigned(plain))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("machines", 0, "accelerator", "flop_per_s"), {}),
        (("rules", "hbm_account"), "per-rack"),
    ],
)
def test_a_question_that_cannot_be_lowered_fails_the_check_and_raises_nothing(
    three: Document, path: tuple[Any, ...], value: Any
) -> None:
    changed = altered(three, ("instance", "resolved", *path), value)
    assert failed(changed) == ["instance"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("performance_model",), "calibrated"),
        (("formulation",), "column_selection"),
        (("engines",), {"cp-sat": "9.14"}),
        (("solves",), 7),
        (("notes",), ["no model was left out"]),
        (("candidates", "stated"), 1),
        (("candidates", "evaluated"), 1),
    ],
)
def test_an_altered_account_of_the_search_is_found(
    three: Document, path: tuple[Any, ...], value: Any
) -> None:
    assert failed(altered(three, ("provenance", *path), value)) == ["number of candidates"]


@pytest.mark.parametrize("evaluated", [-1, 10**9, None, "8", 1])
def test_a_partial_result_has_looked_at_its_points_and_at_no_more_than_there_are(
    evaluated: Any,
) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    document = json.loads(solve_economy_question(THREE, should_stop=stop).to_json())
    assert document["status"] == "partial"
    assert len(document["points"]) > 1
    changed = altered(document, ("provenance", "candidates", "evaluated"), evaluated)
    assert failed(changed) == ["number of candidates"]
