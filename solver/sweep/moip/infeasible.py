"""Why a program has no feasible point: rows that cannot hold together.

A deletion filter (Chinneck and Dravnieks, "Locating minimal infeasible constraint sets in linear
programs", ORSA Journal on Computing 3, 1991), here on integer programs: rows are left out as long
as what remains is still proved infeasible. Blocks are tried first and halved, so that the many rows
that have no part in the conflict go together. Column bounds always hold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from formulations.milp import INFINITY, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines import get_engine
from solver.engines.contract import Termination

__all__ = ["conflicting_rows", "row_text", "rows_are_feasible"]

_ENGINE = "cp-sat"
_SHOWN_TERMS = 6


def conflicting_rows(
    program: MultiObjectiveProgram, *, time_limit_s: float | None = None
) -> tuple[str, ...]:
    """Names of an irreducible set of rows that no point within the column bounds meets.

    Without any one of them the others can be met. There may be other such sets.

    Parameters
    ----------
    time_limit_s
        For each question to the engine. A row that it could not decide on stays, so that under a
        limit the set is in conflict but perhaps not irreducible.

    Raises
    ------
    ValueError
        If the program is feasible, or not decided within the limit.
    EngineError
        If CP-SAT cannot treat the program.
    """
    kept = list(range(program.milp.n_rows))
    if rows_are_feasible(program, kept, time_limit_s=time_limit_s) is not False:
        raise ValueError(f"{program.name}: not proved infeasible")
    size = max(1, len(kept) // 2)
    while True:
        position = 0
        while position < len(kept):
            trial = kept[:position] + kept[position + size :]
            if rows_are_feasible(program, trial, time_limit_s=time_limit_s) is False:
                kept = trial
            else:
                position += size
        if size == 1:
            return tuple(program.row_names[row] for row in kept)
        size = (size + 1) // 2


def rows_are_feasible(
    program: MultiObjectiveProgram, rows: Sequence[int], *, time_limit_s: float | None = None
) -> bool | None:
    """Whether some point within the column bounds meets ``rows``; ``None`` where undecided."""
    engine = get_engine(_ENGINE)
    milp = _restricted(program.milp, rows)
    engine.load(milp)
    answer = engine.minimise(next(iter(milp.objectives)), upper={}, time_limit_s=time_limit_s)
    if answer.termination is Termination.INTERRUPTED:
        raise KeyboardInterrupt
    if answer.x is not None:
        return True
    return False if answer.termination is Termination.INFEASIBLE else None


def _restricted(milp: Milp, rows: Sequence[int]) -> Milp:
    """The program with some of its rows, and an objective that is met by the first point found."""
    chosen = np.array(rows, dtype=np.int64)
    lengths = np.diff(milp.row_start)[chosen]
    entries = [
        np.arange(milp.row_start[row], milp.row_start[row + 1], dtype=np.int64) for row in rows
    ]
    taken = np.concatenate(entries) if entries else np.empty(0, dtype=np.int64)
    return dataclasses.replace(
        milp,
        row_start=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)]),
        column_index=milp.column_index[taken],
        value=milp.value[taken],
        row_lower=milp.row_lower[chosen],
        row_upper=milp.row_upper[chosen],
        objectives={"any": np.zeros(milp.n_columns, dtype=np.int64)},
    )


def row_text(program: MultiObjectiveProgram, name: str) -> str:
    """A row as people write it, in the integers that were compared: ``3 x1 - x2 + ... <= 7``.

    Raises
    ------
    ValueError
        If there is no such row.
    """
    milp = program.milp
    row = program.row_names.index(name)
    start, stop = int(milp.row_start[row]), int(milp.row_start[row + 1])
    terms: list[str] = []
    for entry in range(start, min(stop, start + _SHOWN_TERMS)):
        value = int(milp.value[entry])
        column = program.column_names[int(milp.column_index[entry])]
        sign = "-" if value < 0 else "+" if terms else ""
        factor = "" if abs(value) == 1 else f"{abs(value)} "
        terms.append(f"{sign}{' ' if terms else ''}{factor}{column}")
    if stop - start > _SHOWN_TERMS:
        terms.append(f"+ ... ({stop - start} terms)")
    left = " ".join(terms) or "0"
    low, high = int(milp.row_lower[row]), int(milp.row_upper[row])
    if low == high:
        return f"{left} = {low}"
    if low <= -INFINITY:
        return f"{left} <= {high}" if high < INFINITY else f"{left} is free"
    if high >= INFINITY:
        return f"{left} >= {low}"
    return f"{low} <= {left} <= {high}"
