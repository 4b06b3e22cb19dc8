"""The size of a program on paper: what its formulas say before anything is built."""

from __future__ import annotations

from dataclasses import dataclass

from formulations.indicator import IndicatorProgram
from formulations.milp import Milp
from formulations.program import Statement

__all__ = ["ProgramSize", "size_of"]


@dataclass(frozen=True, slots=True)
class ProgramSize:
    """Rows, columns and nonzeros; objectives are not counted as rows.

    Parameters
    ----------
    rows
        Rows of a sparse program, implied ones among them; constraints of a CP model.
    columns
        Columns, or variables.
    nonzeros
        Of all rows, the binary of an implication not counted; ``None`` where the formulas do not
        say, and of CP models.
    """

    rows: int
    columns: int
    nonzeros: int | None = None


def size_of(statement: Statement) -> ProgramSize:
    """The size of a statement as it was built."""
    if isinstance(statement, IndicatorProgram):
        milp = statement.milp
        return ProgramSize(
            milp.n_rows + len(statement.binary),
            milp.n_columns,
            len(milp.value) + len(statement.value),
        )
    if isinstance(statement, Milp):
        return ProgramSize(statement.n_rows, statement.n_columns, len(statement.value))
    return ProgramSize(len(statement.model.proto.constraints), statement.n_columns)
