"""One solve of a benchmark as one line of JSON: what was asked, what came out, what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from solver.bench.figures import Figures

__all__ = [
    "SCHEMA", "STATUSES", "VERDICTS", "Row", "RowKey", "Status", "Verdict", "row_from_json",
]  # fmt: skip

SCHEMA = 1

RowKey = tuple[str, str, str, str, int, int]
"""Group, SHA-256 of the instance, formulation, engine, seed, level."""

Status = Literal[
    "optimal", "infeasible", "time_limit", "refused", "bound_only", "failed", "not_applicable",
    "engine_missing",
]  # fmt: skip
"""How a solve ended.

``optimal`` and ``infeasible`` are proved by the engine itself. ``time_limit``: stopped, whatever it
has is kept. ``refused``: it claimed a proof that does not hold in integers, or its numbers are
beyond floating-point proofs. ``bound_only``: it ended, but states a restriction or a relaxation,
so only one side is known. ``failed``: it crashed, ran out of memory, or was killed.
``not_applicable``: this formulation cannot state this problem, or this engine cannot read it.
``engine_missing``: the engine is not installed.
"""
STATUSES: tuple[Status, ...] = (
    "optimal", "infeasible", "time_limit", "refused", "bound_only", "failed", "not_applicable",
    "engine_missing",
)  # fmt: skip

Verdict = Literal["right", "wrong", "missing", "open", "none"]
"""What an answer is worth against the proved one.

``right``: proved, and the same. ``missing``: called infeasible, or a complete set, where there is a
point more. ``wrong``: any other contradiction. ``open``: stopped, and contradicts nothing.
``none``: was not run.
"""
VERDICTS: tuple[Verdict, ...] = ("right", "wrong", "missing", "open", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Figures):
    """One solve: what was asked, how it ended, and its ``Figures``.

    Parameters
    ----------
    group
        What is compared with each other: ``replica``, ``placement`` (single pipelines), ``flow``
        (placement for throughput alone), ``fleet``, ``racks`` (fleets in racks), ``moip``.
    instance, instance_sha256
        Name, and SHA-256 of the file it was read from.
    size
        ``small``, ``medium``, ``large``; empty where it stands in no set.
    formulation, engine, seed, level
        What was run: ``level`` numbers the epsilon-levels of an instance, from the loosest on.
    objective, upper
        What was minimised, and the bounds of the level, by objective or grade.
    time_limit_s
        Wall clock, of this solve.
    model_sha256
        Of what the engine was given, before the level was put on it.
    best, best_by
        The proved optimum (``None`` with ``best_by`` set: proved infeasible), and who proved it;
        ``best_by`` is empty where nobody did.
    points, points_best
        Of runs over whole sets (moip): points found, points of the proved set.
    """

    group: str
    instance: str
    instance_sha256: str
    size: str
    family: str
    formulation: str
    engine: str
    seed: int
    level: int
    objective: str
    upper: Mapping[str, int]
    time_limit_s: float
    status: Status
    verdict: Verdict
    message: str = ""
    model_sha256: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    best: int | None = None
    best_by: str = ""
    points: int | None = None
    points_best: int | None = None

    @property
    def key(self) -> RowKey:
        """What tells a row of a benchmark from the others."""
        return (
            self.group, self.instance_sha256, self.formulation, self.engine, self.seed, self.level,
        )  # fmt: skip

    @property
    def solved(self) -> bool:
        """Proved, and right."""
        return self.verdict == "right"

    @property
    def side(self) -> str:
        """Formulation and engine, for tables."""
        return f"{self.formulation} / {self.engine}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, what was asked first."""
        told = asdict(self)
        figures = {name: told.pop(name) for name in (one.name for one in fields(Figures))}
        return {**told, **figures}


def row_from_json(document: Mapping[str, Any]) -> Row:
    """The row behind a parsed line.

    Raises
    ------
    ValueError
        If it is no row: a key is missing or unknown, or a status has no meaning.
    """
    told = document.get("row")
    if not isinstance(told, Mapping):
        raise ValueError("no row")
    unknown = set(told) - {one.name for one in fields(Row)}
    if unknown:
        raise ValueError(f"unknown keys {', '.join(sorted(unknown))}")
    if told.get("status") not in STATUSES or told.get("verdict") not in VERDICTS:
        raise ValueError(f"status {told.get('status')!r} or verdict {told.get('verdict')!r}")
    values = dict(told)
    values["trajectory"] = tuple(tuple(step) for step in told.get("trajectory", ()))
    try:
        return Row(**values)
    except TypeError as error:
        raise ValueError(str(error)) from error
