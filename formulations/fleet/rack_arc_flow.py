r"""Arc flow: racks of an orbit flow through the fill states of one, from empty to full.

Sets: columns :math:`j`, rows over counts as in ``counts``; shapes :math:`k` that take room (items
that no rack can tell apart, with columns :math:`J_k`); for each orbit :math:`o` of :math:`R_o > 0`
racks the nodes :math:`V_o` and arcs :math:`A_o` of its ``fill_graph``, with source
:math:`\emptyset` (the empty rack) and sink :math:`\bullet`; arc :math:`a` puts in :math:`q_a` units
of shape :math:`k(a)`, or none.

Variables: :math:`n_j \in \{0, \dots, u_j\}`; :math:`f_a \in \{0, \dots, R_o\}` racks that pass
along arc :math:`a`.

.. math::
    \text{measure} = \sum_j c_j n_j

.. math::
    \sum_j a_{ij} n_j \ge d_i, \qquad
    -\sum_j b_{rj} n_j \ge -B_r, \qquad
    \sum_j w_{cj} n_j \ge l_c

.. math::
    \sum_{a \in \delta^-(v)} f_a = \sum_{a \in \delta^+(v)} f_a
    \quad \forall v \in V_o \setminus \{\emptyset, \bullet\}, \qquad
    \sum_{a \in \delta^+(\emptyset)} f_a \le R_o

.. math::
    \sum_{a : k(a) = k} q_a f_a - \sum_{j \in J_k} n_j \ge 0 .

It is the arc flow of Valério de Carvalho (1999), over vectors with equal states joined as Brandão
and Pedroso (2016) do, and with units limited to what a fleet can hold. A flow of whole numbers
without circles falls apart into paths; each is the filling of a rack (path decomposition), and the
decoder hands out the exact contents as for ``rack_patterns``. A problem in which any one rack may
be lost is not for this formulation, nor one without racks.

Size: :math:`n + \sum_o |A_o|` columns, :math:`|T| + K + \sum_o (|V_o| - 1)` rows
(:math:`|T|` rows over counts; orbits in which nothing fits have none); refused where an orbit has
more than 200,000 states before they are joined. :math:`|A_o|` grows with the room of a rack as a
number, where patterns grow with the ways to fill it.

Strength: exactly that of ``rack_patterns``. A flow of a graph without circles is a sum of flows
along paths, in the relaxation too; each path is a filling of a rack, contained in a maximal
pattern, and each maximal pattern is contained in a path. So the projection on :math:`n` is the
same: over orbits the sum of :math:`R_o` times the hull of what one rack can hold, which is at
least as tight as ``counts`` (see ``rack_patterns``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.fleet.fill_graph import FULL, Arc, FillGraph, fill_graph
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import Decoded, FleetProgram
from formulations.fleet.rack_patterns import handed_out, shapes_of
from formulations.fleet.rack_shapes import Pattern, RackShapes
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import count_rows, put_rows, tight_upper
from formulations.milp import IntArray
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_rack_arc_flow", "paths_of", "size_rack_arc_flow"]


def _graphs(shapes: RackShapes) -> list[tuple[int, FillGraph]]:
    """Orbits in which something fits, with their graphs."""
    graphs = [
        (orbit, fill_graph(shapes, orbit))
        for orbit, count in enumerate(shapes.racks.count.tolist())
        if count
    ]
    return [(orbit, graph) for orbit, graph in graphs if graph.arcs]


def paths_of(graph: FillGraph, flow: IntArray) -> list[tuple[list[Arc], int]]:
    """A flow of whole numbers, (arcs,), as paths and how many racks take each.

    Raises
    ------
    ValueError
        If what flows into a node does not leave it.
    """
    left = flow.tolist()
    leaving: dict[int, list[int]] = {}
    for a, arc in enumerate(graph.arcs):
        leaving.setdefault(arc.tail, []).append(a)
    found = []
    while any(left[a] for a in leaving[graph.empty]):
        path: list[int] = []
        node = graph.empty
        while node != FULL:
            onward = next((a for a in leaving[node] if left[a] > 0), None)
            if onward is None:
                raise ValueError("racks flow into a state and none flows out of it")
            path.append(onward)
            node = graph.arcs[onward].head
        times = min(left[a] for a in path)
        for a in path:
            left[a] -= times
        found.append(([graph.arcs[a] for a in path], times))
    if any(left):
        raise ValueError("racks flow out of a state and none flows into it")
    return found


def _patterns(
    shapes: RackShapes, graphs: Sequence[tuple[int, FillGraph]], flow: IntArray
) -> tuple[list[Pattern], list[int]]:
    """How all racks are filled, those without flow too: shapes without room stand in any."""
    roomless = [k for k, size in enumerate(shapes.size) if not any(size)]
    patterns: list[Pattern] = []
    times: list[int] = []
    idle = shapes.racks.count.tolist()
    first = 0

    def add(orbit: int, units: list[int], repeats: int) -> None:
        for k in roomless:
            if k in shapes.admits[orbit]:
                units[k] = shapes.most[k]
        patterns.append(Pattern(orbit, tuple(units)))
        times.append(repeats)

    for orbit, graph in graphs:
        for path, repeats in paths_of(graph, flow[first : first + len(graph.arcs)]):
            units = [0] * shapes.n_shapes
            for arc in path:
                if arc.shape is not None:
                    units[arc.shape] += arc.units
            add(orbit, units, repeats)
            idle[orbit] -= repeats
        first += len(graph.arcs)
    for orbit, count in enumerate(idle):
        if count and roomless:
            # One is enough: it has room for all of them.
            add(orbit, [0] * shapes.n_shapes, 1)
    return patterns, times


def build_rack_arc_flow(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> FleetProgram:
    """State the problem as flows of racks; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If there are no racks, a rack may be lost, or an orbit has more than 200,000 states.
    """
    upper = tight_upper(problem)
    shapes = shapes_of(problem, upper)
    graphs = _graphs(shapes)
    n = problem.n_columns
    rows = SparseRows()
    put_rows(rows, count_rows(problem, upper, cuts))
    sized = [k for k, size in enumerate(shapes.size) if any(size)]
    link = rows.add_block(len(sized), lower=0)
    row_of = {k: row for row, k in enumerate(sized)}
    for k, row in row_of.items():
        rows.put(link, row, np.array(shapes.members[k], dtype=np.int64), -1)
    most: list[int] = []
    for orbit, graph in graphs:
        count = int(shapes.racks.count[orbit])
        place = {FULL: -1, graph.empty: 0}
        for arc in graph.arcs:
            place.setdefault(arc.head, len(place) - 1)
        first = rows.add_block(1, upper=count)
        rows.add_block(graph.n_inner, lower=0, upper=0)
        arcs = n + len(most) + np.arange(len(graph.arcs))
        tails = np.array([place[arc.tail] for arc in graph.arcs])
        heads = np.array([place[arc.head] for arc in graph.arcs])
        rows.put(first, tails, arcs, 1)
        onward = heads >= 0
        rows.put(first, heads[onward], arcs[onward], -1)
        for column, arc in zip(arcs.tolist(), graph.arcs, strict=True):
            if arc.shape is not None:
                rows.put(link, row_of[arc.shape], column, arc.units)
        most += [count] * len(graph.arcs)

    def decode(x: IntArray) -> Decoded:
        counts = x[:n].copy()
        patterns, times = _patterns(shapes, graphs, x[n:])
        return counts, handed_out(shapes, patterns, counts, np.array(times, dtype=np.int64))

    return FleetProgram(
        formulation="rack_arc_flow",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/rack_arc_flow",
            lower=np.zeros(n + len(most), dtype=np.int64),
            upper=np.concatenate([upper, np.array(most, dtype=np.int64)]),
            objectives={
                key: np.concatenate([measure, np.zeros(len(most), dtype=np.int64)])
                for key, measure in problem.measures.items()
            },
        ),
        decoder=decode,
    )


def size_rack_arc_flow(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Rows, columns and nonzeros from the graphs alone.

    Raises
    ------
    ValueError
        As ``build_rack_arc_flow``.
    """
    upper = tight_upper(problem)
    shapes = shapes_of(problem, upper)
    tight = count_rows(problem, upper, cuts)
    graphs = [graph for _, graph in _graphs(shapes)]
    arcs = [arc for graph in graphs for arc in graph.arcs]
    sized = [k for k, size in enumerate(shapes.size) if any(size)]
    return ProgramSize(
        rows=len(tight) + len(sized) + sum(1 + graph.n_inner for graph in graphs),
        columns=problem.n_columns + len(arcs),
        nonzeros=sum(len(row.columns) for row in tight)
        + sum(len(shapes.members[k]) for k in sized)
        + sum(1 + (arc.head != FULL) + (arc.shape is not None) for arc in arcs),
    )
