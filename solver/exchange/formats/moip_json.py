"""A multi-objective program as moip JSON, or as MPS with one N row an objective.

Reading what is written gives the same program, to the digest. JSON has one side a row and no
constants, so rows with two different sides and objectives with a constant go into MPS alone;
``without_ranges`` states such rows as two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from formulations.milp import INFINITY
from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import OutputError
from solver.exchange.formats.mps import column_bounds

__all__ = ["moip_json_text", "moip_mps_text", "ranged_rows", "without_ranges"]

FORMAT = "moip-json/1"


def ranged_rows(program: MultiObjectiveProgram) -> int:
    """Number of rows with two different finite sides."""
    milp = program.milp
    two = (milp.row_lower > -INFINITY) & (milp.row_upper < INFINITY)
    return int((two & (milp.row_lower != milp.row_upper)).sum())


def without_ranges(program: MultiObjectiveProgram) -> MultiObjectiveProgram:
    """The same program with rows of two different sides stated as two rows, one a side."""
    milp = program.milp
    names, lower, upper = list[str](), list[int](), list[int]()
    starts, index, value = [0], list[int](), list[int]()
    taken = set(program.row_names)
    sides = zip(program.row_names, milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True)
    for row, (name, low, high) in enumerate(sides):
        inside = slice(int(milp.row_start[row]), int(milp.row_start[row + 1]))
        parts = [(name, low, high)]
        if low != high and low > -INFINITY and high < INFINITY:
            other = f"{name}_upper"
            while other in taken:
                other += "_"
            taken.add(other)
            parts = [(name, low, INFINITY), (other, -INFINITY, high)]
        for part, least, most in parts:
            names.append(part)
            lower.append(least)
            upper.append(most)
            index.extend(milp.column_index[inside].tolist())
            value.extend(milp.value[inside].tolist())
            starts.append(len(index))
    return replace(
        program,
        milp=replace(
            milp,
            row_start=np.array(starts, dtype=np.int64),
            column_index=np.array(index, dtype=np.int64),
            value=np.array(value, dtype=np.int64),
            row_lower=np.array(lower, dtype=np.int64),
            row_upper=np.array(upper, dtype=np.int64),
        ),
        row_names=tuple(names),
    )


def moip_json_text(program: MultiObjectiveProgram) -> str:
    """The document that ``solver.instance.moip.json_layout`` reads.

    Raises
    ------
    OutputError
        If the layout cannot state it: a ranged or open row, a constant, a coefficient that is no
        decimal.
    """
    milp = program.milp
    if ranged_rows(program):
        raise _cannot(program, f"{ranged_rows(program)} rows have two different sides")
    if any(program.offsets):
        raise _cannot(program, "an objective has a constant")
    senses, sides = list[str](), list[int]()
    for name, low, high in zip(
        program.row_names, milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True
    ):
        if low <= -INFINITY and high >= INFINITY:
            raise _cannot(program, f"row {name} has no side")
        senses.append("=" if low == high else "<=" if low <= -INFINITY else ">=")
        sides.append(high if low <= -INFINITY else low)
    document = {
        "format": FORMAT,
        "name": program.name,
        "objectives": program.n_objectives,
        "n": milp.n_columns,
        "m": milp.n_rows,
        "objective_names": list(program.objective_names),
        "senses": list(program.senses),
        "c": [list(row) for row in _stated_costs(program)],
        "A": {
            "start": milp.row_start.tolist(),
            "index": milp.column_index.tolist(),
            "value": milp.value.tolist(),
        },
        "row_sense": senses,
        "rhs": sides,
        "lb": milp.lower.tolist(),
        "ub": milp.upper.tolist(),
        "vtype": "I" * milp.n_columns,
        "column_names": list(program.column_names),
        "row_names": list(program.row_names),
    }
    lines = [f" {json.dumps(key)}: {_json(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def moip_mps_text(program: MultiObjectiveProgram) -> str:
    """MPS with an N row for each objective, senses under OBJSENSES, constants as right-hand sides.

    Raises
    ------
    OutputError
        If a name has a blank or could not begin a field, a row is open, or a coefficient is no
        decimal.
    """
    for name in (*program.objective_names, *program.column_names, *program.row_names):
        if len(name.split()) != 1 or name != name.strip() or "MARKER" in name.upper():
            raise _cannot(program, f"MPS cannot hold the name {name!r:.60}", "--format json")
    if set(program.objective_names) & set(program.row_names):
        raise _cannot(program, "a row is called like an objective", "--format json")
    return "\n".join(_lines(program)) + "\n"


def _lines(program: MultiObjectiveProgram) -> Iterator[str]:
    milp = program.milp
    yield f"NAME {program.name}"
    yield "ROWS"
    for name in program.objective_names:
        yield f" N {name}"
    rows = list(
        zip(program.row_names, milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True)
    )
    for name, low, high in rows:
        if low <= -INFINITY and high >= INFINITY:
            raise _cannot(program, f"row {name} has no side")
        yield f" {'L' if low <= -INFINITY else 'E' if low == high else 'G'} {name}"
    yield "OBJSENSES"
    for name, sense in zip(program.objective_names, program.senses, strict=True):
        yield f" {name} {sense.upper()}"
    yield "COLUMNS"
    yield " MARKER 'MARKER' 'INTORG'"
    entries: list[list[str]] = [[] for _ in program.column_names]
    for name, costs in zip(program.objective_names, _stated_costs(program), strict=True):
        for column, cost in enumerate(costs):
            if cost:
                entries[column].append(f"{name} {cost}")
    for row, (name, _, _) in enumerate(rows):
        for at in range(int(milp.row_start[row]), int(milp.row_start[row + 1])):
            entries[int(milp.column_index[at])].append(f"{name} {milp.value[at]}")
    for name, told in zip(program.column_names, entries, strict=True):
        for entry in told or [f"{program.objective_names[0]} 0"]:
            yield f" {name} {entry}"
    yield " MARKER 'MARKER' 'INTEND'"
    yield "RHS"
    for name, offset, scale in zip(
        program.objective_names, program.offsets, program.scales, strict=True
    ):
        if offset:
            # The right-hand side of an objective is minus its constant.
            yield f" RHS {name} {_decimal(program, Fraction(-offset, scale))}"
    for name, low, high in rows:
        side = high if low <= -INFINITY else low
        if side:
            yield f" RHS {name} {side}"
    if ranged_rows(program):
        yield "RANGES"
        for name, low, high in rows:
            if -INFINITY < low < high < INFINITY:
                yield f" RNG {name} {high - low}"
    yield "BOUNDS"
    for name, low, high in zip(
        program.column_names, milp.lower.tolist(), milp.upper.tolist(), strict=True
    ):
        yield from column_bounds(name, low, high)
    yield "ENDATA"


def _stated_costs(program: MultiObjectiveProgram) -> Iterator[list[int | Decimal]]:
    """Coefficients as stated: in their own sense and unit, exact."""
    for costs, sense, scale in zip(
        program.costs.tolist(), program.senses, program.scales, strict=True
    ):
        sign = 1 if sense == "min" else -1
        yield [
            sign * cost if scale == 1 else _decimal(program, Fraction(sign * cost, scale))
            for cost in costs
        ]


def _decimal(program: MultiObjectiveProgram, value: Fraction) -> int | Decimal:
    """The value as a finite decimal."""
    left, digits = value.denominator, 0
    for factor in (2, 5):
        times = 0
        while left % factor == 0:
            left //= factor
            times += 1
        digits = max(digits, times)
    if left != 1:
        raise _cannot(program, f"{value} is no decimal number", "another unit")
    if value.denominator == 1:
        return int(value)
    return Decimal(int(value * 10**digits)).scaleb(-digits)


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return "[" + ", ".join(_json(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_json(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def _cannot(program: MultiObjectiveProgram, why: str, instead: str = "--format mps") -> OutputError:
    return OutputError.one(f"cannot be stated: {why}", where=program.name, mend=f"Use {instead}")
