"""The size of a program after presolve, read from what a library logs.

No library tells it in another way without presolving once more. A log that does not say it, as
when presolve itself proves the program infeasible, gives ``None``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PresolvedSize", "cp_sat_presolved", "highs_presolved", "scip_presolved"]


@dataclass(frozen=True, slots=True)
class PresolvedSize:
    """Rows, columns and nonzeros after presolve; ``None`` where the log does not say."""

    rows: int | None = None
    columns: int | None = None
    nonzeros: int | None = None


# "Presolve reductions: rows 3(-2); columns 30(-0); nonzeros 90(-60)"; the first is the program's
# own, later ones may be of a restart.
_HIGHS = re.compile(r"Presolve reductions: rows (\d+)\(.*?; columns (\d+)\(.*?; nonzeros (\d+)\(")

# "presolved problem has 30 variables (30 bin, 0 int, 0 cont) and 3 constraints"
_SCIP = re.compile(r"presolved problem has (\d+) variables .* and (\d+) constraints")

# "#Variables: 30 (#bools: 30 in objective)" and "#kLinearN: 3 (#enforced: 1) (#terms: 90)".
_CP_VARIABLES = re.compile(r"#Variables: ([\d']+)")
_CP_CONSTRAINTS = re.compile(r"^#k(\w+): ([\d']+)(.*)$", re.MULTILINE)
_CP_ENTRIES = re.compile(r"#(?:terms|literals): ([\d']+)")
_CP_FIXED_LENGTH = {"Linear0": 0, "Linear1": 1, "Linear2": 2, "Linear3": 3}
_CP_LISTED = frozenset({"LinearN", "BoolOr", "BoolAnd", "AtMostOne", "ExactlyOne"})


def highs_presolved(log: str) -> PresolvedSize:
    """Size after the first presolve of HiGHS."""
    found = _HIGHS.search(log)
    if found is None:
        return PresolvedSize()
    rows, columns, nonzeros = (int(number) for number in found.groups())
    return PresolvedSize(rows, columns, nonzeros)


def scip_presolved(log: str) -> PresolvedSize:
    """Size after the first presolve of SCIP, which does not tell the nonzeros."""
    found = _SCIP.search(log)
    return PresolvedSize() if found is None else PresolvedSize(int(found[2]), int(found[1]))


def cp_sat_presolved(log: str) -> PresolvedSize:
    """Size after presolve of CP-SAT: constraints of all kinds, variables, terms and literals.

    Nonzeros are told where all constraints are linear or Boolean; literals that enforce are not
    among them.
    """
    _, mark, rest = log.partition("\nPresolved ")
    if not mark:
        return PresolvedSize()
    model = rest.split("\n\n", maxsplit=1)[0]
    variables = _CP_VARIABLES.search(model)
    rows, nonzeros = 0, 0
    all_listed = True
    for kind, told, details in _CP_CONSTRAINTS.findall(model):
        count = _whole(told)
        rows += count
        entries = _CP_ENTRIES.search(details)
        if kind in _CP_FIXED_LENGTH:
            nonzeros += count * _CP_FIXED_LENGTH[kind]
        elif kind in _CP_LISTED and entries is not None:
            nonzeros += _whole(entries[1])
        else:
            all_listed = False
    columns = None if variables is None else _whole(variables[1])
    return PresolvedSize(rows, columns, nonzeros if all_listed else None)


def _whole(told: str) -> int:
    """A number with thousands set off by apostrophes."""
    return int(told.replace("'", ""))
