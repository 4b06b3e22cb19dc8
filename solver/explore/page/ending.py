"""Ctrl-C and a request to end (SIGTERM): how a page is closed, and no fault."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["until_ended"]


@contextmanager
def until_ended() -> Iterator[None]:
    """Ctrl-C or SIGTERM leaves the block, and raises nothing beyond it."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
