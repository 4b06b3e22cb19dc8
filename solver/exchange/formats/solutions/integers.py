"""The integers that a solution file stands for: every column once, rounded by a hair or refused."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from formulations.milp import INFINITY, IntArray
from solver.errors import Fault
from solver.exchange.formats.solutions.solution import Solution, SolutionError
from solver.instance.moip.numerals import Number

__all__ = ["ROUNDING", "integers_of"]

ROUNDING = Fraction(1, 10**6)
"""A value this close to an integer is that integer; the usual tolerance of solvers."""
_MOST_LISTED = 5


def integers_of(solution: Solution, columns: Sequence[str], *, where: str) -> IntArray:
    """(n,) int64 values of ``columns``.

    Columns that are not listed are 0 exactly where the format leaves zeros out.

    Raises
    ------
    SolutionError
        If there is no solution, a column is unknown or missing, or a value is no integer.
    """
    if solution.values is None:
        said = solution.status or "nothing"
        raise SolutionError.one(
            f"holds no solution ({solution.format} says: {said})",
            where=where,
            mend="Give a file with a solution",
        )
    given = solution.values
    keys = [str(n) for n in range(1, len(columns) + 1)] if solution.by_number else list(columns)
    known = set(keys)
    unknown = [key for key in given if key not in known]
    missing = [] if solution.omits_zeros else [key for key in keys if key not in given]
    whole = {key: round(value) for key, value in given.items()}
    broken = [key for key in given if abs(Fraction(given[key]) - whole[key]) > ROUNDING]
    large = [key for key, value in whole.items() if abs(value) >= INFINITY]
    cut = [key for key, value in whole.items() if abs(value) >= 10**solution.digits]
    faults = [
        Fault(where, f"{len(names)} {what}: {_some(names, given)}", mend)
        for names, what, mend in (
            (unknown, "columns are not in the program", "Give the solution of the exported file"),
            (missing, "columns have no value", "Give every column; this format lists zeros too"),
            (broken, "values are no integers within 1e-6", "Solve with integer columns"),
            (large, "values are beyond 2**62", "Solve again; the columns have smaller bounds"),
            (cut, f"values exceed the {solution.digits} digits that {solution.format} prints",
             "Write it in another style (glpsol -w, HiGHS style 0), or bound the columns"),
        )
        if names
    ]  # fmt: skip
    if faults:
        raise SolutionError.all_of(faults)
    return np.array([whole.get(key, 0) for key in keys], dtype=np.int64)


def _some(names: Sequence[str], given: object) -> str:
    values = given if isinstance(given, dict) else {}
    told = [
        f"{name} = {_short(values[name])}" if name in values else name
        for name in names[:_MOST_LISTED]
    ]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _short(value: Number) -> str:
    return str(value) if isinstance(value, int) else f"{float(value):.9g}"
