"""Solution files as each solver writes them, of min 2x + 3y + z, 0 <= x, y <= 5, x + y >= 3."""

from __future__ import annotations

import pytest

from solver.exchange.formats.solutions.detect import solution_from_text
from solver.exchange.formats.solutions.integers import integers_of
from solver.exchange.formats.solutions.solution import SolutionError

HIGHS_RAW = (
    "Model status\nOptimal\n\n# Primal solution values\nFeasible\nObjective 6\n# Columns 3\n"
    "x 3\ny 0\nz 0\n# Rows 1\nr1 3\n\n# Dual solution values\nNone\n"
)
HIGHS_SPARSE = (
    "Model status\nOptimal\n\n# Primal solution values\nFeasible\nObjective 6\n# Columns -1\nx 3\n"
)
HIGHS_TABLE = (
    "Columns\n    Index Status        Lower        Upper       Primal         Dual  Type  Name\n"
    "        0                   0            5            3           Integer     x\n"
    "        1                   0            5            0           Integer     y\n"
    "        2                   0            7            0           Integer     z\n"
    "Rows\n    Index Status  Lower  Upper  Primal  Dual  Name\n"
    "        0              3      inf     3            r1\n\n"
    "Model status: Optimal\n\nObjective value: 6\n"
)
GLPK_WRITTEN = (
    "c Problem:    p\nc Rows:       1\nc Columns:    3\nc Status:     INTEGER OPTIMAL\nc\n"
    "s mip 1 3 o 6\ni 1 3\nj 1 3\nj 2 0\nj 3 0\ne o f\n"
)
GLPK_TABLE = (
    "Problem:    p\nRows:       1\nColumns:    3 (3 integer, 0 binary)\nNon-zeros:  2\n"
    "Status:     INTEGER OPTIMAL\nObjective:  o = 6 (MINimum)\n\n"
    "   No.   Row name        Activity     Lower bound   Upper bound\n"
    "------ ------------    ------------- ------------- -------------\n"
    "     1 r1                          3             3               \n\n"
    "   No. Column name       Activity     Lower bound   Upper bound\n"
    "------ ------------    ------------- ------------- -------------\n"
    "     1 x            *              3             0             5 \n"
    "     2 y            *              0             0             5 \n"
    "     3 z\n                    *              0             0             7 \n\n"
    "Integer feasibility conditions:\n"
)
CBC = "Optimal - objective value 6.00000000\n      0 x                      3          2\n"
SCIP = "solution status: optimal solution found\nobjective value:      6\nx       3 \t(obj:2)\n"
GUROBI = "# Solution for model p\n# Objective value = 6\nx 3\ny 0\nz 0\n"
CPLEX = (
    '<?xml version = "1.0"?>\n<CPLEXSolution version="1.2"><header objectiveValue="6" '
    'solutionStatusString="integer optimal solution"/><variables>'
    '<variable name="x" index="0" value="3"/><variable name="y" index="1" value="-0"/>'
    '<variable name="z" index="2" value="0.0000001"/></variables></CPLEXSolution>'
)
PLAIN = "# by hand\nx = 3\ny 0\nz 0\n"

FILES = {
    "highs raw": HIGHS_RAW, "highs sparse": HIGHS_SPARSE, "highs table": HIGHS_TABLE,
    "glpk written": GLPK_WRITTEN, "glpk table": GLPK_TABLE, "cbc": CBC, "scip": SCIP,
    "gurobi": GUROBI, "cplex": CPLEX, "plain": PLAIN,
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_told_apart_and_gives_the_same_integers(name: str) -> None:
    solution = solution_from_text(FILES[name], where="s")
    assert integers_of(solution, ("x", "y", "z"), where="s").tolist() == [3, 0, 0]


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("gurobi", "plain")])
def test_a_file_that_says_optimal_claims_it(name: str) -> None:
    solution = solution_from_text(FILES[name], where="s")
    assert solution.claim == "optimal"


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("highs sparse", "plain")])
def test_the_stated_objective_is_kept(name: str) -> None:
    assert solution_from_text(FILES[name], where="s").objective == 6 or name == "highs sparse"


