"""Solution files that list columns by name: CBC, SCIP, Gurobi, and plain ``name value``."""

from __future__ import annotations

import re

from solver.exchange.formats.solutions.solution import Solution, SolutionError, claim_of, number_at
from solver.instance.moip.numerals import Number

__all__ = ["CBC_HEAD", "read_cbc", "read_gurobi", "read_plain", "read_scip"]

CBC_HEAD = re.compile(
    r"(Optimal|Infeasible|Integer infeasible|Unbounded|Stopped on|Unknown)\b.*objective value\s+\S+"
)
"""First line of a file of CBC."""
_MEND = "Write the solution again, or give lines of: column value"


def read_cbc(text: str, *, where: str) -> Solution:
    """CBC's ``solution``: number, name, value and cost a line; ``**`` marks what breaks a row.

    Zeros may be left out. Points that CBC calls infeasible, or that have no integers, are none.

    Raises
    ------
    SolutionError
        If a line has another form.
    """
    lines = text.splitlines()
    status, _, told = lines[0].partition("objective value")
    status = status.strip().rstrip("-").strip()
    values: dict[str, Number] = {}
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split()
        if fields[:1] == ["**"]:
            fields = fields[1:]
        if not fields:
            continue
        if len(fields) != 4:
            raise SolutionError.one(
                f"{line[:60]!r} is not: number name value cost",
                where=f"{where}: line {number}",
                mend=_MEND,
            )
        values[fields[1]] = number_at(fields[2], where=where, line=number)
    claim = claim_of(status)
    # After a limit without a point CBC writes the relaxation's instead, and says so.
    nothing = claim == "infeasible" or "no integer solution" in status or "nfeasible" in status
    return Solution(
        "CBC", None if nothing or status.startswith("Unbounded") else values, omits_zeros=True,
        digits=8, status=status, claim=claim,
        objective=None if nothing else number_at(told.split()[0], where=where, line=1),
    )  # fmt: skip


def read_scip(text: str, *, where: str) -> Solution:
    """SCIP's ``write solution``: columns that are not 0, with their costs in brackets.

    Raises
    ------
    SolutionError
        If a line has another form.
    """
    status, objective = "", None
    values: dict[str, Number] | None = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        if line.startswith("solution status:"):
            status = line.partition(":")[2].strip()
        elif line.startswith("objective value:"):
            objective = number_at(fields[-1], where=where, line=number)
        elif line.startswith("no solution available"):
            values = None
        elif values is not None and len(fields) in (2, 3):
            values[fields[0]] = number_at(fields[1], where=where, line=number)
        else:
            raise SolutionError.one(
                f"{line[:60]!r} is no column and its value",
                where=f"{where}: line {number}",
                mend=_MEND,
            )
    claim = claim_of(status)
    if objective is None or claim == "infeasible":
        values = None
    return Solution(
        "SCIP", values, omits_zeros=True, status=status, claim=claim, objective=objective
    )


def read_gurobi(text: str, *, where: str) -> Solution:
    """Gurobi's ``.sol``: every column; the objective in a comment. It proves nothing."""
    objective = None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("# Objective value"):
            objective = number_at(line.partition("=")[2].strip(), where=where, line=number)
    plain = read_plain(text, where=where)
    return Solution("Gurobi", plain.values, objective=objective)


def read_plain(text: str, *, where: str) -> Solution:
    """Lines of a name and a value, with or without ``=`` between them; ``#`` begins a comment.

    Raises
    ------
    SolutionError
        If a line has another form, a column is given twice, or there is none.
    """
    values: dict[str, Number] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.partition("#")[0].replace("=", " ").split()
        if not fields:
            continue
        if len(fields) != 2:
            raise SolutionError.one(
                f"{line[:60]!r} is no column and its value",
                where=f"{where}: line {number}",
                mend=_MEND,
            )
        if fields[0] in values:
            raise SolutionError.one(
                f"column {fields[0]} is given again",
                where=f"{where}: line {number}",
                mend="Give it once",
            )
        values[fields[0]] = number_at(fields[1], where=where, line=number)
    if not values:
        raise SolutionError.one("holds no column", where=where, mend=_MEND)
    return Solution("a plain list", values)
