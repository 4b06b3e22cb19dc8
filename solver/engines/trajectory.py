"""How a solve went: incumbent and bound over time, kept short."""

from __future__ import annotations

import math
import time

__all__ = ["MOST_STEPS", "Trajectory"]

MOST_STEPS: int = 400
"""More steps than this are thinned out: every second one goes."""

_NOTICEABLE = 1e-6


class Trajectory:
    """Collects improvements of a minimisation; the clock starts when it is made.

    Incumbents are integers at heart and rounded to one. A bound counts as better from one millionth
    of itself on, or where it closes the gap. Steps beyond ``MOST_STEPS`` are thinned: what is kept
    is late by at most its neighbour, never early.
    """

    def __init__(self) -> None:
        self._began_s = time.perf_counter()
        self._steps: list[tuple[float, float | None, float | None]] = []
        self._incumbent: float | None = None
        self._bound: float | None = None

    def note(self, *, incumbent: float | None = None, bound: float | None = None) -> None:
        """Keep what is better than before; ``None`` and infinite values say nothing."""
        better = False
        if incumbent is not None and math.isfinite(incumbent):
            whole = float(round(incumbent))
            if self._incumbent is None or whole < self._incumbent:
                self._incumbent, better = whole, True
        if bound is not None and math.isfinite(bound):
            better = self._raise_bound(float(bound)) or better
        if better:
            elapsed_s = time.perf_counter() - self._began_s
            self._steps.append((elapsed_s, self._incumbent, self._bound))
            if len(self._steps) > MOST_STEPS:
                # The last step has the state that all later ones start from.
                del self._steps[-2::-2]

    def _raise_bound(self, bound: float) -> bool:
        step = _NOTICEABLE * max(1.0, abs(bound))
        best = self._incumbent
        if best is not None and abs(bound - best) <= min(step, 0.5):
            # Floating-point noise: at the optimum the two meet.
            bound = best
        closed = bound == best and self._bound != best
        if self._bound is None or bound > self._bound + step or (closed and bound > self._bound):
            self._bound = bound
            return True
        return False

    @property
    def bound(self) -> float | None:
        """The best bound so far."""
        return self._bound

    @property
    def steps(self) -> tuple[tuple[float, float | None, float | None], ...]:
        """(wall seconds, incumbent, bound), in order of time."""
        return tuple(self._steps)
