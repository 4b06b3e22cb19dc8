"""Ctrl-C during a solve: the library works in a thread, so that the key reaches Python at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["run_interruptibly"]

_POLL_S = 0.05


def run_interruptibly(solve: Callable[[], object], cancel: Callable[[], object]) -> bool:
    """Run ``solve`` to its end; returns whether it was interrupted.

    On ``KeyboardInterrupt`` the library is told to stop by ``cancel``, again and again as it may
    not have started to listen, and waited for, so that what it has found can still be read. Further
    interrupts while waiting are ignored.

    Raises
    ------
    BaseException
        Whatever ``solve`` raised.
    """
    raised: list[BaseException] = []
    finished = threading.Event()

    def work() -> None:
        try:
            solve()
        except BaseException as error:  # noqa: BLE001  (handed to the caller's thread)
            raised.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=work, name="fleetfront-solve", daemon=True)
    interrupted = False
    thread.start()
    # An event and not join: an interrupted join can mark a running thread as ended.
    while not finished.is_set():
        try:
            finished.wait(_POLL_S if interrupted else None)
            if interrupted and not finished.is_set():
                cancel()
        except KeyboardInterrupt:
            interrupted = True
    if raised:
        raise raised[0]
    return interrupted
