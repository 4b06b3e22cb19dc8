"""Facts about a statement that need no solving: its hash, its size, its coefficients."""

from __future__ import annotations

import hashlib
from typing import TypedDict

import numpy as np

from formulations.indicator import IndicatorProgram
from formulations.milp import Milp
from formulations.program import Statement
from formulations.size import size_of

__all__ = ["StatementFacts", "statement_facts", "statement_sha256"]


class StatementFacts(TypedDict):
    """As the keys of a row are called."""

    model_sha256: str
    rows: int
    columns: int
    nonzeros: int | None
    coefficient_min: int | None
    coefficient_max: int | None


def _milp_parts(milp: Milp) -> list[bytes]:
    arrays = (
        milp.lower, milp.upper, milp.is_integer, milp.row_start, milp.column_index, milp.value,
        milp.row_lower, milp.row_upper, *milp.objectives.values(),
    )  # fmt: skip
    return [np.ascontiguousarray(array, dtype="<i8").tobytes() for array in arrays]


def statement_sha256(statement: Statement) -> str:
    """Of all that an engine is given, names left out."""
    sha = hashlib.sha256(statement.kind.encode())
    if isinstance(statement, Milp):
        parts = _milp_parts(statement)
    elif isinstance(statement, IndicatorProgram):
        arrays = (
            statement.binary, statement.row_start, statement.column_index, statement.value,
            statement.row_lower, statement.row_upper,
        )  # fmt: skip
        parts = _milp_parts(statement.milp)
        parts += [np.ascontiguousarray(array, dtype="<i8").tobytes() for array in arrays]
    else:
        parts = [str(statement.model.proto).encode(), repr(sorted(statement.objectives)).encode()]
    for part in parts:
        sha.update(str(len(part)).encode())
        sha.update(part)
    return sha.hexdigest()


def statement_facts(statement: Statement) -> StatementFacts:
    """Hash, size and range of the nonzeros of the rows; a CP model has no nonzeros."""
    size = size_of(statement)
    values: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = []
    if isinstance(statement, Milp):
        values = [statement.value]
    elif isinstance(statement, IndicatorProgram):
        values = [statement.milp.value, statement.value]
    magnitudes = np.abs(np.concatenate(values)) if values else np.empty(0, dtype=np.int64)
    told = bool(len(magnitudes))
    return StatementFacts(
        model_sha256=statement_sha256(statement),
        rows=size.rows,
        columns=size.columns,
        nonzeros=size.nonzeros,
        coefficient_min=int(magnitudes.min()) if told else None,
        coefficient_max=int(magnitudes.max()) if told else None,
    )
