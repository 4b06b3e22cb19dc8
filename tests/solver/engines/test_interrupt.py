"""Ctrl-C: the solve ends soon, what was found is kept, nothing is proved by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from solver.engines import ENGINE_NAMES
from solver.engines.interrupt import run_interruptibly

# A child started in the background may inherit an ignored signal, hence the first line.
CHILD = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import importlib.util, sys
spec = importlib.util.spec_from_file_location("contract_tests", sys.argv[1])
tests = importlib.util.module_from_spec(spec); spec.loader.exec_module(tests)
engine = tests.get_engine(sys.argv[2])
engine.load(tests.hard())
print("started", flush=True)
result = engine.minimise("slack", upper={}, time_limit_s=60)
print("termination:", result.termination.name, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_ctrl_c_ends_a_solve_as_interrupted(name: str) -> None:
    contract = Path(__file__).with_name("test_contract.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(contract), name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "started\n"
        time.sleep(1.5)
        child.send_signal(signal.SIGINT)
        began_s = time.perf_counter()
        output, errors = child.communicate(timeout=50)
        assert "termination: INTERRUPTED" in output, output + errors
        assert time.perf_counter() - began_s < 40


def test_an_undisturbed_solve_is_not_interrupted() -> None:
    done: list[int] = []
    assert run_interruptibly(lambda: done.append(1), lambda: done.append(2)) is False
    assert done == [1]


def test_an_error_of_the_library_reaches_the_caller() -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        run_interruptibly(fail, lambda: None)
