"""One solve of a benchmark as one line of JSON: what was asked, what came out, what it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

__all__ = ["SCHEMA", "STATUSES", "VERDICTS", "Row", "Status", "Verdict", "row_from_json"]

SCHEMA = 1

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
class Row:
    """One solve. ``None`` means: not known, or the engine does not tell.

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
    incumbent, bound
        In units of the numeric problem; both are checked in integers.
    best, best_by
        The proved optimum (``None`` with ``best_by`` set: proved infeasible), and who proved it;
        ``best_by`` is empty where nobody did.
    points, points_best
        Of runs over whole sets (moip): points found, points of the proved set.
    cpu_s, wall_s
        Of the solve alone; ``build_s`` is processor time of stating and loading.
    nodes, iterations, ticks
        Nodes or branches; LP iterations or conflicts; deterministic time. See
        ``solver.engines.contract.Effort``.
    rounds
        Solves behind this line: more than 1 where cuts or columns were added in turns.
    coefficient_min, coefficient_max
        Least and greatest absolute value of the nonzeros of the rows.
    lp_bound
        Optimum of the linear relaxation at this level, by a floating-point engine.
    root_bound
        Bound after the root node, cuts included.
    trajectory
        (wall seconds, incumbent, bound) whenever either improved.
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
    incumbent: int | None = None
    bound: int | None = None
    best: int | None = None
    best_by: str = ""
    points: int | None = None
    points_best: int | None = None
    cpu_s: float | None = None
    wall_s: float | None = None
    build_s: float | None = None
    nodes: int | None = None
    iterations: int | None = None
    ticks: float | None = None
    rounds: int | None = None
    rows: int | None = None
    columns: int | None = None
    nonzeros: int | None = None
    presolved_rows: int | None = None
    presolved_columns: int | None = None
    presolved_nonzeros: int | None = None
    coefficient_min: int | None = None
    coefficient_max: int | None = None
    lp_bound: float | None = None
    root_bound: float | None = None
    trajectory: tuple[tuple[float, float | None, float | None], ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str, int, int]:
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

    def to_json(self) -> str:
        """One line, keys in the order of the class."""
        return json.dumps({"row": asdict(self)}, ensure_ascii=False, separators=(",", ":"))


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
