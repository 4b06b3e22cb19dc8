"""What a document may look like, and what is said where it does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError
from solver.instance.moip import program_from_dict
from solver.instance.moip.json_layout import program_from_json

Changed = Callable[..., dict[str, Any]]
Read = Callable[..., MultiObjectiveProgram]
FaultsOf = Callable[..., list[str]]

KEYS = ["objectives", "n", "m", "senses", "c", "A", "row_sense", "rhs", "lb", "ub", "vtype"]


def text_faults(text: str) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        program_from_json(text, where="bad.json")
    return [str(fault) for fault in caught.value.faults]


def test_a_sound_document_is_read(read: Read) -> None:
    program = read()
    assert program.costs.tolist() == [[1, 2, 3], [-4, 0, -5]]
    assert program.senses == ("min", "max")
    assert program.milp.row_upper.tolist() == [12, 2**62]
    assert program.milp.row_lower.tolist() == [-(2**62), 1]
    assert program.milp.upper.tolist() == [4, 4, 1]


def test_names_left_out_are_numbered(read: Read) -> None:
    program = read()
    assert program.objective_names == ("f1", "f2")
    assert program.column_names == ("x1", "x2", "x3")
    assert program.row_names == ("r1", "r2")


def test_names_given_are_kept(read: Read) -> None:
    program = read(
        name="toy", objective_names=["a", "b"], column_names=["u", "v", "w"], row_names=["p", "q"]
    )
    assert (program.name, program.objective_names) == ("toy", ("a", "b"))
    assert (program.column_names, program.row_names) == (("u", "v", "w"), ("p", "q"))


def test_a_program_without_a_name_is_called_as_its_file(read: Read) -> None:
    assert read().name == "good"


def test_keys_of_no_meaning_are_not_read(read: Read) -> None:
    assert read(nondominated=[["?"]], license=3).digest == read().digest


def test_a_program_without_rows_is_read(read: Read) -> None:
    program = read(m=0, A={"start": [0], "index": [], "value": []}, row_sense=[], rhs=[])
    assert program.milp.n_rows == 0


def test_more_than_four_objectives_are_read(read: Read) -> None:
    assert read(objectives=5, senses=["min"] * 5, c=[[1, 0, 0]] * 5).n_objectives == 5


def test_the_order_of_entries_in_a_row_does_not_matter(read: Read) -> None:
    turned = read(A_index=[1, 0, 2, 1], A_value=[3, 2, 1, 1])
    assert turned.digest == read().digest


def test_a_zero_entry_is_no_entry(read: Read) -> None:
    padded = read(A_start=[0, 3, 5], A_index=[0, 1, 2, 1, 2], A_value=[2, 3, 0, 1, 1])
    assert padded.digest == read().digest


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key_is_named(key: str, faults_of: FaultsOf) -> None:
    assert any(f"bad.json: {key}: is missing" in fault for fault in faults_of(**{key: KeyError}))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [None, True, 1.5, "?", {}, [[]], [None]])
def test_a_value_of_the_wrong_type_is_a_fault_of_its_key(
    key: str, value: object, faults_of: FaultsOf
) -> None:
    assert any(f"bad.json: {key}" in fault for fault in faults_of(**{key: value}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objectives": 1, "senses": ["min"], "c": [[1, 2, 3]]}, ["objectives", "least 2", "1"]),
        ({"n": 0}, ["n:", "at least 1", "got 0"]),
        ({"m": -1}, ["m:", "at least 0", "got -1"]),
        ({"n": 4}, ["c.0", "3 elements, not 4"]),
        ({"n": 10**12}, ["ub", "3 elements, not 1000000000000"]),
        ({"m": 10**12}, ["rhs", "2 elements, not 1000000000000"]),
        ({"c": [[1, 2, 3]]}, ["c:", "1 elements, not 2"]),
        ({"c": [[1, 2, 3], [1, 2]]}, ["c.1", "2 elements, not 3"]),
        ({"c": [[1, 2, 3], [1, "2", 3]]}, ["c.1.1", "not a number"]),
        ({"c": [[1, 2, 3], [1, 0.1, 3]]}, ["c.1.1", "0.1", "binary float"]),
        ({"senses": ["min", "up"]}, ["senses.1", "'up'", "min, max"]),
        ({"senses": ["min"]}, ["senses", "1 elements, not 2"]),
        ({"row_sense": ["<=", "<"]}, ["row_sense.1", "'<'", "<=, >=, ="]),
        ({"rhs": [12]}, ["rhs", "1 elements, not 2"]),
        ({"rhs": [12, None]}, ["rhs.1", "null", "not a number"]),
        ({"rhs": [12, float("nan")]}, ["rhs.1", "nan"]),
        ({"lb": [0, 0]}, ["lb", "2 elements, not 3"]),
        ({"ub": [4, 4, [1]]}, ["ub.2", "list"]),
        ({"vtype": "II"}, ["vtype", "2 elements, not 3"]),
        ({"vtype": "IIX"}, ["vtype.2", "'X'", "B, I, C"]),
        ({"vtype": ["I", "I", "B"]}, ["vtype", "must be a text"]),
        ({"A_start": [0, 2]}, ["A.start", "2 elements, not 3"]),
        ({"A_start": [1, 2, 4]}, ["A.start.0", "is 1, not 0"]),
        ({"A_start": [0, 5, 4]}, ["A.start.2", "4", "less than the 5"]),
        ({"A_start": [0, 2, 3]}, ["A.start.2", "is 3", "4 entries"]),
        ({"A_index": [0, 1, 1, 3]}, ["A.index.3", "3 is no column", "0 to 2"]),
        ({"A_index": [0, 1, 1, -1]}, ["A.index.3", "-1 is no column"]),
        ({"A_index": [0, 1, 1, Fraction(1, 2)]}, ["A.index.3", "1/2 is not whole"]),
        ({"A_index": [0, 0, 1, 2]}, ["A.index.1", "column 0 appears twice in row 0"]),
        ({"A_value": [2, 3, 1]}, ["A.value", "3 elements, not 4"]),
        ({"A_value": [2, 3, 1, True]}, ["A.value.3", "true is not a number"]),
        ({"A": {"start": [0, 2, 4], "index": [0, 1, 1, 2]}}, ["A.value", "is missing"]),
        ({"format": "moip-json/9"}, ["format", "moip-json/9", "moip-json/1"]),
        ({"format": 1}, ["format", "must be a plain text"]),
        ({"name": "a\nb"}, ["name", "plain text"]),
        ({"column_names": ["a", "b"]}, ["column_names", "2 elements, not 3"]),
        ({"column_names": ["a", "b", "a"]}, ["column_names.2", "'a' is used twice"]),
        ({"column_names": ["a", "b", ""]}, ["column_names.2", "no printable name"]),
        ({"column_names": ["a", "b", "\ud800"]}, ["column_names.2", "no printable name"]),
        ({"row_names": ["a", 2]}, ["row_names.1", "must be a text"]),
        ({"objective_names": "ab"}, ["objective_names", "must be a list"]),
    ],
)
def test_a_fault_says_where_and_what(
    changes: dict[str, Any], words: list[str], faults_of: FaultsOf
) -> None:
    faults = faults_of(**changes)
    assert any(all(word in fault for word in words) for fault in faults), faults


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_a_document_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(InstanceError, match="not an object"):
        program_from_dict(value, where="bad.json")


def test_all_faults_of_a_document_are_told_at_once(faults_of: FaultsOf) -> None:
    faults = "\n".join(
        faults_of(senses=["min", "up"], rhs=[12, None], lb=[0, 5, 0], vtype="IIB", name=4)
    )
    for words in ("senses.1", "rhs.1", "column x2", "name"):
        assert words in faults


def test_decimals_in_a_text_are_exact(changed: Changed) -> None:
    text = json.dumps(changed()).replace("[1, 2, 3]", "[0.1, 0.2, 0.3]")
    program = program_from_json(text, where="good.json")
    assert program.scales == (10, 1)
    assert program.costs[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("numeral", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_a_number_that_is_not_finite_is_named_with_its_place(
    numeral: str, changed: Changed
) -> None:
    text = json.dumps(changed()).replace('"rhs": [12, 1]', f'"rhs": [12, {numeral}]')
    (fault,) = text_faults(text)
    assert fault.startswith(f"bad.json: rhs.1: {numeral[:10]}")
    assert "finite" in fault


def test_a_key_given_twice_is_a_fault(changed: Changed) -> None:
    text = json.dumps(changed())[:-1] + ', "rhs": [12, 1]}'
    assert any("'rhs'" in fault and "twice" in fault for fault in text_faults(text))


@pytest.mark.parametrize("text", ["", "{", "[1, 2", '{"a": tru}', "[" * 100_000])
def test_a_text_that_is_not_json_is_refused(text: str) -> None:
    (fault,) = text_faults(text)
    assert fault.startswith("bad.json: is not JSON")


WRONG = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.sampled_from([*KEYS, "name", "format", "column_names", "row_names"]), WRONG)
def test_whatever_stands_in_a_key_there_is_no_traceback(key: str, value: object) -> None:
    document = copy.deepcopy(SOUND)
    document[key] = value
    with suppress(InstanceError):
        assert program_from_dict(document, where="any.json").n_objectives == 2


SOUND: dict[str, Any] = {
    "objectives": 2,
    "n": 1,
    "m": 1,
    "senses": ["min", "max"],
    "c": [[1], [2]],
    "A": {"start": [0, 1], "index": [0], "value": [1]},
    "row_sense": ["<="],
    "rhs": [1],
    "lb": [0],
    "ub": [1],
    "vtype": "B",
}
