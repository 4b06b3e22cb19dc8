"""What running one formulation at one level brought, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass

from solver.bench.row import Status

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Figures of one run; names, units and ``None`` as in ``solver.bench.row.Row``.

    Parameters
    ----------
    incumbent
        Attained by the decoded answer in the problem itself, in integers.
    images
        Of runs over whole sets: the nondominated images found.
    contradiction
        An answer that does not hold in the problem: the formulation is wrong, whatever the value.
    """

    status: Status
    incumbent: int | None = None
    bound: int | None = None
    message: str = ""
    contradiction: str = ""
    images: tuple[tuple[int, ...], ...] | None = None
    model_sha256: str = ""
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
