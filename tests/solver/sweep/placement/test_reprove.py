from __future__ import annotations

from dataclasses import replace

import pytest

from solver.instance.placement.domain import PlacementInstance
from solver.sweep.placement.frontier import answer_chains
from solver.sweep.placement.outcome import Claim, PlacementAnswer
from solver.sweep.placement.packed import answer_packed
from solver.sweep.placement.reprove import reprove_placement
from solver.sweep.placement.strips import strips_between
from tests.solver.sweep.placement.questions import measured, priced

_QUESTIONS = {
    "cost": priced(),
    "rate": priced(throughput=True),
    "measured": measured(),
    "several": measured(replicas="several"),
}


def _answer(instance: PlacementInstance) -> PlacementAnswer:
    if instance.design.replicas == "several":
        return answer_packed(instance)
    return answer_chains(instance)


def _without(answer: PlacementAnswer, place: int) -> PlacementAnswer:
    """The answer of a search that missed a point and claims all the same that it is complete."""
    points = answer.points[:place] + answer.points[place + 1 :]
    strips = strips_between([point.image for point in points], width=2)
    claims = tuple(Claim(strip, answer.claims[0].engine, "enumeration") for strip in strips)
    return replace(answer, points=points, claims=claims)


@pytest.mark.parametrize("name", list(_QUESTIONS))
def test_a_complete_answer_is_proved_again(name: str) -> None:
    assert all(check.passed for check in reprove_placement(_answer(_QUESTIONS[name])))


@pytest.mark.parametrize("name", list(_QUESTIONS))
def test_any_point_that_is_missing_is_found(name: str) -> None:
    answer = _answer(_QUESTIONS[name])
    for place in range(len(answer.points)):
        (check,) = reprove_placement(_without(answer, place))
        assert not check.passed
        assert "finds" in check.faults[0]


def test_labels_find_a_point_that_the_circuit_missed() -> None:
    answer = _without(answer_chains(priced(), formulation="circuit"), 1)
    (check,) = reprove_placement(answer)
    assert "labels find" in check.faults[0]


def test_what_is_open_is_not_proved_again() -> None:
    answer = replace(answer_chains(priced()), claims=())
    (check,) = reprove_placement(answer)
    assert check.detail == "nothing is claimed"


def test_too_little_time_is_a_fault() -> None:
    (check,) = reprove_placement(answer_chains(priced()), limit_s=1e-6)
    assert not check.passed
    assert "stopped" in check.faults[0]


def test_infeasible_is_proved_again() -> None:
    limits = replace(priced().limits, max_hosts=0)
    answer = answer_chains(priced(limits=limits))
    assert answer.status == "infeasible"
    assert reprove_placement(answer)[0].passed
