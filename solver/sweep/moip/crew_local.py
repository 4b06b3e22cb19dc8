"""Worker processes of this machine, one for each post.

Each post has a ``ProcessPoolExecutor`` of a single process: a process that dies breaks its whole
executor, and the jobs of the others must not be lost with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from formulations.moip.problem import MultiObjectiveProgram
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.crew_posts import LostError, Perform, StaffedCrew, pack, unpack

__all__ = ["open_local_crew"]

_WATCH_S = 0.5

# Set in worker processes only: what the coordinator sent when the process began.
_KIT = b""


def open_local_crew(program: MultiObjectiveProgram, perform: Perform, workers: int) -> StaffedCrew:
    """Get ``workers`` processes; each starts with its first job."""
    kit = pack(program, perform)
    return StaffedCrew(
        [_LocalPost(kit) for _ in range(workers)],
        about=f"{workers} processes",
        where=f"--workers {workers}",
        finish=lambda: None,
    )


def _settle_in(kit: bytes, coordinator: int) -> None:
    """Begin of a worker process. The kit is opened by the first job, which can report a failure."""
    global _KIT
    _KIT = kit
    # Ctrl-C reaches every process of a terminal; the coordinator alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(
        target=_leave_with, args=(coordinator,), name="fleetfront-watch", daemon=True
    ).start()


def _leave_with(coordinator: int) -> None:
    """End this process when the coordinator is gone, however it went."""
    parent = multiprocessing.parent_process()
    while os.getppid() == coordinator and parent is not None and parent.is_alive():
        parent.join(_WATCH_S)
    os._exit(1)


def _perform_here(job: object) -> JobReport:
    program, perform = unpack(_KIT)
    return perform(program, job)


class _LocalPost:
    """One worker process, replaced when it dies."""

    def __init__(self, kit: bytes) -> None:
        self._kit = kit
        self._abandoned = False
        self._executor = self._hire()

    def _hire(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=1,
            # Not fork: neither the threads of solver libraries nor our own survive it.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_settle_in,
            initargs=(self._kit, os.getpid()),
        )

    def _replace(self) -> None:
        self._executor.shutdown(wait=True)
        self._executor = self._hire()

    def _begin(self, job: object) -> Future[JobReport]:
        try:
            return self._executor.submit(_perform_here, job)
        except BrokenProcessPool:
            # The process died idle: no loss of this job.
            self._replace()
            return self._executor.submit(_perform_here, job)

    def perform(self, job: object) -> JobReport:
        """Do the job in the worker process."""
        if self._abandoned:
            raise LostError("the crew is closed")
        try:
            future = self._begin(job)
            if self._abandoned:
                # Its process may have started after the others were stopped.
                self._stop()
            return future.result()
        except BrokenProcessPool as error:
            self._replace()
            raise LostError("a local worker process ended abruptly") from error

    def abandon(self) -> None:
        """Kill the process."""
        self._abandoned = True
        self._stop()

    def _stop(self) -> None:
        # Public from Python 3.14 on only, as kill_workers.
        for process in list((self._executor._processes or {}).values()):
            process.kill()

    def dismiss(self) -> None:
        """Wait for the threads of the executor."""
        self._executor.shutdown(wait=True, cancel_futures=True)
