"""The integer program of a stated one, once columns, objectives and rows fit each other.

Columns without a finite bound, rows that no point can meet, and sums that leave 62 bits are found
here. An engine never sees such a program.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.milp import INFINITY, IntArray, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.instance.moip.exact import (
    Bounds,
    IntegerObjectives,
    IntegerRows,
    IntegerTerms,
    integer_columns,
    integer_objectives,
    integer_rows,
)
from solver.instance.moip.faults import FaultList, shown
from solver.instance.moip.propagation import propagated
from solver.instance.moip.stated import StatedColumns, StatedObjectives, StatedRows

__all__ = ["assembled_program", "guard_sum"]

_SMALLER = "State it in a coarser unit, or state tighter column bounds"


def assembled_program(
    name: str,
    *,
    columns: StatedColumns | None,
    objectives: StatedObjectives | None,
    rows: StatedRows | None,
    faults: FaultList,
) -> MultiObjectiveProgram:
    """Check and convert; ``None`` for what the reader could not make out and has noted in
    ``faults``, so that the rest is still checked.

    Raises
    ------
    InstanceError
        With every fault found, those already in ``faults`` included.
    """
    bounds = integer_columns(columns, faults) if columns else None
    goals = integer_objectives(objectives, columns, faults) if objectives else None
    limits = integer_rows(rows, faults) if rows else None
    if columns and bounds and limits:
        bounds = propagated(bounds, limits)
        if _check_columns(columns, bounds, objectives, faults) and rows:
            low, high = _finite(bounds.lower), _finite(bounds.upper)
            _check_rows(rows, limits, low, high, faults)
            if goals:
                _check_objectives(goals, low, high, faults)
    faults.raise_if_any()
    if not (columns and bounds and goals and limits):
        raise ValueError("a part is missing, yet no fault says why")
    return _program(name, columns, bounds, goals, limits)


def _finite(side: list[int | None]) -> list[int]:
    return [bound for bound in side if bound is not None]


def _check_columns(
    columns: StatedColumns, bounds: Bounds, objectives: StatedObjectives | None, faults: FaultList
) -> bool:
    """Whether every column has finite bounds that fit each other; notes those that have not."""
    before = faults.count
    for column, (low, high) in enumerate(zip(bounds.lower, bounds.upper, strict=True)):
        name = columns.names[column]
        missing = [side for side, bound in (("lower", low), ("upper", high)) if bound is None]
        if missing:
            consequence = _unbounded(column, missing, objectives)
            faults.add(
                f"column {name}",
                f"has no {' and no '.join(missing)} bound, and the rows imply none{consequence}",
                f"State a finite {' and a finite '.join(missing)} bound for {name}",
            )
        elif low is not None and high is not None and low > high:
            faults.add(
                f"column {name}",
                f"the rows leave it no value: at least {shown(low)}, at most {shown(high)}",
                "Correct the rows that hold it, or its bounds",
            )
        elif max(abs(low or 0), abs(high or 0)) >= INFINITY:
            faults.add(
                f"column {name}",
                f"the rows bound it only to {shown(low)}..{shown(high)}, beyond 2**62",
                f"State a smaller bound for {name}",
            )
    return faults.count == before


def _unbounded(column: int, missing: list[str], objectives: StatedObjectives | None) -> str:
    """Which objectives improve for ever along the open sides of a column, if any does."""
    if objectives is None:
        return ""
    hit = []
    for name, sense, terms in zip(
        objectives.names, objectives.senses, objectives.terms, strict=True
    ):
        value = next((value for at, value in terms if at == column), 0)
        better_upwards = (value > 0) == (sense == "max")
        if value and ("upper" if better_upwards else "lower") in missing:
            hit.append(f"{name} ({sense})")
    if not hit:
        return ""
    return f"; objective {', '.join(hit)} would be unbounded as far as bounds can tell"


def _check_rows(
    rows: StatedRows, limits: IntegerRows, low: list[int], high: list[int], faults: FaultList
) -> None:
    for row, terms in enumerate(limits.terms):
        name, unit = limits.names[row], limits.units[row]
        guard_sum(f"row {name}", terms, low, high, faults)
        least = sum(min(v * low[j], v * high[j]) for j, v in terms)
        most = sum(max(v * low[j], v * high[j]) for j, v in terms)
        floor, ceiling = limits.lower[row], limits.upper[row]
        reach = f"{shown(least * unit)}..{shown(most * unit)}"
        too_low = floor is not None and most < floor
        too_high = ceiling is not None and least > ceiling
        if too_low or too_high:
            side = rows.lower[row] if too_low else rows.upper[row]
            word = "at least" if too_low else "at most"
            faults.add(
                f"row {name}",
                f"no point can meet it: within the column bounds its sum is {reach}, and it asks "
                f"for {word} {shown(side)}",
                "Correct its right-hand side, or the column bounds",
            )


def _check_objectives(
    goals: IntegerObjectives, low: list[int], high: list[int], faults: FaultList
) -> None:
    for name, terms, scale, offset in zip(
        goals.names, goals.costs, goals.scales, goals.offsets, strict=True
    ):
        guard_sum(f"objective {name}", terms, low, high, faults, constant=offset, scale=scale)


def guard_sum(
    place: str,
    terms: IntegerTerms,
    low: Sequence[int],
    high: Sequence[int],
    faults: FaultList,
    *,
    constant: int = 0,
    scale: int = 1,
) -> None:
    """Note a sum whose parts could leave 62 bits: ``sum |c| max(|lb|, |ub|, 1) >= 2**62``.

    A column counts with at least one unit, so that the coefficients themselves fit as well.
    """
    total = abs(constant) + sum(abs(v) * max(abs(low[j]), abs(high[j]), 1) for j, v in terms)
    if total >= INFINITY:
        after = f" after scaling by {scale}" if scale > 1 else ""
        faults.add(
            place,
            f"its coefficients times the column bounds add up to {shown(total)}{after}, and exact "
            "arithmetic ends below 2**62 = 4611686018427387904",
            _SMALLER,
        )


def _program(
    name: str,
    columns: StatedColumns,
    bounds: Bounds,
    goals: IntegerObjectives,
    limits: IntegerRows,
) -> MultiObjectiveProgram:
    n = len(columns.names)
    starts, index, value = [0], list[int](), list[int]()
    for terms in limits.terms:
        index.extend(column for column, _ in terms)
        value.extend(coefficient for _, coefficient in terms)
        starts.append(len(index))
    milp = Milp(
        name=name,
        lower=_array(bounds.lower),
        upper=_array(bounds.upper),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=_array(starts),
        column_index=_array(index),
        value=_array(value),
        # A side beyond 62 bits never binds: the guard keeps every sum below.
        row_lower=_array([max(-INFINITY, -INFINITY if s is None else s) for s in limits.lower]),
        row_upper=_array([min(INFINITY, INFINITY if s is None else s) for s in limits.upper]),
        objectives={
            goal: _dense(terms, n) for goal, terms in zip(goals.names, goals.costs, strict=True)
        },
    )
    return MultiObjectiveProgram(
        milp=milp,
        senses=tuple(goals.senses),
        scales=tuple(goals.scales),
        offsets=tuple(goals.offsets),
        column_names=columns.names,
        row_names=limits.names,
    )


def _array(values: Sequence[int | None]) -> IntArray:
    return np.array(values, dtype=np.int64)


def _dense(terms: IntegerTerms, n: int) -> IntArray:
    costs = np.zeros(n, dtype=np.int64)
    for column, coefficient in terms:
        costs[column] = coefficient
    return costs
