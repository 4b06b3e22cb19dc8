"""Rational statements become integer ones with the same integer solutions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError
from solver.instance.moip import program_from_dict

Read = Callable[..., MultiObjectiveProgram]
FaultsOf = Callable[..., list[str]]


def test_an_objective_is_scaled_by_its_least_common_denominator(read: Read) -> None:
    program = read(c=[[Decimal("0.5"), Decimal("0.75"), 1], [1, 1, 1]])
    assert program.scales == (4, 1)
    assert program.costs[0].tolist() == [2, 3, 4]


def test_a_scaled_image_is_told_in_the_stated_unit(read: Read) -> None:
    program = read(c=[[Decimal("0.5"), Decimal("0.75"), 1], [Decimal("1.5"), 0, 0]])
    image = program.image(program.milp.upper)
    assert program.stated(image) == (Fraction(6), Fraction(6))


def test_a_billionth_is_still_scaled(read: Read) -> None:
    assert read(c=[[Decimal("1e-9"), 0, 0], [1, 1, 1]]).scales[0] == 10**9


def test_a_finer_decimal_is_refused_by_the_name_of_its_objective(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(c=[[Decimal("1e-10"), 0, 0], [1, 1, 1]])
    assert "objective f1: cannot be scaled to integers exactly" in fault
    assert "10000000000" in fault


def test_a_row_is_scaled_and_its_upper_side_rounded_down(read: Read) -> None:
    program = read(A_value=[Decimal("0.5"), Decimal("1.5"), 1, 1], rhs=[Decimal("3.7"), 1])
    assert program.milp.value.tolist() == [1, 3, 1, 1]
    assert program.milp.row_upper.tolist()[0] == 7


def test_a_row_is_divided_and_its_lower_side_rounded_up(read: Read) -> None:
    program = read(A_value=[2, 3, 6, 4], rhs=[12, 3])
    assert program.milp.value.tolist() == [2, 3, 3, 2]
    assert program.milp.row_lower.tolist()[1] == 2


@pytest.mark.parametrize("side", [Decimal("2.5"), Fraction(1, 3)])
def test_an_equation_that_no_integer_point_meets_is_a_fault(
    side: object, faults_of: FaultsOf
) -> None:
    (fault,) = faults_of(row_sense=["<=", "="], rhs=[12, side])
    assert f"row r2: cannot equal {side}" in fault.replace("5/2", "2.5")
    assert "multiple of 1" in fault


def test_an_equation_of_even_numbers_cannot_be_odd(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(row_sense=["<=", "="], A_value=[2, 3, 2, 4], rhs=[12, 3])
    assert "row r2: cannot equal 3: at integer points its sum is a multiple of 2" in fault


def test_fractional_bounds_are_rounded_inwards(read: Read) -> None:
    program = read(lb=[Decimal("0.5"), Decimal("-1.5"), 0], ub=[Decimal("3.9"), 4, 1])
    assert program.milp.lower.tolist() == [1, -1, 0]
    assert program.milp.upper.tolist() == [3, 4, 1]


def test_a_binary_column_is_cut_to_zero_and_one(read: Read) -> None:
    program = read(lb=[0, 0, None], ub=[4, 4, 10**30])
    assert (program.milp.lower[2], program.milp.upper[2]) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lb": [5, 0, 0]}, ["column x1", "5..4 contradict"]),
        ({"lb": [Decimal("1.2"), 0, 0], "ub": [Decimal("1.8"), 4, 1]}, ["column x1", "no integer"]),
        ({"lb": [0, 0, 2], "ub": [4, 4, 3]}, ["column x3", "2..3", "binary"]),
        ({"ub": [4, 2**62, 1]}, ["column x2", "upper bound is 4611686018427387904", "2**62"]),
        ({"lb": [0, -(10**30), 0]}, ["column x2", "lower bound", "2**62"]),
    ],
)
def test_bounds_that_no_integer_meets_are_a_fault_of_their_column(
    changes: dict[str, Any], words: list[str], faults_of: FaultsOf
) -> None:
    (fault,) = faults_of(**changes)
    for word in words:
        assert word in fault


def test_a_continuous_objective_is_refused_by_name(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(vtype="CIB", c=[[0, 2, 3], [4, 0, 5]])
    assert "objective f2 is continuous: it holds 4 x column x1 of type C" in fault
    assert "integer unit" in fault or "type I" in fault


def test_a_continuous_column_outside_the_objectives_is_refused_by_name(
    faults_of: FaultsOf,
) -> None:
    (fault,) = faults_of(vtype="ICB", c=[[1, 0, 3], [4, 0, 5]])
    assert "column x2: is continuous" in fault
    assert "whole number" in fault


def test_a_row_whose_coefficients_are_all_zero_is_checked(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(A_value=[2, 3, 0, 0])
    assert "row r2: no point can meet it" in fault


SMALL = st.builds(Fraction, st.integers(-12, 12), st.sampled_from([1, 2, 3, 4]))


@given(
    st.lists(SMALL, min_size=2, max_size=2),
    st.sampled_from(["<=", ">=", "="]),
    SMALL,
    st.lists(SMALL, min_size=2, max_size=2),
)
def test_the_integer_row_and_the_stated_row_hold_at_the_same_points(
    row: list[Fraction], sense: str, side: Fraction, low: list[Fraction]
) -> None:
    high = [bound + 2 for bound in low]
    document = {
        "objectives": 2,
        "n": 2,
        "m": 1,
        "senses": ["min", "min"],
        "c": [[1, 0], [0, 1]],
        "A": {"start": [0, 2], "index": [0, 1], "value": row},
        "row_sense": [sense],
        "rhs": [side],
        "lb": low,
        "ub": high,
        "vtype": "II",
    }
    holds = {"<=": lambda s: s <= side, ">=": lambda s: s >= side, "=": lambda s: s == side}[sense]
    inside = [
        [value for value in range(-13, 16) if a <= value <= b]
        for a, b in zip(low, high, strict=True)
    ]
    stated = {x for x in product(*inside) if holds(row[0] * x[0] + row[1] * x[1])}
    try:
        program = program_from_dict(document, where="any")
    except InstanceError:
        # A fault claims that no point is left at all.
        assert not stated
        return
    milp = program.milp
    ranges = [
        range(a, b + 1) for a, b in zip(milp.lower.tolist(), milp.upper.tolist(), strict=True)
    ]
    weights = [0, 0]
    for column, value in zip(milp.column_index.tolist(), milp.value.tolist(), strict=True):
        weights[column] = value
    found = {
        x
        for x in product(*ranges)
        if milp.row_lower[0] <= weights[0] * x[0] + weights[1] * x[1] <= milp.row_upper[0]
    }
    assert found == stated
