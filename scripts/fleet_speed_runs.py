"""One run on one bare column fleet: what is published of it, what was found, what it took."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from speed_measuring import ROOT, BadInputError, read_documents, run_measured, this_checkout

CHILD = ROOT / "scripts" / "fleet_speed_child.py"


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
    for path, document in read_documents(folder):
        if document.get("format") != "fleet-columns/1":
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
        told = Path(folder) / "told.json"
        command = [sys.executable, str(CHILD), str(fleet.path.resolve()), str(told)]
        ended = run_measured(
            [*command, str(limit_s), str(levels)],
            folder=Path(folder),
            environment=this_checkout(),
            limit_s=limit_s,
        )
        if ended.exit_status == 0:
            answer = json.loads(told.read_text(encoding="utf-8"))
            return Run(fleet, answer, ended.cpu_s, ended.peak_bytes)
    failure = ended.word if ended.late else "; ".join([ended.word, *ended.last_line])
    return Run(fleet, {}, ended.cpu_s, ended.peak_bytes, failure)
