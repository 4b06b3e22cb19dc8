"""A progress bar for what takes longer than a second, and Ctrl-C that keeps what was found."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Patience", "patience"]

DELAY_S = 0.8


class Patience:
    """Progress and the wish to stop, as callbacks for long work."""

    def __init__(self, title: str, *, quiet: bool) -> None:
        self._title = title
        self._shown = not quiet and sys.stderr.isatty()
        self._start = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self.stopped = False

    def progress(self, done: int, to_do: int) -> None:
        """Called by the work; draws nothing before a moment has passed."""
        if not self._shown or time.monotonic() - self._start < DELAY_S:
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:,}" + ("/{task.total:,}" if to_do else " points")),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=to_do or None)
        self._bar.update(self._task, completed=done, total=to_do or None)

    def should_stop(self) -> bool:
        """Whether the user pressed Ctrl-C."""
        return self.stopped

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def patience(title: str, *, quiet: bool = False, stops: bool = True) -> Iterator[Patience]:
    """Progress for the work inside; a first Ctrl-C asks it to stop, a second ends it at once.

    Work that has nothing to keep says ``stops=False``: the first Ctrl-C ends it.
    """
    waiting = Patience(title, quiet=quiet)

    def asked(_number: int, _frame: FrameType | None) -> None:
        if waiting.stopped:
            raise KeyboardInterrupt
        waiting.stopped = True
        print("stopping with what was found (Ctrl-C again to leave at once)", file=sys.stderr)

    previous: Callable[[int, FrameType | None], Any] | int | None = None
    try:
        if stops:
            previous = signal.signal(signal.SIGINT, asked)
    except ValueError:
        # Not the main thread: signals are the caller's business.
        previous = None
    try:
        yield waiting
    finally:
        waiting.close()
        if previous is not None:
            signal.signal(signal.SIGINT, previous)
