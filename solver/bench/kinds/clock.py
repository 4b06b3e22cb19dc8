"""Processor time of this process and of the programs it ran."""

from __future__ import annotations

import os

from solver.sweep.provenance import Stopwatch

__all__ = ["Clock"]


def _children_s() -> float:
    told = os.times()
    return told.children_user + told.children_system


class Clock(Stopwatch):
    """A stopwatch that counts the programs run meanwhile, to 10 ms, once they have ended."""

    def __init__(self) -> None:
        super().__init__()
        self._children_s = _children_s()

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time of this process, all threads, and of ended children."""
        return round(super().cpu_s + _children_s() - self._children_s, 6)
