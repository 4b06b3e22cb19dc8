"""A program as JSON and back, and damaged documents."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.milp import INFINITY, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import FleetError, ResultError
from solver.instance.moip import program_from_dict, program_to_dict, resolved_program

DOCUMENT: dict[str, Any] = {
    "kind": "moip",
    "name": "toy",
    "objectives": [
        {"name": "f", "sense": "min", "scale": 1, "offset": 0, "costs": [1, 2]},
        {"name": "g", "sense": "max", "scale": 4, "offset": -3, "costs": [-1, 5]},
    ],
    "columns": {"names": ["x", "y"], "lower": [0, -2], "upper": [3, 4]},
    "rows": {
        "names": ["r", "s"],
        "start": [0, 2, 3],
        "index": [0, 1, 1],
        "value": [2, 3, 1],
        "lower": [None, 0],
        "upper": [9, None],
    },
}

NUMBER = st.integers(-(10**6), 10**6)
NAMES = st.text(st.characters(codec="utf-8"), max_size=4)


@st.composite
def programs(draw: st.DrawFn) -> MultiObjectiveProgram:
    p, n, m = draw(st.integers(2, 4)), draw(st.integers(1, 4)), draw(st.integers(0, 3))

    def several(count: int, of: st.SearchStrategy[Any], *, unique: bool = False) -> list[Any]:
        return draw(st.lists(of, min_size=count, max_size=count, unique=unique))

    rows = [several(draw(st.integers(0, n)), st.integers(0, n - 1), unique=True) for _ in range(m)]
    index = [column for row in rows for column in row]
    lower = several(n, NUMBER)
    side = st.none() | NUMBER
    names = several(p, NAMES, unique=True)

    def array(values: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array(values, dtype=np.int64)

    milp = Milp(
        name=draw(NAMES),
        lower=array(lower),
        upper=array([low + draw(st.integers(0, 9)) for low in lower]),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=array([sum(map(len, rows[:row])) for row in range(m + 1)]),
        column_index=array(index),
        value=array(several(len(index), NUMBER)),
        row_lower=array([-INFINITY if v is None else v for v in several(m, side)]),
        row_upper=array([INFINITY if v is None else v for v in several(m, side)]),
        objectives={name: array(several(n, NUMBER)) for name in names},
    )
    return MultiObjectiveProgram(
        milp=milp,
        senses=tuple(several(p, st.sampled_from(["min", "max"]))),
        scales=tuple(several(p, st.integers(1, 10**9))),
        offsets=tuple(several(p, NUMBER)),
        column_names=tuple(several(n, NAMES, unique=True)),
        row_names=tuple(several(m, NAMES, unique=True)),
    )


@given(programs())
def test_a_program_comes_back_from_its_text_with_the_same_digest(
    program: MultiObjectiveProgram,
) -> None:
    text = json.dumps(program_to_dict(program), allow_nan=False)
    back = resolved_program(json.loads(text), where="result")
    assert back.digest == program.digest
    assert (back.name, back.row_names) == (program.name, program.row_names)


def test_a_document_comes_back_from_its_program() -> None:
    assert program_to_dict(resolved_program(DOCUMENT, where="result")) == DOCUMENT


def test_a_program_read_with_decimals_comes_back(
    changed: Callable[..., dict[str, Any]],
) -> None:
    program = program_from_dict(changed(ub=[None, 4, 1]), where="a.json")
    assert resolved_program(program_to_dict(program), where="b").digest == program.digest


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a document, but the document itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    found: list[tuple[Any, ...]] = []
    for key, part in inner:
        found.append((*path, key))
        if isinstance(part, dict | list):
            found.extend(places(part, (*path, key)))
    return found


PLACES = places(DOCUMENT)


def with_change(path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    document = copy.deepcopy(DOCUMENT)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return document


def put(value: object) -> Callable[[Any, Any], None]:
    def change(holder: Any, key: Any) -> None:
        holder[key] = value

    return change


@pytest.mark.parametrize("path", PLACES, ids=str)
@pytest.mark.parametrize("value", [True, 1.5, {}, float("nan"), 2**70, ["?"]], ids=str)
def test_a_wrong_value_anywhere_is_refused(path: tuple[Any, ...], value: object) -> None:
    with pytest.raises(ResultError, match="result: is damaged"):
        resolved_program(with_change(path, put(value)), where="result")


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_anything_missing_is_refused(path: tuple[Any, ...]) -> None:
    with pytest.raises(ResultError):
        resolved_program(with_change(path, lambda holder, key: holder.pop(key)), where="result")


@pytest.mark.parametrize("path", [(), ("columns",), ("rows",), ("objectives", 0)], ids=str)
def test_an_unknown_key_is_refused(path: tuple[Any, ...]) -> None:
    with pytest.raises(ResultError, match="does not have the keys"):
        resolved_program(with_change((*path, "more"), put(1)), where="result")


@pytest.mark.parametrize("document", [None, 3, [], "text", {}])
def test_what_is_no_document_is_refused(document: object) -> None:
    with pytest.raises(ResultError):
        resolved_program(document, where="result")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("kind",), "replica", "kind is 'replica'"),
        (("name",), "\ud800", "surrogates not allowed"),
        (("objectives", 0, "sense"), "up", "a sense is 'up'"),
        (("objectives", 0, "scale"), 0, "scales must be positive"),
        (("objectives", 1, "name"), "f", "holds a name twice"),
        (("columns", "names"), ["x", "x"], "holds a name twice"),
        (("columns", "lower"), [4, -2], "bounds of a column contradict"),
        (("columns", "upper"), [2**62, 4], "no finite bounds"),
        (("rows", "start"), [0, 3, 2], "does not lead through"),
        (("rows", "start"), [1, 2, 3], "does not lead through"),
        (("rows", "index"), [0, 0, 1], "names a column twice"),
        (("rows", "index"), [0, 2, 1], "leaves the columns"),
        (("rows", "index"), [0, -1, 1], "leaves the columns"),
        (("rows", "value"), [2**61, 3, 1], "row r.*2\\*\\*62"),
        (("objectives", 0, "costs"), [2**61, 2], "objective f.*2\\*\\*62"),
        (("objectives", 0, "offset"), 2**62, "objective f.*2\\*\\*62"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    path: tuple[Any, ...], value: object, words: str
) -> None:
    with pytest.raises(ResultError, match=words):
        resolved_program(with_change(path, put(value)), where="result")


def test_a_document_without_a_column_is_refused() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["columns"] = {"names": [], "lower": [], "upper": []}
    with pytest.raises(ResultError, match=r"columns\.names is empty"):
        resolved_program(document, where="result")


WRONG = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.sampled_from(PLACES), WRONG)
def test_whatever_stands_anywhere_there_is_no_traceback(path: tuple[Any, ...], value: Any) -> None:
    document = with_change(path, put(value))
    with suppress(FleetError):
        assert resolved_program(document, where="result").n_objectives == 2
