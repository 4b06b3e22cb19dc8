"""Solution files of HiGHS: raw and sparse (styles 0 and 4), and the table of style 1.

Styles 2 and 3 are those of GLPK, see ``glpk``.
"""

from __future__ import annotations

from solver.exchange.formats.solutions.solution import Solution, SolutionError, claim_of, number_at
from solver.instance.moip.numerals import Number

__all__ = ["read_raw", "read_table"]

_NAME = "HiGHS"
_MEND = "Write the solution again with HiGHS, option solution_file"


def read_raw(text: str, *, where: str) -> Solution:
    """Style 0, every column by name, or style 4, those that are not 0.

    Raises
    ------
    SolutionError
        If a line is no column and its value.
    """
    lines = [line.strip() for line in text.splitlines()]
    status = _after(lines, "Model status")
    claim = claim_of(status)
    if "# Primal solution values" not in lines:
        return Solution(_NAME, None, status=status, claim=claim)
    start = lines.index("# Primal solution values") + 1
    kind = lines[start] if start < len(lines) else ""
    if kind in ("None", "Infeasible", ""):
        return Solution(_NAME, None, status=status, claim=claim)
    objective: Number | None = None
    values: dict[str, Number] = {}
    inside, sparse = False, False
    for number, line in enumerate(lines[start:], start=start + 1):
        fields = line.split()
        if fields[:1] == ["Objective"] and len(fields) == 2:
            objective = number_at(fields[1], where=where, line=number)
        elif fields[:2] == ["#", "Columns"] and len(fields) == 3:
            inside, sparse = True, fields[2].startswith("-")
        elif line.startswith("#"):
            if inside:
                break
        elif inside and len(fields) == 2:
            values[fields[0]] = number_at(fields[1], where=where, line=number)
        elif inside and fields:
            raise SolutionError.one(
                f"{line[:60]!r} is no column and its value",
                where=f"{where}: line {number}",
                mend=_MEND,
            )
    return Solution(
        _NAME, values, omits_zeros=sparse, status=status, claim=claim, objective=objective
    )


def _after(lines: list[str], heading: str) -> str:
    """The line below a heading."""
    at = lines.index(heading) if heading in lines else len(lines)
    return lines[at + 1] if at + 1 < len(lines) else ""


def read_table(text: str, *, where: str) -> Solution:
    """Style 1: a table with bounds, six digits to a value.

    Raises
    ------
    SolutionError
        If a line of the table has another number of fields.
    """
    values: dict[str, Number] = {}
    status, objective = "", None
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if fields == ["Columns"]:
            inside = True
        elif fields == ["Rows"]:
            inside = False
        elif line.startswith("Model status:"):
            status = line.partition(":")[2].strip()
        elif line.startswith("Objective value:"):
            objective = number_at(fields[-1], where=where, line=number)
        elif inside and fields and fields[0] != "Index":
            # Of integer programs status and dual are blank.
            place = {6: -3, 8: -4}.get(len(fields))
            if place is None:
                raise SolutionError.one(
                    f"a column has {len(fields)} fields, not 6 or 8",
                    where=f"{where}: line {number}",
                    mend=_MEND,
                )
            values[fields[-1]] = number_at(fields[place], where=where, line=number)
    return Solution(
        _NAME, values or None, digits=6, status=status, claim=claim_of(status),
        objective=objective,
    )  # fmt: skip
