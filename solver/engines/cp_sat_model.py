"""A sparse program in the language of CP-SAT.

Columns keep their numbers. A row that a binary implies is a row enforced by one literal, and each
objective is one variable more, equal to it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from ortools.sat.python import cp_model  # noqa: TID251

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, IntArray
from solver.engines.guard import SparseStatement, unconditional
from solver.errors import EngineError

__all__ = ["OVERFLOW", "stated_for_cp_sat"]

OVERFLOW: int = 2**62
"""Sums of this size or more are refused: CP-SAT reasons in 64 bits."""

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def _refuse_overflow(statement: SparseStatement) -> None:
    """Raise ``EngineError`` where sums could leave the range in which CP-SAT is exact."""
    milp = unconditional(statement)

    def refuse(what: str) -> EngineError:
        return EngineError.one(
            what,
            where=f"engine cp-sat, {milp.name}",
            mend="Bound every column, or compress the coefficients to ranks",
        )

    open_columns = np.flatnonzero((milp.lower <= -INFINITY) | (milp.upper >= INFINITY))
    if len(open_columns):
        raise refuse(f"column {open_columns[0]} has no finite bounds")
    reach = np.maximum(np.abs(milp.lower), np.abs(milp.upper)).astype(object)
    spans = _spans("row", milp)
    if isinstance(statement, IndicatorProgram):
        spans += _spans("implied row", statement)
    spans += [
        (f"objective {name!r}", row, np.arange(milp.n_columns))
        for name, row in milp.objectives.items()
    ]
    for what, coefficients, columns in spans:
        total = int(sum(np.abs(coefficients).astype(object) * reach[columns], 0))
        if total >= OVERFLOW:
            raise refuse(f"{what} can reach {total:.3e}, 2^62 or more")


def _spans(what: str, rows: SparseStatement) -> list[tuple[str, IntArray, IntArray]]:
    """Name, coefficients and columns of each row."""
    return [
        (f"{what} {row}", rows.value[low:high], rows.column_index[low:high])
        for row, (low, high) in enumerate(pairwise(rows.row_start.tolist()))
    ]


def _add_linear(
    model: cp_model.CpModel, columns: list[int], values: list[int], low: int, high: int
) -> Any:
    """Add one row; returns the constraint."""
    constraint = model.proto.constraints.add()
    row = constraint.linear
    row.vars.extend(columns)
    row.coeffs.extend(values)
    row.domain.extend([low, high])
    return constraint


def _add_rows(model: cp_model.CpModel, rows: SparseStatement) -> None:
    """Add the rows of a program, or the implied ones, each enforced by its binary."""
    starts, columns, values = (
        rows.row_start.tolist(), rows.column_index.tolist(), rows.value.tolist()
    )  # fmt: skip
    bounds = zip(rows.row_lower.tolist(), rows.row_upper.tolist(), strict=True)
    for row, (low, high) in enumerate(bounds):
        entries = slice(starts[row], starts[row + 1])
        constraint = _add_linear(
            model, columns[entries], values[entries],
            _INT64_MIN if low <= -INFINITY else low,
            _INT64_MAX if high >= INFINITY else high,
        )  # fmt: skip
        if isinstance(rows, IndicatorProgram):
            constraint.enforcement_literal.append(int(rows.binary[row]))


def stated_for_cp_sat(statement: SparseStatement) -> tuple[cp_model.CpModel, dict[str, int]]:
    """The program as a CP model, and the variable of each objective.

    Raises
    ------
    EngineError
        If a column has no finite bounds, or a row or an objective could reach ``OVERFLOW``.
    """
    _refuse_overflow(statement)
    model, milp = cp_model.CpModel(), unconditional(statement)
    for low, high in zip(milp.lower.tolist(), milp.upper.tolist(), strict=True):
        model.new_int_var(low, high, "")
    _add_rows(model, milp)
    if isinstance(statement, IndicatorProgram):
        _add_rows(model, statement)
    objectives = {}
    for name, goal in milp.objectives.items():
        used = np.flatnonzero(goal)
        ends = np.stack([goal[used] * milp.lower[used], goal[used] * milp.upper[used]])
        variable = model.new_int_var(int(ends.min(axis=0).sum()), int(ends.max(axis=0).sum()), name)
        _add_linear(model, [*used.tolist(), variable.index], [*goal[used].tolist(), -1], 0, 0)
        objectives[name] = variable.index
    return model, objectives
