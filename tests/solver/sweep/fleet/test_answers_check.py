"""Answers of a result: nothing asked for may be missing, and nothing may be made up."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.fleet.domain import Answers, FleetInstance, Preference
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.answers_check import check_answers, parts_asked, reprove_answers
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.roads import Stop

F = Fraction
Told = dict[str, Any]
EVERYTHING = Answers(limits=True, break_even=True, preferences=(Preference("only a", ("a",)),))


def question(make: Any, answers: Answers) -> FleetInstance:
    """Eleven requests/s on two kinds of machine, the cheaper one short."""
    machines = [
        make.machine("a", make.contract("2")),
        make.machine("b", make.contract("1"), stock_devices=3),
    ]
    points = [make.point("a", 2), make.point("b", 1, tpot_s=F(1, 50))]
    asked: FleetInstance = make.question(
        [make.workload(11, *points)], machines, limits=make.limits(max_usd_per_hour=F(30)),
        answers=answers,
    )  # fmt: skip
    return asked


def answered(instance: FleetInstance, stop: Stop | None = None) -> FleetOutcome:
    """The frontier with its answers, as they are read from a file."""
    space = lower_fleet(instance)
    outcome = sweep_fleet(space)
    told = answer_questions(space, outcome, stop=stop or Stop())
    return replace(outcome, answers=json.loads(json.dumps(told)))


@pytest.fixture(name="honest", scope="module")
def _honest(make: Any) -> FleetOutcome:
    return answered(question(make, EVERYTHING))


def forged(outcome: FleetOutcome, change: Callable[[Told], object]) -> FleetOutcome:
    """With other answers."""
    told = copy.deepcopy(dict(outcome.answers))
    change(told)
    assert told != outcome.answers
    return replace(outcome, answers=told)


def again(outcome: FleetOutcome) -> tuple[str, ...]:
    """Faults of the answers worked out again, with a minute for each way."""
    return reprove_answers(outcome, limit_s=60.0).faults


def test_what_was_asked_for_is_named(honest: FleetOutcome) -> None:
    assert list(parts_asked(honest)) == ["limits", "break_even", "preferences"]


def test_honest_answers_have_all_parts(honest: FleetOutcome) -> None:
    assert check_answers(honest).faults == ()


def test_honest_answers_come_out_the_same_again(honest: FleetOutcome) -> None:
    assert again(honest) == ()


def test_a_question_that_asks_nothing_has_no_answers(make: Any) -> None:
    outcome = answered(question(make, Answers()))
    assert check_answers(outcome).passed
    made_up = replace(outcome, answers={"limits": []})
    assert check_answers(made_up).faults == ("answers are given though nothing is asked",)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda told: told.clear(), "worth of limits asked for is missing"),
        (lambda told: told.pop("break_even"), "break-even prices asked for is missing"),
        (lambda told: told.pop("reference"), "answers.reference is missing"),
        (lambda told: told.update(limits={}), "answers.limits is no list"),
        (lambda told: told.update(gossip=[]), "answers.gossip was not asked for"),
        (lambda told: told["reference"].update(cost=1.0), "answers.reference.cost is 1.0"),
        (lambda told: told["reference"].update(text="cheap"), "answers.reference.text is 'cheap'"),
        (lambda told: (told.clear(), told.update(unanswered="no time")), "is proved"),
        (lambda told: (told.clear(), told.update(unanswered="")), "no reason is given"),
    ],
)
def test_missing_parts_show_without_solving(
    honest: FleetOutcome, change: Callable[[Told], object], word: str
) -> None:
    faults = check_answers(forged(honest, change)).faults
    assert any(word in fault for fault in faults)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda told: told["limits"][0]["less"].update(cost=8.8), "less.cost is 8.8"),
        (lambda told: told["limits"][0].update(text="worth nothing"), "text is 'worth nothing'"),
        (lambda told: told["limits"].pop(), "answers.limits is"),
        (lambda told: told["break_even"][0].update(price=1.0), "a on_demand.price is 1.0"),
        (lambda told: told["preferences"][0].update(extra=-1.0), "only a.extra is -1.0"),
        (lambda told: told["preferences"][0].update(devices={"b": 3.0}), "only a.devices"),
    ],
)
def test_a_made_up_number_is_found_by_working_it_out_again(
    honest: FleetOutcome, change: Callable[[Told], object], place: str
) -> None:
    lie = forged(honest, change)
    assert check_answers(lie).passed
    assert any(place in fault for fault in again(lie))


def test_what_the_file_leaves_open_is_counted_and_not_held_against_it(make: Any) -> None:
    looks = iter(range(100))
    stop = Stop(asked=lambda: next(looks) > 1)
    outcome = answered(question(make, EVERYTHING), stop)
    assert "unanswered" in json.dumps(outcome.answers)
    check = reprove_answers(outcome, limit_s=60.0)
    assert check.faults == ()
    assert "which the file says were not worked out" in check.detail


def test_a_number_beside_an_open_answer_is_still_compared(honest: FleetOutcome) -> None:
    def lie(told: Told) -> None:
        told["preferences"][0].update(unanswered="no time", text="no time", extra=-1.0)

    assert any("extra is -1.0" in fault for fault in again(forged(honest, lie)))


def test_a_sentence_beside_an_open_answer_must_say_why(honest: FleetOutcome) -> None:
    def lie(told: Told) -> None:
        told["preferences"][0] = {
            "preference": "only a", "unit": "US$/h", "unanswered": "no time", "text": "a bargain",
        }  # fmt: skip

    assert any("does not say why" in fault for fault in again(forged(honest, lie)))


def test_what_stays_open_now_is_not_reproved(honest: FleetOutcome) -> None:
    faults = reprove_answers(honest, limit_s=-1.0).faults
    assert any("not reproved (time limit)" in fault for fault in faults)


def test_an_unknown_way_in_the_file_falls_back_to_the_usual_one(honest: FleetOutcome) -> None:
    assert again(replace(honest, formulation="magic", engines=("oracle",))) == ()
