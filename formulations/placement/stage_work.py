r"""Stage assignment with the work of every machine: flow told by layers held, and all layers done.

Sets and columns of ``stage_assignment``: :math:`z_{ik}`, :math:`s_i`, :math:`d`, :math:`f` and its
rows, with rates no greater than total work over layers (``work_bound``), which no plan exceeds.
Beside them :math:`w_{ik} \in \mathbb{Z}_{\ge 0}`, flow through machine i while it holds k layers:

.. math::
    w_{ik} \le T_i(k) z_{ik}, \qquad \sum_j f_{ji} = \sum_k w_{ik}, \qquad
    \sum_{ik} k\, w_{ik} = L \sum_i f_{\mathrm{in}, i} .

The last is work: every token passes every layer once. With :math:`y_i = \sum_k z_{ik}`,

.. math::
    d_{ij} \le y_i, \qquad d_{ij} \le y_j, \qquad d_{\mathrm{in}, i} \le y_i, \qquad
    d_{i, \mathrm{out}} \le y_i

and of equal machines the used ones come first, in the order of their ranges,
:math:`y_i \ge y_{i+1}`, :math:`s_i \le s_{i+1}`: idle ones may call any layer their first.

Size: for n machines with Z choices in all, E edges between them and Q pairs of equal machines in a
row, :math:`2 Z + 5 n + 2 E` columns and :math:`5 E + 10 n + Z + 1 + 2 Q` rows.

Strength: at most total work over layers, :math:`\sum_i \max_k k\, T_i(k) / L`, since
:math:`L \sum f_{\mathrm{in}} = \sum k w_{ik} \le \sum k\, T_i(k) z_{ik}` and
:math:`\sum_k z_{ik} \le 1`; never weaker than ``stage_assignment``, whose rows it has or implies.
"""

from __future__ import annotations

import numpy as np

from formulations.formulation import StatedProblem
from formulations.placement.plan import PlacementPlan
from formulations.placement.problem import PlacementProblem
from formulations.placement.stage_assignment import StageProgram, n_edges, n_held
from formulations.size import ProgramSize

__all__ = ["build_stage_work", "size_stage_work"]


def build_stage_work(problem: PlacementProblem) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program over single machines; see the module's text. Plans are over ``apart()``."""
    stages = StageProgram(problem, ceiling=problem.work_bound())
    stages.meet_by_big_m()
    rows, n, held = stages.rows, stages.n, len(stages.z)
    through = stages.add(stages.rate)
    row = rows.add_block(held, upper=0)
    rows.put(row, np.arange(held), through, 1)
    rows.put(row, np.arange(held), stages.z, -stages.rate)
    row = rows.add_block(n, lower=0, upper=0)
    stages.enter(row)
    rows.put(row, stages.holder, through, -1)
    row = rows.add_block(1, lower=0, upper=0)
    rows.put(row, 0, through, stages.holds)
    rows.put(row, 0, stages.flow[stages.into], -stages.layers)
    for end in (stages.tail, stages.head):
        for e in np.flatnonzero(end >= 0).tolist():
            row = rows.add_block(1, upper=0)
            rows.put(row, 0, stages.switch[e], 1)
            rows.put(row, 0, stages.z[stages.holder == end[e]], -1)
    origin = np.repeat(np.arange(problem.n_orbits), problem.count)
    for i in np.flatnonzero(np.diff(origin) == 0).tolist():
        row = rows.add_block(2, lower=0)
        rows.put(row, 0, stages.z[stages.holder == i], 1)
        rows.put(row, 0, stages.z[stages.holder == i + 1], -1)
        rows.put(row, 1, stages.s[[i, i + 1]], [-1, 1])
    return StatedProblem(
        formulation="stage_work",
        problem=stages.alone,
        statement=stages.to_milp("stage_work"),
        decoder=stages.routed,
    )


def size_stage_work(problem: PlacementProblem) -> ProgramSize:
    """Rows and columns by the formulas of the module's text."""
    n, edges, held = problem.n_machines, n_edges(problem), n_held(problem)
    pairs = n - problem.n_orbits
    return ProgramSize(5 * edges + 10 * n + held + 1 + 2 * pairs, 2 * held + 5 * n + 2 * edges)
