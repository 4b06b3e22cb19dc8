"""The CP model's own check, which must catch every single wrong value without the solver's help."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.program import CpProgram
from formulations.replica.cp_element import build_cp_element
from formulations.replica.problem import ReplicaProblem

# layout 1, batch 0, flat index 2, memory 3, arithmetic 1, latency 3, cost 4
RIGHT = [1, 0, 2, 3, 1, 3, 4]


@pytest.fixture
def statement() -> CpProgram:
    problem = ReplicaProblem(
        "hand",
        memory_latency=np.array([[1, 4], [3, 9]]),
        arithmetic_latency=np.array([[2, 3], [1, 9]]),
        cost=np.array([[5, 2], [4, 0]]),
        allowed=np.array([[True, True], [True, False]]),
    )
    statement = build_cp_element(problem).statement
    assert isinstance(statement, CpProgram)
    return statement


def test_a_right_point_breaks_nothing(statement: CpProgram) -> None:
    assert statement.violation(np.array(RIGHT)) is None


@pytest.mark.parametrize("position", range(7))
@pytest.mark.parametrize("change", [-1, 1, 5])
def test_any_single_wrong_value_is_caught(statement: CpProgram, position: int, change: int) -> None:
    x = np.array(RIGHT)
    x[position] += change
    assert statement.violation(x) is not None


def test_a_consistent_point_at_a_forbidden_cell_is_caught(statement: CpProgram) -> None:
    assert statement.violation(np.array([1, 1, 3, 9, 9, 9, 0])) == "cell (1, 1) is not allowed"


def test_the_model_has_seven_variables_and_five_constraints(statement: CpProgram) -> None:
    assert (len(statement.model.proto.variables), len(statement.model.proto.constraints)) == (7, 5)


def test_an_objective_must_be_one_of_the_variables() -> None:
    with pytest.raises(ValueError, match="not one of the variables"):
        CpProgram("p", None, {"cost": 3}, lambda _: None, n_columns=3)
