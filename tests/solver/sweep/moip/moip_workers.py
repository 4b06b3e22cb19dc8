"""A small program, and what the processes of the tests do with it.

Worker processes import this module by its bare name, so the tests put its folder on ``sys.path``.
Run as a script it appends to a checkpoint, or keeps two workers busy, until it is killed.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from formulations.milp import Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import EngineError
from solver.sweep.moip.checkpoint import Checkpoint
from solver.sweep.moip.claims import Claim, FoundPoint, JobReport
from solver.sweep.moip.crew import open_crew

N_COLUMNS = 4


def small_program(name: str = "small", first_cost: int = -3) -> MultiObjectiveProgram:
    """Four columns in 0..3 whose sum is at most 7; objectives pull against each other."""
    n = N_COLUMNS
    milp = Milp(
        name=name,
        lower=np.zeros(n, dtype=np.int64),
        upper=np.full(n, 3, dtype=np.int64),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=np.array([0, n], dtype=np.int64),
        column_index=np.arange(n, dtype=np.int64),
        value=np.ones(n, dtype=np.int64),
        row_lower=np.array([0], dtype=np.int64),
        row_upper=np.array([7], dtype=np.int64),
        objectives={
            "profit": np.array([first_cost, -1, -4, -1], dtype=np.int64),
            "weight": np.array([2, 7, 1, 8], dtype=np.int64),
        },
    )
    return MultiObjectiveProgram(milp, ("max", "min"), (1, 1), (0, 0), tuple("abcd"), ("capacity",))


def found(program: MultiObjectiveProgram, values: tuple[int, ...]) -> FoundPoint:
    """The point with these column values."""
    x = np.array(values, dtype=np.int64)
    return FoundPoint(program.image(x), x)


def feasible_values() -> Iterator[tuple[int, ...]]:
    """Column values of every feasible point of the small program."""
    for values in itertools.product(range(4), repeat=N_COLUMNS):
        if sum(values) <= 7:
            yield values


def perform(program: MultiObjectiveProgram, job: Any) -> JobReport:
    """Do one of the jobs below, by its name."""
    name, *arguments = job
    return JOBS[name](program, *arguments)


def _evaluate(program: MultiObjectiveProgram, *values: int) -> JobReport:
    point = found(program, values)
    claim = Claim(program.ceiling, (1, 1), min(point.image), "test", "bound")
    return JobReport((point,), (claim,), solves=os.getpid(), cpu_s=0.0, stopped=program.digest)


def _sleep_then_evaluate(program: MultiObjectiveProgram, wait_s: float, *values: int) -> JobReport:
    time.sleep(wait_s)
    return _evaluate(program, *values)


def _die_unless(program: MultiObjectiveProgram, flag: str, *values: int) -> JobReport:
    """Leave a sign and die; whoever finds the sign does the work."""
    try:
        Path(flag).touch(exist_ok=False)
    except FileExistsError:
        return _evaluate(program, *values)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived its SIGKILL")


def _always_die(program: MultiObjectiveProgram, log: str) -> JobReport:
    with Path(log).open("a") as file:
        file.write(f"{program.name}\n")
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived its SIGKILL")


def _refuse(program: MultiObjectiveProgram) -> JobReport:
    raise EngineError.one("cannot be treated", where=program.name, mend="Take another engine")


def _interrupt(program: MultiObjectiveProgram) -> JobReport:
    raise KeyboardInterrupt(program.name)


def _tell_pid_and_burn(program: MultiObjectiveProgram, log: str) -> JobReport:
    """Work on and on, in Python and without sleep, until the file is removed."""
    with Path(log).open("a") as file:
        file.write(f"{os.getpid()}\n")
    until = time.monotonic() + 120
    while time.monotonic() < until and Path(log).exists():
        sum(range(100_000))
    return _evaluate(program, 0, 0, 0, 0)


JOBS = {
    "evaluate": _evaluate,
    "sleep": _sleep_then_evaluate,
    "die-unless": _die_unless,
    "always-die": _always_die,
    "refuse": _refuse,
    "interrupt": _interrupt,
    "burn": _tell_pid_and_burn,
}


def write_for_ever(path: Path) -> None:
    """Append points and claims to a checkpoint, and say so once it is open."""
    program = small_program()
    with Checkpoint.open(path, program) as checkpoint:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        for values in itertools.cycle(feasible_values()):
            claim = Claim(found(program, values).image, None, None, "test", "infeasible")
            checkpoint.record([found(program, values)], [claim])


def work_for_ever(log: Path) -> None:
    """Keep two workers busy; say when both have begun, and how it ended."""
    with open_crew(small_program(), perform, workers=2) as crew:
        futures = [crew.submit(("burn", str(log))) for _ in range(3)]
        while not log.exists() or len(log.read_text().splitlines()) < 2:
            crew.wait(futures, 0.05)
        try:
            sys.stdout.write("busy\n")
            sys.stdout.flush()
            crew.wait(futures, None)
        except KeyboardInterrupt:
            sys.stdout.write("interrupted\n")
    sys.stdout.write(f"closed, {sum(future.done() for future in futures)} of 3 futures done\n")


if __name__ == "__main__":
    # A background job of a shell inherits an ignored Ctrl-C, and would pass that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    what, where = sys.argv[1:]
    {"write": write_for_ever, "work": work_for_ever}[what](Path(where))
