"""Links that the flows of several pairs of hosts share, and which of them can fill up.

A shared link is left out if it can carry all that its users can send: each pair no more than its
own bottleneck or either host's rate, each host no more than its rate or ``work_bound`` over all
it sends to, and likewise over all it takes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from formulations.placement.plan import SINK, SOURCE
from formulations.placement.problem import PlacementProblem
from solver.lowering.placement.routes import Routes, Step
from solver.lowering.placement.space import MICRO, SharedCapacity

__all__ = ["LinkUsers", "shared_capacities"]


@dataclass(slots=True)
class LinkUsers:
    """The pairs that cross one direction of a link: from, to, bytes a token."""

    step: Step
    pairs: list[tuple[int, int, int]] = field(default_factory=list)


def shared_capacities(
    routes: Routes, problem: PlacementProblem, users: dict[str, LinkUsers]
) -> tuple[SharedCapacity, ...]:
    """Directions of links that several pairs cross and that their flows could fill."""
    bound = problem.work_bound()
    # A machine that holds all layers hands no activation on.
    handing = [int(rates[: problem.layers - 1].max(initial=0)) for rates in problem.rates]
    fastest = [problem.fastest(i) for i in range(problem.n_orbits)]
    found = []
    for name in sorted(users):
        entry = users[name]
        capacity = entry.step.link.bytes_per_s * MICRO
        load = _most_load(routes, problem, entry, bound, handing, fastest)
        if len(entry.pairs) > 1 and load > capacity:
            found.append(
                SharedCapacity(
                    entry.step.link.name,
                    entry.step.origin,
                    entry.step.target,
                    capacity,
                    tuple(sorted(entry.pairs)),
                )
            )
    return tuple(_without_implied(found))


def _most_load(
    routes: Routes,
    problem: PlacementProblem,
    entry: LinkUsers,
    bound: int,
    handing: list[int],
    fastest: list[int],
) -> int:
    """Micro-bytes/s that no feasible flow of the problem exceeds on this direction."""
    sent: dict[int, int] = {}
    taken: dict[int, int] = {}
    width = {"inner": 0, "outer": 0}
    outer = {SOURCE: 0, SINK: 0}
    for start, end, n_bytes in entry.pairs:
        if start == SOURCE:
            outer[SOURCE] += min(int(problem.source[end]), fastest[end])
            width["outer"] = n_bytes
        elif end == SINK:
            outer[SINK] += min(int(problem.sink[start]), fastest[start])
            width["outer"] = n_bytes
        else:
            flow = min(int(problem.links[start, end]), handing[start], handing[end])
            sent[start] = sent.get(start, 0) + flow
            taken[end] = taken.get(end, 0) + flow
            width["inner"] = n_bytes
    between = min(
        sum(min(flow, handing[i], bound) for i, flow in side.items()) for side in (sent, taken)
    )
    inner = width["inner"] * between
    tokens = width["outer"] * sum(min(flow, bound) for flow in outer.values())
    step = entry.step
    at_host = routes.topology.is_host(step.origin) or routes.topology.is_host(step.target)
    if at_host and not routes.through_hosts:
        # What goes one way between a host and the network is all tokens or all activations.
        return max(inner, tokens)
    return inner + tokens


def _without_implied(found: list[SharedCapacity]) -> list[SharedCapacity]:
    """Without those whose users all cross another one that is no wider."""
    users = [frozenset(entry.users) for entry in found]
    return [
        entry
        for place, entry in enumerate(found)
        if not any(
            other != place
            and users[place] <= users[other]
            and found[other].capacity <= entry.capacity
            and (
                other < place
                or users[place] < users[other]
                or found[other].capacity < entry.capacity
            )
            for other in range(len(found))
        )
    ]
