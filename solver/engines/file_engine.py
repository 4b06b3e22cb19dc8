"""Engines that are programs of their own: a file goes in, a file comes out.

The program is written as MPS with the bounds of this call as rows, solved by one process with one
thread, and its solution file is read. As with every float engine the claim goes through
``proposal``, so it is checked in integers before it is believed. The process is killed by Ctrl-C,
and where it does not heed its own time limit.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from formulations.milp import Milp
from formulations.program import ProgramKind, Statement
from solver.engines.contract import Effort, Goal, SolveResult, Termination
from solver.engines.guard import check_question, goal_costs, require_milp, solve_without_columns
from solver.engines.interrupt import run_interruptibly
from solver.engines.proposal import Judge, Proposal
from solver.errors import EngineError
from solver.exchange.formats.file_program import file_program
from solver.exchange.formats.mps import mps_text
from solver.exchange.formats.solutions.detect import solution_from_text
from solver.exchange.formats.solutions.solution import Solution, SolutionError

__all__ = ["FileAnswer", "FileEngine"]

_GRACE_S = 5.0
"""A process that runs this much longer than it was allowed to is killed."""
_GOAL = "goal"


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What a process left behind.

    Parameters
    ----------
    solution
        ``None`` where it wrote none, or one that cannot be read (``unread`` says why).
    log
        What it printed.
    status
        Its exit status.
    interrupted, overdue
        Whether it was killed, by Ctrl-C or for being late.
    """

    solution: Solution | None
    log: str
    status: int
    unread: str = ""
    interrupted: bool = False
    overdue: bool = False


