"""One run of one side on one program: what is published, what was found, what it took."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHILD = ROOT / "scripts" / "moip_speed_child.py"
GRACE_S = 60.0
"""A run that does not end this long after its limit is killed."""

Images = frozenset[tuple[Fraction, ...]]


class BadInputError(Exception):
    """The folder, a name or the other interpreter will not do."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A file and what is published of its nondominated set; ``images`` may be unknown."""

    path: Path
    name: str
    p: int
    n: int
    m: int
    count: int
    images: Images | None


@dataclass(frozen=True, slots=True)
class Run:
    """One process: what it found and what it took. ``status`` may be ``crashed`` or ``killed``."""

    side: str
    name: str
    status: str
    found: int
    right: bool
    cpu_solve_s: float
    cpu_process_s: float
    peak_bytes: int
    solves: int
    closed_by: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """The complete set, empty where infeasible, and the right one."""
        return self.right and self.status in ("complete", "infeasible")

    @property
    def points_per_cpu_s(self) -> float:
        """Of the whole process."""
        return self.found / self.cpu_process_s

    @property
    def solves_per_point(self) -> float:
        """Zero where there are no points."""
        return self.solves / self.found if self.found else 0.0


def read_instances(folder: Path, names: Sequence[str] | None) -> list[Instance]:
    """Every program of the folder with a published set, or the named ones, sorted by name.

    Raises
    ------
    BadInputError
        If the folder has none, a name is not among them, or a file is not JSON.
    """
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"), parse_float=Fraction)
        except ValueError as error:
            raise BadInputError(f"{path}: is not JSON ({error})") from error
        if not isinstance(document, dict) or "objectives" not in document:
            continue
        images = published_images(document)
        count = document.get("nondominated_count") if images is None else len(images)
        if count is not None:
            name = path.stem
            p, n, m = document["objectives"], document["n"], document["m"]
            found[name] = Instance(path, name, p, n, m, count, images)
    unknown = [name for name in names or () if name not in found]
    if unknown or not found:
        asked = f" named {', '.join(unknown)}" if unknown else ""
        raise BadInputError(f"{folder}: has no program{asked} whose nondominated set is published")
    return [one for name, one in found.items() if names is None or name in names]


def published_images(document: dict[str, Any]) -> Images | None:
    """The published points in exact numbers."""
    points = document.get("nondominated")
    if points is None:
        return None
    return frozenset(tuple(Fraction(value) for value in point) for point in points)


def is_right(instance: Instance, status: str, points: Iterable[Sequence[str]]) -> bool:
    """Whether an answer agrees with what is published, a partial one as far as it goes."""
    told = [tuple(Fraction(value) for value in point) for point in points]
    images = frozenset(told)
    if len(images) != len(told) or status not in ("complete", "infeasible", "partial"):
        return False
    if status == "partial":
        return len(images) <= instance.count and (
            instance.images is None or images <= instance.images
        )
    return len(images) == instance.count and (instance.images is None or images == instance.images)


def measure(instance: Instance, side: str, python: str, limit_s: float) -> Run:
    """Run one side on one instance in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        told, errors = Path(folder) / "told.json", Path(folder) / "errors.txt"
        command = [python, str(CHILD), side, str(instance.path.resolve()), str(told), str(limit_s)]
        environment = dict(os.environ)
        if side == "fleetfront":
            # This checkout is what is measured, whatever is installed.
            environment["PYTHONPATH"] = str(ROOT)
        else:
            environment.pop("PYTHONPATH", None)
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
        cpu_s, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        if process.returncode == 0:
            answer = json.loads(told.read_text(encoding="utf-8"))
        elif process.returncode == 2:
            raise BadInputError(errors.read_text().strip())
        else:
            last = errors.read_text().strip().splitlines()[-1:]
            answer = {"status": "killed" if late.is_set() else "crashed", "notes": last}
    points = answer.pop("points", [])
    right = is_right(instance, answer["status"], points)
    return Run(
        side=side,
        name=instance.name,
        status=answer["status"],
        found=len(points),
        right=right,
        cpu_solve_s=answer.get("cpu_solve_s", cpu_s),
        cpu_process_s=cpu_s,
        peak_bytes=peak,
        solves=answer.get("solves", 0),
        closed_by=answer.get("closed_by", {}),
        versions=answer.get("versions", {}),
        notes=tuple(answer.get("notes", ())),
    )
