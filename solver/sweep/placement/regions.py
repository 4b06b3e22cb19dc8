"""Regions: machines between which no link binds at a rate; and orbits that respect them."""

from __future__ import annotations

from formulations.placement.problem import PlacementProblem

__all__ = ["groups_within", "regions_at"]


def regions_at(problem: PlacementProblem, rate: int) -> tuple[tuple[int, ...], ...]:
    """Machines in regions, largest first: each is connected by links that never bind at ``rate``.

    A connected set in which some link may bind falls apart into single machines.

    Parameters
    ----------
    problem
        Of single machines.
    """
    import networkx as nx

    wide: nx.Graph[int] = nx.Graph()
    wide.add_nodes_from(range(problem.n_orbits))
    for a in range(problem.n_orbits):
        for b in range(a):
            both = min(
                int(problem.links[a, b]) - problem.wide(a, b, rate),
                int(problem.links[b, a]) - problem.wide(b, a, rate),
            )
            if both >= 0:
                wide.add_edge(a, b)
    regions: list[tuple[int, ...]] = []
    for part in nx.connected_components(wide):
        members = sorted(part)
        if wide.subgraph(members).number_of_edges() == len(members) * (len(members) - 1) // 2:
            regions.append(tuple(members))
        else:
            regions += [(member,) for member in members]
    return tuple(sorted(regions, key=lambda region: (-len(region), region)))


def groups_within(
    problem: PlacementProblem, regions: tuple[tuple[int, ...], ...]
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """Machines of one region with equal rates put together.

    Returns
    -------
    groups
        Members of each.
    regions
        Places in ``groups``, one tuple a region.
    """
    groups: list[tuple[int, ...]] = []
    by_region = []
    for region in regions:
        alike: dict[tuple[int, ...], list[int]] = {}
        for machine in region:
            alike.setdefault(tuple(problem.rates[machine].tolist()), []).append(machine)
        by_region.append(tuple(range(len(groups), len(groups) + len(alike))))
        groups += [tuple(members) for members in alike.values()]
    return tuple(groups), tuple(by_region)
