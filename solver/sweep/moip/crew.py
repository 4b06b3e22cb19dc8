"""Where jobs run: in this process, in processes of this machine, or on a Dask cluster.

Behind each crew is a ``concurrent.futures.Executor``. A crew adds what an executor does not
promise: a job whose worker dies (out of memory, killed, machine lost) is run again, so that the
future of a job ends with a report or with an exception of the job itself. A job that loses its
worker again and again is given up with an error that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Any, Protocol, Self

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.crew_dask import open_dask_crew
from solver.sweep.moip.crew_local import open_local_crew
from solver.sweep.moip.crew_posts import LOSSES_ALLOWED, BaseCrew, Perform

__all__ = ["LOSSES_ALLOWED", "Crew", "Perform", "open_crew"]


class Crew(Protocol):
    """Workers that take jobs; a context manager, whose end stops them."""

    @property
    def slots(self) -> int:
        """Jobs that make sense at once."""
        ...

    def submit(self, job: object) -> Future[JobReport]:
        """Have a picklable job done.

        The future ends with the report, with what ``perform`` raised, or with a ``FleetError``
        where the job lost its worker ``LOSSES_ALLOWED`` times.

        Raises
        ------
        RuntimeError
            If the crew is closed.
        """
        ...

    def wait(
        self, futures: Collection[Future[JobReport]], timeout_s: float | None
    ) -> set[Future[JobReport]]:
        """Those of the futures that are done, once one is or the time is over."""
        ...

    def describe(self) -> str:
        """Who works, for people."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what waits and stop the workers, without waiting for jobs to end.

        Futures that were not done end with ``CancelledError``.
        """
        ...


def open_crew(
    program: MultiObjectiveProgram,
    perform: Perform,
    *,
    workers: int = 1,
    dask: str | None = None,
) -> Crew:
    """Get workers for jobs on one program.

    Parameters
    ----------
    program
        Sent once to each worker.
    perform
        Called as ``perform(program, job)``, one call at a time in each process. Other processes
        import it by name.
    workers
        Local processes; 1 means this process itself. Their start needs an importable main module:
        a script has to guard its work with ``if __name__ == "__main__"``.
    dask
        Address of a Dask scheduler, ``tcp://host:port``, instead of local processes. Each worker
        process does one job at a time however many threads it has; there are as many slots as
        there are worker processes now.

    Raises
    ------
    InstanceError
        If ``workers`` is less than 1, or goes together with ``dask``, or the address is malformed.
    EngineError
        If Dask is not installed, or its scheduler or workers cannot be used.
    """
    if workers < 1:
        raise InstanceError.one(
            f"there must be at least one worker (got {workers})",
            where="--workers",
            mend="Give a number of local processes, such as 4",
        )
    if dask is None:
        if workers == 1:
            return _SerialCrew(program, perform)
        return open_local_crew(program, perform, workers)
    if workers != 1:
        raise InstanceError.one(
            f"{workers} local workers and a Dask cluster are given together",
            where="--workers",
            mend="Give either --workers or --dask",
        )
    return open_dask_crew(program, perform, dask)


class _Inline(Executor):
    """An executor that does the work at ``submit``; Ctrl-C passes through to the caller."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            result = fn(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  (raised where the future is asked)
            future.set_exception(error)
        else:
            future.set_result(result)
        return future


class _SerialCrew(BaseCrew):
    """Jobs done by the caller."""

    slots = 1

    def __init__(self, program: MultiObjectiveProgram, perform: Perform) -> None:
        super().__init__()
        self._program, self._perform = program, perform
        self._executor = _Inline()

    def submit(self, job: object) -> Future[JobReport]:
        self.refuse_if_closed()
        return self._executor.submit(self._perform, self._program, job)

    def describe(self) -> str:
        return "this process"
