"""CBC, the branch-and-cut code of COIN-OR, as the executable ``cbc``.

Tolerances are as tight as it takes, gaps zero. Nodes and iterations come from its log. After a time
limit without a point it writes the relaxation's, which is no point.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import ClassVar

from solver.engines.contract import Effort, Termination
from solver.engines.file_engine import FileAnswer, FileEngine

__all__ = ["CbcEngine"]

_TERMINATIONS = (
    # Beginnings of the status line of a solution file, the longer ones first.
    ("Optimal", Termination.OPTIMAL),
    ("Infeasible", Termination.INFEASIBLE),
    ("Integer infeasible", Termination.INFEASIBLE),
    ("Stopped on time", Termination.TIME_LIMIT),
    ("Stopped on ctrl-c", Termination.INTERRUPTED),
    ("Stopped on", Termination.OTHER),
    ("Unbounded", Termination.OTHER),
    ("Unknown", Termination.OTHER),
)
_BOUND = re.compile(r"^Lower bound:\s+(\S+)", re.MULTILINE)
_NODES = re.compile(r"^Enumerated nodes:\s+(\d+)", re.MULTILINE)
_ITERATIONS = re.compile(r"^Total iterations:\s+(\d+)", re.MULTILINE)
_VERSION = re.compile(r"^Version:\s*(\S+)", re.MULTILINE)


class CbcEngine(FileEngine):
    """CBC behind the engine contract; see ``FileEngine``."""

    name: ClassVar[str] = "cbc"
    executable: ClassVar[str] = "cbc"
    package: ClassVar[str] = "CBC of COIN-OR (Debian: coinor-cbc)"
    # Right on 48 of 48 questions of two dense rows at 1e6 and 3e7; its files have eight digits.
    believed_to: ClassVar[int] = 10**7

    def command(
        self, path: str, program: Path, solution: Path, *, seed: int, time_limit_s: float | None
    ) -> list[str]:
        """One thread is what CBC takes by itself; seeds of both its layers are set."""
        limit = [] if time_limit_s is None else ["-timeMode", "elapsed", "-sec", f"{time_limit_s}"]
        return [
            path, str(program), "-randomSeed", str(seed), "-randomCbcSeed", str(seed),
            "-allowableGap", "0", "-ratioGap", "0", "-primalTolerance", "1e-9",
            "-dualTolerance", "1e-9", "-integerTolerance", "1e-9", *limit,
            "-solve", "-solution", str(solution), "-quit",
        ]  # fmt: skip

    def judged(self, answer: FileAnswer) -> tuple[Termination, float | None, str]:
        """By the first line of the solution file; the bound from the log where it was stopped."""
        solution = answer.solution
        if solution is None:
            return Termination.OTHER, None, "wrote no solution"
        termination = next(
            (meaning for words, meaning in _TERMINATIONS if solution.status.startswith(words)),
            Termination.OTHER,
        )
        bound: float | None = None
        if termination is Termination.OPTIMAL and solution.objective is not None:
            bound = float(solution.objective)
        elif termination in (Termination.TIME_LIMIT, Termination.INTERRUPTED):
            found = _BOUND.findall(answer.log)
            bound = _finite(found[-1]) if found else None
        return termination, bound, solution.status

    def effort(self, log: str) -> Effort:
        """Nodes and simplex iterations."""
        return Effort(nodes=_last(_NODES, log), iterations=_last(_ITERATIONS, log))

    def version_command(self, path: str) -> list[str]:
        """CBC prints its version before anything else."""
        return [path, "-quit"]

    def version_in(self, text: str) -> str | None:
        """From its first lines."""
        found = _VERSION.search(text)
        return None if found is None else found[1]


def _last(pattern: re.Pattern[str], log: str) -> int | None:
    found = pattern.findall(log)
    return int(found[-1]) if found else None


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    # 1e50 is what CBC says where it knows nothing.
    return value if math.isfinite(value) and abs(value) < 1e30 else None
