"""One run on one bare column fleet: what is published of it, what was found, what it took."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHILD = ROOT / "scripts" / "fleet_speed_child.py"
GRACE_S = 60.0
"""A run that does not end this long after its limit is killed."""


class BadInputError(Exception):
    """The folder or the pattern will not do."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A file, and the best bounds published for it (``None``: unknown)."""

    path: Path
    name: str
    upper: int | None
    lower: int | None

    @property
    def devices(self) -> int | None:
        """Devices the name speaks of, ``-n1000-``."""
        found = re.search(r"-n(\d+)\b", self.name)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Run:
    """What one process found and took; ``answer`` is what it told, empty where it told nothing."""

    fleet: Fleet
    answer: dict[str, Any]
    cpu_process_s: float
    peak_bytes: int
    failure: str = ""

    @property
    def verdict(self) -> str:
        """``better``, ``equal`` or ``worse`` than published, in cost and bound together."""
        if self.failure:
            return self.failure
        upper, lower = self.fleet.upper, self.fleet.lower
        cost, bound = self.answer["cost"], self.answer["bound"]
        if self.answer["proved"] and cost is None:
            return "infeasible" if upper is None else "wrong"
        if upper is None or lower is None:
            return "unpublished"
        if (cost is not None and cost < lower) or (bound is not None and bound > upper):
            return "wrong"
        if cost is None or cost > upper or bound is None or bound < lower:
            return "worse"
        return "better" if cost < upper or bound > lower else "equal"


def read_fleets(folder: Path, pattern: str | None) -> list[Fleet]:
    """Every ``fleet-columns/1`` file of the folder whose name fits, sorted by name.

    Raises
    ------
    BadInputError
        If there is none, or a file is not JSON.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadInputError(f"{path}: is not JSON ({error})") from error
        if not isinstance(document, dict) or document.get("format") != "fleet-columns/1":
            continue
        if pattern is not None and not fnmatch(path.stem, f"*{pattern}*"):
            continue
        known = document.get("best_known") or {}
        found.append(
            Fleet(
                path,
                path.stem,
                known.get("upper_cents_per_h"),
                known.get("lower_cents_per_h"),
            )
        )
    if not found:
        fitting = "" if pattern is None else f" whose name fits {pattern!r}"
        raise BadInputError(f"{folder}: has no fleet-columns/1 file{fitting}")
    return found


def measure(fleet: Fleet, limit_s: float, levels: int) -> Run:
    """Solve one fleet in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        told, errors = Path(folder) / "told.json", Path(folder) / "errors.txt"
        command = [sys.executable, str(CHILD), str(fleet.path.resolve()), str(told)]
        # This checkout is what is measured, whatever is installed.
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with errors.open("w") as errors_file:
            process = subprocess.Popen(
                [*command, str(limit_s), str(levels)],
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
        cpu_s, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        if process.returncode == 0:
            return Run(fleet, json.loads(told.read_text(encoding="utf-8")), cpu_s, peak)
        last = errors.read_text().strip().splitlines()[-1:]
        failure = "killed" if late.is_set() else "; ".join(["crashed", *last])
        return Run(fleet, {}, cpu_s, peak, failure)
