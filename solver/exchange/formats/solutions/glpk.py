"""Solution files of GLPK: ``glpsol -w`` (numbers of columns) and ``glpsol -o`` (a table).

HiGHS writes the same as its styles 2 and 3.
"""

from __future__ import annotations

from solver.exchange.formats.solutions.solution import (
    Claim,
    Solution,
    SolutionError,
    claim_of,
    number_at,
)
from solver.instance.moip.numerals import Number

__all__ = ["MIP_STATUSES", "read_table", "read_written"]

MIP_STATUSES: dict[str, str] = {
    "o": "INTEGER OPTIMAL",
    "f": "INTEGER NON-OPTIMAL",
    "n": "INTEGER EMPTY",
    "u": "INTEGER UNDEFINED",
}
"""The status letter of ``s mip`` lines, GLPK reference manual, section on glp_write_mip."""

_HELD = ("o", "f")
_MEND = "Write the solution again with glpsol -w FILE"


def read_written(text: str, *, where: str) -> Solution:
    """What ``glpsol -w`` writes of an integer program.

    Raises
    ------
    SolutionError
        If it is of a linear program, or has no ``s`` line.
    """
    values: dict[str, Number] = {}
    letter, objective = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0] in ("c", "e", "i"):
            continue
        if fields[0] == "s" and len(fields) == 6 and fields[1] == "mip":
            letter = fields[4]
            objective = number_at(fields[5], where=where, line=number)
        elif fields[0] == "j" and len(fields) == 3:
            values[fields[1]] = number_at(fields[2], where=where, line=number)
        else:
            raise SolutionError.one(
                f"{line[:60]!r} does not belong to the solution of an integer program",
                where=f"{where}: line {number}",
                mend=_MEND,
            )
    status = MIP_STATUSES.get(letter)
    if status is None:
        raise SolutionError.one(f"status {letter!r} is not known", where=where, mend=_MEND)
    held = letter in _HELD
    claim: Claim = {"o": "optimal", "n": "infeasible"}.get(letter, "none")  # type: ignore[assignment]
    return Solution(
        "GLPK", values if held else None, by_number=True, status=status, claim=claim,
        objective=objective if held else None,
    )  # fmt: skip


def read_table(text: str, *, where: str) -> Solution:
    """What ``glpsol -o`` writes: six digits to a value, long names on a line of their own.

    Raises
    ------
    SolutionError
        If a line of the table has too few fields.
    """
    values: dict[str, Number] = {}
    status, objective = "", None
    inside, waiting = False, ""
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if line.startswith("Status:"):
            status = line.partition(":")[2].strip()
        elif line.startswith("Objective:"):
            told = line.partition("=")[2].split()
            objective = number_at(told[0], where=where, line=number) if told else None
        elif "Column name" in line:
            inside = True
        elif inside and not fields:
            inside = bool(waiting)
            if values:
                break
        elif inside and not line.startswith("---"):
            if waiting:
                name, rest = waiting, fields
            else:
                name, rest = (fields[1], fields[2:]) if len(fields) > 1 else ("", [])
            waiting = "" if rest else name
            if not rest:
                continue
            # An asterisk marks integer columns; of linear programs a status stands there.
            told = [field for field in rest if field not in ("*", "B", "NL", "NU", "NF", "NS")]
            if not told or not name:
                raise SolutionError.one(
                    "a column has no value", where=f"{where}: line {number}", mend=_MEND
                )
            values[name] = number_at(told[0], where=where, line=number)
    claim = claim_of(status)
    held = bool(values) and claim != "infeasible" and "UNDEFINED" not in status
    return Solution(
        "GLPK", values if held else None, digits=6, status=status, claim=claim,
        objective=objective if held else None,
    )  # fmt: skip
