"""Heavy libraries: loaded when asked for, and able to share one process in either order."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SOLVE_BOTH = """
highs, cp_sat = get_engine("highs"), get_engine("cp-sat")
one = np.ones((1, 1), dtype=np.int64)
program = build_column_selection(ReplicaProblem("one", one, one, 2 * one, one == 1))
for engine in (highs, cp_sat):
    engine.load(program.statement)
    assert engine.minimise("cost", upper={}).objective == 2
print("both solved")
"""
PREPARE = """
import numpy as np
from formulations.replica.column_selection import build_column_selection
from formulations.replica.problem import ReplicaProblem
from solver.engines import get_engine
"""


def run_child(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "first", ["import highspy", "from ortools.sat.python import cp_model", "import ortools"]
)
def test_highspy_and_ortools_share_a_process_in_either_order(first: str) -> None:
    other = "from ortools.sat.python import cp_model" if "highspy" in first else "import highspy"
    assert run_child(f"{first}\n{other}\n{PREPARE}{SOLVE_BOTH}") == "both solved\n"


def test_registries_load_no_solver_library() -> None:
    code = """
import sys
import formulations.replica.registry, formulations.replica.factored_hull
import formulations.replica.gdp, formulations.replica.cp_element
heavy = {"pyomo", "ortools", "highspy"} & set(sys.modules)
assert not heavy, heavy
print("light")
"""
    assert run_child(code) == "light\n"
