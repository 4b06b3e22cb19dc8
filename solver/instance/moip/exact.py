r"""Rational statements as integer ones with the same solutions; nothing is rounded unsafely.

With all columns integer,

* an objective times the least common denominator :math:`s` of its coefficients and constant is an
  integer everywhere; :math:`s` is kept in ``scales``, so results are told in the stated unit;
* a row :math:`L \le \sum_j a_j x_j \le U` times the least common denominator of its coefficients,
  divided by their greatest common divisor :math:`g`, has an integer sum, so that
  :math:`\lceil L/g \rceil` and :math:`\lfloor U/g \rfloor` cut no solution off;
* column bounds are rounded inwards for the same reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from formulations.milp import INFINITY
from formulations.moip.problem import Sense
from solver.instance.moip.faults import FaultList, shown
from solver.instance.moip.numerals import Number
from solver.instance.moip.stated import StatedColumns, StatedObjectives, StatedRows, Terms

__all__ = [
    "MAX_SCALE",
    "Bounds",
    "IntegerObjectives",
    "IntegerRows",
    "IntegerTerms",
    "integer_columns",
    "integer_objectives",
    "integer_rows",
]

MAX_SCALE = 10**9
"""An objective that needs more is refused: its unit is wrong, or its decimals are noise."""
_INTEGER_UNIT = "State it in a unit in which it is a whole number, as type I"

IntegerTerms = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """``n`` integer column bounds; ``None`` is infinite."""

    lower: list[int | None]
    upper: list[int | None]


@dataclass(frozen=True, slots=True)
class IntegerObjectives:
    """``p`` objectives, all minimised; ``senses``, ``scales``, ``offsets`` lead back."""

    names: list[str]
    senses: list[Sense]
    costs: list[IntegerTerms]
    scales: list[int]
    offsets: list[int]


@dataclass(frozen=True, slots=True)
class IntegerRows:
    """``m`` integer rows; a side of ``None`` is open, a sum times ``units`` is the stated sum."""

    names: tuple[str, ...]
    terms: list[IntegerTerms]
    lower: list[int | None]
    upper: list[int | None]
    units: list[Fraction]


def integer_columns(columns: StatedColumns, faults: FaultList) -> Bounds | None:
    """Column bounds rounded inwards, those of binaries cut to 0..1.

    Types are judged with the objectives; ``None`` if the bounds of a column contradict.
    """
    before = faults.count
    lower: list[int | None] = []
    upper: list[int | None] = []
    stated = zip(columns.names, columns.types, columns.lower, columns.upper, strict=True)
    for name, kind, low, high in stated:
        least = None if low is None else math.ceil(low)
        most = None if high is None else math.floor(high)
        if kind == "B":
            least = 0 if least is None else max(least, 0)
            most = 1 if most is None else min(most, 1)
        for side, bound in (("lower", least), ("upper", most)):
            if bound is not None and abs(bound) >= INFINITY:
                faults.add(
                    f"column {name}",
                    f"its {side} bound is {shown(bound)}, beyond the 2**62 of exact arithmetic",
                    "State a smaller one, or none if it is infinite",
                )
        if least is not None and most is not None and least > most:
            inside = "0..1, as it is binary" if kind == "B" else "that range"
            faults.add(
                f"column {name}",
                f"its bounds {_side(low)}..{_side(high)} contradict: no integer lies in {inside}",
                "Correct one of the two",
            )
        lower.append(least)
        upper.append(most)
    return Bounds(lower, upper) if faults.count == before else None


def _side(bound: Number | None) -> str:
    return "none" if bound is None else shown(bound)


def _denominator(terms: Terms) -> int:
    return math.lcm(*(value.denominator for _, value in terms))


def _scaled(terms: Terms, scale: int) -> IntegerTerms:
    return [(column, int(value * scale)) for column, value in terms]


def integer_objectives(
    objectives: StatedObjectives, columns: StatedColumns | None, faults: FaultList
) -> IntegerObjectives:
    """Objectives as integer costs to be minimised, those that can be stated so."""
    if columns is not None:
        _refuse_continuous(objectives, columns, faults)
    exact = IntegerObjectives([], [], [], [], [])
    for name, sense, terms, constant in zip(
        objectives.names, objectives.senses, objectives.terms, objectives.constants, strict=True
    ):
        scale = math.lcm(_denominator(terms), constant.denominator)
        if scale > MAX_SCALE:
            faults.add(
                f"objective {name}",
                "cannot be scaled to integers exactly: the common denominator of its coefficients "
                f"is {shown(scale)}, more than 10**9",
                "Round its coefficients to at most 9 decimals, or state it in a smaller unit",
            )
            continue
        sign = 1 if sense == "min" else -1
        exact.names.append(name)
        exact.senses.append(sense)
        exact.costs.append([(column, sign * value) for column, value in _scaled(terms, scale)])
        exact.scales.append(scale)
        exact.offsets.append(int(constant * scale))
    return exact


def _refuse_continuous(
    objectives: StatedObjectives, columns: StatedColumns, faults: FaultList
) -> None:
    continuous = {column for column, kind in enumerate(columns.types) if kind == "C"}
    elsewhere = set(continuous)
    for name, terms in zip(objectives.names, objectives.terms, strict=True):
        inside = [(column, value) for column, value in terms if column in continuous]
        if inside:
            column, value = inside[0]
            more = f" and {len(inside) - 1} more" if len(inside) > 1 else ""
            faults.add(
                f"objective {name}",
                f"objective {name} is continuous: it holds {shown(value)} x column "
                f"{columns.names[column]}{more} of type C",
                _INTEGER_UNIT,
            )
            elsewhere.difference_update(column for column, _ in inside)
    for column in sorted(elsewhere):
        faults.add(
            f"column {columns.names[column]}",
            "is continuous (type C): only programs with integer columns are proved",
            _INTEGER_UNIT,
        )


def integer_rows(rows: StatedRows, faults: FaultList) -> IntegerRows | None:
    """Rows with coprime integer coefficients; ``None`` if one holds at no integer point."""
    before = faults.count
    all_terms: list[IntegerTerms] = []
    lower: list[int | None] = []
    upper: list[int | None] = []
    units: list[Fraction] = []
    for name, stated, low, high in zip(rows.names, rows.terms, rows.lower, rows.upper, strict=True):
        scale = _denominator(stated)
        terms = _scaled(stated, scale)
        divisor = math.gcd(*(value for _, value in terms)) or 1
        unit = Fraction(divisor, scale)
        # Exact quotients: only the rounding, to the safe side, drops anything.
        least = None if low is None else math.ceil(low / unit)
        most = None if high is None else math.floor(high / unit)
        if low is not None and high is not None and low > high:
            faults.add(
                f"row {name}",
                f"its sides {shown(low)}..{shown(high)} contradict",
                "Correct one of the two",
            )
        elif terms and least is not None and most is not None and least > most:
            said = f"equal {shown(low)}" if low == high else f"lie in {shown(low)}..{shown(high)}"
            faults.add(
                f"row {name}",
                f"cannot {said}: at integer points its sum is a multiple of {shown(unit)}",
                "Correct its right-hand side or its coefficients",
            )
        all_terms.append([(column, value // divisor) for column, value in terms])
        lower.append(least)
        upper.append(most)
        units.append(unit)
    if faults.count != before:
        return None
    return IntegerRows(rows.names, all_terms, lower, upper, units)
