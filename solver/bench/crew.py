"""Worker processes with hard limits: a solve that does not heed its limit is killed.

Each worker is a fresh interpreter, so that no library state of this process leaks into it. Threads
of numerical libraries are kept to one, as the processor time of a solve is what is compared.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from solver.errors import FleetError

__all__ = ["Failure", "run_all"]

_Job = TypeVar("_Job")
_POLL_S = 0.3
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job brought nothing home; ``overran``: it was killed for not heeding its limit."""

    reason: str
    overran: bool


def _begin() -> None:
    """In a worker: Ctrl-C is the business of the process that asked, and so is talking.

    Libraries write lines of their own (SoPlex inside SCIP, on tolerances); what matters comes back
    as a value.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        # SCIP listens for Ctrl-C itself; a session of its own does not hear the terminal's.
        os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def run_all(
    jobs: Sequence[_Job],
    work: Callable[[_Job], Any],
    *,
    workers: int,
    limit_s: Callable[[_Job], float],
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[tuple[_Job, Any]]:
    """Jobs and what came of each, as they end: what ``work`` returned, or a ``Failure``.

    Parameters
    ----------
    work
        A function of a module; a ``FleetError`` of it is passed on as the value.
    limit_s
        Wall clock after which the worker of a job is killed.
    should_stop
        Asked between jobs; jobs that have not ended by then bring nothing.
    """
    saved = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    context: Any = multiprocessing.get_context("spawn")
    pool: Any = ProcessPool(max_workers=workers, initializer=_begin, context=context)
    waiting = iter(jobs)
    out: dict[Future[Any], _Job] = {}
    try:
        while True:
            stopped = should_stop is not None and should_stop()
            while not stopped and len(out) < 2 * workers:
                job = next(waiting, None)
                if job is None:
                    break
                out[pool.schedule(_guarded, args=(work, job), timeout=limit_s(job))] = job
            if stopped or not out:
                break
            done, _ = wait(list(out), timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in done:
                yield out.pop(future), _brought(future)
    finally:
        pool.stop()
        pool.join(timeout=10.0)
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _guarded(work: Callable[[Any], Any], job: Any) -> Any:
    try:
        return work(job)
    except FleetError as error:
        return error


def _brought(future: Future[Any]) -> Any:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, FutureTimeoutError | TimeoutError):
        told = f" after {error.args[1]:g} s" if len(error.args) > 1 else ""
        return Failure(f"killed{told}: it did not heed its time limit", overran=True)
    if isinstance(error, ProcessExpired):
        return Failure(
            f"its process died ({error.exitcode}): out of memory, or a crash", overran=False
        )
    # One formulation that crashes must not end a run of hours; its row tells.
    return Failure(f"it crashed: {type(error).__name__}: {error}", overran=False)
