"""What the sections of an MPS file add up to, and its conventions.

* Bounds not stated are 0 and infinity, for integer columns too (some readers take 0..1 there).
* A negative upper bound without a lower one opens the lower side: it becomes minus infinity.
* The right-hand side of an objective row is minus its constant: the objective is
  :math:`c x - \\text{rhs}`.
* A range r of a row with right-hand side b: G gives b..b+|r|, L gives b-|r|..b, E gives b..b+r for
  r >= 0 and b+r..b for r < 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from formulations.moip.problem import Sense
from solver.instance.moip.faults import FaultList
from solver.instance.moip.numerals import Number, magnitude
from solver.instance.moip.stated import (
    ColumnType,
    StatedColumns,
    StatedObjectives,
    StatedRows,
    Terms,
    check_names,
)

__all__ = ["MpsColumn", "MpsModel", "RowKind"]

RowKind = Literal["N", "L", "G", "E"]


@dataclass(slots=True)
class MpsColumn:
    """One column; ``lower`` and ``upper`` hold a bound (``None``: infinite) where one is stated."""

    type: ColumnType
    entries: dict[str, Number] = field(default_factory=dict)
    lower: tuple[Number | None] | None = None
    upper: tuple[Number | None] | None = None

    @property
    def bounds(self) -> tuple[Number | None, Number | None]:
        """Both bounds, by convention where not stated."""
        upper = self.upper[0] if self.upper else None
        if self.lower:
            return self.lower[0], upper
        return (None if upper is not None and upper < 0 else 0), upper


@dataclass(slots=True)
class MpsModel:
    """All of a file, by name, in the order in which names appear."""

    name: str
    sense: Sense = "min"
    senses: dict[str, Sense] = field(default_factory=dict)
    rows: dict[str, RowKind] = field(default_factory=dict)
    columns: dict[str, MpsColumn] = field(default_factory=dict)
    rhs: dict[str, Number] = field(default_factory=dict)
    ranges: dict[str, Number] = field(default_factory=dict)

    def _terms(self, names: list[str]) -> dict[str, Terms]:
        terms: dict[str, Terms] = {name: [] for name in names}
        for index, column in enumerate(self.columns.values()):
            for row, value in column.entries.items():
                if row in terms and value:
                    terms[row].append((index, value))
        return terms

    def stated_columns(self, faults: FaultList) -> StatedColumns | None:
        """Columns, unless there is none or a name is unprintable."""
        before = faults.count
        if not self.columns:
            faults.add("COLUMNS", "no column is stated", "State at least one")
        check_names(list(self.columns), place="COLUMNS", faults=faults)
        if faults.count != before:
            return None
        bounds = [column.bounds for column in self.columns.values()]
        return StatedColumns(
            names=tuple(self.columns),
            types=tuple(column.type for column in self.columns.values()),
            lower=[low for low, _ in bounds],
            upper=[high for _, high in bounds],
        )

    def stated_objectives(self, faults: FaultList) -> StatedObjectives | None:
        """Objectives, unless there are fewer than two or a name is unprintable."""
        before = faults.count
        names = [name for name, kind in self.rows.items() if kind == "N"]
        if len(names) < 2:
            faults.add(
                "ROWS",
                f"states {len(names)} objective rows (N), and two are needed",
                "State one N row for each objective",
            )
        check_names(names, place="ROWS", faults=faults)
        if faults.count != before:
            return None
        terms = self._terms(names)
        return StatedObjectives(
            names=tuple(names),
            senses=tuple(self.senses.get(name, self.sense) for name in names),
            terms=[terms[name] for name in names],
            constants=[-self.rhs.get(name, 0) for name in names],
        )

    def stated_rows(self, faults: FaultList) -> StatedRows | None:
        """Rows that are no objectives, unless a name is unprintable."""
        before = faults.count
        names = [name for name, kind in self.rows.items() if kind != "N"]
        check_names(names, place="ROWS", faults=faults)
        if faults.count != before:
            return None
        terms = self._terms(names)
        sides = [self._sides(name) for name in names]
        return StatedRows(
            names=tuple(names),
            terms=[terms[name] for name in names],
            lower=[low for low, _ in sides],
            upper=[high for _, high in sides],
        )

    def _sides(self, name: str) -> tuple[Number | None, Number | None]:
        kind, side, span = self.rows[name], self.rhs.get(name, 0), self.ranges.get(name)
        if kind == "L":
            return (None if span is None else side - magnitude(span)), side
        if kind == "G":
            return side, (None if span is None else side + magnitude(span))
        span = span or 0
        return min(side, side + span), max(side, side + span)
