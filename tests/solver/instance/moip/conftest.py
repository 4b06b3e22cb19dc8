"""One small sound document, changed one key at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError
from solver.instance.moip import program_from_dict

BASE: dict[str, Any] = {
    "objectives": 2,
    "n": 3,
    "m": 2,
    "senses": ["min", "max"],
    "c": [[1, 2, 3], [4, 0, 5]],
    "A": {"start": [0, 2, 4], "index": [0, 1, 1, 2], "value": [2, 3, 1, 1]},
    "row_sense": ["<=", ">="],
    "rhs": [12, 1],
    "lb": [0, 0, 0],
    "ub": [4, 4, 1],
    "vtype": "IIB",
}

Changed = Callable[..., dict[str, Any]]
Read = Callable[..., MultiObjectiveProgram]
FaultsOf = Callable[..., list[str]]


def _changed(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    for key, value in changes.items():
        if key.startswith("A_"):
            document["A"][key[2:]] = value
        elif value is KeyError:
            del document[key]
        else:
            document[key] = value
    return document


@pytest.fixture
def changed() -> Changed:
    """The document with keys laid over it; ``A_start`` reaches into A, ``KeyError`` removes."""
    return _changed


@pytest.fixture
def read() -> Read:
    """The program of the document with keys laid over it."""
    return lambda **changes: program_from_dict(_changed(**changes), where="good.json")


@pytest.fixture
def faults_of() -> FaultsOf:
    """The faults of the document with keys laid over it, as texts."""

    def faults(**changes: Any) -> list[str]:
        with pytest.raises(InstanceError) as caught:
            program_from_dict(_changed(**changes), where="bad.json")
        return [str(fault) for fault in caught.value.faults]

    return faults
