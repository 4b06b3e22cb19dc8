"""Columns without bounds, rows out of reach and sums beyond 62 bits are told by name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from formulations.moip.problem import MultiObjectiveProgram

Read = Callable[..., MultiObjectiveProgram]
FaultsOf = Callable[..., list[str]]


def test_an_infinite_bound_is_taken_from_a_row(read: Read) -> None:
    program = read(ub=[None, None, 1])
    assert program.milp.upper.tolist() == [6, 4, 1]


def test_an_unbounded_column_is_named_with_the_objective_it_sends_away(
    faults_of: FaultsOf,
) -> None:
    (fault,) = faults_of(row_sense=[">=", ">="], ub=[None, 4, 1])
    assert "column x1: has no upper bound, and the rows imply none" in fault
    assert "objective f2 (max) would be unbounded" in fault
    assert "State a finite upper bound for x1" in fault


def test_an_unbounded_column_that_sends_no_objective_away_is_named_too(
    faults_of: FaultsOf,
) -> None:
    (fault,) = faults_of(row_sense=[">=", ">="], ub=[4, None, 1])
    assert "column x2: has no upper bound" in fault
    assert "objective" not in fault


def test_a_free_column_lacks_both_bounds(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(lb=[None, 0, 0], ub=[None, 4, 1], A_value=[0, 3, 1, 1])
    assert "no lower and no upper bound" in fault
    assert "f1 (min), f2 (max)" in fault


def test_a_row_out_of_reach_is_named_with_its_range(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(rhs=[12, 6])
    assert "row r2: no point can meet it" in fault
    assert "its sum is 0..5" in fault
    assert "at least 6" in fault


def test_a_range_is_told_in_the_unit_of_the_row(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(A_value=[2, 3, Decimal("0.5"), 1], rhs=[12, Decimal("3.5")])
    assert "its sum is 0..3, and it asks for at least 7/2" in fault


def test_a_row_that_the_bounds_already_break_from_above_is_named(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(lb=[4, 4, 0])
    assert "row r1" in fault
    assert "its sum is 20..20, and it asks for at most 12" in fault


def test_rows_that_leave_a_column_no_value_are_a_fault_of_the_column(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(lb=[7, 0, 0], ub=[None, 4, 1])
    assert "column x1: the rows leave it no value: at least 7, at most 6" in fault


def test_a_bound_that_rows_imply_only_beyond_62_bits_is_refused(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(ub=[None, 4, 1], rhs=[10**30, 1])
    assert "column x1: the rows bound it only to" in fault


def test_an_objective_beyond_62_bits_is_named_with_its_figure(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(c=[[2**60, 2, 3], [4, 0, 5]])
    assert "objective f1" in fault
    assert str(4 * 2**60 + 8 + 3) in fault
    assert "4611686018427387904" in fault
    assert "coarser unit" in fault


def test_an_objective_just_below_62_bits_is_read(read: Read) -> None:
    assert read(c=[[2**60 - 3, 2, 3], [4, 0, 5]]).costs[0].tolist()[0] == 2**60 - 3


def test_scaling_counts_towards_the_62_bits(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(c=[[2**50, Decimal("0.00001"), 3], [4, 0, 5]])
    assert "objective f1" in fault
    assert "after scaling by 100000" in fault


def test_a_row_beyond_62_bits_is_named(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(A_value=[2**60 + 1, 3, 1, 1])
    assert "row r1" in fault
    assert str(4 * (2**60 + 1) + 12) in fault


def test_a_coefficient_beyond_62_bits_is_refused_even_at_a_column_fixed_to_zero(
    faults_of: FaultsOf,
) -> None:
    (fault,) = faults_of(c=[[10**20, 2, 3], [4, 0, 5]], ub=[0, 4, 1])
    assert "objective f1" in fault


@pytest.mark.parametrize("side", [2**62, 10**30])
def test_a_side_that_never_binds_is_open(side: int, read: Read) -> None:
    assert read(rhs=[side, 1]).milp.row_upper[0] == 2**62


def test_one_faulty_objective_does_not_hide_another(faults_of: FaultsOf) -> None:
    first, second = faults_of(c=[[Decimal("1e-10"), 0, 0], [2**61, 0, 5]])
    assert "objective f1: cannot be scaled" in first
    assert "objective f2: its coefficients times the column bounds" in second
