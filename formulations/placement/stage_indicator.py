r"""Stage assignment with edges that imply: where one is open ranges meet, and no big-M says so.

Sets and columns of ``stage_assignment``: :math:`z_{ik}`, :math:`s_i`, :math:`d`, :math:`f`, the end
:math:`e_i = s_i + \sum_k k z_{ik}`. Its rows but those with :math:`L (1 - d)`, in whose place

.. math::
    d_{ij} = 1 \Rightarrow e_i = s_j, \qquad d_{\mathrm{in}, i} = 1 \Rightarrow s_i \le 0, \qquad
    d_{i, \mathrm{out}} = 1 \Rightarrow e_i \ge L .

Size: for n machines with Z choices in all and E edges between them, :math:`Z + 5 n + 2 E` columns
and :math:`2 E + 8 n` rows, :math:`E + 2 n` of them implied.

Strength: the linear relaxation, implications left out, is that of machines in any place, so no
stronger than that of ``stage_assignment``.
"""

from __future__ import annotations

import numpy as np

from formulations.formulation import StatedProblem
from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY
from formulations.placement.plan import PlacementPlan
from formulations.placement.problem import PlacementProblem
from formulations.placement.stage_assignment import StageProgram, n_edges, n_held
from formulations.size import ProgramSize

__all__ = ["build_stage_indicator", "size_stage_indicator"]


def build_stage_indicator(
    problem: PlacementProblem,
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program over single machines; see the module's text. Plans are over ``apart()``."""
    stages = StageProgram(problem)
    stages.let_through()
    n, layers = stages.n, stages.layers
    columns: list[list[int]] = []
    values: list[list[int]] = []
    for i, j in [*stages.edges, *((-1, i) for i in range(n)), *((i, -1) for i in range(n))]:
        column, value = [], []
        if i >= 0:
            mine = stages.holder == i
            column += [int(stages.s[i]), *stages.z[mine].tolist()]
            value += [1, *stages.holds[mine].tolist()]
        if j >= 0:
            column.append(int(stages.s[j]))
            value.append(-1)
        columns.append(column)
        values.append(value)
    # From the source: -s_i >= 0. To the sink: e_i >= L.
    edges = len(stages.edges)
    lower = np.array([0] * (edges + n) + [layers] * n, dtype=np.int64)
    upper = np.array([0] * edges + [INFINITY] * (2 * n), dtype=np.int64)
    return StatedProblem(
        formulation="stage_indicator",
        problem=stages.alone,
        statement=IndicatorProgram(
            milp=stages.to_milp("stage_indicator"),
            binary=stages.switch.copy(),
            row_start=np.cumsum([0, *(len(column) for column in columns)], dtype=np.int64),
            column_index=np.array([c for column in columns for c in column], dtype=np.int64),
            value=np.array([v for value in values for v in value], dtype=np.int64),
            row_lower=lower,
            row_upper=upper,
        ),
        decoder=stages.routed,
    )


def size_stage_indicator(problem: PlacementProblem) -> ProgramSize:
    """Rows and columns by the formulas of the module's text."""
    n, edges = problem.n_machines, n_edges(problem)
    return ProgramSize(2 * edges + 8 * n, n_held(problem) + 5 * n + 2 * edges)
