"""Jobs for worker processes that return, refuse, crash, die or never end."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from solver.errors import InstanceError

Job = tuple[str, float]


def work(job: Job) -> Any:
    """What the first word says."""
    word, number = job
    if word == "refuse":
        raise InstanceError.one("is refused", where="here", mend="Ask for another")
    if word == "crash":
        raise TypeError("a bug")
    if word == "die":
        os._exit(7)
    if word == "sleep":
        time.sleep(number)
    if word == "process":
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        return os.getpid(), os.environ.get("OMP_NUM_THREADS"), ignored
    return 2 * number
