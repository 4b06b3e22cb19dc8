"""The greatest flow through machines that already hold their ranges, in integers.

Shortest augmenting paths in layers (Dinic, 1970); the networks are a few dozen nodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan
from formulations.placement.problem import PlacementProblem

__all__ = ["greatest_flow", "routed_plan"]

_Edge = tuple[int, int]


class _Network:
    """Residual capacities, and arcs by tail."""

    def __init__(self, n_nodes: int, capacities: Mapping[_Edge, int]) -> None:
        self.left: dict[_Edge, int] = {}
        self.heads: list[list[int]] = [[] for _ in range(n_nodes)]
        for (tail, head), capacity in capacities.items():
            for edge in ((tail, head), (head, tail)):
                if edge not in self.left:
                    self.left[edge] = 0
                    self.heads[edge[0]].append(edge[1])
            self.left[tail, head] += capacity

    def levels(self, source: int, sink: int) -> list[int] | None:
        """Distance of each node from the source; ``None`` if the sink is out of reach."""
        level = [-1] * len(self.heads)
        level[source] = 0
        queue = deque([source])
        while queue:
            tail = queue.popleft()
            for head in self.heads[tail]:
                if level[head] < 0 and self.left[tail, head]:
                    level[head] = level[tail] + 1
                    queue.append(head)
        return None if level[sink] < 0 else level

    def push(self, node: int, sink: int, most: int, level: list[int], nth: list[int]) -> int:
        """Send up to ``most`` from ``node`` along one path of rising levels."""
        if node == sink:
            return most
        while nth[node] < len(self.heads[node]):
            head = self.heads[node][nth[node]]
            if self.left[node, head] and level[head] == level[node] + 1:
                sent = self.push(head, sink, min(most, self.left[node, head]), level, nth)
                if sent:
                    self.left[node, head] -= sent
                    self.left[head, node] += sent
                    return sent
            nth[node] += 1
        return 0


def greatest_flow(
    n_nodes: int, capacities: Mapping[_Edge, int], *, source: int, sink: int
) -> tuple[int, dict[_Edge, int]]:
    """Greatest flow from ``source`` to ``sink``, and what each edge carries of it.

    Parameters
    ----------
    capacities
        (tail, head) -> capacity >= 0, of which not both directions may be given.

    Raises
    ------
    ValueError
        If an edge is given both ways.
    """
    if any((head, tail) in capacities for tail, head in capacities):
        raise ValueError("an edge is given both ways")
    network = _Network(n_nodes, capacities)
    most = sum(capacity for (tail, _), capacity in capacities.items() if tail == source)
    value = 0
    while (level := network.levels(source, sink)) is not None:
        nth = [0] * n_nodes
        while sent := network.push(source, sink, most, level, nth):
            value += sent
    flows = {
        edge: capacity - network.left[edge]
        for edge, capacity in capacities.items()
        if capacity > network.left[edge]
    }
    return value, flows


def routed_plan(problem: PlacementProblem, ranges: Sequence[HeldRange]) -> PlacementPlan:
    """The plan of greatest rate over machines that hold ``ranges``; each range is split in two."""
    n = len(ranges)
    source, sink = 2 * n, 2 * n + 1
    capacities: dict[_Edge, int] = {}
    for i, held in enumerate(ranges):
        capacities[2 * i, 2 * i + 1] = held.machines * problem.rate(held.orbit, held.layers)
        if held.first == 0:
            capacities[source, 2 * i] = held.machines * int(problem.source[held.orbit])
        if held.end == problem.layers:
            capacities[2 * i + 1, sink] = held.machines * int(problem.sink[held.orbit])
        for j, after in enumerate(ranges):
            if held.end == after.first:
                link = int(problem.links[held.orbit, after.orbit])
                capacities[2 * i + 1, 2 * j] = held.machines * after.machines * link
    _, flows = greatest_flow(2 * n + 2, capacities, source=source, sink=sink)
    told: dict[_Edge, int] = {}
    for (tail, head), flow in flows.items():
        if tail == source:
            told[SOURCE, head // 2] = flow
        elif head == sink:
            told[tail // 2, SINK] = flow
        elif tail % 2:
            told[tail // 2, head // 2] = flow
    return PlacementPlan(tuple(ranges), told)
