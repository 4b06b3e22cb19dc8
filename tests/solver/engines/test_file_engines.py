"""Engines behind files: the real ones where they are installed, and a stand-in everywhere."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from formulations.rows import SparseRows
from solver.engines.cbc import CbcEngine
from solver.engines.contract import Termination
from solver.engines.cp_sat import CpSatEngine
from solver.engines.file_engine import FileEngine
from solver.engines.glpk import GlpkEngine
from solver.errors import EngineError

ENGINES: tuple[type[FileEngine], ...] = (CbcEngine, GlpkEngine)

STAND_IN = r"""
import itertools, sys
program, solution = sys.argv[1], sys.argv[sys.argv.index("-solution") + 1]
section, kinds, goal, costs, rows, rhs, low, high = "", {}, "", {}, {}, {}, {}, {}
for line in open(program):
    fields = line.split()
    if not line.startswith(" "):
        section = fields[0]
    elif section == "ROWS":
        kinds[fields[1]] = fields[0]
        goal = fields[1] if fields[0] == "N" else goal
    elif section == "COLUMNS" and "'MARKER'" not in fields:
        costs.setdefault(fields[0], 0)
        if fields[1] == goal:
            costs[fields[0]] = int(fields[2])
        else:
            rows.setdefault(fields[1], {})[fields[0]] = int(fields[2])
    elif section == "RHS":
        rhs[fields[1]] = int(fields[2])
    elif section == "BOUNDS":
        value = int(fields[3])
        low[fields[2]] = low.get(fields[2], 0) if fields[0] == "UP" else value
        high[fields[2]] = value
fits = {"L": lambda a, b: a <= b, "G": lambda a, b: a >= b, "E": lambda a, b: a == b}
best = None
for x in itertools.product(*(range(low[c], high[c] + 1) for c in costs)):
    point = dict(zip(costs, x))
    if all(fits[k](sum(v * point[c] for c, v in rows.get(r, {}).items()), rhs.get(r, 0))
           for r, k in kinds.items() if k != "N"):
        value = sum(costs[c] * point[c] for c in costs)
        best = min(best or (value, x), (value, x))
print("Enumerated nodes:               7\nTotal iterations:               11")
with open(solution, "w") as file:
    if best is None:
        file.write("Infeasible - objective value 0.00000000\n")
    else:
        file.write(f"Optimal - objective value {best[0] + SHIFT}.00000000\n")
        for number, (c, v) in enumerate(zip(costs, best[1])):
            file.write(f"{number:7d} {c} {v + 0:d} {costs[c]}\n" if v else "")
