"""A result is believed for its numbers alone: every number that is changed must be noticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from solver.api import solve, verify
from solver.errors import FleetError
from solver.instance.domain import ReplicaInstance
from solver.result import canonical_digest

Small = Callable[..., ReplicaInstance]


@pytest.fixture
def document(small: Small) -> dict[str, Any]:
    question = small(design__batch="1..6", design__weight_bits=[8])
    return json.loads(solve(question).to_json())  # type: ignore[no-any-return]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def altered(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
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


def resigned(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "digest": canonical_digest(document)}


def test_an_honest_result_passes_every_check(document: dict[str, Any]) -> None:
    verification = verify(document)
    assert verification.passed, [check for check in verification.checks if not check.passed]


def test_every_altered_leaf_breaks_the_digest(document: dict[str, Any]) -> None:
    for path, value in leaves(document):
        changed = altered(document, path, other(value))
        assert changed["digest"] != canonical_digest(changed), path


def test_an_altered_number_is_found_even_when_the_digest_is_made_anew(
    document: dict[str, Any],
) -> None:
    exempt = {"provenance", "digest", "schema"}
    tried = 0
    for path, value in leaves(document):
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        exact = path[0] in {"points", "ideal", "nadir"} and path[-1] in {"cost", "cost_below"}
        if path[0] in exempt or path[0] == "instance" or not (numeric or exact) or value is None:
            continue
        changed = resigned(altered(document, path, other(value)))
        assert not verify(changed).passed, path
        tried += 1
    assert tried > 100


@pytest.mark.parametrize(
    "path",
    [
        ("instance", "resolved", "machines", 0, "price", "usd_per_hour"),
        ("instance", "resolved", "context_tokens"),
        ("instance", "resolved", "model", "layers"),
        ("instance", "resolved", "machines", 0, "accelerator", "hbm_bytes_per_s"),
    ],
)
def test_another_question_under_the_same_answer_is_found(
    document: dict[str, Any], path: tuple[Any, ...]
) -> None:
    place: Any = document
    for key in path:
        place = place[key]
    value = "63/10" if isinstance(place, str) else place * 2
    assert not verify(resigned(altered(document, path, value))).passed


@pytest.mark.parametrize("where", [0, 3, -1])
def test_a_removed_point_is_missed(document: dict[str, Any], where: int) -> None:
    changed = copy.deepcopy(document)
    del changed["points"][where]
    assert not verify(resigned(changed)).passed


def test_a_removed_point_is_missed_even_when_all_boxes_are_stretched(
    small: Small, document: dict[str, Any]
) -> None:
    # Solve a question whose batches lack one, then claim the answer for the whole question.
    fewer = json.loads(solve(small(design__batch="1..5", design__weight_bits=[8])).to_json())
    fewer["instance"] = document["instance"]
    verification = verify(resigned(fewer))
    failed = [check.name for check in verification.checks if not check.passed]
    assert "closed boxes are empty" in failed


def test_a_dominated_point_is_refused(document: dict[str, Any]) -> None:
    changed = copy.deepcopy(document)
    changed["points"].insert(1, copy.deepcopy(changed["points"][0]))
    assert not verify(resigned(changed)).passed


def test_a_partial_result_called_complete_is_refused(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solver.sweep.enumeration.BLOCK_CELLS", 4)
    asked = iter(range(10**6))
    partial = solve(small(), should_stop=lambda: next(asked) >= 3)
    assert partial.status == "partial"
    assert verify(partial).passed
    lie = json.loads(partial.to_json())
    lie["status"], lie["open_boxes"] = "complete", []
    assert not verify(resigned(lie)).passed


def test_a_shrunken_open_box_is_found(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solver.sweep.enumeration.BLOCK_CELLS", 4)
    partial = json.loads(solve(small(), should_stop=lambda: True).to_json())
    assert verify(partial).passed
    for box in partial["open_boxes"]:
        box["cost_min"] = "1000000"
    assert not verify(resigned(partial)).passed


def test_an_infeasible_result_is_checked_with_its_conflict(small: Small) -> None:
    empty = solve(small(limits={"min_speed_tok_per_s": 10**6}))
    assert empty.status == "infeasible"
    assert verify(empty).passed
    lie = json.loads(empty.to_json())
    lie["conflict"][0]["limits"][0]["needed"] *= 1.01
    assert not verify(resigned(lie)).passed


def test_a_feasible_question_called_infeasible_is_found(small: Small) -> None:
    empty = json.loads(solve(small(limits={"min_speed_tok_per_s": 10**6})).to_json())
    empty["instance"]["resolved"]["limits"]["min_speed_tok_per_s"] = None
    assert not verify(resigned(empty)).passed


def test_the_answer_of_another_instance_is_told_apart(
    small: Small, document: dict[str, Any]
) -> None:
    assert not verify(document, instance=small()).passed
    assert verify(document, instance=small(design__batch="1..6", design__weight_bits=[8])).passed


def test_all_boxes_are_closed_again_by_another_engine(document: dict[str, Any]) -> None:
    verification = verify(document, reprove=True)
    assert verification.passed
    last = verification.checks[-1]
    assert last.name == "boxes closed again"
    assert f"{len(document['points']) + 1} boxes by cp-sat" in last.detail


FORGERIES: dict[str, tuple[tuple[Any, ...], Any]] = {
    "another way of closing": (("points", 1, "proof", "closed_by"), "infeasible"),
    "an engine nobody knows": (("points", 1, "proof", "engine"), "an oracle"),
    "a proof denied": (("points", 1, "proof", "nondominated"), "not proved"),
    "a key too many": (("points", 1, "proof", "dual_bound"), -1),
    "a key too many on the faster side": (("points", 0, "proof", "faster", "lie"), 1),
    "a count of candidates": (("provenance", "candidates", "stated"), 10**9),
    "a limit below zero": (("instance", "resolved", "limits", "max_tok_per_s"), "-1"),
    "a title that is a list": (("instance", "resolved", "title"), ["x"]),
    "a float for an integer": (("ideal", "exact", "latency_ps"), 1.0),
    "a true for a one": (("instance", "resolved", "context_tokens"), True),
    "an acceptance of one": (
        ("instance", "resolved", "draft"),
        {
            "model": None,
            "acceptance": "1",
            "tokens": "1",
            "weight_bits": 8,
            "pipeline_parallel": "1",
        },
    ),
    "a huge integer": (("instance", "resolved", "model", "layers"), 10**400),
    "an infinite batch": (("points", 1, "design", "batch"), float("inf")),
    "a list for an engine": (("points", 1, "proof", "engine"), ["x"]),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_with_a_new_digest_fails_without_a_crash(
    document: dict[str, Any], what: str
) -> None:
    path, value = FORGERIES[what]
    assert not verify(resigned(altered(document, path, value))).passed


@pytest.mark.parametrize("wrong", [None, [], "x", 0, {}])
def test_any_field_of_the_wrong_type_is_refused_or_fails(
    document: dict[str, Any], wrong: Any
) -> None:
    paths: list[tuple[Any, ...]] = [(key,) for key in document if key != "digest"]
    paths += [("points", 1, key) for key in document["points"][1]]
    paths += [("points", 1, "proof", key) for key in document["points"][1]["proof"]]
    paths += [("instance", "resolved", key) for key in document["instance"]["resolved"]]
    for path in paths:
        place: Any = document
        for key in path:
            place = place[key]
        if place == wrong and type(place) is type(wrong):
            continue
        try:
            passed = verify(resigned(altered(document, path, wrong))).passed
        except FleetError:
            passed = False
        # Without the instance file beside it, any text may be the title.
        assert not passed or (path[-1] == "title" and isinstance(wrong, str)), path


def test_a_key_that_stands_twice_is_refused(small: Small, tmp_path: Path) -> None:
    text = solve(small(design__batch="1..4")).to_json()
    path = tmp_path / "r.json"
    path.write_text(text.replace('{\n "schema"', '{\n "points": [],\n "schema"', 1))
    with pytest.raises(FleetError, match="stands twice"):
        verify(path)


@pytest.mark.parametrize("limits", [{"min_speed_tok_per_s": 300}, {"max_cost_usd_per_mtok": "0.5"}])
def test_closing_again_looks_at_candidates_within_the_limits(
    small: Small, limits: dict[str, Any]
) -> None:
    frontier = solve(small(design__batch="1..12", limits=limits))
    last = verify(frontier, reprove=True).checks[-1]
    assert last.passed
    columns = int(last.detail.split(" over ")[1].split()[0])
    assert columns >= len(frontier) > 3


def test_no_engine_may_close_its_own_boxes_again(document: dict[str, Any]) -> None:
    document["provenance"]["engines"] = {"highs": "1", "cp-sat": "1", "scip": "1"}
    assert not verify(resigned(document), reprove=True).passed
