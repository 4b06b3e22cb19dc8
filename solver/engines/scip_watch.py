"""What SCIP shows of a solve: bounds and incumbents from the lines of its log.

A line tells bounds to seven digits, so that they may lie beyond what was proved or found; they are
moved outwards by half of the last digit, and the exact values follow at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from solver.engines.trajectory import Trajectory

__all__ = ["ScipWatch"]

_ROOM = 5e-7


class ScipWatch:
    """Reads the log of one minimisation; the clock starts when it is made.

    Attributes
    ----------
    root_bound
        The last bound before SCIP branched.
    """

    def __init__(self) -> None:
        self._trajectory = Trajectory()
        self._lines: list[str] = []
        self._fields: list[str] = []
        self.root_bound: float | None = None

    def read(self, lines: Sequence[str]) -> None:
        """Take lines of the log as they come: a message callback."""
        for line in lines:
            self._lines.append(line)
            fields = [field.strip() for field in line.split("|")]
            if "dualbound" in fields:
                self._fields = fields
            elif self._fields and len(fields) == len(self._fields):
                row = dict(zip(self._fields, fields, strict=True))
                incumbent, bound = _number(row["primalbound"]), _number(row["dualbound"])
                self._trajectory.note(
                    incumbent=None if incumbent is None else incumbent + _ROOM * abs(incumbent),
                    bound=None if bound is None else bound - _ROOM * abs(bound),
                )
                if row["node"] == "1":
                    self.root_bound = self._trajectory.bound

    def close(self, *, incumbent: float, bound: float) -> None:
        """Add the exact values of the end; infinite ones say nothing."""
        self._trajectory.note(incumbent=incumbent, bound=bound)

    @property
    def text(self) -> str:
        """The log so far."""
        return "\n".join(self._lines)

    @property
    def steps(self) -> tuple[tuple[float, float | None, float | None], ...]:
        """See ``Trajectory``."""
        return self._trajectory.steps


def _number(field: str) -> float | None:
    """A column of the log; ``--`` is no number."""
    try:
        value = float(field)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
