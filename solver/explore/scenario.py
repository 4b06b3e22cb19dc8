"""One of the two questions beside each other: what was asked last, and how far its answer is.

The last thing asked is always what is solved. One thread talks to the worker process; asking and
cancelling only leave word for it, and never wait.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import Any, Literal

from solver.errors import Fault
from solver.explore.worker import Answered, Loaded, Order, Progressed, Refused, Worker

__all__ = ["GRACE_S", "Scenario", "ScenarioState", "Status"]

Status = Literal["idle", "solving", "done", "failed", "cancelled"]
GRACE_S = 3.0
"""Seconds that solving may take to stop by itself before its process is ended."""


@dataclass(frozen=True)
class ScenarioState:
    """What is known of a scenario at one moment.

    Parameters
    ----------
    revision
        Counts what was asked; 0 before the first question.
    done, to_do
        Progress; ``to_do`` is 0 where it is not known.
    faults
        Why there is no new answer, or why solving was ended from outside.
    document
        The last answer, as a result file holds it; a cancelled one is ``partial``.
    changes
        What was asked last, by key of a control.
    shown
        The changes that ``document`` answers: not those above while it is being solved, or if it
        failed.
    opened
        Whether ``document`` came from a file, so that nobody has proved it here.
    """

    revision: int = 0
    status: Status = "idle"
    done: int = 0
    to_do: int = 0
    elapsed_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    document: Mapping[str, Any] | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    opened: bool = False


class Scenario:
    """Solves what is asked in a process of its own.

    Parameters
    ----------
    name
        For sentences: ``A`` or ``B``.
    start
        Starts a worker; called again where one had to be ended.
    state
        What is shown at first.
    on_answer
        Called after every answer, from the thread of this scenario.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], Worker],
        *,
        state: ScenarioState | None = None,
        grace_s: float = GRACE_S,
        on_answer: Callable[[], None] | None = None,
    ) -> None:
        self._name = name
        self._start = start
        self._grace_s = grace_s
        self._on_answer = on_answer
        self._lock = threading.Lock()
        self._state = state or ScenarioState()
        self._asked_at = 0.0
        self._waiting: Order | None = None
        """Asked, and not handed to the worker yet."""
        self._running: Order | None = None
        self._unwanted_since: float | None = None
        """When what is running was overtaken or cancelled."""
        self._closed = False
        self._worker: Worker | None = None
        self._loaded = False
        """Whether the worker takes orders: until then asking for less or nothing costs nothing."""
        self._ear, self._bell = multiprocessing.get_context("spawn").Pipe(duplex=False)
        self._thread = threading.Thread(
            target=self._attend, name=f"fleetfront explore: scenario {name}", daemon=True
        )
        self._thread.start()

    def ask(
        self, changes: Mapping[str, str], order: Callable[[int], Order], faults: tuple[Fault, ...]
    ) -> None:
        """Solve ``order(revision)`` in place of whatever is asked now; returns at once.

        Where there are ``faults`` already, they are the answer.
        """
        with self._lock:
            if self._closed:
                return
            revision = self._state.revision + 1
            self._asked_at = time.monotonic()
            self._waiting = None if faults else order(revision)
            self._state = replace(
                self._state, revision=revision, status="failed" if faults else "solving",
                done=0, to_do=0, elapsed_s=0.0, faults=faults, changes=dict(changes),
            )  # fmt: skip
            self._leave_running()
        self._ring()

    def cancel(self) -> None:
        """Stop with what was found; returns at once."""
        with self._lock:
            if self._state.status != "solving":
                return
            self._leave_running()
            if self._waiting is not None:
                self._waiting = None
                self._end("cancelled")
        self._ring()

    def state(self) -> ScenarioState:
        """What is known now."""
        with self._lock:
            if self._state.status != "solving":
                return self._state
            return replace(self._state, elapsed_s=time.monotonic() - self._asked_at)

    def processes(self) -> tuple[int, ...]:
        """Numbers of the processes that solve for it: one, or none where one is being replaced."""
        worker = self._worker
        found = None if worker is None else worker.process.pid
        return () if found is None else (found,)

    def close(self) -> None:
        """End the worker and the thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._ring()
        self._thread.join()
        self._bell.close()
        self._ear.close()

    # What follows is called with the lock held.

    def _leave_running(self) -> None:
        if self._running is not None and self._unwanted_since is None:
            self._unwanted_since = time.monotonic()

    def _end(self, status: Status, **changes: Any) -> None:
        elapsed_s = time.monotonic() - self._asked_at
        self._state = replace(self._state, status=status, elapsed_s=elapsed_s, **changes)

    # What follows runs in the thread.

    def _ring(self) -> None:
        # Once it is closed nobody listens.
        with contextlib.suppress(OSError):
            self._bell.send_bytes(b"!")

    def _attend(self) -> None:
        self._worker = self._started()
        while True:
            with self._lock:
                if self._closed:
                    break
                worker, since = self._worker, self._unwanted_since
                if worker is not None and self._running is not None and since is not None:
                    worker.stop(self._running.revision)
                asked = self._waiting if self._running is None else None
                order = asked if self._loaded else None
                if order is not None:
                    self._waiting, self._running = None, order
            if worker is None and asked is not None:
                worker = self._worker = self._started()
            if worker is not None and order is not None:
                # A process that is gone says so when it is listened to.
                with contextlib.suppress(OSError):
                    worker.ask(order)
            left_s = None if since is None else since + self._grace_s - time.monotonic()
            if worker is not None and left_s is not None and left_s <= 0:
                worker.end()
                self._worker = self._lost(None)
                continue
            heard = [self._ear] if worker is None else [self._ear, worker.connection]
            ready = wait(heard, left_s)
            if self._ear in ready:
                self._ear.recv_bytes()
            if worker is not None and worker.connection in ready:
                self._listen(worker)
        if self._worker is not None:
            self._worker.end()

    def _listen(self, worker: Worker) -> None:
        try:
            said = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            status = worker.process.exitcode
            worker.end()
            self._worker = self._lost(status)
        else:
            self._take(said)

    def _take(self, said: Loaded | Progressed | Answered | Refused) -> None:
        if isinstance(said, Loaded):
            self._loaded = True
            return
        document = json.loads(said.document) if isinstance(said, Answered) else None
        with self._lock:
            if isinstance(said, Progressed):
                if said.revision == self._state.revision:
                    self._state = replace(self._state, done=said.done, to_do=said.to_do)
                return
            cancelled = self._unwanted_since is not None
            self._running, self._unwanted_since = None, None
            if said.revision != self._state.revision:
                return
            if isinstance(said, Refused):
                self._end("failed", faults=said.faults)
                return
            assert document is not None  # it was answered
            stopped = cancelled and document["status"] == "partial"
            self._end(
                "cancelled" if stopped else "done",
                document=document, shown=self._state.changes, opened=False,
            )  # fmt: skip
        if self._on_answer is not None:
            self._on_answer()

    def _lost(self, exit_status: int | None) -> Worker | None:
        """A new worker in place of one that ended; ``None`` where it would end as well."""
        with self._lock:
            loaded, self._loaded = self._loaded, False
            order, self._running, self._unwanted_since = self._running, None, None
            if not loaded:
                order, self._waiting = self._waiting, None
            if order is not None and order.revision == self._state.revision:
                if exit_status is None:
                    self._end("cancelled", faults=(self._ended(),))
                else:
                    self._end("failed", faults=(self._died(exit_status),))
            if exit_status is not None and (order is None or not loaded):
                # It ended by itself before it had anything to do: a new one may as well, again and
                # again. It is started when something is asked.
                return None
        return self._started()

    def _started(self) -> Worker | None:
        """A new worker; ``None`` where this machine has no room for one, which is told."""
        try:
            return self._start()
        except OSError as error:
            fault = Fault(
                f"scenario {self._name}",
                f"no process can be started to solve it ({error.strerror or error})",
                "End other programs, then ask again",
            )
            with self._lock:
                if self._waiting is not None:
                    self._waiting = None
                    self._end("failed", faults=(fault,))
            return None

    def _ended(self) -> Fault:
        shown = "the answer before" if self._state.document is not None else "nothing"
        return Fault(
            f"scenario {self._name}",
            f"solving did not stop within {self._grace_s:g} s and was ended; {shown} is shown",
            "Ask again, or for less",
        )

    def _died(self, exit_status: int) -> Fault:
        how = f"by signal {-exit_status}" if exit_status < 0 else f"with status {exit_status}"
        return Fault(
            f"scenario {self._name}",
            f"the process that solves was ended {how}",
            "Ask again; if memory ran out, offer fewer degrees, batches or machines; what it said "
            "last is on the terminal",
        )
