"""What goes into a file: one objective to be minimised, bounds on others as rows, names.

A file of the common formats has one objective. The others stay outside but where they are bounded
from above: such a bound is a row of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, IntArray, Milp
from formulations.program import Statement
from solver.errors import OutputError
from solver.exchange.formats.names import file_names

__all__ = ["FileProgram", "FileRow", "file_program"]

Sparse: TypeAlias = Milp | IndicatorProgram


@dataclass(frozen=True, slots=True)
class FileRow:
    """``lower <= sum of value x column <= upper``, where ``binary`` is 1 or always.

    Parameters
    ----------
    terms
        (column, coefficient), columns rising, no zero.
    lower, upper
        ``None``: open.
    binary
        Column that must be 1 for the row to hold; ``None``: it always holds.
    """

    name: str
    terms: tuple[tuple[int, int], ...]
    lower: int | None
    upper: int | None
    binary: int | None = None


@dataclass(frozen=True, slots=True)
class FileProgram:
    """A program as files state it; every column is an integer.

    Parameters
    ----------
    objective
        Name of the objective row; ``costs`` are minimised.
    lower, upper
        Of the n columns; ``None``: open.
    """

    name: str
    objective: str
    costs: tuple[int, ...]
    columns: tuple[str, ...]
    lower: tuple[int | None, ...]
    upper: tuple[int | None, ...]
    rows: tuple[FileRow, ...]


def file_program(
    statement: Statement,
    *,
    minimise: str,
    at_most: Mapping[str, int],
    column_names: Sequence[str] | None = None,
    row_names: Sequence[str] | None = None,
) -> FileProgram:
    """A statement with one objective chosen and bounds on others as rows.

    A row that bounds nothing is left out. The objective is named ``minimise_NAME``, the bound on an
    objective ``at_most_NAME``.

    Parameters
    ----------
    minimise
        Objective of the statement.
    at_most
        Objective -> inclusive upper bound.
    column_names, row_names
        Of the first columns and rows, in the words of whoever states them.

    Raises
    ------
    OutputError
        If it is a CP model, has continuous columns, or an objective is unknown.
    """
    if not isinstance(statement, Milp | IndicatorProgram):
        raise OutputError.one(
            "it is stated for CP-SAT, and MPS and LP hold rows of integer columns",
            where=statement.name,
            mend="Choose a formulation of kind milp or indicator",
        )
    milp = statement.milp if isinstance(statement, IndicatorProgram) else statement
    for name in (minimise, *at_most):
        if name not in milp.objectives:
            raise OutputError.one(
                f"there is no objective {name!r}",
                where=milp.name,
                mend=f"Choose from {', '.join(milp.objectives)}",
            )
    if not milp.is_integer.all():
        raise OutputError.one(
            "a column is continuous, so that no answer could be checked in integers",
            where=milp.name,
            mend="Choose another formulation",
        )
    goal, *limits = file_names(
        [f"minimise {minimise}", *(f"at most {name}" for name in at_most)],
        letter="o", count=1 + len(at_most),
    )  # fmt: skip
    names = file_names(row_names, letter="r", count=milp.n_rows, taken=(goal, *limits))
    rows = _rows(names, milp.row_start, milp.column_index, milp.value, milp)
    if isinstance(statement, IndicatorProgram):
        rows += _implied(statement, taken=(goal, *limits, *names))
    for label, (name, most) in zip(limits, at_most.items(), strict=True):
        costs = milp.objectives[name]
        used = np.flatnonzero(costs)
        terms = tuple(zip(used.tolist(), costs[used].tolist(), strict=True))
        rows.append(FileRow(label, terms, None, most))
    return FileProgram(
        name=file_names([milp.name], letter="p", count=1)[0],
        objective=goal,
        costs=tuple(milp.objectives[minimise].tolist()),
        columns=file_names(column_names, letter="c", count=milp.n_columns),
        lower=tuple(_open(side) for side in milp.lower.tolist()),
        upper=tuple(_open(side) for side in milp.upper.tolist()),
        rows=tuple(row for row in rows if row.lower is not None or row.upper is not None),
    )


def _open(side: int) -> int | None:
    return None if abs(side) >= INFINITY else side


def _rows(
    names: Sequence[str], starts: IntArray, index: IntArray, value: IntArray, sides: Sparse
) -> list[FileRow]:
    low, high = sides.row_lower.tolist(), sides.row_upper.tolist()
    begin, columns, values = starts.tolist(), index.tolist(), value.tolist()
    return [
        FileRow(
            name,
            tuple(
                (column, coefficient)
                for column, coefficient in sorted(
                    zip(
                        columns[begin[row] : begin[row + 1]],
                        values[begin[row] : begin[row + 1]],
                        strict=True,
                    )
                )
                if coefficient
            ),
            _open(low[row]),
            _open(high[row]),
        )
        for row, name in enumerate(names)
    ]


def _implied(program: IndicatorProgram, *, taken: Sequence[str]) -> list[FileRow]:
    """Implied rows, those with two different sides as two: no format has ranges of them."""
    names = file_names(None, letter="i", count=2 * len(program.binary), taken=taken)
    plain = _rows(names[::2], program.row_start, program.column_index, program.value, program)
    found = []
    for row, second, binary in zip(plain, names[1::2], program.binary.tolist(), strict=True):
        if row.lower is not None and row.upper is not None and row.lower != row.upper:
            found.append(FileRow(row.name, row.terms, row.lower, None, binary))
            found.append(FileRow(second, row.terms, None, row.upper, binary))
        else:
            found.append(FileRow(row.name, row.terms, row.lower, row.upper, binary))
    return found