"""


def trade() -> Milp:
    """Two integers from 0 to 9 with 3a + 2b >= 12: a and b are to be small."""
    rows = SparseRows()
    first = rows.add_block(1, lower=12)
    rows.put(first, 0, [0, 1], [3, 2])
    return rows.to_milp(
        "trade",
        lower=np.zeros(2, dtype=np.int64),
        upper=np.full(2, 9, dtype=np.int64),
        objectives={"a": np.array([1, 0]), "b": np.array([0, 1]), "sum": np.array([1, 1])},
    )


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    body = folder / "body.py"
    body.write_text(script)
    command = folder / "cbc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{body}" "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def loaded(statement: Milp, *, alone: bool = False) -> CbcEngine:
    engine = CbcEngine(alone=alone)
    engine.load(statement)
    return engine


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> FileEngine:
    if shutil.which(request.param.executable) is None:
        pytest.skip(f"{request.param.executable} is not installed")
    made: FileEngine = request.param(alone=True)
    return made


def test_an_executable_reads_the_program_and_its_answer_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, STAND_IN.replace("SHIFT", "0"))
    answer = loaded(trade()).minimise("sum", upper={"a": 2})
    assert (answer.termination, answer.objective, answer.proved_by) == (
        Termination.OPTIMAL, 5, "cbc",
    )  # fmt: skip
    assert answer.x is not None
    assert answer.x.tolist() == [2, 3]


def test_nodes_and_iterations_come_from_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, STAND_IN.replace("SHIFT", "0"))
    effort = loaded(trade()).minimise("sum", upper={}).effort
    assert effort is not None
    assert (effort.nodes, effort.iterations) == (7, 11)


def test_a_bound_below_everything_is_infeasible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, STAND_IN.replace("SHIFT", "0"))
    answer = loaded(trade()).minimise("sum", upper={"sum": 3})
    assert answer.termination is Termination.INFEASIBLE


def test_a_wrong_claim_of_optimality_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, STAND_IN.replace("SHIFT", "-1"))
    answer = loaded(trade(), alone=True).minimise("sum", upper={})
    assert answer.termination is Termination.OTHER
    assert "does not meet" in answer.refused


def test_a_point_that_breaks_a_row_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, STAND_IN.replace("SHIFT", "0").replace("v + 0", "v + 1"))
    answer = loaded(trade(), alone=True).minimise("sum", upper={"a": 2, "b": 3})
    assert (answer.termination, answer.x) == (Termination.OTHER, None)


def test_an_executable_that_fails_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, "import sys; print('no licence'); sys.exit(3)")
    answer = loaded(trade()).minimise("sum", upper={})
    assert answer.termination is Termination.OTHER
    assert answer.message == "cbc: ended with status 3 (no licence)"


def test_a_solution_that_cannot_be_read_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(
        tmp_path, monkeypatch,
        "import sys; open(sys.argv[sys.argv.index('-solution') + 1], 'w').write('a b c')",
    )  # fmt: skip
    assert loaded(trade()).minimise("sum", upper={}).termination is Termination.OTHER


def test_ctrl_c_kills_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(tmp_path, monkeypatch, "import time; time.sleep(600)")
    engine = loaded(trade())
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began_s = time.monotonic()
    answer = engine.minimise("sum", upper={})
    assert answer.termination is Termination.INTERRUPTED
    assert time.monotonic() - began_s < 60


def test_a_process_that_does_not_heed_its_limit_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr("solver.engines.file_engine._GRACE_S", 0.1)
    answer = loaded(trade()).minimise("sum", upper={}, time_limit_s=0.1)
    assert answer.termination is Termination.TIME_LIMIT


@pytest.mark.parametrize("kind", ENGINES, ids=lambda engine: engine.name)
def test_a_missing_executable_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[FileEngine]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"Install .* choose another engine"):
        kind()


@pytest.mark.parametrize("kind", ENGINES, ids=lambda engine: engine.name)
def test_numbers_beyond_its_tolerances_are_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[FileEngine]
) -> None:
    for name in ("cbc", "glpsol"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    rows = SparseRows()
    first = rows.add_block(1, lower=3, upper=INFINITY)
    rows.put(first, 0, 0, kind.believed_to + 1)
    milp = rows.to_milp(
        "large", lower=np.zeros(1, dtype=np.int64), upper=np.full(1, 9, dtype=np.int64),
        objectives={"a": np.array([1])},
    )  # fmt: skip
    asked = kind()
    asked.load(milp)
    answer = asked.minimise("a", upper={})
    assert (answer.objective, answer.proved_by) == (1, "cp-sat")
    assert f"numbers above {kind.believed_to:.0e}" in answer.refused


def test_its_answers_are_those_of_cp_sat(engine: FileEngine) -> None:
    exact = CpSatEngine()
    for statement in (trade(), _drawn(3), _drawn(4)):
        engine.load(statement)
        exact.load(statement)
        for goal in statement.objectives:
            known = exact.minimise(goal, upper={})
            found = engine.minimise(goal, upper={}, time_limit_s=60)
            assert (found.termination, found.objective) == (known.termination, known.objective)
            cut = engine.minimise(goal, upper={goal: (known.objective or 0) - 1}, time_limit_s=60)
            assert cut.termination is Termination.INFEASIBLE


def test_it_tells_its_version(engine: FileEngine) -> None:
    assert engine.version[0].isdigit()


def _drawn(seed: int) -> Milp:
    rng = np.random.default_rng(seed)
    rows = SparseRows()
    first = rows.add_block(2, lower=rng.integers(40, 90, 2), upper=INFINITY)
    rows.put(first, [[0], [1]], np.arange(5), rng.integers(1, 20, (2, 5)))
    return rows.to_milp(
        "drawn",
        lower=np.zeros(5, dtype=np.int64),
        upper=np.full(5, 4, dtype=np.int64),
        objectives={"c": rng.integers(1, 30, 5), "d": -rng.integers(0, 9, 5)},
    )
