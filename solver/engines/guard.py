"""The exact check behind every answer: integer arithmetic on the statement, no solver involved.

A sparse statement is a ``Milp`` or an ``IndicatorProgram``, whose implied rows are checked where
their binary is 1. Sums are taken in int64 where the magnitudes prove that nothing can overflow, in
Python integers otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TypeAlias, overload

import numpy as np

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, IntArray, Milp
from formulations.program import CpProgram, Statement
from solver.engines.contract import Goal, SolveResult, Termination
from solver.errors import EngineError

__all__ = [
    "FLOAT_PROOF_LIMIT",
    "SparseStatement",
    "all_columns_bounded",
    "check_question",
    "goal_costs",
    "largest_magnitude",
    "objective_value",
    "require_integer_columns",
    "require_milp",
    "require_sparse",
    "solve_without_columns",
    "sound_lower_bound",
    "unconditional",
    "violation",
    "weights_of",
]

FLOAT_PROOF_LIMIT: int = 10**8
"""Largest number in a statement at which a floating-point engine's proof is believed. HiGHS with
feasibility tolerances of 1e-9 was found right up to here and wrong at 1e9."""

_INT64_SAFE = 2**62

SparseStatement: TypeAlias = Milp | IndicatorProgram
"""A statement made of columns and rows."""


def unconditional(statement: SparseStatement) -> Milp:
    """Columns, objectives and the rows that always hold."""
    return statement.milp if isinstance(statement, IndicatorProgram) else statement


def _products(coefficients: IntArray, values: IntArray) -> tuple[IntArray, bool]:
    """Elementwise products, and whether int64 can hold them and any sum of them."""
    if not len(values):
        return np.empty(0, dtype=np.int64), True
    bound = int(np.abs(coefficients).max()) * int(np.abs(values).max()) * len(values)
    if bound < _INT64_SAFE:
        return coefficients * values, True
    return coefficients.astype(object) * values.astype(object), False


def _dot(coefficients: IntArray, values: IntArray) -> int:
    """Exact scalar product."""
    products, _ = _products(coefficients, values)
    return int(products.sum())


def weights_of(objective: Goal) -> Mapping[str, int]:
    """A goal as weights of named objectives."""
    return {objective: 1} if isinstance(objective, str) else objective


def objective_value(statement: Statement, objective: Goal, x: IntArray) -> int:
    """Exact value of a goal at ``x``, shape (n,) int64."""
    if not isinstance(objective, str):
        return sum(
            weight * objective_value(statement, name, x) for name, weight in objective.items()
        )
    if isinstance(statement, CpProgram):
        return int(x[statement.objectives[objective]])
    return _dot(statement.objectives[objective], x)


def goal_costs(statement: SparseStatement, objective: Goal) -> IntArray:
    """(n,) int64 coefficients of a goal over the columns.

    Raises
    ------
    EngineError
        If they do not fit into 64 bits.
    """
    costs = np.zeros(statement.n_columns, dtype=object)
    for name, weight in weights_of(objective).items():
        costs += weight * statement.objectives[name].astype(object)
    if max((abs(int(c)) for c in costs), default=0) >= _INT64_SAFE:
        raise EngineError.one(
            "the weighted sum of objectives does not fit into 64 bits",
            where=statement.name,
            mend="Use smaller weights",
        )
    return np.asarray(costs, dtype=np.int64)


def _row_values(rows: SparseStatement, x: IntArray) -> list[int]:
    """Exact left-hand sides of all rows of a program, or of all implied rows."""
    products, safe = _products(rows.value, x[rows.column_index])
    if not safe:
        starts = rows.row_start.tolist()
        return [int(sum(products[low:high], 0)) for low, high in pairwise(starts)]
    running = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(products)])
    values: list[int] = np.diff(running[rows.row_start]).tolist()
    return values


def _broken_row(rows: SparseStatement, x: IntArray) -> tuple[int, str] | None:
    """The first row that ``x`` breaks, implied rows of a binary at 0 passed over."""
    bounds = zip(rows.row_lower.tolist(), rows.row_upper.tolist(), strict=True)
    binary = rows.binary if isinstance(rows, IndicatorProgram) else None
    for row, (value, (low, high)) in enumerate(zip(_row_values(rows, x), bounds, strict=True)):
        below = low > -INFINITY and value < low
        above = high < INFINITY and value > high
        if (below or above) and (binary is None or x[binary[row]] == 1):
            return row, f"is {value}, outside {low} to {high}"
    return None


def _sparse_violation(statement: SparseStatement, x: IntArray) -> str | None:
    milp = unconditional(statement)
    outside = np.flatnonzero((x < milp.lower) | (x > milp.upper))
    if len(outside):
        column = int(outside[0])
        return (
            f"column {column} is {x[column]}, outside {milp.lower[column]} to {milp.upper[column]}"
        )
    broken = _broken_row(milp, x)
    if broken is not None:
        return f"row {broken[0]} {broken[1]}"
    if isinstance(statement, IndicatorProgram):
        broken = _broken_row(statement, x)
        if broken is not None:
            binary = statement.binary[broken[0]]
            return f"implied row {broken[0]} {broken[1]}, while column {binary} is {x[binary]}"
    return None


def violation(statement: Statement, x: IntArray, upper: Mapping[str, int]) -> str | None:
    """What ``x`` breaks of the statement or of the upper bounds on objectives, or ``None``.

    Parameters
    ----------
    x
        (n,) int64 values of all columns.
    upper
        Objective -> inclusive upper bound.
    """
    n_columns = statement.n_columns
    if x.shape != (n_columns,) or x.dtype != np.int64:
        return f"{x.dtype} values of shape {x.shape} for {n_columns} integer columns"
    broken = (
        statement.violation(x)
        if isinstance(statement, CpProgram)
        else _sparse_violation(statement, x)
    )
    if broken is not None:
        return broken
    for name, bound in upper.items():
        value = objective_value(statement, name, x)
        if value > bound:
            return f"{name} is {value}, above {bound}"
    return None


def largest_magnitude(statement: SparseStatement) -> int:
    """Largest finite number of the program: coefficients, column bounds, row bounds, objectives.

    Implied rows count like the others.
    """
    milp = unconditional(statement)
    arrays = [milp.lower, milp.upper, *milp.objectives.values()]
    for rows in (milp, statement):
        arrays += [rows.row_lower, rows.row_upper, rows.value]
    largest = 0
    for array in arrays:
        finite = array[np.abs(array) < INFINITY]
        if len(finite):
            largest = max(largest, int(np.abs(finite).max()))
    return largest


def all_columns_bounded(statement: SparseStatement) -> bool:
    """Whether every column has two finite bounds, so that no objective is unbounded."""
    milp = unconditional(statement)
    return bool(((milp.lower > -INFINITY) & (milp.upper < INFINITY)).all())


def sound_lower_bound(bound: float | None) -> int | None:
    """Smallest integer that a float lower bound proves, with room for its rounding error.

    The room is 1e-6, or 1e-9 of the bound where that is more; too much of it costs a retry, never
    a wrong proof. ``None`` where the bound is absent or infinite.
    """
    if bound is None or not math.isfinite(bound):
        return None
    return math.ceil(bound - max(1e-6, 1e-9 * abs(bound)))


def _wrong_kind(name: str, statement: Statement, kinds: str) -> EngineError:
    return EngineError.one(
        f"takes programs of kind {kinds}, not {statement.kind!r}",
        where=f"engine {name}, {statement.name}",
        mend="Choose another engine, or another formulation",
    )


def require_milp(name: str, statement: Statement) -> Milp:
    """The statement, for an engine that takes rows without conditions only.

    Raises
    ------
    EngineError
        If it is of another kind, or a column is continuous.
    """
    if not isinstance(statement, Milp):
        raise _wrong_kind(name, statement, "'milp'")
    require_integer_columns(name, statement)
    return statement


def require_sparse(name: str, statement: Statement) -> SparseStatement:
    """The statement, for an engine that takes implied rows too.

    Raises
    ------
    EngineError
        If it is of another kind, or a column is continuous.
    """
    if isinstance(statement, CpProgram):
        raise _wrong_kind(name, statement, "'milp' or 'indicator'")
    require_integer_columns(name, statement)
    return statement


def require_integer_columns(name: str, statement: SparseStatement) -> None:
    """Refuse continuous columns: a point could not be checked in integers.

    Raises
    ------
    EngineError
        If there are any.
    """
    n_continuous = int((~unconditional(statement).is_integer).sum())
    if n_continuous:
        raise EngineError.one(
            f"{n_continuous} columns are continuous",
            where=f"engine {name}, {statement.name}",
            mend="State them as integers in a declared unit",
        )


@overload
def check_question(
    name: str, statement: Milp | None, objective: Goal, upper: Mapping[str, int],
    time_limit_s: float | None,
) -> Milp: ...  # fmt: skip
@overload
def check_question(
    name: str, statement: SparseStatement | None, objective: Goal, upper: Mapping[str, int],
    time_limit_s: float | None,
) -> SparseStatement: ...  # fmt: skip
@overload
def check_question(
    name: str, statement: Statement | None, objective: Goal, upper: Mapping[str, int],
    time_limit_s: float | None,
) -> Statement: ...  # fmt: skip
def check_question(
    name: str,
    statement: Statement | None,
    objective: Goal,
    upper: Mapping[str, int],
    time_limit_s: float | None,
) -> Statement:
    """The loaded statement, after refusing a solve that makes no sense.

    Raises
    ------
    EngineError
        If nothing is loaded.
    ValueError
        If an objective is unknown or the time limit is not positive.
    """
    if statement is None:
        raise EngineError.one(
            "nothing is loaded", where=f"engine {name}", mend="Call load before minimise"
        )
    for key in (*weights_of(objective), *upper):
        if key not in statement.objectives:
            known = ", ".join(statement.objectives)
            raise ValueError(f"{statement.name}: no objective {key!r}; there are {known}")
    if time_limit_s is not None and not time_limit_s > 0:
        raise ValueError(f"the time limit must be positive (got {time_limit_s})")
    return statement


def solve_without_columns(
    statement: SparseStatement, objective: Goal, upper: Mapping[str, int], *, engine: str
) -> SolveResult:
    """Answer for a program without columns, where libraries differ (HiGHS ignores the rows)."""
    x = np.empty(0, dtype=np.int64)
    broken = violation(statement, x, upper)
    if broken is not None:
        return SolveResult(
            Termination.INFEASIBLE, None, None, None, 0.0, f"no columns, and {broken}", engine
        )
    value = objective_value(statement, objective, x)
    return SolveResult(Termination.OPTIMAL, x, value, value, 0.0, "no columns", engine)
