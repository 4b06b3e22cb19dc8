"""The text of a generated multi-objective program, in the moip JSON layout.

The layout is told in ``solver/instance/moip/json_layout.py``. One key a line, the same bytes for
the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["MoipDocument", "RowSense"]

RowSense = Literal["<=", ">=", "="]


@dataclass
class MoipDocument:
    """A program under construction: columns first, then objectives and rows.

    Parameters
    ----------
    name, note
        The note says where the numbers come from.
    """

    name: str
    note: str
    columns: list[tuple[str, int, int]] = field(default_factory=list)
    """Name, least and greatest value."""
    objectives: list[tuple[str, Literal["min", "max"], list[int]]] = field(default_factory=list)
    """Name, sense and one coefficient for each column."""
    rows: list[tuple[str, dict[int, int], RowSense, int]] = field(default_factory=list)
    """Name, column -> coefficient, sense and right-hand side."""

    def add_column(self, name: str, lower: int, upper: int) -> int:
        """A column; returns its number, from 0."""
        self.columns.append((name, lower, upper))
        return len(self.columns) - 1

    def add_objective(
        self, name: str, sense: Literal["min", "max"], coefficients: Sequence[int]
    ) -> None:
        """An objective over all columns.

        Raises
        ------
        ValueError
            If there is not one coefficient for each column.
        """
        if len(coefficients) != len(self.columns):
            raise ValueError(f"{len(coefficients)} coefficients for {len(self.columns)} columns")
        self.objectives.append((name, sense, list(coefficients)))

    def add_row(self, name: str, terms: dict[int, int], sense: RowSense, side: int) -> None:
        """A row; coefficients of zero are left out.

        Raises
        ------
        ValueError
            If a column is unknown.
        """
        if any(not 0 <= column < len(self.columns) for column in terms):
            raise ValueError(f"row {name} names a column that is not there")
        self.rows.append((name, {c: terms[c] for c in sorted(terms) if terms[c]}, sense, side))

    def text(self) -> str:
        """The document as JSON."""
        start = [0]
        for _, terms, _, _ in self.rows:
            start.append(start[-1] + len(terms))
        binary = [(low, high) == (0, 1) for _, low, high in self.columns]
        document: dict[str, object] = {
            "format": "moip-json/1",
            "name": self.name,
            "note": self.note,
            "objectives": len(self.objectives),
            "n": len(self.columns),
            "m": len(self.rows),
            "objective_names": [name for name, _, _ in self.objectives],
            "column_names": [name for name, _, _ in self.columns],
            "row_names": [name for name, _, _, _ in self.rows],
            "senses": [sense for _, sense, _ in self.objectives],
            "c": [coefficients for _, _, coefficients in self.objectives],
            "A": {
                "start": start,
                "index": [column for _, terms, _, _ in self.rows for column in terms],
                "value": [value for _, terms, _, _ in self.rows for value in terms.values()],
            },
            "row_sense": [sense for _, _, sense, _ in self.rows],
            "rhs": [side for _, _, _, side in self.rows],
            "lb": [low for _, low, _ in self.columns],
            "ub": [high for _, _, high in self.columns],
            "vtype": "".join("B" if one else "I" for one in binary),
        }
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"
