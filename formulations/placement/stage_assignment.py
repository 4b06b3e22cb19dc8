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

Size: for n machines with Z choices in all and E edges between them, :math:`Z + 5 n + 2 E` columns
and :math:`3 E + 8 n` rows.

Strength: weak. Half of every edge may be open at once, and equal machines are n! copies of each
other; it is kept as what the stronger statements are measured against.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray, Milp
from formulations.placement.max_flow import routed_plan
from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow, put_shared_rows
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["StageProgram", "build_stage_assignment", "n_edges", "n_held", "size_stage_assignment"]


class StageProgram:
    """Machines by themselves, edges and flows: columns, and the rows that hold for each statement.

    Attributes
    ----------
    z, holder, holds, rate : (n_held,)
        Column of each choice, its machine, its layers, and the rate it lets through.
    s : (n,)
        Columns of the first layers.
    switch, flow : (n_edges,)
        Columns of edges: between machines as ``edges`` has them, from the source, to the sink.
    """

    def __init__(self, problem: PlacementProblem, *, ceiling: int | None = None) -> None:
        self.problem, self.alone = problem, problem.apart()
        alone = self.alone
        self.n, self.layers = alone.n_orbits, alone.layers
        n = self.n
        most = [alone.fastest(i) for i in range(n)]
        if ceiling is not None:
            most = [min(fastest, ceiling) for fastest in most]
        held = [(i, k) for i in range(n) for k in alone.held(i)]
        self.edges = [(i, j) for i in range(n) for j in range(n) if i != j and alone.links[i, j]]
        self.holder = np.array([i for i, _ in held], dtype=np.int64)
        self.holds = np.array([k for _, k in held], dtype=np.int64)
        self.rate = np.array([min(alone.rate(i, k), most[i]) for i, k in held], dtype=np.int64)
        # Edges in order: between machines, from the source, to the sink.
        tail = [i for i, _ in self.edges] + [-1] * n + list(range(n))
        head = [j for _, j in self.edges] + list(range(n)) + [-1] * n
        self.tail, self.head = (np.array(end, dtype=np.int64) for end in (tail, head))
        self.capacity = np.array(
            [min(int(alone.links[i, j]), most[i], most[j]) for i, j in self.edges]
            + [min(int(alone.source[i]), most[i]) for i in range(n)]
            + [min(int(alone.sink[i]), most[i]) for i in range(n)],
            dtype=np.int64,
        )
        self.upper: list[int] = []
        self.z = self.add(np.ones(len(held), dtype=np.int64))
        self.s = self.add(np.full(n, self.layers))
        self.switch = self.add(np.ones(len(tail), dtype=np.int64))
        self.flow = self.add(self.capacity)
        self.into = len(self.edges) + np.arange(n)
        self.out = len(self.edges) + n + np.arange(n)
        self.rows = SparseRows()
        self._hold()

    def add(self, upper: IntArray) -> IntArray:
        """Columns from 0 to ``upper``."""
        first = len(self.upper)
        self.upper += upper.tolist()
        return first + np.arange(len(upper))

    def _hold(self) -> None:
        """A machine holds one number of layers within the model; edges carry what is open."""
        rows, n, count = self.rows, self.n, len(self.switch)
        row = rows.add_block(n, upper=1)
        rows.put(row, self.holder, self.z, 1)
        row = rows.add_block(n, upper=self.layers)
        rows.put(row, np.arange(n), self.s, 1)
        rows.put(row, self.holder, self.z, self.holds)
        row = rows.add_block(count, upper=0)
        rows.put(row, np.arange(count), self.flow, 1)
        rows.put(row, np.arange(count), self.switch, -self.capacity)
        row = rows.add_block(n, lower=0, upper=0)
        for end, sign in ((self.head, 1), (self.tail, -1)):
            rows.put(row, end[end >= 0], self.flow[end >= 0], sign)

    def enter(self, row: int, sign: int = 1) -> None:
        """Put what enters each machine into the n rows from ``row`` on."""
        inner = self.head >= 0
        self.rows.put(row, self.head[inner], self.flow[inner], sign)

    def meet_by_big_m(self) -> None:
        """Ends meet starts where an edge is open."""
        rows, n, layers = self.rows, self.n, self.layers
        for e, (i, j) in enumerate(self.edges):
            mine = self.holder == i
            for sign in (1, -1):
                row = rows.add_block(1, upper=layers)
                rows.put(row, 0, [self.s[i], self.s[j]], [sign, -sign])
                rows.put(row, 0, self.z[mine], sign * self.holds[mine])
                rows.put(row, 0, self.switch[e], layers)
        row = rows.add_block(n, upper=layers)
        rows.put(row, np.arange(n), self.s, 1)
        rows.put(row, np.arange(n), self.switch[self.into], layers)
        row = rows.add_block(n, lower=0)
        rows.put(row, np.arange(n), self.s, 1)
        rows.put(row, self.holder, self.z, self.holds)
        rows.put(row, np.arange(n), self.switch[self.out], -layers)

    def let_through(self) -> None:
        """No more enters a machine than what it holds lets through."""
        row = self.rows.add_block(self.n, upper=0)
        self.enter(row)
        self.rows.put(row, self.holder, self.z, -self.rate)

    def to_milp(self, formulation: str) -> Milp:
        """The program."""
        goal = np.zeros(len(self.upper), dtype=np.int64)
        goal[self.flow[self.into]] = -1
        return self.rows.to_milp(
            f"{self.problem.name}/{formulation}",
            lower=np.zeros(len(self.upper), dtype=np.int64),
            upper=np.array(self.upper, dtype=np.int64),
            objectives={THROUGHPUT: goal},
        )

    def ranges(self, x: IntArray) -> list[HeldRange]:
        """What each machine that is used holds."""
        chosen = np.flatnonzero(x[self.z])
        return [
            HeldRange(int(self.holder[c]), int(x[self.s[self.holder[c]]]), int(self.holds[c]))
            for c in chosen
        ]

    def routed(self, x: IntArray) -> PlacementPlan:
        """The ranges with a greatest flow through them; of single machines."""
        return routed_plan(self.alone, self.ranges(x))


