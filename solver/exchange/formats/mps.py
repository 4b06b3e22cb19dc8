"""Free MPS: fields separated by blanks, integers between markers, every bound written out.

Readers differ on what an integer column without bounds may be (0 to 1, or 0 to infinity), so both
bounds of every column are stated. A row with two different sides is a G row with a range. Rows that
hold only where a binary is 1 are listed under INDICATORS, which SCIP, CPLEX and Gurobi read.

The format is IBM's (Mathematical Programming System/360, 1969); markers, ranges on G rows and
INDICATORS are its common extensions.
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.exchange.formats.file_program import FileProgram, FileRow

__all__ = ["column_bounds", "mps_text", "row_type"]


def mps_text(program: FileProgram) -> str:
    """The file; the same program gives the same bytes."""
    return "\n".join(_lines(program)) + "\n"


def row_type(row: FileRow) -> str:
    """``E``, ``L`` or ``G``; a row with two different sides is ``G`` with a range."""
    if row.lower is None:
        return "L"
    return "E" if row.lower == row.upper else "G"


def _lines(program: FileProgram) -> Iterator[str]:
    yield f"NAME {program.name} FREE"
    yield "ROWS"
    yield f" N {program.objective}"
    for row in program.rows:
        yield f" {row_type(row)} {row.name}"
    yield "COLUMNS"
    yield " MARKER 'MARKER' 'INTORG'"
    entries: list[list[tuple[str, int]]] = [
        # A column without any entry would not exist in the file.
        [(program.objective, cost)] for cost in program.costs
    ]  # fmt: skip
    for row in program.rows:
        for column, value in row.terms:
            entries[column].append((row.name, value))
    for name, told in zip(program.columns, entries, strict=True):
        for row_name, value in told if len(told) == 1 else (e for e in told if e[1]):
            yield f" {name} {row_name} {value}"
    yield " MARKER 'MARKER' 'INTEND'"
    yield "RHS"
    for row in program.rows:
        side = row.upper if row.lower is None else row.lower
        if side:
            yield f" RHS {row.name} {side}"
    ranges = [
        f" RNG {row.name} {row.upper - row.lower}"
        for row in program.rows
        if row.lower is not None and row.upper is not None and row.lower != row.upper
    ]
    if ranges:
        yield "RANGES"
        yield from ranges
    yield "BOUNDS"
    for name, low, high in zip(program.columns, program.lower, program.upper, strict=True):
        yield from column_bounds(name, low, high)
    implied = [row for row in program.rows if row.binary is not None]
    if implied:
        yield "INDICATORS"
        for row in implied:
            if row.binary is not None:
                yield f" IF {row.name} {program.columns[row.binary]} 1"
    yield "ENDATA"


def column_bounds(name: str, low: int | None, high: int | None) -> Iterator[str]:
    """Lines of BOUNDS for a column; ``None``: open."""
    if low is None and high is None:
        yield f" FR BND {name}"
    elif low == high:
        yield f" FX BND {name} {low}"
    else:
        yield f" MI BND {name}" if low is None else f" LO BND {name} {low}"
        yield f" PL BND {name}" if high is None else f" UP BND {name} {high}"
