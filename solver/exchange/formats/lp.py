"""The LP format of CPLEX: rows as sums, with ``binary = 1 -> row`` for rows that are implied.

Columns are numbered by readers as they appear, so all stand in the objective, in their order, zero
costs too: solution files that give numbers instead of names can then be read back. A row with two
different sides becomes two rows; an empty row becomes 0 times the first column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solver.exchange.formats.file_program import FileProgram, FileRow
from solver.exchange.formats.names import file_names

__all__ = ["lp_text"]

_TERMS_A_LINE = 8


def lp_text(program: FileProgram) -> str:
    """The file; the same program gives the same bytes.

    Raises
    ------
    ValueError
        If it has no columns: the format cannot state that.
    """
    if not program.columns:
        raise ValueError(f"{program.name}: the LP format cannot state a program without columns")
    return "\n".join(_lines(program)) + "\n"


def _lines(program: FileProgram) -> Iterator[str]:
    yield f"\\ {program.name}"
    yield "Minimize"
    yield from _sum(f" {program.objective}:", list(enumerate(program.costs)), program.columns, "")
    yield "Subject To"
    for row in _one_sided(program.rows):
        yield from _row(row, program.columns)
    yield "Bounds"
    for name, low, high in zip(program.columns, program.lower, program.upper, strict=True):
        yield f" {_bounds(name, low, high)}"
    yield "Generals"
    for first in range(0, len(program.columns), _TERMS_A_LINE):
        yield " " + " ".join(program.columns[first : first + _TERMS_A_LINE])
    yield "End"


def _one_sided(rows: Sequence[FileRow]) -> Iterator[FileRow]:
    names = [row.name for row in rows]
    second = file_names([f"{name}_upper" for name in names], letter="u", count=len(rows),
                        taken=names)  # fmt: skip
    for row, other in zip(rows, second, strict=True):
        if row.lower is not None and row.upper is not None and row.lower != row.upper:
            yield FileRow(row.name, row.terms, row.lower, None, row.binary)
            yield FileRow(other, row.terms, None, row.upper, row.binary)
        else:
            yield row


def _row(row: FileRow, columns: Sequence[str]) -> Iterator[str]:
    if row.lower is None:
        side = f"<= {row.upper}"
    else:
        side = f"{'=' if row.lower == row.upper else '>='} {row.lower}"
    head = f" {row.name}:"
    if row.binary is not None:
        head = f"{head} {columns[row.binary]} = 1 ->"
    yield from _sum(head, row.terms or [(0, 0)], columns, side)


def _sum(
    head: str, terms: Sequence[tuple[int, int]], columns: Sequence[str], side: str
) -> Iterator[str]:
    """A sum over several lines, as long ones are cut off by some readers."""
    told = [
        f"{'-' if value < 0 else '+'} {abs(value)} {columns[column]}" for column, value in terms
    ]
    parts = [
        " ".join(told[first : first + _TERMS_A_LINE])
        for first in range(0, len(told), _TERMS_A_LINE)
    ]
    parts[-1] = f"{parts[-1]} {side}".rstrip()
    yield f"{head} {parts[0]}"
    for part in parts[1:]:
        yield f"  {part}"


def _bounds(name: str, low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return f"{name} free"
    if low == high:
        return f"{name} = {low}"
    least = "-inf" if low is None else str(low)
    return f"{least} <= {name}" if high is None else f"{least} <= {name} <= {high}"
