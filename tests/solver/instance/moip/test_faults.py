from __future__ import annotations

import pytest

from solver.errors import InstanceError
from solver.instance.moip.faults import MAX_LISTED, FaultList, default_name, shown


def with_faults(count: int) -> FaultList:
    faults = FaultList("f.json")
    for at in range(count):
        faults.add(f"rhs.{at}", "is wrong", "Correct it")
    return faults


def test_a_list_without_faults_raises_nothing() -> None:
    faults = with_faults(0)
    faults.raise_if_any()
    assert faults.count == 0


def test_every_fault_is_raised_with_its_place() -> None:
    with pytest.raises(InstanceError) as caught:
        with_faults(2).raise_if_any()
    assert [fault.where for fault in caught.value.faults] == ["f.json: rhs.0", "f.json: rhs.1"]


def test_faults_beyond_the_cap_are_counted() -> None:
    error = with_faults(MAX_LISTED + 7).error()
    assert len(error.faults) == MAX_LISTED + 1
    assert "7 more faults are not listed" in str(error.faults[-1])


def test_faults_up_to_the_cap_have_no_last_line() -> None:
    assert "more faults" not in str(with_faults(MAX_LISTED).error())


def test_a_long_value_is_cut() -> None:
    assert len(shown("x" * 500)) == 60


def test_a_number_of_many_digits_is_shown_without_being_written_out() -> None:
    assert shown(10**5000) == "a int too long to show"


@pytest.mark.parametrize(
    ("source", "name"), [("a/b.mps.gz", "b"), ("b.json", "b"), ("", "moip"), ("x\ny.json", "moip")]
)
def test_a_program_is_called_as_its_file(source: str, name: str) -> None:
    assert default_name(source) == name
