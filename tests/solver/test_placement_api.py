from __future__ import annotations

import json
from fractions import Fraction

import pytest

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementLimits
from solver.placement_api import solve_placement_question, verify_placement_document
from solver.result import canonical_digest
from tests.solver.sweep.placement.questions import measured, priced


def test_labels_and_circuit_give_the_same_frontier() -> None:
    labels = solve_placement_question(priced())
    circuit = solve_placement_question(priced(), formulation="circuit")
    assert [p.exact for p in labels] == [p.exact for p in circuit]


def test_what_the_circuit_found_is_proved_again_by_labels() -> None:
    document = solve_placement_question(priced(), formulation="circuit").to_dict()
    found = verify_placement_document(json.loads(json.dumps(document)), reprove=True)
    assert found.passed
    assert found.checks[-1].detail == "4 strips by labels"


def test_an_unknown_formulation_is_named_with_those_there_are() -> None:
    with pytest.raises(InstanceError, match="labels, circuit"):
        solve_placement_question(priced(), formulation="magic")


def test_a_formulation_of_another_question_is_refused() -> None:
    with pytest.raises(InstanceError, match="packing"):
        solve_placement_question(measured(replicas="several"), formulation="labels")


def test_labels_take_no_engine() -> None:
    with pytest.raises(InstanceError, match="labels use no engine"):
        solve_placement_question(priced(), engine="highs")


def test_an_engine_of_floats_is_refused_for_the_circuit() -> None:
    with pytest.raises(InstanceError, match="choose cp-sat"):
        solve_placement_question(priced(), formulation="circuit", engine="highs")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InstanceError, match="no engine"):
        solve_placement_question(priced(), formulation="circuit", engine="magic")


def test_the_document_carries_its_digest() -> None:
    document = solve_placement_question(measured()).to_dict()
    assert document["digest"] == canonical_digest(document)


def test_an_infeasible_question_says_which_limit_to_change() -> None:
    limits = PlacementLimits(min_speed_tok_per_s=Fraction(10**6))
    found = solve_placement_question(priced(limits=limits))
    assert found.status == "infeasible"
    assert [entry["limit"] for entry in found.conflict] == ["min_speed"]


def test_a_stopped_search_explains_no_conflict() -> None:
    found = solve_placement_question(priced(), should_stop=lambda: True)
    assert found.status == "partial"
    assert found.conflict == ()


def test_a_result_is_verified_against_questions_of_its_kind_only() -> None:
    document = solve_placement_question(measured()).to_dict()
    with pytest.raises(InstanceError, match="not one of a placement"):
        verify_placement_document(document, object())
