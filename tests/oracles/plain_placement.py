"""Placement by brute force: all ranges of all machines, networkx for the flow; small cases."""

from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from formulations.placement.problem import PlacementProblem

Held = tuple[int, int] | None


def replayed_rate(problem: PlacementProblem, held: tuple[Held, ...]) -> int:
    """Greatest flow through single machines that hold (first, layers) or nothing."""
    network = nx.DiGraph()
    network.add_nodes_from(["source", "sink"])
    for i, mine in enumerate(held):
        if mine is None:
            continue
        first, layers = mine
        network.add_edge((i, "in"), (i, "out"), capacity=int(problem.rates[i][layers - 1]))
        if first == 0:
            network.add_edge("source", (i, "in"), capacity=int(problem.source[i]))
        if first + layers == problem.layers:
            network.add_edge((i, "out"), "sink", capacity=int(problem.sink[i]))
        for j, other in enumerate(held):
            if other is not None and j != i and other[0] == first + layers:
                network.add_edge((i, "out"), (j, "in"), capacity=int(problem.links[i, j]))
    value, _ = nx.maximum_flow(network, "source", "sink")
    return int(value)


def best_rate(problem: PlacementProblem) -> int:
    """The greatest rate over all ranges of all machines."""
    alone = problem.apart()
    choices: list[list[Held]] = [
        [None, *((s, k) for k in alone.held(i) for s in range(alone.layers - k + 1))]
        for i in range(alone.n_orbits)
    ]
    return max(
        replayed_rate(alone, held)
        for held in product(*choices)
        if sum(0 if one is None else one[1] for one in held) >= alone.layers or not any(held)
    )


@st.composite
def clusters(draw: st.DrawFn, *, wide: bool | None = None) -> PlacementProblem:
    """Up to four machines in orbits, up to four layers; links that bind, or never do."""
    counts = draw(st.sampled_from([[1], [2], [1, 1], [3], [2, 1], [1, 1, 1], [2, 2], [3, 1]]))
    n = len(counts)
    layers = draw(st.integers(1, 3 if sum(counts) == 4 else 4))
    rates = tuple(
        np.array(draw(st.lists(st.integers(1, 12), min_size=1, max_size=3)), dtype=np.int64)
        for _ in range(n)
    )
    if wide if wide is not None else draw(st.booleans()):
        edges = np.full((n + 2, n), 100, dtype=np.int64)
    else:
        flat = draw(st.lists(st.integers(0, 9), min_size=n * (n + 2), max_size=n * (n + 2)))
        edges = np.array(flat, dtype=np.int64).reshape(n + 2, n)
    return PlacementProblem(
        name="drawn",
        layers=layers,
        count=np.array(counts, dtype=np.int64),
        rates=rates,
        source=edges[0].copy(),
        sink=edges[1].copy(),
        links=edges[2:].copy(),
        names=tuple(f"type {o}" for o in range(n)),
    )
