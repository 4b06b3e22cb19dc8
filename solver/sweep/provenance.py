"""Where a result comes from: versions, settings, time spent."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solver.instance.domain import ReplicaInstance

__all__ = ["Stopwatch", "package_version", "provenance"]


class Stopwatch:
    """Wall and CPU time since it was made."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    @property
    def wall_s(self) -> float:
        """Seconds on the clock."""
        return round(time.perf_counter() - self._wall, 6)

    @property
    def cpu_s(self) -> float:
        """Seconds of this process's processor time, all threads."""
        return round(time.process_time() - self._cpu, 6)


def package_version(name: str) -> str:
    """Version of an installed distribution, or ``not installed``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def provenance(
    instance: ReplicaInstance,
    watch: Stopwatch,
    *,
    formulation: str,
    engine: Mapping[str, str] | None,
    solves: int,
    candidates: Mapping[str, int],
) -> dict[str, Any]:
    """Provenance of one run; everything here is deterministic for a seed but the two times."""
    return {
        "fleetfront": package_version("fleetfront"),
        "python": platform.python_version(),
        "numpy": package_version("numpy"),
        "engines": dict(engine or {}),
        "formulation": formulation,
        "performance_model": instance.performance.model,
        "seed": 0,
        "settings": {key: str(value) for key, value in instance.settings.items()},
        "warnings": list(instance.warnings),
        "candidates": dict(candidates),
        "solves": solves,
        "wall_s": watch.wall_s,
        "cpu_s": watch.cpu_s,
    }
