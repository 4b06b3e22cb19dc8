"""Small benchmarks in this process, for tests of what surrounds the solves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from solver.bench.crew import _guarded

TINY = "replica-layouts:layouts=4,batches=3"


def serially(
    jobs: Sequence[Any],
    work: Callable[[Any], Any],
    *,
    workers: int,
    limit_s: Callable[[Any], float],
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[tuple[Any, Any]]:
    """``run_all`` of the crew without processes: nothing is killed, patches are seen."""
    del workers, limit_s
    for job in jobs:
        if should_stop is not None and should_stop():
            return
        yield job, _guarded(work, job)
