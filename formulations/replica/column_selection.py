r"""Column selection: one binary for every allowed cell, its latency and cost computed beforehand.

Sets: allowed cells :math:`A \subseteq L \times K`. Data: ranks
:math:`t_{lb} = \max(m_{lb}, a_{lb})` and :math:`c_{lb}`.

Variables: :math:`x_{lb} \in \{0, 1\}` for :math:`(l, b) \in A`; 1 if cell :math:`(l, b)` is chosen.

.. math::
    \text{latency} = \sum_{(l,b) \in A} t_{lb}\, x_{lb}, \qquad
    \text{cost} = \sum_{(l,b) \in A} c_{lb}\, x_{lb}

.. math::
    \sum_{(l,b) \in A} x_{lb} = 1

Size: :math:`1` row, :math:`|A|` columns, :math:`|A|` entries.

Strength: the relaxation without a bound on an objective is the convex hull of the allowed
(latency, cost) pairs, the strongest of the linear formulations here; a bound on latency cuts that
hull across and leaves at most two fractional columns. With ``only_nondominated`` the cells that
another cell beats or equals in both objectives are left out first, which changes no nondominated
pair and keeps one cell for each.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram, chosen_one
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_column_selection", "nondominated_positions", "size_column_selection"]


def nondominated_positions(latency: IntArray, cost: IntArray) -> npt.NDArray[np.intp]:
    """Positions of the nondominated pairs of two (n,) arrays, in order of latency.

    Where several positions hold the same pair, the first of them is kept.
    """
    order = np.lexsort((cost, latency))
    if not len(order):
        return order
    cheapest_before = np.minimum.accumulate(cost[order])
    kept = np.ones(len(order), dtype=np.bool_)
    kept[1:] = cost[order][1:] < cheapest_before[:-1]
    return order[kept]


def size_column_selection(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text, all allowed cells kept."""
    return ProgramSize(1, problem.n_columns, problem.n_columns)


def build_column_selection(
    problem: ReplicaProblem, *, only_nondominated: bool = False
) -> ReplicaProgram:
    """One binary a cell; the model is in the module docstring.

    Parameters
    ----------
    only_nondominated
        Leave out cells that another cell beats or equals in both objectives.

    Notes
    -----
    A problem that allows no cell gives a program without columns, whose one row cannot be met.
    """
    layout, batch = np.nonzero(problem.allowed)
    latency = problem.latency[layout, batch].astype(np.int64)
    cost = problem.cost[layout, batch].astype(np.int64)
    if only_nondominated:
        kept = nondominated_positions(latency, cost)
        layout, batch, latency, cost = layout[kept], batch[kept], latency[kept], cost[kept]
    n = len(layout)

    rows = SparseRows()
    one_of = rows.add_block(1, lower=1, upper=1)
    rows.put(one_of, 0, np.arange(n), 1)

    def decode(x: IntArray) -> Cell:
        column = chosen_one(x)
        return int(layout[column]), int(batch[column])

    return ReplicaProgram(
        formulation="column_selection",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/column_selection",
            lower=np.zeros(n, dtype=np.int64),
            upper=np.ones(n, dtype=np.int64),
            objectives={LATENCY: latency, COST: cost},
        ),
        decoder=decode,
    )