def build_stage_assignment(
    problem: PlacementProblem, *, shared: Sequence[SharedRow] = ()
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program over single machines; see the module's text. Plans are over ``apart()``.

    Parameters
    ----------
    shared
        By index of the single machines.
    """
    stages = StageProgram(problem)
    stages.meet_by_big_m()
    stages.let_through()
    flow = stages.flow
    column = {edge: np.array([flow[e]]) for e, edge in enumerate(stages.edges)}
    column |= {(SOURCE, i): np.array([flow[e]]) for i, e in enumerate(stages.into.tolist())}
    column |= {(i, SINK): np.array([flow[e]]) for i, e in enumerate(stages.out.tolist())}
    none = np.empty(0, dtype=np.int64)
    put_shared_rows(stages.rows, shared, lambda start, end: column.get((start, end), none))

    def decode(x: IntArray) -> PlacementPlan:
        if not shared:
            return stages.routed(x)
        # Routing anew would know no shared link.
        ranges = stages.ranges(x)
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
        problem=stages.alone,
        statement=stages.to_milp("stage_assignment"),
        decoder=decode,
    )


def n_edges(problem: PlacementProblem) -> int:
    """Edges between single machines that carry anything."""
    count = problem.count
    pairs = np.outer(count, count) - np.diag(count)
    return int(pairs[problem.links > 0].sum())


def n_held(problem: PlacementProblem) -> int:
    """Choices of layers of all machines."""
    return sum(
        len(problem.held(orbit)) * count for orbit, count in enumerate(problem.count.tolist())
    )


def size_stage_assignment(problem: PlacementProblem) -> ProgramSize:
    """Rows and columns by the formulas of the module's text, without shared links."""
    n, edges = problem.n_machines, n_edges(problem)
    return ProgramSize(3 * edges + 8 * n, n_held(problem) + 5 * n + 2 * edges)
