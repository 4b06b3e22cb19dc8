r"""Stage assignment: every machine by itself, edges switched on by big-M. The textbook baseline.

Sets: machines :math:`i`, copies of one orbit told apart; layers :math:`L`.

Variables: :math:`z_{ik} \in \{0, 1\}`, machine i holds k layers; :math:`s_i \in \{0..L\}`, its
first; :math:`d_{ij}, d_{\mathrm{in}, i}, d_{i, \mathrm{out}} \in \{0, 1\}`, whether an edge may
carry flow; :math:`f_{ij} \in \mathbb{Z}_{\ge 0}`, what it carries. With the end
:math:`e_i = s_i + \sum_k k z_{ik}`:

.. math::
    \min\; -\sum_i f_{\mathrm{in}, i} \quad \text{subject to} \quad
    \sum_k z_{ik} \le 1, \qquad e_i \le L

.. math::
    -L (1 - d_{ij}) \le e_i - s_j \le L (1 - d_{ij}), \qquad
    s_i \le L (1 - d_{\mathrm{in}, i}), \qquad e_i \ge L d_{i, \mathrm{out}}

.. math::
    f_{ij} \le c_{ij} d_{ij}, \qquad \sum_j f_{ji} = \sum_j f_{ij} \le \sum_k T_i(k) z_{ik}

Links that several pairs share are one row each over the flows of their pairs (``shared_flow``).

Size: about :math:`2 n^2` columns and :math:`3 n^2` rows for n machines.

Strength: weak. Half of every edge may be open at once, and equal machines are n! copies of each
other; it is kept as what the stronger statements are measured against.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.placement.max_flow import routed_plan
from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow, put_shared_rows
from formulations.rows import SparseRows

__all__ = ["build_stage_assignment"]


def build_stage_assignment(
    problem: PlacementProblem, *, shared: Sequence[SharedRow] = ()
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program over single machines; see the module's text. Plans are over ``apart()``.

    Parameters
    ----------
    shared
        By index of the single machines.
    """
    alone = problem.apart()
    n, layers = alone.n_orbits, alone.layers
    fastest = [alone.fastest(i) for i in range(n)]
    held = [(i, k) for i in range(n) for k in alone.held(i)]
    edges = [(i, j) for i in range(n) for j in range(n) if i != j and alone.links[i, j]]
    holder = np.array([i for i, _ in held], dtype=np.int64)
    holds = np.array([k for _, k in held], dtype=np.int64)
    rate = np.array([alone.rate(i, k) for i, k in held], dtype=np.int64)
    z = np.arange(len(held))
    s = len(z) + np.arange(n)
    switch = len(z) + n + np.arange(len(edges) + 2 * n)
    flow = switch + len(switch)
    # Edges in order: between machines, from the source, to the sink.
    tail = np.array([i for i, _ in edges] + [-1] * n + list(range(n)), dtype=np.int64)
    head = np.array([j for _, j in edges] + list(range(n)) + [-1] * n, dtype=np.int64)
    capacity = np.array(
        [min(int(alone.links[i, j]), fastest[i], fastest[j]) for i, j in edges]
        + [min(int(alone.source[i]), fastest[i]) for i in range(n)]
        + [min(int(alone.sink[i]), fastest[i]) for i in range(n)],
        dtype=np.int64,
    )

    rows = SparseRows()
    row = rows.add_block(n, upper=1)
    rows.put(row, holder, z, 1)
    row = rows.add_block(n, upper=layers)
    rows.put(row, np.arange(n), s, 1)
    rows.put(row, holder, z, holds)
    for e, (i, j) in enumerate(edges):
        for sign in (1, -1):
            row = rows.add_block(1, upper=layers)
            rows.put(row, 0, [s[i], s[j]], [sign, -sign])
            rows.put(row, 0, z[holder == i], sign * holds[holder == i])
            rows.put(row, 0, switch[e], layers)
    into, out = len(edges) + np.arange(n), len(edges) + n + np.arange(n)
    row = rows.add_block(n, upper=layers)
    rows.put(row, np.arange(n), s, 1)
    rows.put(row, np.arange(n), switch[into], layers)
    row = rows.add_block(n, lower=0)
    rows.put(row, np.arange(n), s, 1)
    rows.put(row, holder, z, holds)
    rows.put(row, np.arange(n), switch[out], -layers)
    row = rows.add_block(len(switch), upper=0)
    rows.put(row, np.arange(len(switch)), flow, 1)
    rows.put(row, np.arange(len(switch)), switch, -capacity)
    row = rows.add_block(n, lower=0, upper=0)
    rows.put(row, head[head >= 0], flow[head >= 0], 1)
    rows.put(row, tail[tail >= 0], flow[tail >= 0], -1)
    row = rows.add_block(n, upper=0)
    rows.put(row, head[head >= 0], flow[head >= 0], 1)
    rows.put(row, holder, z, -rate)

    column = {edge: np.array([flow[e]]) for e, edge in enumerate(edges)}
    column |= {(SOURCE, i): np.array([flow[e]]) for i, e in enumerate(into.tolist())}
    column |= {(i, SINK): np.array([flow[e]]) for i, e in enumerate(out.tolist())}
    none = np.empty(0, dtype=np.int64)
    put_shared_rows(rows, shared, lambda start, end: column.get((start, end), none))

    n_columns = int(flow[-1]) + 1
    upper = np.ones(n_columns, dtype=np.int64)
    upper[s], upper[flow] = layers, capacity
    goal = np.zeros(n_columns, dtype=np.int64)
    goal[flow[into]] = -1

    def decode(x: IntArray) -> PlacementPlan:
        chosen = np.flatnonzero(x[z]).tolist()
        ranges = [HeldRange(int(holder[c]), int(x[s[holder[c]]]), int(holds[c])) for c in chosen]
        if not shared:
            return routed_plan(alone, ranges)
        # Routing anew would know no shared link.
        place = {held.orbit: index for index, held in enumerate(ranges)}
        place |= {SOURCE: SOURCE, SINK: SINK}
        flows = {
            (place[i], place[j]): int(x[columns[0]])
            for (i, j), columns in column.items()
            if x[columns[0]]
        }
        return PlacementPlan(tuple(ranges), flows)

    return StatedProblem(
        formulation="stage_assignment",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/stage_assignment",
            lower=np.zeros(n_columns, dtype=np.int64),
            upper=upper,
            objectives={THROUGHPUT: goal},
        ),
        decoder=decode,
    )
