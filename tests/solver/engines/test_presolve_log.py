"""Sizes after presolve as three libraries log them."""

from __future__ import annotations

from solver.engines.presolve_log import (
    PresolvedSize,
    cp_sat_presolved,
    highs_presolved,
    scip_presolved,
)

HIGHS = """Presolving model
3 rows, 30 cols, 90 nonzeros 0s
Presolve reductions: rows 3(-2); columns 30(-0); nonzeros 90(-60)
"""

SCIP = """presolving (3 rounds: 3 fast, 2 medium, 2 exhaustive):
 0 deleted vars, 2 deleted constraints, 0 added constraints, 0 tightened bounds
presolved problem has 31 variables (30 bin, 1 int, 0 cont) and 4 constraints
"""

CP_SAT = """
Initial optimization model '': (model_fingerprint: 0xea2d52482946a79e)
#Variables: 32 (#ints: 1 in objective) (31 primary variables)
#kLinearN: 5 (#terms: 152)

Presolved optimization model '': (model_fingerprint: 0x32d80d9500103926)
#Variables: 1'530 (#bools: 30 in objective) (30 primary variables)
  - 30 Booleans in [0,1]
#kAtMostOne: 2 (#literals: 7)
#kLinear1: 4 (#enforced: 4)
#kLinear2: 3
#kLinearN: 1'003 (#enforced: 2) (#terms: 4'090)
[Symmetry] Graph for symmetry has 121 nodes and 178 arcs.

Preloading model.
#kLinear3: 99
"""


def test_highs_tells_rows_columns_and_nonzeros() -> None:
    assert highs_presolved(HIGHS) == PresolvedSize(3, 30, 90)


def test_a_restart_of_highs_is_not_the_first_presolve() -> None:
    later = HIGHS.replace("rows 3(", "rows 1(")
    assert highs_presolved(HIGHS + later) == PresolvedSize(3, 30, 90)


def test_a_program_that_highs_reduces_to_nothing_has_size_zero() -> None:
    log = "Presolve reductions: rows 0(-5); columns 0(-2); nonzeros 0(-10) - Reduced to empty\n"
    assert highs_presolved(log) == PresolvedSize(0, 0, 0)


def test_scip_tells_constraints_and_variables() -> None:
    assert scip_presolved(SCIP) == PresolvedSize(4, 31, None)


def test_cp_sat_tells_constraints_variables_and_entries() -> None:
    rows, nonzeros = 2 + 4 + 3 + 1003, 7 + 4 + 6 + 4090
    assert cp_sat_presolved(CP_SAT) == PresolvedSize(rows, 1530, nonzeros)


def test_other_constraints_of_cp_sat_have_no_nonzeros() -> None:
    log = CP_SAT.replace("#kLinear2: 3", "#kCircuit: 3 (#literals: 8)")
    assert cp_sat_presolved(log) == PresolvedSize(1012, 1530, None)


def test_a_log_without_a_presolved_model_tells_nothing() -> None:
    nothing = PresolvedSize(None, None, None)
    assert highs_presolved("Presolve: Infeasible") == nothing
    assert scip_presolved("presolving detected infeasibility") == nothing
    assert cp_sat_presolved(CP_SAT.partition("\nPresolved")[0]) == nothing
