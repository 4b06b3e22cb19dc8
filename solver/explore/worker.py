"""The process that solves for one scenario: started once, kept warm, asked again and again.

It is spawned, not forked, so that threads of the page do no harm. It has no children of its own
and ends when whoever started it is gone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from solver.errors import Fault, FleetError, InstanceError

__all__ = ["Answered", "Loaded", "Order", "Progressed", "Refused", "Worker", "serve"]

_TELL_S = 0.05
"""Progress is told no more often than this."""
_JOIN_S = 5.0
_REHEARSAL_S = 5.0
"""A rehearsal is for what is loaded and kept, which is there long before a hard answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """A question to solve: the file, what is laid over it, and the file's digest when opened."""

    revision: int
    path: Path
    settings: Mapping[str, Any]
    sha256: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The process has loaded what it needs and takes orders."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far an order is; ``to_do`` is 0 where it is not known."""

    revision: int
    done: int
    to_do: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The result document of an order, as the JSON of a result file."""

    revision: int
    document: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an order has no answer."""

    revision: int
    faults: tuple[Fault, ...]


class Worker:
    """The process as whoever asks it sees it.

    Parameters
    ----------
    rehearsal
        An order to solve before the first real one comes, so that nothing is loaded then; its
        answer is thrown away. ``None`` loads what every question needs.
    """

    def __init__(self, rehearsal: Order | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        # Without a lock: a process that is killed while it holds one would never give it back.
        self._stopped = context.RawValue("q", 0)
        self.connection, there = context.Pipe()
        self.process = context.Process(
            target=serve,
            args=(there, self._stopped, rehearsal),
            name="fleetfront explore: solving",
            daemon=True,
        )
        self.process.start()
        there.close()

    def ask(self, order: Order) -> None:
        """Hand over an order; raises ``OSError`` where the process has ended."""
        self.connection.send(order)

    def stop(self, revision: int) -> None:
        """Ask the orders up to ``revision`` to stop with what they have."""
        self._stopped.value = revision

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join(_JOIN_S)
        self.connection.close()


def serve(connection: Connection, stopped: Any, rehearsal: Order | None) -> None:
    """Answer orders until the other side hangs up.

    Parameters
    ----------
    connection
        Takes ``Loaded`` once; then brings an ``Order`` each, and takes ``Progressed`` now and
        then, and ``Answered`` or ``Refused``.
    stopped
        Its ``value`` is the last revision that is not wanted any more.
    """
    # Ctrl-C reaches every process of a terminal; the one with the page ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import solver.api  # noqa: F401 - what takes seconds to load is loaded before it is needed

    with contextlib.suppress(EOFError, OSError):
        connection.send(Loaded())
        if rehearsal is not None:
            _rehearse(rehearsal, connection)
        while True:
            connection.send(_reply(connection.recv(), connection, stopped))


def _rehearse(order: Order, connection: Connection) -> None:
    until = time.monotonic() + _REHEARSAL_S
    # Faults of the question are told when it is asked.
    with contextlib.suppress(FleetError):
        _solved(
            order,
            lambda _done, _to_do: None,
            lambda: connection.poll() or time.monotonic() > until,
        )


def _reply(order: Order, connection: Connection, stopped: Any) -> Answered | Refused:
    last = 0.0

    def progress(done: int, to_do: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _TELL_S:
            last = now
            connection.send(Progressed(order.revision, done, to_do))

    try:
        document = _solved(order, progress, lambda: bool(stopped.value >= order.revision))
    except FleetError as error:
        return Refused(order.revision, error.faults)
    except MemoryError:
        what = "the question does not fit into the memory of this machine"
        mend = "Offer fewer degrees, batches or machines"
        return Refused(order.revision, (Fault(order.path.name, what, mend),))
    return Answered(order.revision, json.dumps(document).encode())


def _solved(
    order: Order, progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> dict[str, Any]:
    from solver.api import solve
    from solver.instance.loading import read_bytes
    from solver.instance.reading import read_any_instance

    if hashlib.sha256(read_bytes(order.path)).hexdigest() != order.sha256:
        raise InstanceError.one(
            "the file was changed since it was opened here",
            where=order.path.name,
            mend="Start 'fleetfront explore' again to see it as it is now",
        )
    question = read_any_instance(order.path, settings=order.settings)
    frontier = solve(question, on_progress=progress, should_stop=should_stop)
    return frontier.to_dict()
