"""A program as a plain JSON document of integers, and back without a difference.

A result carries this document, so that it can be checked from itself alone. It holds the integer
program that was solved, not what was stated: ``costs`` are minimised, and ``sense``, ``scale`` and
``offset`` lead back (see ``formulations.moip.problem``). A row side of ``null`` is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from formulations.milp import INFINITY, IntArray, Milp
from formulations.moip.problem import MultiObjectiveProgram, Sense
from solver.errors import ResultError
from solver.instance.moip.assembly import guard_sum
from solver.instance.moip.faults import FaultList, shown

__all__ = ["program_to_dict", "resolved_program"]

_KEYS = ("kind", "name", "objectives", "columns", "rows")
_OBJECTIVE = ("name", "sense", "scale", "offset", "costs")
_COLUMNS = ("names", "lower", "upper")
_ROWS = ("names", "start", "index", "value", "lower", "upper")
_INT64 = 2**63


def program_to_dict(program: MultiObjectiveProgram) -> dict[str, Any]:
    """Everything the nondominated set depends on, as JSON."""
    milp = program.milp
    return {
        "kind": "moip",
        "name": program.name,
        "objectives": [
            {"name": name, "sense": sense, "scale": scale, "offset": offset, "costs": costs}
            for name, sense, scale, offset, costs in zip(
                program.objective_names,
                program.senses,
                program.scales,
                program.offsets,
                program.costs.tolist(),
                strict=True,
            )
        ],
        "columns": {
            "names": list(program.column_names),
            "lower": milp.lower.tolist(),
            "upper": milp.upper.tolist(),
        },
        "rows": {
            "names": list(program.row_names),
            "start": milp.row_start.tolist(),
            "index": milp.column_index.tolist(),
            "value": milp.value.tolist(),
            "lower": [None if side == -INFINITY else side for side in milp.row_lower.tolist()],
            "upper": [None if side == INFINITY else side for side in milp.row_upper.tolist()],
        },
    }


def resolved_program(document: object, *, where: str) -> MultiObjectiveProgram:
    """Rebuild the program of ``program_to_dict``'s output, with the same digest.

    Raises
    ------
    ResultError
        If anything is missing, unknown, of the wrong type or size, or beyond exact arithmetic.
    """
    try:
        return _rebuilt(document, where)
    except (TypeError, ValueError) as error:
        raise ResultError.one(
            f"is damaged ({error})", where=where, mend="Solve the program again"
        ) from error


def _rebuilt(document: object, where: str) -> MultiObjectiveProgram:
    raw = _object(document, "the document", _KEYS)
    if raw["kind"] != "moip":
        raise ValueError(f"kind is {shown(raw['kind'])}")
    objectives = [
        _object(entry, f"objectives.{at}", _OBJECTIVE)
        for at, entry in enumerate(_list(raw["objectives"], "objectives"))
    ]
    columns = _object(raw["columns"], "columns", _COLUMNS)
    rows = _object(raw["rows"], "rows", _ROWS)
    names = _names([entry["name"] for entry in objectives], "objectives: name")
    column_names = _names(columns["names"], "columns.names")
    row_names = _names(rows["names"], "rows.names")
    n, m = len(column_names), len(row_names)
    if n == 0:
        raise ValueError("columns.names is empty")
    costs = [_integers(entry["costs"], f"costs of {entry['name']}", n) for entry in objectives]
    lower = _integers(columns["lower"], "columns.lower", n)
    upper = _integers(columns["upper"], "columns.upper", n)
    start = _integers(rows["start"], "rows.start", m + 1)
    index = _integers(rows["index"], "rows.index")
    value = _integers(rows["value"], "rows.value", len(index))
    terms = _row_terms(start, index, value, n)
    milp = Milp(
        name=_text(raw["name"], "name"),
        lower=_array(lower),
        upper=_array(upper),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=_array(start),
        column_index=_array(index),
        value=_array(value),
        row_lower=_array(_sides(rows["lower"], "rows.lower", m, -INFINITY)),
        row_upper=_array(_sides(rows["upper"], "rows.upper", m, INFINITY)),
        objectives=dict(zip(names, map(_array, costs), strict=True)),
    )
    program = MultiObjectiveProgram(
        milp=milp,
        senses=tuple(_sense(entry["sense"]) for entry in objectives),
        scales=tuple(_integer(entry["scale"], "scale") for entry in objectives),
        offsets=tuple(_integer(entry["offset"], "offset") for entry in objectives),
        column_names=column_names,
        row_names=row_names,
    )
    faults = FaultList(where)
    for name, goal, offset in zip(names, costs, program.offsets, strict=True):
        weights = list(enumerate(goal))
        guard_sum(f"objective {name}", weights, lower, upper, faults, constant=offset)
    for name, weights in zip(row_names, terms, strict=True):
        guard_sum(f"row {name}", weights, lower, upper, faults)
    if faults.count:
        raise ResultError(*faults.error().faults)
    return program


def _row_terms(
    start: list[int], index: list[int], value: list[int], n: int
) -> list[list[tuple[int, int]]]:
    if start[0] != 0 or start[-1] != len(index) or start != sorted(start):
        raise ValueError("rows.start does not lead through rows.index")
    if index and not 0 <= min(index) <= max(index) < n:
        raise ValueError("rows.index leaves the columns")
    terms = []
    for begin, end in pairwise(start):
        if len(set(index[begin:end])) != end - begin:
            raise ValueError("rows.index names a column twice in one row")
        terms.append(list(zip(index[begin:end], value[begin:end], strict=True)))
    return terms


def _object(value: object, place: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{place} is no object")
    if set(value) != set(keys):
        raise ValueError(f"{place} does not have the keys {', '.join(keys)}")
    return value


def _list(value: object, place: str, length: int | None = None) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{place} is no list")
    if length is not None and len(value) != length:
        raise ValueError(f"{place} has {len(value)} elements, not {length}")
    return value


def _integer(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise ValueError(f"{place} holds {shown(value)}, no integer of 64 bits")
    return value


def _integers(value: object, place: str, length: int | None = None) -> list[int]:
    return [_integer(entry, place) for entry in _list(value, place, length)]


def _sides(value: object, place: str, length: int, infinite: int) -> list[int]:
    return [
        infinite if side is None else _integer(side, place) for side in _list(value, place, length)
    ]


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{place} is no text")
    value.encode()  # Half of a surrogate pair cannot be written to a file; this is a ValueError.
    return value


def _names(value: object, place: str) -> tuple[str, ...]:
    names = tuple(_text(name, place) for name in _list(value, place))
    if len(set(names)) != len(names):
        raise ValueError(f"{place} holds a name twice")
    return names


def _sense(value: object) -> Sense:
    if value == "min":
        return "min"
    if value == "max":
        return "max"
    raise ValueError(f"a sense is {shown(value)}")


def _array(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
