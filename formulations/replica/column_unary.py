r"""Unary columns: allowed cells in order of latency, one binary "at least this far" for each.

Sets: allowed cells :math:`A`, numbered :math:`0, \dots, n - 1` by latency (ties by cost). Data:
ranks :math:`t_0 \le t_1 \le \dots` and :math:`c_p`.

Variables: :math:`d_p \in \{0, 1\}`; 1 if the chosen cell is number :math:`p` or a later one, so
:math:`d_0 = 1`.

.. math::
    \text{latency} = t_0 d_0 + \sum_{p \ge 1} (t_p - t_{p-1})\, d_p, \qquad
    \text{cost} = c_0 d_0 + \sum_{p \ge 1} (c_p - c_{p-1})\, d_p

.. math::
    d_{p-1} \ge d_p, \qquad p = 2, \dots, n - 1

(:math:`d_0 \ge d_1` is a bound.) It is the incremental or "delta" model of Markowitz and Manne
(1957, "On the solution of discrete programming problems", Econometrica 25), as compared with its
rivals by Croxton, Gendron and Magnanti (2003, Management Science 49). Where nothing is allowed the
program has no column, and one row that cannot be met.

Size: :math:`n - 2` rows, :math:`n` columns, :math:`2(n - 2)` entries for :math:`n \ge 2`; no rows
and one column for :math:`n = 1`; one row for :math:`n = 0`.

Strength: that of column selection, whatever else is asked of both objectives.
:math:`x_p = d_p - d_{p+1}` (:math:`d_n = 0`) is a unimodular map that takes these rows to
:math:`x \ge 0, \sum_p x_p = 1` and the objectives to those of column selection. Branching is what
differs: :math:`d_p = 0` or :math:`1` cuts the list in two where :math:`x_p = 0` takes one cell out.
"""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_column_unary", "size_column_unary"]


def size_column_unary(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    n = problem.n_columns
    rows = max(n - 2, 0) if n else 1
    return ProgramSize(rows, n, 2 * max(n - 2, 0))


def build_column_unary(problem: ReplicaProblem) -> ReplicaProgram:
    """One binary a cell, in order of latency; the model is in the module docstring.

    Columns, in order: ``d``.
    """
    layout, batch = np.nonzero(problem.allowed)
    latency = problem.latency[layout, batch].astype(np.int64)
    cost = problem.cost[layout, batch].astype(np.int64)
    order = np.lexsort((cost, latency))
    layout, batch, latency, cost = layout[order], batch[order], latency[order], cost[order]
    n = len(order)

    rows = SparseRows()
    if n == 0:
        rows.add_block(1, lower=1, upper=1)
    steps = np.arange(2, n)
    block = rows.add_block(len(steps), lower=0)
    rows.put(block, steps - 2, steps - 1, 1)
    rows.put(block, steps - 2, steps, -1)

    lower = np.zeros(n, dtype=np.int64)
    lower[:1] = 1

    def decode(x: IntArray) -> Cell:
        reached = int(x.sum())
        if not (n and 1 <= reached <= n and (x == (np.arange(n) < reached)).all()):
            raise ValueError("not a run of ones from the first column on")
        return int(layout[reached - 1]), int(batch[reached - 1])

    return ReplicaProgram(
        formulation="column_unary",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/column_unary",
            lower=lower,
            upper=np.ones(n, dtype=np.int64),
            objectives={LATENCY: _steps_of(latency), COST: _steps_of(cost)},
        ),
        decoder=decode,
    )


def _steps_of(levels: IntArray) -> IntArray:
    """First level, then what each adds to the one before; (n,)."""
    return np.diff(levels, prepend=np.int64(0))
