r"""Factored indicators: one-hot layout, one-hot batch level, the roofline by implications.

Sets, data and the variables :math:`y_l, z_b, T, C` as in ``factored_big_m``, which states the
disjunction; here its rows hold only where their layout rules, and no constant says so.

.. math::
    \text{latency} = T, \qquad \text{cost} = C

.. math::
    \sum_l y_l = 1, \qquad \sum_b z_b = 1, \qquad
    y_l + \sum_{b \notin A_l} z_b \le 1 \quad \text{where } A_l \ne K

.. math::
    y_l = 1 \;&\Rightarrow\; T \ge \underline T + \sum_b (m_{lb} - \underline T)\, z_b \\
    y_l = 1 \;&\Rightarrow\; T \ge \underline T + \sum_b (a_{lb} - \underline T)\, z_b \\
    y_l = 1 \;&\Rightarrow\; C \ge \underline C + \sum_b (c_{lb} - \underline C)\, z_b

(:math:`\sum_b z_b = 1` makes these the rows of the disjunction.) An implied row whose ranks are all
:math:`\underline T` or :math:`\underline C` is left out.

Size: as ``factored_big_m``, the implied rows among the rows.

Strength: none of its own. Without the implied rows any choice goes with
:math:`T = \underline T, C = \underline C`, so no other formulation has a weaker relaxation
(proved). What an engine adds (big-M rows of its own, branching, propagation) is all there is.
"""

from __future__ import annotations

import numpy as np

from formulations.indicator import IndicatorProgram
from formulations.milp import IntArray
from formulations.replica.factored_big_m import size_factored_big_m
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram, chosen_one
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_factored_indicator", "size_factored_indicator"]


def size_factored_indicator(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text: big-M without the entry of y in each such row."""
    big_m = size_factored_big_m(problem)
    restricted = int((~problem.allowed.all(axis=1)).sum())
    implied = big_m.rows - 2 - restricted
    assert big_m.nonzeros is not None
    return ProgramSize(big_m.rows, big_m.columns, big_m.nonzeros - implied)


def build_factored_indicator(problem: ReplicaProblem) -> ReplicaProgram:
    """One-hot factors with implied rows; the model is in the module docstring.

    Columns, in order: ``y`` (layouts), ``z`` (batch levels), ``T``, ``C``.
    """
    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    latency_column = n_layouts + n_batches
    cost_column = latency_column + 1
    n = cost_column + 1
    y = np.arange(n_layouts)
    z = n_layouts + np.arange(n_batches)
    name = f"{problem.name}/factored_indicator"

    lower = np.zeros(n, dtype=np.int64)
    upper = np.ones(n, dtype=np.int64)
    lower[latency_column:] = ranks.latency_low, ranks.cost_low
    upper[latency_column:] = ranks.latency_high, ranks.cost_high
    unit = np.eye(2, n, latency_column, dtype=np.int64)

    rows = SparseRows()
    one_of = rows.add_block(2, lower=1, upper=1)
    rows.put(one_of, 0, y, 1)
    rows.put(one_of, 1, z, 1)
    restricted = np.flatnonzero(~problem.allowed.all(axis=1))
    block = rows.add_block(len(restricted), upper=1)
    rows.put(block, np.arange(len(restricted)), y[restricted], 1)
    row, batch = np.nonzero(~problem.allowed[restricted])
    rows.put(block, row, z[batch], 1)
    milp = rows.to_milp(
        name,
        lower=lower,
        upper=upper,
        objectives={LATENCY: unit[0].copy(), COST: unit[1].copy()},
    )

    binary = [np.empty(0, dtype=np.int64)]
    implied = SparseRows()
    for table, low, bounded in (
        (ranks.memory, ranks.latency_low, latency_column),
        (ranks.arithmetic, ranks.latency_low, latency_column),
        (ranks.cost, ranks.cost_low, cost_column),
    ):
        above_low = table - low
        kept = np.flatnonzero(above_low.any(axis=1))
        here = np.arange(len(kept))
        block = implied.add_block(len(kept), lower=low)
        implied.put(block, here, bounded, 1)
        implied.put(block, here[:, None], z[None, :], -above_low[kept])
        binary.append(y[kept].astype(np.int64))
    matrix = implied.to_milp(name, lower=lower, upper=upper, objectives={})

    def decode(x: IntArray) -> Cell:
        return chosen_one(x[:n_layouts]), chosen_one(x[n_layouts:latency_column])

    return ReplicaProgram(
        formulation="factored_indicator",
        problem=problem,
        statement=IndicatorProgram(
            milp=milp,
            binary=np.concatenate(binary),
            row_start=matrix.row_start,
            column_index=matrix.column_index,
            value=matrix.value,
            row_lower=matrix.row_lower,
            row_upper=matrix.row_upper,
        ),
        decoder=decode,
    )
