"""A flow through hosts that hold their ranges, routed again where pairs of hosts share links.

A linear program in floats proposes flows over the same ranges that meet the shared capacities. They
are taken apart into paths from the source to the sink, each rounded down to whole micro-tokens/s;
what still overruns something by rounding scales all paths down by the exact ratio. So the result
meets every capacity in integers, whatever the floats were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan, rate_of, violations
from formulations.placement.problem import PlacementProblem
from solver.errors import EngineError
from solver.lowering.placement.space import MICRO, FlowSpace

__all__ = ["overrun_links", "routed_within"]

FloatArray = npt.NDArray[np.float64]
_Edge = tuple[int, int]
_Path = tuple[_Edge, ...]
_Row = tuple[Mapping[_Edge, int], int]
"""Weights of flows, and what their sum may not exceed."""


def overrun_links(space: FlowSpace, plan: PlacementPlan) -> list[str]:
    """Names of shared links that carry more than they can, in exact integers."""
    return [
        link.name
        for link, (weights, most) in zip(
            space.shared, _shared_rows(space, plan.ranges), strict=True
        )
        if sum(weight * plan.flows.get(edge, 0) for edge, weight in weights.items()) > most
    ]


def routed_within(space: FlowSpace, plan: PlacementPlan) -> tuple[PlacementPlan, bool]:
    """A plan over the same ranges that overruns no shared link, and whether it had to be made.

    Parameters
    ----------
    plan
        Of single machines, feasible but for shared links.

    Raises
    ------
    EngineError
        If the plan that was made fails its check.
    """
    if not overrun_links(space, plan):
        return plan, False
    rows = [*_own_rows(space.problem, plan.ranges), *_shared_rows(space, plan.ranges)]
    proposed = _proposed(space.problem, plan.ranges, rows)
    # Either way of cutting down is feasible; the faster one is taken.
    plans = [
        _cut_to(plan.ranges, _paths(flows), rows) for flows in (proposed, dict(plan.flows)) if flows
    ]
    best = max(plans, key=rate_of)
    faults = [*violations(space.problem, best), *overrun_links(space, best)]
    if faults:
        raise EngineError.one(
            f"a routed flow fails its check: {faults[0]}",
            where=f"placement {space.problem.name}",
            mend="Report this with the instance",
        )
    return best, True


def _edges(problem: PlacementProblem, ranges: tuple[HeldRange, ...]) -> dict[_Edge, int]:
    """Capacity of every edge between ranges that meet."""
    found: dict[_Edge, int] = {}
    for i, held in enumerate(ranges):
        if held.first == 0:
            found[SOURCE, i] = int(problem.source[held.orbit])
        if held.end == problem.layers:
            found[i, SINK] = int(problem.sink[held.orbit])
        for j, after in enumerate(ranges):
            if held.end == after.first:
                found[i, j] = int(problem.links[held.orbit, after.orbit])
    return {edge: capacity for edge, capacity in found.items() if capacity}


def _own_rows(problem: PlacementProblem, ranges: tuple[HeldRange, ...]) -> list[_Row]:
    """Capacities of edges, and rates of machines by what flows in."""
    edges = _edges(problem, ranges)
    rows: list[_Row] = [({edge: 1}, capacity) for edge, capacity in edges.items()]
    for i, held in enumerate(ranges):
        into = {edge: 1 for edge in edges if edge[1] == i}
        rows.append((into, problem.rate(held.orbit, held.layers)))
    return rows


def _shared_rows(space: FlowSpace, ranges: tuple[HeldRange, ...]) -> list[_Row]:
    place = {held.orbit: i for i, held in enumerate(ranges)}
    place |= {SOURCE: SOURCE, SINK: SINK}
    rows: list[_Row] = []
    for link in space.shared:
        weights: dict[_Edge, int] = {}
        for start, end, n_bytes in link.users:
            if start in place and end in place:
                edge = place[start], place[end]
                weights[edge] = weights.get(edge, 0) + n_bytes
        rows.append((weights, link.capacity))
    return rows


def _proposed(
    problem: PlacementProblem, ranges: tuple[HeldRange, ...], rows: Iterable[_Row]
) -> dict[_Edge, int]:
    """Flows of the linear program, rounded down; empty where it brings nothing."""
    edges = list(_edges(problem, ranges))
    column = {edge: k for k, edge in enumerate(edges)}
    entries: list[tuple[int, int, float]] = []
    bounds: list[float] = []
    for weights, most in rows:
        known = {column[edge]: weight for edge, weight in weights.items() if edge in column}
        # A row in units of its own right-hand side keeps coefficients near 1.
        scale = max(most, 1)
        entries += [(len(bounds), k, weight * MICRO / scale) for k, weight in known.items()]
        bounds.append(most / scale)
    kept = [(i, column[edge], sign) for i in range(len(ranges)) for edge, sign in _around(edges, i)]
    goal = np.array([-1.0 if edge[0] == SOURCE else 0.0 for edge in edges])
    # Half a second to load, and most questions are answered without it.
    from scipy.optimize import linprog

    answer = linprog(
        goal,
        A_ub=_matrix(entries, (len(bounds), len(edges))),
        b_ub=np.array(bounds),
        A_eq=_matrix(kept, (len(ranges), len(edges))),
        b_eq=np.zeros(len(ranges)),
        method="highs",
    )
    if answer.status != 0 or answer.x is None:
        return {}
    return {edge: int(answer.x[k] * MICRO) for k, edge in enumerate(edges) if answer.x[k] > 0}


def _around(edges: list[_Edge], i: int) -> list[tuple[_Edge, float]]:
    return [(edge, 1.0 if edge[1] == i else -1.0) for edge in edges if i in edge]


def _matrix(entries: list[tuple[int, int, float]], shape: tuple[int, int]) -> FloatArray:
    matrix = np.zeros(shape)
    for row, column, value in entries:
        matrix[row, column] += value
    return matrix


def _paths(flows: Mapping[_Edge, int]) -> dict[_Path, int]:
    """The flow as paths from source to sink; what ends nowhere is left out."""
    left = {edge: flow for edge, flow in flows.items() if flow > 0}
    found: dict[_Path, int] = {}
    while True:
        path = _path_from(left, SOURCE)
        if path is None:
            return found
        sent = min(left[edge] for edge in path)
        found[path] = found.get(path, 0) + sent
        for edge in path:
            left[edge] -= sent
            if not left[edge]:
                del left[edge]


def _path_from(left: dict[_Edge, int], node: int) -> _Path | None:
    """A path to the sink along what is left; dead ends are removed on the way."""
    path: list[_Edge] = []
    while node != SINK:
        following = next((edge for edge in left if edge[0] == node), None)
        if following is None:
            if not path:
                return None
            dead = path.pop()
            del left[dead]
            node = dead[0]
            continue
        path.append(following)
        node = following[1]
    return tuple(path)


def _cut_to(
    ranges: tuple[HeldRange, ...], paths: Mapping[_Path, int], rows: Iterable[_Row]
) -> PlacementPlan:
    """All paths times the greatest ratio, at most 1, at which they meet every row."""
    flows = _summed(paths)
    ratio = Fraction(1)
    for weights, most in rows:
        used = sum(weight * flows.get(edge, 0) for edge, weight in weights.items())
        if used > most:
            ratio = min(ratio, Fraction(most, used))
    return PlacementPlan(ranges, _summed({path: int(n * ratio) for path, n in paths.items()}))


def _summed(paths: Mapping[_Path, int]) -> dict[_Edge, int]:
    flows: dict[_Edge, int] = {}
    for path, flow in paths.items():
        for edge in path:
            flows[edge] = flows.get(edge, 0) + flow
    return {edge: flow for edge, flow in flows.items() if flow}