class FileEngine(ABC):
    """One executable behind the engine contract; sparse integer programs only.

    Parameters
    ----------
    seed, alone, watch
        See ``solver.engines.get_engine``. Of a file engine nothing more can be watched.

    Raises
    ------
    EngineError
        If the executable is not on the search path.
    """

    name: ClassVar[str]
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp"})
    executable: ClassVar[str]
    package: ClassVar[str]
    """Where to get it, for people."""
    believed_to: ClassVar[int]
    """Largest number of a program at which its proofs were found right."""

    _judge: Judge

    def __init__(self, *, seed: int = 1, alone: bool = False, watch: bool = False) -> None:
        self.watch = watch
        self._seed = seed
        self._alone = alone
        self._milp: Milp | None = None
        found = shutil.which(self.executable)
        if found is None:
            raise EngineError.one(
                f"there is no command {self.executable} on the search path",
                where=f"engine {self.name}",
                mend=f"Install {self.package}, or choose another engine",
            )
        self._path = found

    @abstractmethod
    def command(
        self, path: str, program: Path, solution: Path, *, seed: int, time_limit_s: float | None
    ) -> list[str]:
        """The command line: one thread, no gap."""

    @abstractmethod
    def judged(self, answer: FileAnswer) -> tuple[Termination, float | None, str]:
        """Termination, lower bound and status in words of a process that ended by itself."""

    @abstractmethod
    def effort(self, log: str) -> Effort:
        """What it took, as far as the log tells."""

    @abstractmethod
    def version_command(self, path: str) -> list[str]:
        """A command that prints the version and leaves."""

    @abstractmethod
    def version_in(self, text: str) -> str | None:
        """The version in what it prints."""

    @property
    def version(self) -> str:
        """As the executable tells it."""
        try:
            told = subprocess.run(
                self.version_command(self._path),
                capture_output=True, text=True, errors="replace", timeout=30, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._broken(f"does not tell its version ({error})") from error
        return self.version_in(told.stdout) or "unknown"

    def load(self, statement: Statement) -> None:
        """Take a program; see ``Engine.load``."""
        milp = require_milp(self.name, statement)
        self._judge = Judge(self.name, milp, alone=self._alone, limit=self.believed_to)
        self._milp = milp

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        """Minimise a goal; see ``Engine.minimise``."""
        milp = check_question(self.name, self._milp, objective, upper, time_limit_s)
        if not milp.n_columns:
            return solve_without_columns(milp, objective, upper, engine=self.name)
        if not self._judge.believes(objective, upper):
            # Nothing that it could say would be believed.
            return self._judge.refer(objective=objective, upper=upper, time_limit_s=time_limit_s)
        key = _GOAL
        while key in milp.objectives:
            key += "_"
        asked = replace(milp, objectives={**milp.objectives, key: goal_costs(milp, objective)})
        program = file_program(asked, minimise=key, at_most=upper)
        began_s = time.perf_counter()
        answer = self._answer(mps_text(program), time_limit_s)
        runtime_s = time.perf_counter() - began_s
        proposal = self._proposal(answer, program.columns, runtime_s=runtime_s)
        return self._judge.dispose(
            proposal, objective=objective, upper=upper, time_limit_s=time_limit_s
        )

    def _answer(self, text: str, time_limit_s: float | None) -> FileAnswer:
        """Run the executable over a program."""
        with tempfile.TemporaryDirectory(prefix="fleetfront-") as folder:
            program, written = Path(folder, "program.mps"), Path(folder, "solution.txt")
            log = Path(folder, "log.txt")
            program.write_text(text, encoding="ascii")
            command = self.command(
                self._path, program, written, seed=self._seed, time_limit_s=time_limit_s
            )
            with log.open("wb") as stream:
                try:
                    process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
                        cwd=folder,
                        # Ctrl-C is for us: we kill the process and keep what is known.
                        start_new_session=True,
                    )  # fmt: skip
                except OSError as error:
                    raise self._broken(f"cannot be started ({error})") from error
                _limit_cpu(process.pid, time_limit_s)
                late: list[bool] = []

                def wait() -> None:
                    try:
                        process.wait(None if time_limit_s is None else time_limit_s + _GRACE_S)
                    except subprocess.TimeoutExpired:
                        late.append(True)

                try:
                    interrupted = run_interruptibly(wait, process.kill)
                finally:
                    process.kill()
                    process.wait()
            told = log.read_text(encoding="utf-8", errors="replace")
            solution, unread = None, ""
            if not interrupted and not late and written.exists():
                try:
                    solution = solution_from_text(
                        written.read_text(encoding="utf-8", errors="replace"),
                        where=f"engine {self.name}, its solution",
                    )
                except SolutionError as error:
                    unread = str(error)
        return FileAnswer(
            solution, told, process.returncode, unread, interrupted=interrupted, overdue=bool(late)
        )

    def _proposal(
        self, answer: FileAnswer, columns: tuple[str, ...], *, runtime_s: float
    ) -> Proposal:
        """What the process claims."""
        bound: float | None = None
        x: npt.NDArray[np.float64] | None = None
        if answer.interrupted:
            termination, said = Termination.INTERRUPTED, "killed after Ctrl-C"
        elif answer.overdue:
            termination, said = Termination.TIME_LIMIT, "killed, as it did not heed its time limit"
        elif answer.status != 0:
            last = answer.log.strip().splitlines()[-1:] or ["it printed nothing"]
            termination = Termination.OTHER
            said = f"ended with status {answer.status} ({last[0][:120]})"
        elif answer.unread:
            termination, said = Termination.OTHER, answer.unread
        else:
            termination, bound, said = self.judged(answer)
            x = _values(answer.solution, columns)
        return Proposal(
            termination=termination, x=x, bound=bound, runtime_s=runtime_s,
            message=f"{self.executable}: {said}", effort=self.effort(answer.log),
        )  # fmt: skip

    def _broken(self, what: str) -> EngineError:
        return EngineError.one(
            what, where=f"engine {self.name}", mend=f"Install {self.package} again"
        )


def _limit_cpu(pid: int, time_limit_s: float | None) -> None:
    """Let the system end a process that outlives us: a killed parent cannot kill its child."""
    if time_limit_s is None or sys.platform != "linux":
        return
    import resource

    most_s = math.ceil(time_limit_s + _GRACE_S) + 1
    # It may have ended already.
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_CPU, (most_s, most_s))


def _values(solution: Solution | None, columns: tuple[str, ...]) -> npt.NDArray[np.float64] | None:
    """(n,) values of a solution, as far as it is one of this program."""
    if solution is None or solution.values is None:
        return None
    keys = [str(n) for n in range(1, len(columns) + 1)] if solution.by_number else list(columns)
    given = solution.values
    if not solution.omits_zeros and any(key not in given for key in keys):
        return None
    return np.array([float(given.get(key, 0)) for key in keys], dtype=np.float64)
