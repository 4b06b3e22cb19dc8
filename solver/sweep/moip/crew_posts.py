"""Jobs handed to posts: threads of the coordinator that see one job at a time through.

What differs between processes of this machine and a cluster is the post. A post that loses its
worker is ready for the same job again; after ``LOSSES_ALLOWED`` losses the job is given up.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import queue
import signal
import threading
import zlib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from copyreg import dispatch_table
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, Self

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import FleetError
from solver.sweep.moip.claims import JobReport

__all__ = [
    "LOSSES_ALLOWED",
    "BaseCrew",
    "LostError",
    "Perform",
    "Post",
    "StaffedCrew",
    "pack",
    "unpack",
]

LOSSES_ALLOWED = 3
"""A job that lost its worker this many times is given up: the job itself is the likely cause."""

_CLOSE_S = 10

Perform = Callable[[MultiObjectiveProgram, Any], JobReport]
"""Does a job in the worker; a module-level function."""


class LostError(Exception):
    """The worker died, or the job was cancelled, before there was an answer."""


class Post(Protocol):
    """One place where one job at a time is done."""

    def perform(self, job: object) -> JobReport:
        """Do the job.

        Raises
        ------
        LostError
            If the worker was lost; the post can be used again.
        """
        ...

    def abandon(self) -> None:
        """Stop the work, from another thread: ``perform`` ends soon, with ``LostError``."""
        ...

    def dismiss(self) -> None:
        """Release what the post holds, after ``abandon``."""
        ...


class BaseCrew:
    """What all crews share."""

    def __init__(self) -> None:
        self._closed = False

    def wait(
        self, futures: Collection[Future[JobReport]], timeout_s: float | None
    ) -> set[Future[JobReport]]:
        """Those of the futures that are done, once one is or the time is over."""
        return wait(futures, timeout=timeout_s, return_when=FIRST_COMPLETED).done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take no more jobs."""
        self._closed = True

    def refuse_if_closed(self) -> None:
        """Raise ``RuntimeError`` after ``close``."""
        if self._closed:
            raise RuntimeError("the crew is closed")


@dataclass(frozen=True, slots=True)
class _Order:
    job: object
    future: Future[JobReport]


class StaffedCrew(BaseCrew):
    """A crew of posts, each with a thread.

    Parameters
    ----------
    posts
    about
        Who works, for people.
    where
        The option that asked for them, for messages.
    finish
        Called last at the end.
    """

    def __init__(
        self, posts: Sequence[Post], *, about: str, where: str, finish: Callable[[], object]
    ) -> None:
        super().__init__()
        self._posts, self._about, self._where, self._finish = posts, about, where, finish
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, args=(post,), name="fleetfront-post", daemon=True)
            for post in posts
        ]
        for thread in self._threads:
            thread.start()

    @property
    def slots(self) -> int:
        """Number of posts."""
        return len(self._posts)

    def describe(self) -> str:
        """Who works, for people."""
        return self._about

    def submit(self, job: object) -> Future[JobReport]:
        """Leave a job to the next free post."""
        self.refuse_if_closed()
        future: Future[JobReport] = Future()
        self._orders.put(_Order(job, future))
        return future

    def close(self) -> None:
        """Cancel what waits, stop what runs, release the workers."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while (order := self._orders.get_nowait()) is not None:
                order.future.cancel()
        for post in self._posts:
            post.abandon()
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join(_CLOSE_S)
        for post in self._posts:
            post.dismiss()
        self._finish()

    def _serve(self, post: Post) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Processes inherit the mask of the thread that starts them: Ctrl-C would kill a worker
            # that is still importing.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while (order := self._orders.get()) is not None:
            if order.future.set_running_or_notify_cancel():
                self._see_through(post, order)

    def _see_through(self, post: Post, order: _Order) -> None:
        for losses in range(1, LOSSES_ALLOWED + 1):
            try:
                report = post.perform(order.job)
            except LostError as error:
                if self._closed:
                    order.future.set_exception(CancelledError())
                    return
                if losses == LOSSES_ALLOWED:
                    order.future.set_exception(self._given_up(error))
            except BaseException as error:  # noqa: BLE001  (raised where the future is asked)
                order.future.set_exception(error)
                return
            else:
                order.future.set_result(report)
                return

    def _given_up(self, last: LostError) -> FleetError:
        # Not an EngineError, which would say that an engine cannot treat the program.
        error = FleetError.one(
            f"a job lost its worker {LOSSES_ALLOWED} times ({last})",
            where=self._where,
            mend="Workers are killed where memory runs out: use fewer, or larger machines. A "
            'script has to guard its work with if __name__ == "__main__"',
        )
        error.__cause__ = last
        return error


def pack(program: MultiObjectiveProgram, perform: Perform) -> bytes:
    """Program and function in one piece, for ``unpack`` in a worker."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL)
    # The read-only view of the objectives has no pickled form of its own.
    pickler.dispatch_table = dispatch_table | {MappingProxyType: _plain}
    pickler.dump((program, perform))
    return zlib.compress(buffer.getvalue(), level=1)


def _plain(
    view: MappingProxyType[Any, Any],
) -> tuple[Callable[[dict[Any, Any]], MappingProxyType[Any, Any]], tuple[dict[Any, Any]]]:
    return _read_only, (dict(view),)


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


@lru_cache(maxsize=4)
def unpack(kit: bytes) -> tuple[MultiObjectiveProgram, Perform]:
    """What ``pack`` was given; the last few are kept."""
    program, perform = pickle.loads(zlib.decompress(kit))
    # Built anew, so that arrays are read-only and what was cached (the digest) is of this copy.
    return replace(program, milp=replace(program.milp)), perform
