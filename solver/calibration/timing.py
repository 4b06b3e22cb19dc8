"""Seconds of one call of a case: warm-up, a loop over several operand sets, median of samples.

A sample is a loop of calls between two marks, so that the time from one kernel to the next counts
and the clock's grain does not. Where the device has graphs the loop is recorded once and replayed,
as inference engines do. Operand sets take turns and together outgrow the last-level cache several
times over: weights and caches come from main memory, as in serving, where every layer has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from solver.calibration.backend import Backend, CaptureRefusedError
from solver.calibration.cases import Case

__all__ = ["Timed", "Timing", "sets_of", "time_case"]

TimedBy = Literal["graph", "events", "clock"]

_CACHE_MULTIPLE = 3.0
"""Operand sets together, as a multiple of the last-level cache."""
_MOST_SETS = 256
_MEMORY_SHARE = 0.4
_SAMPLE_S = 2e-3
"""A sample lasts at least about this long: marks are good to a microsecond or less."""
_MOST_CALLS = 512
_WARM_UP_CALLS = 2
_LEAST_SAMPLES, _MOST_SAMPLES = 3, 15


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a case may be timed: ``case_s`` seconds, but three samples at least."""

    case_s: float = 0.25


@dataclass(frozen=True, slots=True)
class Timed:
    """Median seconds of one call, the relative spread of the samples, and what timed them.

    ``spread`` is half the distance of the quartiles over the median.
    """

    latency_s: float
    spread: float
    samples: int
    by: TimedBy


def sets_of(case: Case, *, cache_bytes: float, free_bytes: float) -> int:
    """Operand sets that outgrow the cache, as far as memory allows; at least one."""
    if case.set_bytes <= 0:
        return 1
    wanted = math.ceil(_CACHE_MULTIPLE * cache_bytes / case.set_bytes) + 1
    fit = int((_MEMORY_SHARE * free_bytes - case.fixed_bytes) // case.set_bytes)
    return max(1, min(wanted, fit, _MOST_SETS))


def time_case(backend: Backend, case: Case, *, timing: Timing, seed: int) -> Timed:
    """Time one case and give its memory back.

    Raises
    ------
    CaseRefusedError
        Where the machine has no kernel or no memory for it.
    """
    machine = backend.machine
    sets = sets_of(case, cache_bytes=machine.cache_bytes, free_bytes=machine.free_bytes)
    try:
        call = backend.prepare(case, sets=sets, seed=seed)
        for index in range(_WARM_UP_CALLS):
            call(index)
        backend.synchronize()
        once_s = max(_sample(backend, lambda: call(0))[0], 1e-9)
        # Whole rounds of the sets, so that every set is used equally often.
        rounds = max(1, math.ceil(min(_SAMPLE_S / once_s, _MOST_CALLS) / sets))
        calls = min(rounds * sets, max(1, int(timing.case_s / once_s)), _MOST_CALLS)

        def loop() -> None:
            for index in range(calls):
                call(index)

        work, by = _recorded(backend, loop)
        if by == "graph":
            # The first replay still sends the graph to the device.
            work()
            backend.synchronize()
        seconds: list[float] = []
        spent_s = 0.0
        while len(seconds) < _LEAST_SAMPLES or (
            spent_s < timing.case_s and len(seconds) < _MOST_SAMPLES
        ):
            sample_s, has_events = _sample(backend, work)
            seconds.append(sample_s / calls)
            spent_s += sample_s
        low, middle, high = np.quantile(seconds, (0.25, 0.5, 0.75))
        return Timed(
            latency_s=float(middle),
            spread=float((high - low) / 2.0 / middle),
            samples=len(seconds),
            by=by or ("events" if has_events else "clock"),
        )
    finally:
        backend.release()


def _recorded(
    backend: Backend, loop: Callable[[], None]
) -> tuple[Callable[[], None], TimedBy | None]:
    """The loop as a graph where there are graphs, else as it is."""
    try:
        replay = backend.capture(loop)
    except CaptureRefusedError:
        return loop, None
    return (loop, None) if replay is None else (replay, "graph")


def _sample(backend: Backend, work: Callable[[], None]) -> tuple[float, bool]:
    """Seconds of ``work``, and whether the device's own marks told them."""
    start, end = backend.event(), backend.event()
    if start is not None and end is not None:
        start.record()
        work()
        end.record()
        backend.synchronize()
        return start.elapsed_s(end), True
    begun_s = backend.now_s()
    work()
    backend.synchronize()
    return backend.now_s() - begun_s, False
