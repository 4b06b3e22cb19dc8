"""Placement of up to six machines with shared links by brute force, and such problems drawn.

Every placement is tried, from the one whose layers could carry most; the integer flow of each comes
from scipy, over edges between machines: no positions, no ranges as columns, nothing of the package
but its data.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from formulations.placement.plan import SINK, SOURCE
from formulations.placement.problem import PlacementProblem
from formulations.placement.shared_flow import SharedRow

Held = tuple[int, int] | None


def _flow(
    problem: PlacementProblem, shared: Sequence[SharedRow], held: Sequence[Held], whole: bool
) -> int:
    """Greatest flow through single machines that hold (first, layers) or nothing."""
    edges: dict[tuple[int, int], int] = {}
    for i, mine in enumerate(held):
        if mine is None:
            continue
        if mine[0] == 0:
            edges[SOURCE, i] = int(problem.source[i])
        if sum(mine) == problem.layers:
            edges[i, SINK] = int(problem.sink[i])
        for j, other in enumerate(held):
            if other is not None and j != i and sum(mine) == other[0]:
                edges[i, j] = int(problem.links[i, j])
    if not edges:
        return 0
    column = {edge: c for c, edge in enumerate(edges)}
    rows, low, high = [], [], []
    for i, mine in enumerate(held):
        if mine is None:
            continue
        into = np.array([edge[1] == i for edge in edges], dtype=float)
        rows += [into - np.array([edge[0] == i for edge in edges], dtype=float), into]
        low += [0.0, 0.0]
        high += [0.0, float(problem.rates[i][mine[1] - 1])]
    for link in shared:
        row = np.zeros(len(edges))
        for start, end, weight in link.users:
            if (start, end) in column:
                row[column[start, end]] = weight
        rows.append(row)
        low.append(0.0)
        high.append(float(link.capacity))
    answer = milp(
        -np.array([float(edge[0] == SOURCE) for edge in edges]),
        constraints=LinearConstraint(np.array(rows), low, high),
        bounds=Bounds(0, list(edges.values())),
        integrality=np.full(len(edges), int(whole)),
        options={"mip_rel_gap": 0.0},
    )
    assert answer.status == 0
    return round(-answer.fun)


def greatest_flow_of(
    problem: PlacementProblem, shared: Sequence[SharedRow] = (), *, whole: bool = True
) -> int:
    """The greatest flow over all ranges of all machines.

    Parameters
    ----------
    whole
        Whether every edge carries a whole number; if not the sum is rounded to one.
    """
    alone = problem.apart()
    choices: list[list[Held]] = [
        [None, *((s, k) for k in alone.held(i) for s in range(alone.layers - k + 1))]
        for i in range(alone.n_orbits)
    ]

    def most(held: Sequence[Held]) -> int:
        through = [0] * alone.layers
        for i, mine in enumerate(held):
            if mine is not None:
                for layer in range(mine[0], sum(mine)):
                    through[layer] += int(alone.rates[i][mine[1] - 1])
        return min(through)

    bounded = sorted(((most(held), held) for held in product(*choices)), key=lambda one: -one[0])
    best = 0
    for bound, held in bounded:
        if bound <= best:
            break
        best = max(best, _flow(alone, shared, held, whole))
    return best


@st.composite
def shared_clusters(
    draw: st.DrawFn, *, most_machines: int = 6, rows: int = 2
) -> tuple[PlacementProblem, tuple[SharedRow, ...]]:
    """Single machines of one or two types with irregular links, and shared rows over some pairs."""
    n = draw(st.integers(2, most_machines))
    layers = draw(st.integers(2, 2 if n > 4 else 3))
    types = [
        np.array(draw(st.lists(st.integers(1, 12), min_size=1, max_size=2)), dtype=np.int64)
        for _ in range(2)
    ]
    of_type = [draw(st.integers(0, 1)) for _ in range(n)]
    widths = st.lists(st.integers(0, 9), min_size=n, max_size=n)
    even = draw(st.booleans())
    links = np.full((n, n), 6) if even else np.array([draw(widths) for _ in range(n)])
    ends = [np.full(n, 20) if even else 4 * np.array(draw(widths)) for _ in range(2)]
    problem = PlacementProblem(
        name="drawn",
        layers=layers,
        count=np.ones(n, dtype=np.int64),
        rates=tuple(types[kind].copy() for kind in of_type),
        source=ends[0].astype(np.int64),
        sink=ends[1].astype(np.int64),
        links=links.astype(np.int64),
        names=tuple(f"machine {i}" for i in range(n)),
    )
    edges = [(SOURCE, i) for i in range(n)] + [(i, SINK) for i in range(n)]
    edges += [(i, j) for i in range(n) for j in range(n) if i != j]
    shared = tuple(
        SharedRow(
            draw(st.integers(0, 20)),
            tuple(
                (*edge, draw(st.integers(1, 3)))
                for edge in draw(
                    st.lists(st.sampled_from(edges), min_size=2, max_size=8, unique=True)
                )
            ),
        )
        for _ in range(draw(st.integers(0, rows)))
    )
    return problem, shared