@pytest.mark.parametrize("name", ["highs raw", "gurobi", "plain"])
def test_a_missing_column_is_a_fault_where_the_format_lists_zeros(name: str) -> None:
    text = FILES[name].replace("z 0\n", "")
    with pytest.raises(SolutionError, match="1 columns have no value: z"):
        integers_of(solution_from_text(text, where="s"), ("x", "y", "z"), where="s")


@pytest.mark.parametrize("name", ["highs raw", "cbc", "scip", "cplex", "plain"])
def test_a_column_that_the_program_does_not_have_is_a_fault(name: str) -> None:
    with pytest.raises(SolutionError, match="not in the program: x = 3"):
        integers_of(solution_from_text(FILES[name], where="s"), ("w", "y", "z"), where="s")


def test_a_value_off_by_more_than_a_millionth_is_no_integer() -> None:
    text = PLAIN.replace("x = 3", "x = 3.00001")
    with pytest.raises(SolutionError, match=r"no integers within 1e-6: x = 3\.00001"):
        integers_of(solution_from_text(text, where="s"), ("x", "y", "z"), where="s")


def test_more_digits_than_a_table_prints_are_refused() -> None:
    text = HIGHS_TABLE.replace("5            3 ", "5  1.23457e+06 ")
    with pytest.raises(SolutionError, match="exceed the 6 digits that HiGHS prints"):
        integers_of(solution_from_text(text, where="s"), ("x", "y", "z"), where="s")


@pytest.mark.parametrize(
    "text",
    [
        "Infeasible - objective value 7.0\n 0 x 2 0\n** 1 y 5 0\n",
        "Integer infeasible - objective value 7.0\n 0 x 3.5 0\n",
        "s mip 1 3 n 0\nj 1 0\nj 2 0\nj 3 0\n",
        "Model status\nInfeasible\n\n# Primal solution values\nNone\n",
        "solution status: infeasible\nno solution available\n",
    ],
)
def test_a_claim_of_infeasibility_brings_no_solution(text: str) -> None:
    solution = solution_from_text(text, where="s")
    assert (solution.claim, solution.values) == ("infeasible", None)
    with pytest.raises(SolutionError, match="holds no solution"):
        integers_of(solution, ("x", "y", "z"), where="s")


@pytest.mark.parametrize(
    "text",
    [
        "Stopped on time - objective value 7.0\n 0 x 3 0\n",
        "s mip 1 3 f 7\nj 1 3\nj 2 0\nj 3 0\n",
        "solution status: time limit reached\nobjective value: 7\nx 3 (obj:2)\n",
    ],
)
def test_a_solution_after_a_limit_claims_nothing(text: str) -> None:
    solution = solution_from_text(text, where="s")
    assert solution.claim == "none"
    assert integers_of(solution, ("x", "y", "z"), where="s").tolist() == [3, 0, 0]


def test_the_relaxation_that_cbc_writes_without_a_point_is_no_solution() -> None:
    text = (
        "Stopped on time (no integer solution - continuous used) - objective value 7.0\n 0 x 3 0\n"
    )
    assert solution_from_text(text, where="s").values is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "holds no column"),
        ("x three\n", "is not a number"),
        ("x 1 2\n", "line 1: 'x 1 2' is no column and its value"),
        ("x 1\nx 2\n", "column x is given again"),
        ("x nan\n", "is not finite"),
        ("<?xml version='1.0'?><!DOCTYPE a><CPLEXSolution/>", "document type"),
        ("<?xml version='1.0'?><CPLEXSolution/>", "no CPLEXSolution with a header"),
        ("s bas 1 3 f f 0\n", "does not belong to the solution of an integer program"),
    ],
)
def test_what_is_no_solution_says_where_and_what(text: str, what: str) -> None:
    with pytest.raises(SolutionError, match=what):
        solution_from_text(text, where="s")
