r"""Factored hull: one-hot layout, one-hot batch level, the disjunction over layouts by its hull.

Sets, data and the variables :math:`y_l, z_b, T, C` as in ``factored_big_m``, which states the
disjunction. Each layout gets its own copy of what its constraints touch:
:math:`z_{lb} \in \{0, 1\}` for :math:`(l, b) \in A` (a copy of a forbidden :math:`z_b` is zero and
left out) and an integer :math:`T_l \ge 0`.

.. math::
    \text{latency} = T, \qquad \text{cost} = C

.. math::
    \sum_l y_l &= 1 \\
    z_b &= \sum_{l : (l,b) \in A} z_{lb} && b \in K \\
    \sum_{b \in A_l} z_{lb} &= y_l && l \in L \\
    T_l &\ge \sum_{b \in A_l} m_{lb}\, z_{lb} && l \in L \\
    T_l &\ge \sum_{b \in A_l} a_{lb}\, z_{lb} && l \in L \\
    T &\ge \sum_l T_l \\
    C &\ge \sum_{(l,b) \in A} c_{lb}\, z_{lb}

The textbook hull has :math:`T = \sum_l T_l` with
:math:`\underline T y_l \le T_l \le \overline T y_l`, and likewise copies :math:`C_l`. Projecting
the copies :math:`C_l` and the limits of :math:`T_l` out leaves the rows above and the bounds of
:math:`T` and :math:`C`: the lower limits follow from the lifted ranks, the upper ones from
:math:`\sum_l y_l = 1`. Also :math:`\sum_b z_b = 1` follows.

Size: :math:`|A| + 2|L| + |K| + 2` columns, :math:`3|L| + |K| + 3` rows,
:math:`2|A| + 5|L| + |K| + 2` entries and one for each rank of an allowed cell that is not 0, so at
most :math:`5|A| + 5|L| + |K| + 2`.

Strength: the convex hull of the union of the layouts' relaxations, so never weaker than big-M;
still weaker than column selection wherever a mixture of a memory-bound and an arithmetic-bound
batch level of one layout has both sums below the mixture of the maxima.
"""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram, chosen_one
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_factored_hull", "size_factored_hull"]


def size_factored_hull(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    positive = sum(
        int((table[problem.allowed] > 0).sum())
        for table in (ranks.memory, ranks.arithmetic, ranks.cost)
    )
    cells = problem.n_columns
    return ProgramSize(
        rows=3 * n_layouts + n_batches + 3,
        columns=cells + 2 * n_layouts + n_batches + 2,
        nonzeros=2 * cells + positive + 5 * n_layouts + n_batches + 2,
    )


def build_factored_hull(problem: ReplicaProblem) -> ReplicaProgram:
    """One-hot factors with the hull of the disjunction; the model is in the module docstring.

    Columns, in order: ``y`` (layouts), ``z`` (batch levels), ``T``, ``C``, ``T_l`` (layouts),
    ``z_lb`` (allowed cells, row by row).
    """
    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    layout, batch = np.nonzero(problem.allowed)
    layouts = np.arange(n_layouts)
    y = layouts
    z = n_layouts + np.arange(n_batches)
    latency_column = n_layouts + n_batches
    cost_column = latency_column + 1
    latency_copy = cost_column + 1 + layouts
    first_cell = cost_column + 1 + n_layouts
    cell = first_cell + np.arange(len(layout))
    n = first_cell + len(layout)

    rows = SparseRows()
    one_of = rows.add_block(1, lower=1, upper=1)
    rows.put(one_of, 0, y, 1)

    batch_sum = rows.add_block(n_batches, lower=0, upper=0)
    rows.put(batch_sum, np.arange(n_batches), z, 1)
    rows.put(batch_sum, batch, cell, -1)

    layout_sum = rows.add_block(n_layouts, lower=0, upper=0)
    rows.put(layout_sum, layouts, y, -1)
    rows.put(layout_sum, layout, cell, 1)

    for table in (ranks.memory, ranks.arithmetic):
        block = rows.add_block(n_layouts, lower=0)
        rows.put(block, layouts, latency_copy, 1)
        rows.put(block, layout, cell, -table[layout, batch])

    totals = rows.add_block(2, lower=0)
    rows.put(totals, [0, 1], [latency_column, cost_column], 1)
    rows.put(totals, 0, latency_copy, -1)
    rows.put(totals, 1, cell, -ranks.cost[layout, batch])

    lower = np.zeros(n, dtype=np.int64)
    upper = np.ones(n, dtype=np.int64)
    lower[[latency_column, cost_column]] = ranks.latency_low, ranks.cost_low
    upper[[latency_column, cost_column]] = ranks.latency_high, ranks.cost_high
    upper[latency_copy] = ranks.latency_high
    unit = np.eye(2, n, latency_column, dtype=np.int64)

    def decode(x: IntArray) -> Cell:
        return chosen_one(x[:n_layouts]), chosen_one(x[n_layouts:latency_column])

    return ReplicaProgram(
        formulation="factored_hull",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/factored_hull",
            lower=lower,
            upper=upper,
            objectives={LATENCY: unit[0].copy(), COST: unit[1].copy()},
        ),
        decoder=decode,
    )
