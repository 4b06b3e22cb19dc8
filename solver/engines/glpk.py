"""GLPK, the GNU Linear Programming Kit, as the executable ``glpsol``.

It takes no seed and has nothing random: the same program gives the same run. Its tolerances are
relative, 1e-7, and the executable has no option for them: on two dense rows over eight columns it
was right on all of 45 questions at 1e5, called one of 24 infeasible that is not at 1e6, and was
wrong on 8 of 24 at 3e7. So it is believed to 1e5.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import ClassVar

from solver.engines.contract import Effort, Termination
from solver.engines.file_engine import FileAnswer, FileEngine

__all__ = ["GlpkEngine"]

_TERMINATIONS = {
    "INTEGER OPTIMAL": Termination.OPTIMAL,
    "INTEGER EMPTY": Termination.INFEASIBLE,
    # Stopped with or without a point; the log tells by what.
    "INTEGER NON-OPTIMAL": Termination.OTHER,
    "INTEGER UNDEFINED": Termination.OTHER,
}
_OUT_OF_TIME = "TIME LIMIT EXCEEDED"
_PROGRESS = re.compile(r"^\+\s*(\d+):.*>=\s+(\S+).*\((\d+); (\d+)\)", re.MULTILINE)
_SIMPLEX = re.compile(r"^[ *#]\s*(\d+): obj =", re.MULTILINE)
_VERSION = re.compile(r"GLPSOL\S*.*?(\d+\.\d+)")


class GlpkEngine(FileEngine):
    """GLPK behind the engine contract; see ``FileEngine``."""

    name: ClassVar[str] = "glpk"
    executable: ClassVar[str] = "glpsol"
    package: ClassVar[str] = "GLPK (Debian: glpk-utils)"
    believed_to: ClassVar[int] = 10**5

    def command(
        self, path: str, program: Path, solution: Path, *, seed: int, time_limit_s: float | None
    ) -> list[str]:
        """``glpsol`` counts whole seconds, and has one thread and no seed."""
        del seed
        limit = [] if time_limit_s is None else ["--tmlim", str(max(1, math.ceil(time_limit_s)))]
        return [
            path, "--freemps", str(program), "--min", "--mipgap", "0", "--cuts", *limit,
            "--write", str(solution),
        ]  # fmt: skip

    def judged(self, answer: FileAnswer) -> tuple[Termination, float | None, str]:
        """By the status letter of the file, and the log where it was stopped."""
        solution = answer.solution
        if solution is None:
            return Termination.OTHER, None, "wrote no solution"
        termination = _TERMINATIONS.get(solution.status, Termination.OTHER)
        bound: float | None = None
        if termination is Termination.OPTIMAL and solution.objective is not None:
            bound = float(solution.objective)
        elif termination is Termination.OTHER and _OUT_OF_TIME in answer.log:
            termination = Termination.TIME_LIMIT
            steps = _PROGRESS.findall(answer.log)
            bound = _finite(steps[-1][1]) if steps else None
        return termination, bound, solution.status

    def effort(self, log: str) -> Effort:
        """Simplex iterations, and nodes that were closed."""
        steps = _PROGRESS.findall(log)
        if steps:
            return Effort(nodes=int(steps[-1][3]), iterations=int(steps[-1][0]))
        simplex = _SIMPLEX.findall(log)
        return Effort(nodes=None, iterations=int(simplex[-1]) if simplex else None)

    def version_command(self, path: str) -> list[str]:
        """``--version`` prints and leaves."""
        return [path, "--version"]

    def version_in(self, text: str) -> str | None:
        """From its first line."""
        found = _VERSION.search(text)
        return None if found is None else found[1]


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
