r"""Factored big-M: one-hot layout, one-hot batch level, the roofline maximum by big-M rows.

Sets: layouts :math:`L`, batch levels :math:`K`, allowed cells :math:`A`;
:math:`A_l = \{b : (l, b) \in A\}`. Data: ranks :math:`m_{lb}, a_{lb}, c_{lb}`, lifted to the lowest
attainable latency :math:`\underline T` and cost :math:`\underline C` (see ``lifting``).

Variables: :math:`y_l, z_b \in \{0, 1\}` choose the layout and the batch level; integers
:math:`T \in [\underline T, \overline T]` and :math:`C \in [\underline C, \overline C]` bound its
latency and its cost from above.

.. math::
    \text{latency} = T, \qquad \text{cost} = C

It is the big-M form of the disjunction "one layout :math:`l` rules:
:math:`T \ge \sum_b m_{lb} z_b`, :math:`T \ge \sum_b a_{lb} z_b`, :math:`C \ge \sum_b c_{lb} z_b`,
:math:`z_b = 0` for :math:`b \notin A_l`":

.. math::
    \sum_l y_l = 1, \qquad \sum_b z_b = 1

.. math::
    T &\ge \underline T + \sum_b (m_{lb} - \underline T)\, z_b - M_l (1 - y_l)
      && M_l = \max_b m_{lb} - \underline T \\
    T &\ge \underline T + \sum_b (a_{lb} - \underline T)\, z_b - M'_l (1 - y_l)
      && M'_l = \max_b a_{lb} - \underline T \\
    C &\ge \underline C + \sum_b (c_{lb} - \underline C)\, z_b - M''_l (1 - y_l)
      && M''_l = \max_b c_{lb} - \underline C \\
    1 &\ge y_l + \sum_{b \notin A_l} z_b && \text{where } A_l \ne K

Both :math:`T` rows together are the maximum of the roofline: at a minimum of :math:`T` one of them
is tight. A row with :math:`M = 0` says no more than the bound of :math:`T` or :math:`C` and is left
out.

Size: :math:`|L| + |K| + 2` columns; 2 rows, one for each :math:`M_l, M'_l, M''_l > 0` and one for
each :math:`A_l \ne K`, so at most :math:`4|L| + 2`; entries: :math:`|L| + |K|`, two in each big-M
row and one for each rank above :math:`\underline T` or :math:`\underline C`, one for each
:math:`A_l \ne K` and each forbidden cell, so at most :math:`4|L||K| + 7|L| + |K|`.

Strength: never above the hull or multiple big-M (proved). With the choice spread over two or more
layouts every row is slack, so the root bound is mostly :math:`\underline T` or
:math:`\underline C` (measured) and branching does the work.
"""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram, chosen_one
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_factored_big_m", "size_factored_big_m"]


def size_factored_big_m(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    above = [
        (ranks.memory > ranks.latency_low),
        (ranks.arithmetic > ranks.latency_low),
        (ranks.cost > ranks.cost_low),
    ]
    big_m_rows = sum(int(table.any(axis=1).sum()) for table in above)
    restricted = int((~problem.allowed.all(axis=1)).sum())
    return ProgramSize(
        rows=2 + big_m_rows + restricted,
        columns=n_layouts + n_batches + 2,
        nonzeros=n_layouts + n_batches  # the two one-hot rows
        + 2 * big_m_rows + sum(int(table.sum()) for table in above)
        + restricted + int((~problem.allowed).sum()),
    )  # fmt: skip


def build_factored_big_m(problem: ReplicaProblem) -> ReplicaProgram:
    """One-hot factors with big-M rows; the model is in the module docstring.

    Columns, in order: ``y`` (layouts), ``z`` (batch levels), ``T``, ``C``.
    """
    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    latency_column = n_layouts + n_batches
    cost_column = latency_column + 1
    n = cost_column + 1
    y = np.arange(n_layouts)
    z = n_layouts + np.arange(n_batches)

    rows = SparseRows()
    one_of = rows.add_block(2, lower=1, upper=1)
    rows.put(one_of, 0, y, 1)
    rows.put(one_of, 1, z, 1)

    for table, low, bounded in (
        (ranks.memory, ranks.latency_low, latency_column),
        (ranks.arithmetic, ranks.latency_low, latency_column),
        (ranks.cost, ranks.cost_low, cost_column),
    ):
        above_low = table - low
        big_m = above_low.max(axis=1)
        kept = np.flatnonzero(big_m)
        here = np.arange(len(kept))
        block = rows.add_block(len(kept), lower=low - big_m[kept])
        rows.put(block, here, bounded, 1)
        rows.put(block, here[:, None], z[None, :], -above_low[kept])
        rows.put(block, here, y[kept], -big_m[kept])

    restricted = np.flatnonzero(~problem.allowed.all(axis=1))
    block = rows.add_block(len(restricted), upper=1)
    rows.put(block, np.arange(len(restricted)), y[restricted], 1)
    row, batch = np.nonzero(~problem.allowed[restricted])
    rows.put(block, row, z[batch], 1)

    lower = np.zeros(n, dtype=np.int64)
    upper = np.ones(n, dtype=np.int64)
    lower[latency_column:] = ranks.latency_low, ranks.cost_low
    upper[latency_column:] = ranks.latency_high, ranks.cost_high
    unit = np.eye(2, n, latency_column, dtype=np.int64)

    def decode(x: IntArray) -> Cell:
        return chosen_one(x[:n_layouts]), chosen_one(x[n_layouts:latency_column])

    return ReplicaProgram(
        formulation="factored_big_m",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/factored_big_m",
            lower=lower,
            upper=upper,
            objectives={LATENCY: unit[0].copy(), COST: unit[1].copy()},
        ),
        decoder=decode,
    )
