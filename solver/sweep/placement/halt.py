"""When a search gives up: a clock reading, a question asked now and then, Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from solver.engines.interrupt import run_interruptibly

__all__ = ["Halt"]

_LEAST_S = 0.01


@dataclass(slots=True)
class Halt:
    """See the module's text.

    Parameters
    ----------
    deadline
        Reading of ``time.monotonic``; ``None`` is no limit.
    asked
        Whether the user wants to stop.
    """

    deadline: float | None = None
    asked: Callable[[], bool] | None = None
    interrupted: bool = False

    @classmethod
    def after(cls, time_limit_s: float | None, asked: Callable[[], bool] | None) -> Halt:
        """Give up after so many seconds from now."""
        return cls(None if time_limit_s is None else time.monotonic() + time_limit_s, asked)

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.reason() is not None

    def reason(self) -> str | None:
        """Why to stop, if so."""
        if self.interrupted:
            return "interrupted"
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return "time limit"
        if self.asked is not None and self.asked():
            return "stopped by the user"
        return None

    @property
    def left_s(self) -> float | None:
        """Seconds until the clock says stop."""
        if self.deadline is None:
            return None
        return max(self.deadline - time.monotonic(), _LEAST_S)

    def run(self, search: Callable[[], object]) -> None:
        """Run a search that asks this object whether to stop; Ctrl-C makes it say so.

        The search runs in a thread, so what it has found by then can still be read.
        """
        run_interruptibly(search, self._interrupt)

    def _interrupt(self) -> None:
        self.interrupted = True
