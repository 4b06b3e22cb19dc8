"""The result file of a multi-objective program: what stands in it, and that it reads back."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import FleetError, ResultError
from solver.result import canonical_digest, document_text, result_from_dict
from solver.sweep.moip.document import exact_number, gap_of, outcome_to_dict
from solver.sweep.moip.reading import outcome_from_dict
from tests.oracles import plain_moip as plain
from tests.oracles.small_programs import stated


@pytest.fixture(scope="module")
def complete() -> dict[str, Any]:
    return outcome_to_dict(plain.outcome(plain.knapsack()))


@pytest.fixture(scope="module")
def partial() -> dict[str, Any]:
    outcome = plain.outcome(plain.knapsack(), unseen=[1], unproved=[0])
    return outcome_to_dict(outcome)


def test_exact_values_are_integers_or_fractions_in_stated_senses(complete: dict[str, Any]) -> None:
    problem = plain.knapsack()
    images = list(plain.nondominated(problem))
    for point, image in zip(complete["points"], images, strict=True):
        for name, value in zip(problem.objective_names, problem.stated(image), strict=True):
            assert Fraction(point["exact"][name]) == value
            assert point["objectives"][name] == float(value)


def test_the_design_names_the_columns_that_are_not_zero(complete: dict[str, Any]) -> None:
    for point, x in zip(
        complete["points"], plain.nondominated(plain.knapsack()).values(), strict=True
    ):
        told = point["design"]["columns"]
        assert told == {f"x{j + 1}": v for j, v in enumerate(x.tolist()) if v}


def test_ideal_and_nadir_are_the_best_and_worst_of_the_points(complete: dict[str, Any]) -> None:
    for name in ("f1", "f2"):
        values = [Fraction(point["exact"][name]) for point in complete["points"]]
        # Both objectives are maximised.
        assert Fraction(complete["ideal"]["exact"][name]) == max(values)
        assert Fraction(complete["nadir"]["exact"][name]) == min(values)


def test_a_partial_result_knows_neither_ideal_nor_nadir(partial: dict[str, Any]) -> None:
    assert partial["status"] == "partial"
    assert partial["ideal"] == partial["nadir"] == {}


def test_candidates_are_points_without_proof(partial: dict[str, Any]) -> None:
    assert [set(entry) for entry in partial["candidates"]] == [{"objectives", "exact", "design"}]


def test_the_gap_is_what_counting_every_vector_finds() -> None:
    problem = stated([[3, 1, 2], [1, 3, 2]], [([1, 1, 1], 1, 3)], upper=[2, 2, 2]).program
    outcome = plain.outcome(problem, unseen=[1])
    assert outcome.open_boxes
    every = list(itertools.product(*map(range, problem.floor, problem.ceiling)))

    def below(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return all(v <= w for v, w in zip(a, b, strict=True))

    images = [point.image for point in outcome.points]
    floors = [box.floor for box in outcome.open_boxes]
    gap = gap_of(outcome)
    assert gap["region"] == len(every)
    assert gap["open"] == sum(
        any(
            below(box.floor, z) and all(v < u for v, u in zip(z, box.corner, strict=True))
            for box in outcome.open_boxes
        )
        for z in every
    )
    assert gap["relative"] == gap["open"] / gap["region"]
    assert gap["hypervolume_found"] == sum(any(below(n, z) for n in images) for z in every)
    assert gap["hypervolume_bound"] == sum(
        any(below(n, z) for n in (*images, *floors)) for z in every
    )


def test_a_complete_result_has_no_gap(complete: dict[str, Any]) -> None:
    gap = complete["gap"]
    assert gap["open"] == gap["relative"] == 0
    assert gap["hypervolume_found"] == gap["hypervolume_bound"]


def test_integers_that_floats_cannot_hold_are_written_as_text() -> None:
    assert exact_number(2**53) == 2**53
    assert exact_number(2**53 + 1) == "9007199254740993"
    assert exact_number(Fraction(-3, 2)) == "-3/2"


@pytest.mark.parametrize(
    "what",
    [{}, {"unseen": [1]}, {"unseen": [1, 2], "unproved": [0]}, {"claim": plain.listed_claim}],
)
@pytest.mark.parametrize("p", [2, 3])
def test_a_file_reads_back_as_what_was_written(p: int, what: dict[str, Any]) -> None:
    written = outcome_to_dict(plain.outcome(plain.knapsack(p), **what))
    read = outcome_from_dict(json.loads(document_text(written)))
    assert outcome_to_dict(read.outcome, conflict=read.conflict) == written


def test_the_digest_covers_everything_else(complete: dict[str, Any]) -> None:
    assert complete["digest"] == canonical_digest(complete)
    other = {**complete, "provenance": {**complete["provenance"], "wall_s": 7.0}}
    assert canonical_digest(other) != complete["digest"]


def test_a_reader_of_frontiers_says_what_kind_it_was_given(complete: dict[str, Any]) -> None:
    with pytest.raises(ResultError, match="nondominated set"):
        result_from_dict(complete)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Path of every value of a document down to the first of each list; programs stay whole."""
    if path[:2] == ("instance", "resolved") and len(path) > 2:
        return []
    found = [path] if path else []
    entries: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value[:1]))
    for key, item in entries:
        found += places(item, (*path, key))
    return found


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    inner: Any = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copied


def refused(read: Callable[[], Any]) -> bool:
    """Whether reading ends in an error for people; any other error fails the test."""
    try:
        read()
    except FleetError:
        return True
    return False


def test_a_value_of_a_wrong_type_anywhere_never_ends_in_a_traceback(
    partial: dict[str, Any],
) -> None:
    told = [place for place in places(partial) if place[0] != "digest"]
    assert len(told) > 50
    structure = {"points", "candidates", "closed_boxes", "open_boxes", "conflict", "instance"}
    for place in told:
        for value in (None, True, 1.5, "text", [], {}, [[]], -(2**70)):
            document = changed(partial, place, value)
            result = refused(lambda document=document: outcome_from_dict(document))  # type: ignore[misc]
            if place[0] in structure and len(place) == 1 and not isinstance(value, list):
                assert result, place


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("schema",), 2, "schema"),
        (("schema",), True, "schema"),
        (("instance", "kind"), "replica", "kind"),
        (("points", 0, "proof", "claims"), [], "one for each objective"),
        (("points", 0, "design", "columns", "x99"), 1, "unknown column"),
        (("points", 0, "design", "columns", "x1"), 2**63, "64 bits"),
        (("points", 0, "design", "columns", "x1"), 1.0, "not an integer"),
        (("closed_boxes", 0, "corner"), [1], "components"),
        (("closed_boxes", 0, "claim", "closed_by"), "magic", "none of"),
        (("closed_boxes", 1, "claim", "weights"), None, "without bound"),
        (("closed_boxes", 1, "claim", "weights"), [-1, 2], "non-negative"),
        (("conflict",), [{"row": "r9", "text": ""}], "unknown row"),
        (("provenance", "wall_s"), -1.0, "seconds"),
        (("more",), 1, "keys missing or unknown: more"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    complete: dict[str, Any], path: tuple[Any, ...], value: Any, told: str
) -> None:
    with pytest.raises(ResultError, match=told):
        outcome_from_dict(changed(complete, path, value))
