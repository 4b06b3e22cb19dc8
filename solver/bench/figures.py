"""What a solve brings and takes, in figures: what runs report and rows keep."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Figures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """``None`` means: not known, or the engine does not tell.

    Parameters
    ----------
    incumbent, bound
        In units of the numeric problem, checked in integers; the incumbent is what the decoded
        answer attains in the problem itself.
    cpu_s, wall_s
        Of the solve alone; ``build_s`` is processor time of stating and loading.
    nodes, iterations, ticks
        Nodes or branches; LP iterations or conflicts; deterministic time. See
        ``solver.engines.contract.Effort``.
    rounds
        Solves behind the figures: more than 1 where cuts or columns were added in turns.
    rows, columns, nonzeros
        Of the statement; the same ``presolved``, where the engine tells.
    coefficient_min, coefficient_max
        Least and greatest absolute value of the nonzeros of the rows.
    lp_bound
        Optimum of the linear relaxation at this level, by a floating-point engine.
    root_bound
        Bound after the root node, cuts included.
    trajectory
        (wall seconds, incumbent, bound) whenever either improved.
    """

    incumbent: int | None = None
    bound: int | None = None
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
