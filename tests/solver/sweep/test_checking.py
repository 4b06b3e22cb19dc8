"""Comparing a file with what is made anew, and telling it briefly."""

from __future__ import annotations

from typing import Any

import pytest

from solver.errors import Fault, InstanceError
from solver.sweep.certificate import Check, Verification
from solver.sweep.checking import (
    NotChecked,
    below_point,
    check_derived,
    check_digest,
    differences,
    first_faults,
    no_result,
    unreadable_instance,
)


def test_equal_values_do_not_differ() -> None:
    value: dict[str, Any] = {"a": [1, "x", None], "b": {"c": 2.5}}
    assert not list(differences(value, value, "it"))


def test_a_tuple_stands_for_a_list() -> None:
    assert not list(differences([1, 2], (1, 2), "it"))


@pytest.mark.parametrize(
    ("told", "ours"), [(1, 1.0), (True, 1), ("1", 1), ([], {}), (None, 0), ([1], [1, 2])]
)
def test_values_of_other_types_or_lengths_differ(told: object, ours: object) -> None:
    assert list(differences(told, ours, "it")) == [f"it is {told!r}, recomputed {ours!r}"]


def test_a_difference_is_named_by_its_place() -> None:
    told, ours = {"a": [{"b": 1}]}, {"a": [{"b": 2}]}
    assert list(differences(told, ours, "it")) == ["it.a.0.b is 1, recomputed 2"]


@pytest.mark.parametrize(("told", "ours"), [({}, {"a": 1}), ({"a": 1}, {})])
def test_a_key_too_few_or_too_many_is_named(told: object, ours: object) -> None:
    assert list(differences(told, ours, "it")) == ["it has keys missing or unknown: ['a']"]


def test_of_many_faults_the_first_are_told_and_the_rest_counted() -> None:
    assert first_faults(list("abcdefg")) == ("a", "b", "c", "d", "e", "and 2 more")


def test_five_faults_are_all_told() -> None:
    assert first_faults(list("abcde")) == tuple("abcde")


def test_only_what_is_made_anew_is_compared() -> None:
    assert check_derived("x", {"a": 1, "b": 2}, {"a": 1}).passed


def test_what_is_made_anew_must_be_as_told() -> None:
    assert check_derived("x", {"a": 1}, {"a": 2}).faults == ("a is 1, recomputed 2",)


def test_another_digest_is_a_fault() -> None:
    assert check_digest("a", "b").faults == ("stated 'a', recomputed b",)


def test_the_same_digest_is_none() -> None:
    assert check_digest("a", "a").passed


def test_a_file_that_is_no_result_is_told_with_the_command_that_writes_one() -> None:
    assert str(no_result("damaged", "moip")) == (
        "result: damaged. Give a file written by 'fleetfront moip --out', unchanged."
    )


def test_a_question_that_cannot_be_read_fails_as_the_instance() -> None:
    verification = unreadable_instance(InstanceError(Fault("here", "is odd", "Mend it")))
    (check,) = verification.checks
    assert (check.name, check.faults) == ("instance", ("here: is odd. Mend it.",))


def test_below_a_point_lies_what_is_no_worse_and_better_in_one() -> None:
    assert below_point((3, 5, 7), 1) == (4, 5, 8)


def test_what_was_not_checked_passes_but_is_another_kind_of_check() -> None:
    verification = Verification((NotChecked("answers", (), "ask again"),))
    assert verification.passed
    assert verification.checks[0] != Check("answers", (), "ask again")
