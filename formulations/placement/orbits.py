"""Machines put together: exactly where they are twins, or roughly with capacities rounded.

Two single machines are twins if exchanging them changes nothing: same rates, same edges to and from
every third machine, to source and sink, and the same edge both ways between them. Being twins is
transitive, since exchanging i with k is exchanging i with j, j with k, and i with j again.

A *coarse* problem puts machines together that are only alike: equal rates, unlike edges. With every
capacity the least of those put together it is a restriction, its plans hold whoever stands where;
with the greatest it is a relaxation, its bounds hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from formulations.placement.problem import PlacementProblem

__all__ = ["coarse_problem", "twins"]


def _are_twins(problem: PlacementProblem, i: int, j: int) -> bool:
    links = problem.links
    others = np.delete(np.arange(problem.n_orbits), [i, j])
    return bool(
        np.array_equal(problem.rates[i], problem.rates[j])
        and problem.source[i] == problem.source[j]
        and problem.sink[i] == problem.sink[j]
        and links[i, j] == links[j, i]
        and np.array_equal(links[i, others], links[j, others])
        and np.array_equal(links[others, i], links[others, j])
    )


def twins(problem: PlacementProblem) -> tuple[tuple[int, ...], ...]:
    """Groups of twins among single machines, each in order, by their first member.

    Raises
    ------
    ValueError
        If an orbit of the problem has more than one machine.
    """
    if problem.n_machines != problem.n_orbits:
        raise ValueError(f"{problem.name}: not all machines stand apart")
    groups: list[list[int]] = []
    for machine in range(problem.n_orbits):
        for group in groups:
            if _are_twins(problem, group[0], machine):
                group.append(machine)
                break
        else:
            groups.append([machine])
    return tuple(tuple(group) for group in groups)


def coarse_problem(
    problem: PlacementProblem,
    groups: Sequence[Sequence[int]],
    *,
    rounding: Literal["least", "greatest"],
) -> PlacementProblem:
    """The problem with one orbit a group of single machines; the same problem if all are twins.

    Parameters
    ----------
    groups
        A partition of the machines; those of one group have equal rates.
    rounding
        Which capacity stands for those put together: the least (plans stay plans) or the greatest
        (bounds stay bounds).

    Raises
    ------
    ValueError
        If the groups are no partition, or rates within one differ.
    """
    if sorted(i for group in groups for i in group) != list(range(problem.n_orbits)):
        raise ValueError(f"{problem.name}: the groups are no partition of the machines")
    pick = np.min if rounding == "least" else np.max
    n = len(groups)
    links = np.zeros((n, n), dtype=np.int64)
    for a, group in enumerate(groups):
        if any(not np.array_equal(problem.rates[group[0]], problem.rates[i]) for i in group):
            raise ValueError(f"{problem.name}: rates differ within a group")
        for b, other in enumerate(groups):
            block = problem.links[np.ix_(list(group), list(other))]
            if a == b:
                block = block[~np.eye(len(group), dtype=np.bool_)]
            links[a, b] = pick(block) if block.size else 0
    return PlacementProblem(
        name=problem.name,
        layers=problem.layers,
        count=np.array([problem.count[list(group)].sum() for group in groups], dtype=np.int64),
        rates=tuple(problem.rates[group[0]] for group in groups),
        source=np.array([pick(problem.source[list(group)]) for group in groups], dtype=np.int64),
        sink=np.array([pick(problem.sink[list(group)]) for group in groups], dtype=np.int64),
        links=links,
        names=tuple(
            problem.names[group[0]] + (f" and {len(group) - 1} more" if len(group) > 1 else "")
            for group in groups
        ),
    )
