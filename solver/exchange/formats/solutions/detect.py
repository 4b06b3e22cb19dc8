"""Which solver wrote a solution file: told by how it begins."""

from __future__ import annotations

from pathlib import Path

from solver.exchange.formats.solutions import glpk, highs
from solver.exchange.formats.solutions.cplex import read_cplex
from solver.exchange.formats.solutions.listed import (
    CBC_HEAD,
    read_cbc,
    read_gurobi,
    read_plain,
    read_scip,
)
from solver.exchange.formats.solutions.solution import Solution, SolutionError

__all__ = ["read_solution", "solution_from_text"]

_MAX_BYTES = 200_000_000


def read_solution(path: Path) -> Solution:
    """Read a solution file of HiGHS, SCIP, CBC, GLPK, Gurobi or CPLEX, or a plain list.

    Raises
    ------
    SolutionError
        If it cannot be read: where, what, how to mend.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SolutionError.one(
            f"cannot be read ({reason})", where=where, mend="Check the path"
        ) from error
    if len(data) > _MAX_BYTES:
        raise SolutionError.one(
            f"holds more than {_MAX_BYTES} bytes", where=where, mend="Give a solution file"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SolutionError.one(
            f"is not UTF-8 text (byte {error.start})", where=where, mend="Give a solution file"
        ) from error
    return solution_from_text(text, where=where)


def solution_from_text(text: str, *, where: str) -> Solution:
    """Read the text of a solution file; ``where`` names it in messages.

    Raises
    ------
    SolutionError
        If it is none.
    """
    text = text.lstrip("\r\n \t")
    first = text.partition("\n")[0].strip()
    if first.startswith(("<?xml", "<CPLEXSolution")):
        return read_cplex(text, where=where)
    if first == "Model status":
        return highs.read_raw(text, where=where)
    if first == "Columns" and "Index Status" in text:
        return highs.read_table(text, where=where)
    if first.startswith(("c Problem:", "s mip", "s bas", "s ipt")):
        return glpk.read_written(text, where=where)
    if first.startswith("Problem:"):
        return glpk.read_table(text, where=where)
    if first.startswith(("solution status:", "objective value:")):
        return read_scip(text, where=where)
    if first.startswith(("# Solution for model", "# Objective value")):
        return read_gurobi(text, where=where)
    if CBC_HEAD.match(first):
        return read_cbc(text, where=where)
    return read_plain(text, where=where)
