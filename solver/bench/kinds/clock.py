"""Processor time of this process and of the programs it ran."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

__all__ = ["Clock"]


def _children_s() -> float:
    told = os.times()
    return told.children_user + told.children_system


@dataclass(slots=True)
class Clock:
    """Processor and wall time since it was made."""

    _children_s: float = field(default_factory=_children_s)
    _process_s: float = field(default_factory=time.process_time)
    _wall_s: float = field(default_factory=time.perf_counter)

    @property
    def cpu_s(self) -> float:
        """Processor time; of this process to the microsecond, of ended children to 10 ms."""
        return round(time.process_time() - self._process_s + _children_s() - self._children_s, 6)

    @property
    def wall_s(self) -> float:
        """Time on the clock."""
        return round(time.perf_counter() - self._wall_s, 6)
