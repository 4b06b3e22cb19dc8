"""What the speed scripts share: the documents of a folder, and a child process measured alone."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GRACE_S = 60.0
"""A run that does not end this long after its limit is killed."""


class BadInputError(Exception):
    """The folder, a name, a pattern or the other interpreter will not do."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended and what it took, in seconds of processor time and bytes of memory.

    Parameters
    ----------
    late
        It was killed for its time.
    errors
        All it wrote to stderr.
    peak_bytes
        Resident. Linux counts the parent's own in until the child has started, so that no figure
        is smaller than what the parent held then.
    """

    exit_status: int
    late: bool
    errors: str
    cpu_s: float
    peak_bytes: int

    @property
    def word(self) -> str:
        """How it failed: ``killed`` or ``crashed``."""
        return "killed" if self.late else "crashed"

    @property
    def last_line(self) -> list[str]:
        """The last line of ``errors``; none where it wrote nothing."""
        return self.errors.strip().splitlines()[-1:]


def read_documents(
    folder: Path, parse_float: Callable[[str], Any] | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every JSON object of the folder with its path, sorted by name.

    Raises
    ------
    BadInputError
        If a file is not JSON.
    """
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"), parse_float=parse_float)
        except ValueError as error:
            raise BadInputError(f"{path}: is not JSON ({error})") from error
        if isinstance(document, dict):
            yield path, document


def this_checkout() -> dict[str, str]:
    """The environment of a child that measures this checkout, whatever is installed."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run_measured(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], limit_s: float
) -> Ended:
    """Run a command in ``folder``, and kill it ``GRACE_S`` after ``limit_s``.

    Parameters
    ----------
    folder
        An empty one of its own; its stderr is gathered in a file there.
    """
    errors = folder / "errors.txt"
    with errors.open("w") as errors_file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=errors_file,
        )
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limit_s + GRACE_S, kill)
        timer.start()
        try:
            # Unlike RUSAGE_CHILDREN this is of one child alone: its peak memory as well.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            if process.returncode is None:
                process.kill()
                process.wait()
    return Ended(
        exit_status=process.returncode,
        late=late.is_set(),
        errors=errors.read_text(errors="replace"),
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * 1024,
    )
