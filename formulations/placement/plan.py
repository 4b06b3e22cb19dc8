"""A placement plan and its plain check: ranges, stock, conservation, capacities, in integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from formulations.placement.problem import PlacementProblem

__all__ = ["SINK", "SOURCE", "HeldRange", "PlacementPlan", "rate_of", "violations"]

SOURCE = -1
SINK = -2


@dataclass(frozen=True, slots=True)
class HeldRange:
    """``machines`` machines of one orbit that all hold layers ``first`` to ``end - 1``."""

    orbit: int
    first: int
    layers: int
    machines: int = 1

    @property
    def end(self) -> int:
        """First layer behind the range."""
        return self.first + self.layers


@dataclass(frozen=True, slots=True, eq=False)
class PlacementPlan:
    """Who holds what, and what flows.

    Parameters
    ----------
    ranges
        Machines that are not named stay idle.
    flows
        (from, to) -> rate, by index in ``ranges``, ``SOURCE`` or ``SINK``; between ranges of
        several machines the sum over their pairs, which equal shares realise.
    """

    ranges: tuple[HeldRange, ...]
    flows: Mapping[tuple[int, int], int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "flows", MappingProxyType(dict(self.flows)))


def rate_of(plan: PlacementPlan) -> int:
    """What leaves the source."""
    return sum(flow for (start, _), flow in plan.flows.items() if start == SOURCE)


def _edge_fault(problem: PlacementProblem, plan: PlacementPlan, start: int, end: int) -> str | None:
    """Why this much may not flow from ``start`` to ``end``; ``None`` if it may."""
    ranges, flow = plan.ranges, plan.flows[start, end]
    if start == SOURCE and 0 <= end < len(ranges):
        into = ranges[end]
        most = into.machines * int(problem.source[into.orbit])
        fits = into.first == 0
    elif end == SINK and 0 <= start < len(ranges):
        out = ranges[start]
        most = out.machines * int(problem.sink[out.orbit])
        fits = out.end == problem.layers
    elif 0 <= start < len(ranges) and 0 <= end < len(ranges):
        out, into = ranges[start], ranges[end]
        most = out.machines * into.machines * int(problem.links[out.orbit, into.orbit])
        fits = out.end == into.first
    else:
        return f"flow from {start} to {end}: there is no such edge"
    if not fits:
        return f"flow from {start} to {end}: the ranges do not meet"
    if not 0 <= flow <= most:
        return f"flow from {start} to {end}: {flow} is not within 0 to {most}"
    return None


def violations(problem: PlacementProblem, plan: PlacementPlan) -> list[str]:
    """All that the plan breaks, in words; empty for a feasible plan."""
    faults = []
    used = [0] * problem.n_orbits
    for held in plan.ranges:
        if not 0 <= held.orbit < problem.n_orbits or held.machines < 1:
            return [f"a range names orbit {held.orbit} and {held.machines} machines"]
        used[held.orbit] += held.machines
        if held.layers not in problem.held(held.orbit):
            return [f"{problem.names[held.orbit]} cannot hold {held.layers} layers"]
        if held.first < 0 or held.end > problem.layers:
            faults.append(
                f"{problem.names[held.orbit]} holds {held.first} to {held.end} of {problem.layers}"
            )
    for name, have, stock in zip(problem.names, used, problem.count.tolist(), strict=True):
        if have > stock:
            faults.append(f"{have} machines of {name}, of which there are {stock}")
    into, out = [0] * len(plan.ranges), [0] * len(plan.ranges)
    for (start, end), flow in plan.flows.items():
        fault = _edge_fault(problem, plan, start, end)
        if fault is not None:
            faults.append(fault)
            continue
        if start != SOURCE:
            out[start] += flow
        if end != SINK:
            into[end] += flow
    for index, held in enumerate(plan.ranges):
        most = held.machines * problem.rate(held.orbit, held.layers)
        if into[index] != out[index]:
            faults.append(f"range {index}: {into[index]} in, {out[index]} out")
        if into[index] > most:
            faults.append(f"range {index}: {into[index]} of {most}")
    return faults
