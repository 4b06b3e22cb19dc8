"""One run of one side on one program: what is published, what was found, what it took."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from speed_measuring import ROOT, BadInputError, read_documents, run_measured, this_checkout

CHILD = ROOT / "scripts" / "moip_speed_child.py"

Images = frozenset[tuple[Fraction, ...]]


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
    for path, document in read_documents(folder, parse_float=Fraction):
        if "objectives" not in document:
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
    environment = this_checkout()
    if side != "fleetfront":
        # The other side is measured as its interpreter has it installed.
        del environment["PYTHONPATH"]
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        command = [python, str(CHILD), side, str(instance.path.resolve()), str(told), str(limit_s)]
        ended = run_measured(command, folder=Path(folder), environment=environment, limit_s=limit_s)
        if ended.exit_status == 0:
            answer = json.loads(told.read_text(encoding="utf-8"))
        elif ended.exit_status == 2:
            raise BadInputError(ended.errors.strip())
        else:
            answer = {"status": ended.word, "notes": ended.last_line}
    points = answer.pop("points", [])
    right = is_right(instance, answer["status"], points)
    return Run(
        side=side,
        name=instance.name,
        status=answer["status"],
        found=len(points),
        right=right,
        cpu_solve_s=answer.get("cpu_solve_s", ended.cpu_s),
        cpu_process_s=ended.cpu_s,
        peak_bytes=ended.peak_bytes,
        solves=answer.get("solves", 0),
        closed_by=answer.get("closed_by", {}),
        versions=answer.get("versions", {}),
        notes=tuple(answer.get("notes", ())),
    )
